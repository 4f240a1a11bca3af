//! What a client key has to say to a request, before anybody is called.

use std::sync::Arc;

use super::live::Wanted;
use super::record::Record;
use super::{Gateway, GatewayError};
use crate::admit::{Estimate, KeyUsage, Refused, Stranger};
use crate::domain::chat::Usage;
use crate::domain::facts::{Caller, Facts};
use crate::domain::grant::Grant;
use crate::domain::money::Usd;
use crate::plan::{GENERAL, vectors};
use crate::protocol::call::Call;
use crate::protocol::estimate;
use crate::provider::link::Chain;

/// The tokens of an answer that nobody has bounded.
const USUAL_ANSWER: u64 = 1024;
/// The names under which callers bound an answer.
const BOUNDS: [&str; 3] = ["max_completion_tokens", "max_tokens", "max_output_tokens"];

impl Gateway {
    /// Who shows one of these keys: what it allows, or `None` where nobody needs one.
    ///
    /// # Errors
    /// Why they are not let in.
    pub fn who<'a>(&self, shown: impl IntoIterator<Item = &'a str>) -> Result<Option<Arc<Grant>>, Stranger> {
        self.shared.admit.who(shown)
    }

    /// What a client key has used, and what is left.
    pub fn usage_of(&self, grant: &Arc<Grant>) -> KeyUsage {
        self.shared.admit.usage(grant)
    }

    /// The chain of a request that its client key lets in; what it will use is held by its record.
    pub(super) async fn admit(
        &self,
        record: &mut Record,
        call: &Call,
        caller: &Caller,
        wanted: Wanted,
    ) -> Result<Chain, GatewayError> {
        let chain = match wanted {
            Wanted::Answer | Wanted::Count => self.plan(&call.facts),
            Wanted::Vectors => self.plan_by(vectors::chain_for, &call.facts),
        };
        let Some(grant) = &caller.grant else { return Ok(chain?) };
        // What may not be asked for is not said to exist, nor to be missing.
        allowed(grant, &call.facts)?;
        let chain = chain?;
        let estimate = match grant.tpm.is_some() || grant.budget.is_some() {
            true => self.estimated(call, &chain, wanted),
            false => Estimate::default(),
        };
        record.let_in(self.shared.admit.enter(grant, estimate, &self.board).await?);
        Ok(chain)
    }

    /// What a request will use, as far as anybody can know beforehand.
    fn estimated(&self, call: &Call, chain: &Chain, wanted: Wanted) -> Estimate {
        let Some(first) = chain.links.first().filter(|_| wanted != Wanted::Count) else { return Estimate::default() };
        let card = self.shared.models.card(&first.model);
        let output = match wanted {
            Wanted::Answer => bound(call).unwrap_or_else(|| USUAL_ANSWER.min(card.max_output.unwrap_or(USUAL_ANSWER))),
            Wanted::Vectors | Wanted::Count => 0,
        };
        let output = output.saturating_mul(call.facts.choices.max(1));
        let usage = Usage { input: estimate::request(call), output, ..Usage::default() };
        let cost = self.shared.cost(first.provider.name(), &first.model, &usage).unwrap_or_default();
        Estimate { tokens: usage.input.saturating_add(usage.output), cost: Usd(cost.0.max(0)) }
    }
}

/// Does the key allow every model that the request names?
fn allowed(grant: &Grant, facts: &Facts) -> Result<(), Refused> {
    if grant.models.is_empty() {
        return Ok(());
    }
    let allows = |name: &str| grant.allows(name) || (name == "auto" && grant.allows(GENERAL));
    let named = std::iter::once(&facts.model).chain(facts.fallbacks.iter().flatten());
    match named.into_iter().find(|name| !allows(name)) {
        Some(name) => Err(Refused::Model(name.clone())),
        None => Ok(()),
    }
}

/// The most tokens that the caller wants.
fn bound(call: &Call) -> Option<u64> {
    BOUNDS.iter().find_map(|name| serde_json::from_slice(call.field(name)?).ok())
}
