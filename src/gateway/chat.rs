//! A chat: planned, run down its chain, recorded.

use std::time::Duration;

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
    /// Answers `call` in its caller's protocol.
    ///
    /// # Errors
    /// [`GatewayError`], when nobody answered. It has been logged.
    pub async fn chat(&self, call: &Call, caller: &Caller) -> Result<Answered, GatewayError> {
        self.answer(Wanted::Answer, call, caller).await
    }

    /// Answers `call`: from the cache where it takes part and has an answer, else by a provider.
    pub(super) async fn answer(&self, wanted: Wanted, call: &Call, caller: &Caller) -> Result<Answered, GatewayError> {
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
