//! Counting a request's tokens: by those who can, else by a rule of thumb.

use std::sync::Arc;
use std::time::Duration;

use super::{Answered, Gateway, GatewayError};
use crate::domain::facts::{Caller, Learned};
use crate::protocol::anthropic::front::counted;
use crate::protocol::call::Call;
use crate::protocol::{Unreadable, estimate};
use crate::provider::link::Chain;
use crate::upstream::reply::{Reply, ReplyBody};

/// Who is said to have counted where nobody did.
const NOBODY: &str = "gateway";

impl Gateway {
    /// Counts the tokens of `call`, which is a Messages request. Where no link of its chain can, or all of those fail
    /// for reasons of their own, the count is an estimate, and said to be one.
    ///
    /// # Errors
    /// [`GatewayError`], where the request is wrong, or nobody serves its model.
    pub async fn count(&self, call: &Call, caller: &Caller) -> Result<Answered, GatewayError> {
        let mut chain = self.plan(&call.facts)?;
        let can =
            |provider: &crate::provider::Provider| provider.spec.chat.is_some_and(|chat| chat.count_path().is_some());
        chain.links.retain(|link| can(&link.provider));
        if chain.links.is_empty() {
            return self.estimate(call, caller);
        }
        let ask = |link, terms| self.upstream.count(link, call, terms);
        match self.run(call, caller, Ok(Chain { links: chain.links }), ask).await {
            Err(error) if !matches!(error, GatewayError::Refused { .. }) => self.estimate(call, caller),
            counted => counted,
        }
    }

    fn estimate(&self, call: &Call, caller: &Caller) -> Result<Answered, GatewayError> {
        let tokens = match call.front.read_request(&call.body) {
            Ok(chat) => estimate::prompt(&chat),
            Err(Unreadable::Bound(_)) => estimate::request(call),
            Err(Unreadable::Wrong(bad)) => return Err(bad.into()),
        };
        let body = ReplyBody::Whole { bytes: counted(tokens), learned: Learned::default() };
        let reply = Reply { headers: Vec::new(), dropped: Vec::new(), estimated: Some("input_tokens"), body };
        Ok(Answered {
            reply,
            provider: NOBODY,
            model: Arc::from(call.facts.model.as_str()),
            attempts: Vec::new(),
            fallback: None,
            cost: None,
            began: caller.began,
            upstream: Duration::ZERO,
        })
    }
}
