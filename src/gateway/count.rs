//! Counting a request's tokens: by those who can, else by a rule of thumb.

use std::sync::Arc;
use std::time::Duration;

use super::record::Record;
use super::{Answered, Gateway, GatewayError};
use crate::chain;
use crate::domain::attempt::Attempt;
use crate::domain::facts::{Caller, Learned};
use crate::protocol::anthropic::front::counted;
use crate::protocol::call::Call;
use crate::protocol::{BadRequest, Unreadable, estimate};
use crate::provider::link::{Chain, Link};
use crate::upstream::reply::{Reply, ReplyBody};

/// Who is said to have counted where nobody did.
const NOBODY: &str = "gateway";

impl Gateway {
    /// Asks those who can count.
    pub(super) async fn count_live(
        &self,
        call: &Call,
        caller: &Caller,
        record: Record,
        mut able: Chain,
    ) -> Result<Answered, GatewayError> {
        able.links.retain(can_count);
        if able.links.is_empty() {
            return self.estimate(record, call, Vec::new(), None);
        }
        let conditions = self.conditions(caller, record.began());
        let ask = |link, terms| self.upstream.count(link, call, terms);
        let exhausted = match chain::run(&able, &conditions, ask).await {
            Ok(served) => return Ok(self.answered(record, call, caller, &able, served)),
            Err(exhausted) => exhausted,
        };
        let upstream = exhausted.upstream;
        let fallback = able.links.first().and_then(|first| chain::fallback(&exhausted.attempts, first));
        let timeout = conditions.deadline.saturating_duration_since(record.began());
        match GatewayError::from_chain(exhausted, fallback.clone(), timeout) {
            error @ GatewayError::Refused { .. } => Err(record.refused(error, upstream)),
            error => self.estimate(record, call, error.attempts().to_vec(), fallback),
        }
    }

    fn estimate(
        &self,
        record: Record,
        call: &Call,
        attempts: Vec<Attempt>,
        fallback: Option<String>,
    ) -> Result<Answered, GatewayError> {
        let tokens = match estimated(call) {
            Ok(tokens) => tokens,
            Err(bad) => return Err(record.refused(bad.into(), Duration::ZERO)),
        };
        let body = ReplyBody::Whole { bytes: counted(tokens), learned: Learned::default() };
        let reply = Reply { headers: Vec::new(), dropped: Vec::new(), estimated: Some("input_tokens"), body };
        let (model, began) = (Arc::from(call.facts.model.as_str()), record.began());
        let allowance = record.allowance();
        let upstream = Duration::from_millis(attempts.iter().map(|attempt| attempt.duration_ms).sum());
        record.alone(&attempts, upstream);
        Ok(Answered {
            reply,
            provider: NOBODY,
            model,
            attempts,
            fallback,
            cost: None,
            cached: None,
            allowance,
            began,
            upstream,
        })
    }
}

fn can_count(link: &Link) -> bool {
    link.provider.spec.chat.is_some_and(|chat| chat.count_path().is_some())
}

/// The tokens of `call` by estimate.
fn estimated(call: &Call) -> Result<u64, BadRequest> {
    match call.front.read_request(&call.body) {
        Ok(chat) => Ok(estimate::prompt(&chat)),
        Err(Unreadable::Bound(_)) => Ok(estimate::request(call)),
        Err(Unreadable::Wrong(bad)) => Err(bad),
    }
}
