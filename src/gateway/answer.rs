//! Answering a request, whatever is wanted: let in by its key, from the cache or by providers, recorded.

use std::time::Duration;

use super::live::Wanted;
use super::record::Record;
use super::{Answered, Gateway, GatewayError};
use crate::domain::facts::Caller;
use crate::protocol::call::Call;

impl Gateway {
    /// Answers `call` in its caller's protocol.
    ///
    /// # Errors
    /// [`GatewayError`], when nobody answered. It has been logged.
    pub async fn chat(&self, call: &Call, caller: &Caller) -> Result<Answered, GatewayError> {
        self.answer(Wanted::Answer, call, caller).await
    }

    /// Answers `call`, which asks for vectors, in the encoding that it asks for.
    ///
    /// # Errors
    /// [`GatewayError`], where the request is wrong, or nobody answered. It has been logged.
    pub async fn embed(&self, call: &Call, caller: &Caller) -> Result<Answered, GatewayError> {
        self.answer(Wanted::Vectors, call, caller).await
    }

    /// Counts the tokens of `call`, which is a Messages request. Where no link of its chain can, or all of those fail
    /// for reasons of their own, the count is an estimate, and said to be one.
    ///
    /// # Errors
    /// [`GatewayError`], where the request is wrong, or nobody serves its model. It has been logged.
    pub async fn count(&self, call: &Call, caller: &Caller) -> Result<Answered, GatewayError> {
        self.answer(Wanted::Count, call, caller).await
    }

    /// Answers `call`: from the cache where it takes part and has an answer, else by a provider.
    async fn answer(&self, wanted: Wanted, call: &Call, caller: &Caller) -> Result<Answered, GatewayError> {
        let mut record = Record::begin(self.shared.clone(), caller, call);
        let chain = match self.admit(&mut record, call, caller, wanted).await {
            Ok(chain) => chain,
            Err(error) => return Err(record.refused(error, Duration::ZERO)),
        };
        match self.turn(wanted, call, caller) {
            None => self.live(wanted, call, caller, record, chain).await,
            // Most requests go without the cache, and need not make room for what it takes.
            Some(turn) => Box::pin(self.cached(turn, wanted, call, caller, record, chain)).await,
        }
    }
}
