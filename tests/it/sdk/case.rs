//! What is exercised, by whom. Both languages must know every case of a client by its name.

mod agents;
mod anthropic;
mod openai;

use super::client::Client;
use super::stand::Who;

/// A case, and the providers with which it makes no sense.
type Case = (&'static str, &'static [Who]);

/// The providers that have none of a case.
const NOBODY: &[Who] = &[];
const MOCK: &[Who] = &[Who::Mock];

/// The cases of this client with this provider.
pub(super) fn cases_of(client: Client, who: Who) -> impl Iterator<Item = &'static str> {
    let cases = match client.folder() {
        "openai_sdk" => openai::CASES,
        "anthropic_sdk" => anthropic::CASES,
        _ => agents::CASES,
    };
    cases.iter().filter(move |(_, without)| !without.contains(&who)).map(|(name, _)| *name)
}
