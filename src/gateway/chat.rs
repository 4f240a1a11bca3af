//! A chat: planned, run down its chain, recorded.

use std::time::Duration;

use super::record::Record;
use super::{Answered, Gateway, GatewayError};
use crate::chain::{self, Served};
use crate::domain::facts::Caller;
use crate::protocol::call::Call;
use crate::provider::link::Chain;
use crate::upstream::reply::{Reply, ReplyBody};

impl Gateway {
    /// Answers `call` in its caller's protocol.
    ///
    /// # Errors
    /// [`GatewayError`], when nobody answered. It has been logged.
    pub async fn chat(&self, call: &Call, caller: &Caller) -> Result<Answered, GatewayError> {
        let record = Record::begin(self.shared.clone(), caller, &call.facts.model, call.facts.stream);
        let chain = match self.plan(&call.facts) {
            Ok(chain) => chain,
            Err(no_chain) => {
                let error = no_chain.into();
                record.failed(&error, Duration::ZERO);
                return Err(error);
            }
        };
        let conditions = self.conditions(caller, record.began());
        let run = chain::run(&chain, &conditions, |link, terms| self.upstream.chat(link, call, terms)).await;
        match run {
            Ok(served) => Ok(answered(record, &chain, served)),
            Err(exhausted) => {
                let upstream = exhausted.upstream;
                let fallback = chain.links.first().and_then(|first| chain::fallback(&exhausted.attempts, first));
                let timeout = conditions.deadline.saturating_duration_since(record.began());
                let error = GatewayError::from_chain(exhausted, fallback, timeout);
                record.failed(&error, upstream);
                Err(error)
            }
        }
    }
}

fn answered(record: Record, chain: &Chain, served: Served<Reply>) -> Answered {
    let fallback = served.fallback(chain);
    let began = record.began();
    let Served { mut reply, link, attempts, upstream } = served;
    let cost = match &mut reply.body {
        ReplyBody::Whole { learned, .. } => record.whole(&link, &attempts, learned, upstream),
        ReplyBody::Stream(live) => {
            live.on_end(Box::new(record.streaming(link.clone(), attempts.clone(), upstream)));
            None
        }
    };
    Answered { reply, provider: link.provider.name(), model: link.model, attempts, fallback, cost, began, upstream }
}
