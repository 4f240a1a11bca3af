//! What is wanted of a model, asked of providers.

use super::record::Record;
use super::{Answered, Gateway, GatewayError};
use crate::domain::facts::Caller;
use crate::protocol::call::Call;
use crate::provider::link::Chain;

/// What is wanted of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// An answer.
    Answer,
    /// Vectors.
    Vectors,
    /// The number of a request's tokens.
    Count,
}

impl Gateway {
    /// Asks the links of `chain` for an answer to `call`.
    pub(super) async fn live(
        &self,
        wanted: Wanted,
        call: &Call,
        caller: &Caller,
        record: Record,
        chain: Chain,
    ) -> Result<Answered, GatewayError> {
        match wanted {
            Wanted::Answer => {
                self.run(call, caller, record, chain, |link, terms| self.upstream.chat(link, call, terms)).await
            }
            Wanted::Vectors => self.embed_live(call, caller, record, chain).await,
            Wanted::Count => self.count_live(call, caller, record, chain).await,
        }
    }
}
