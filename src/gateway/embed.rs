//! Vectors: planned, run down a chain of models that are one and the same, recorded.

use std::time::Duration;

use super::record::Record;
use super::{Answered, Gateway, GatewayError};
use crate::domain::facts::Caller;
use crate::protocol::call::Call;
use crate::protocol::openai::embeddings;
use crate::provider::link::Chain;

impl Gateway {
    /// Asks a provider for the vectors.
    pub(super) async fn embed_live(
        &self,
        call: &Call,
        caller: &Caller,
        record: Record,
        chain: Chain,
    ) -> Result<Answered, GatewayError> {
        let request = match embeddings::read(call) {
            Ok(request) => request,
            Err(bad) => return Err(record.refused(bad.into(), Duration::ZERO)),
        };
        self.run(call, caller, record, chain, |link, terms| self.upstream.embed(link, call, &request, terms)).await
    }
}
