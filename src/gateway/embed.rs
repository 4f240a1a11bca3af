//! Vectors: planned, run down a chain of models that are one and the same, recorded.

use super::{Answered, Asked, Gateway, GatewayError};
use crate::domain::facts::Caller;
use crate::plan::vectors::chain_for;
use crate::protocol::call::Call;
use crate::protocol::openai::embeddings;

impl Gateway {
    /// Answers `call`, which asks for vectors, in the encoding that it asks for.
    ///
    /// # Errors
    /// [`GatewayError`], where the request is wrong, or nobody answered. It has been logged.
    pub async fn embed(&self, call: &Call, caller: &Caller) -> Result<Answered, GatewayError> {
        let request = embeddings::read(call).map_err(|bad| self.refused(call, caller, bad.into()))?;
        let chain = self.plan_by(chain_for, &call.facts);
        self.run(call, caller, chain, Asked::NoAnswer, |link, terms| self.upstream.embed(link, call, &request, terms))
            .await
    }
}
