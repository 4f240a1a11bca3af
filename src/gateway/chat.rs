//! One run of a chain: its answer, or why there is none, told to the record.

use super::record::{Record, Streaming};
use super::resume::{Rest, Resumable};
use super::{Answered, Gateway, GatewayError, Stream};
use crate::chain::{self, Served};
use crate::domain::facts::Caller;
use crate::domain::failure::Failure;
use crate::protocol::call::Call;
use crate::provider::link::{Chain, Link, Terms};
use crate::upstream::reply::{Reply, ReplyBody};
use crate::upstream::stream::{Live, StreamEnd};

impl Gateway {
    /// Runs `call` down a chain: `ask` asks one link.
    pub(super) async fn run<F, A>(
        &self,
        call: &Call,
        caller: &Caller,
        record: Record,
        chain: Chain,
        ask: F,
    ) -> Result<Answered, GatewayError>
    where
        F: Fn(Link, Terms) -> A,
        A: Future<Output = Result<Reply, Failure>>,
    {
        let conditions = self.conditions(caller, record.began());
        let run = chain::run(&chain, &conditions, ask).await;
        match run {
            Ok(served) => Ok(self.answered(record, call, caller, &chain, served)),
            Err(exhausted) => {
                let upstream = exhausted.upstream;
                let fallback = chain.links.first().and_then(|first| chain::fallback(&exhausted.attempts, first));
                let timeout = conditions.deadline.saturating_duration_since(record.began());
                Err(record.refused(GatewayError::from_chain(exhausted, fallback, timeout), upstream))
            }
        }
    }

    pub(super) fn answered(
        &self,
        record: Record,
        call: &Call,
        caller: &Caller,
        chain: &Chain,
        served: Served<Reply>,
    ) -> Answered {
        let fallback = served.fallback(chain);
        let (began, allowance) = (record.began(), record.allowance());
        let Served { reply: Reply { headers, dropped, estimated, body }, link, attempts, upstream } = served;
        let (body, cost) = match body {
            ReplyBody::Whole { bytes, learned } => {
                let cost = record.whole(&link, &attempts, &learned, upstream);
                let cost = cost.filter(|_| learned.usage.is_none_or(|usage| !usage.estimated));
                (ReplyBody::Whole { bytes, learned }, cost)
            }
            ReplyBody::Stream(live) => {
                let rest = Rest::of(self, call, caller, began, chain, &link);
                let streaming = record.streaming(link.clone(), attempts.clone(), upstream);
                (ReplyBody::Stream(watched(live, rest, streaming)), None)
            }
        };
        let reply = Reply { headers, dropped, estimated, body };
        let (provider, model) = (link.provider.name(), link.model);
        Answered { reply, provider, model, attempts, fallback, cost, cached: None, allowance, began, upstream }
    }
}

/// A stream whose end is told, and which `rest` goes on with where it breaks.
fn watched(mut live: Box<Live>, rest: Option<Rest>, mut streaming: Streaming) -> Stream {
    if let Some(rest) = rest {
        return Box::new(Resumable::new(live, rest, streaming));
    }
    live.on_end(Box::new(move |end, learned| {
        if let StreamEnd::Failed(failure) = &end {
            streaming.broke(failure);
        }
        streaming.end(&end, &learned);
    }));
    live
}
