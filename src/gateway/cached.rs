//! Requests that the response cache takes part in: answered from it, along with another that asks the same, or live.

mod lead;
mod stream;

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::live::Wanted;
use super::record::Record;
use super::ties::{Leaving, Ties};
use super::{Answered, Gateway, GatewayError};
use crate::admit::Allowance;
use crate::cache::{Begun, Entry, Found, Head, Key, Lead, Seat, Told};
use crate::clock::Elapsed;
use crate::domain::facts::{Caching, Caller, Learned};
use crate::domain::money::Usd;
use crate::protocol::call::Call;
use crate::provider::link::Chain;
use crate::telemetry;
use crate::upstream::reply::{Reply, ReplyBody};
use lead::Leading;
use stream::{CachedStream, Hurry, Side, Source};

/// Fields that bind an answer to what its provider keeps: the same request again means something else.
const BINDING: [&str; 3] = ["previous_response_id", "conversation", "container"];
/// Fields that do where they are true.
const BINDING_WHERE_TRUE: [&str; 2] = ["store", "background"];

/// A request's part in the cache.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    key: Key,
    /// Will only a new answer do?
    fresh: bool,
    ttl: Duration,
}

impl Gateway {
    /// Was an answer to `call` looked for in the cache, before it came to `error`?
    pub fn looked_in_cache(&self, call: &Call, caller: &Caller, error: &GatewayError) -> bool {
        let before = matches!(error, GatewayError::NotAdmitted(_) | GatewayError::NoChain(_));
        !before && self.turn(Wanted::Answer, call, caller).is_some()
    }

    /// The part that `call` has in the cache; `None` where it has none.
    pub(super) fn turn(&self, wanted: Wanted, call: &Call, caller: &Caller) -> Option<Turn> {
        let (cache, asked) = (&self.shared.cache, caller.caching);
        let options = cache.options();
        let takes_part = match asked {
            None => !options.ttl.is_zero(),
            Some(caching) => caching != Caching::Off,
        };
        if !takes_part || wanted == Wanted::Count || is_bound(call) {
            return None;
        }
        let tenant = (!options.shared).then(|| tenant(caller));
        let key = Key::of(caller.endpoint, tenant, call)?;
        Some(Turn { key, fresh: asked == Some(Caching::Refresh), ttl: cache.ttl() })
    }

    /// Answers `call`, whose part in the cache is `turn`.
    pub(super) async fn cached(
        &self,
        turn: Turn,
        wanted: Wanted,
        call: &Call,
        caller: &Caller,
        record: Record,
        chain: Chain,
    ) -> Result<Answered, GatewayError> {
        let deadline = self.own_deadline(caller, record.began());
        loop {
            let mut seat = match self.shared.cache.ask(turn.key, turn.fresh) {
                Found::Hit(entry) => return Ok(hit(record, &entry, Duration::ZERO)),
                Found::Lead(lead, seat) => match self.look_around(&turn, lead).await {
                    Ok(entry) => return Ok(hit(record, &entry, Duration::ZERO)),
                    Err(lead) => return self.lead(turn, wanted, call, caller, record, chain, lead, seat).await,
                },
                Found::Shared(seat) => seat,
            };
            let since = self.clock().now();
            let begun = self.begun(&mut seat, deadline).await;
            let waited = self.clock().now().saturating_duration_since(since);
            match begun {
                Ok(Begun::Abandoned) => {}
                Ok(Begun::Kept(entry)) => return Ok(hit(record, &entry, waited)),
                Ok(Begun::Head(head)) => {
                    telemetry::cache_asked("shared");
                    let hurry = deadline.filter(|_| head.whole.is_none()).map(|at| self.hurry(call, at));
                    return Ok(shared(record, &head, seat, waited, hurry));
                }
                Ok(Begun::Failed(error)) => {
                    telemetry::cache_asked("shared");
                    return Err(record.refused(error, waited));
                }
                Err(Elapsed) => return Err(record.refused(late(caller), waited)),
            }
        }
    }

    /// What replicas share may have the answer. The lead is given back where it has not.
    async fn look_around(&self, turn: &Turn, lead: Lead<GatewayError>) -> Result<Arc<Entry>, Lead<GatewayError>> {
        let board = &self.board;
        if turn.fresh || !board.is_configured() {
            return Err(lead);
        }
        match board.get(&lead.name()).await {
            Some(bytes) => lead.found(&bytes, self.clock().wall()),
            None => Err(lead),
        }
    }

    /// Has an answer got beside this request, and reads it as all do who ask the same.
    #[expect(clippy::too_many_arguments, reason = "all that a request is, on its way to the one who asks a provider")]
    async fn lead(
        &self,
        turn: Turn,
        wanted: Wanted,
        call: &Call,
        caller: &Caller,
        record: Record,
        chain: Chain,
        lead: Lead<GatewayError>,
        mut seat: Seat<GatewayError>,
    ) -> Result<Answered, GatewayError> {
        telemetry::cache_asked(if turn.fresh { "refresh" } else { "miss" });
        lead.asks();
        let (ties, began) = (Arc::new(Ties::default()), record.began());
        let deadline = self.own_deadline(caller, began);
        let leading = Leading::new(self.clone(), wanted, call.clone(), caller.clone(), ties.clone(), turn.ttl);
        let allowance = record.allowance();
        tokio::spawn(leading.run(record.tied(ties.clone()), chain, lead));
        let leaving = Leaving(ties);
        match self.begun(&mut seat, deadline).await {
            Ok(Begun::Head(head)) => {
                let hurry = deadline.filter(|_| head.whole.is_none()).map(|at| self.hurry(call, at));
                Ok(Answered { allowance, ..own(&head, seat, leaving, hurry, began) })
            }
            Ok(Begun::Failed(error)) => Err(error),
            Err(Elapsed) => {
                leaving.late();
                Err(late(caller))
            }
            // Only the end of the process ends a lead without a word.
            Ok(Begun::Kept(_) | Begun::Abandoned) => {
                Err(GatewayError::AllFailed { attempts: Vec::new(), timed_out: false, retry_after: None })
            }
        }
    }

    async fn begun(
        &self,
        seat: &mut Seat<GatewayError>,
        deadline: Option<Instant>,
    ) -> Result<Begun<GatewayError>, Elapsed> {
        let waiting = poll_fn(|cx| seat.poll_begun(cx));
        match deadline {
            Some(deadline) => self.clock().until(deadline, waiting).await,
            None => Ok(waiting.await),
        }
    }

    /// The caller's own deadline, where it is sooner than the one that holds for all.
    fn own_deadline(&self, caller: &Caller, began: Instant) -> Option<Instant> {
        caller.timeout.filter(|timeout| *timeout < self.shared.options.timeout).map(|timeout| began + timeout)
    }

    fn hurry(&self, call: &Call, deadline: Instant) -> Hurry {
        Hurry::new(call.front.tap(call), self.clock().clone(), deadline)
    }
}

/// Whose answers these are: nobody else's key gets them.
fn tenant(caller: &Caller) -> &str {
    caller.grant.as_ref().map_or(&*caller.key, |grant| &*grant.id)
}

/// Does the answer hang on what its provider keeps?
fn is_bound(call: &Call) -> bool {
    BINDING.iter().any(|name| call.field(name).is_some())
        || BINDING_WHERE_TRUE.iter().any(|name| call.field(name) == Some(b"true"))
}

/// The caller's own deadline has passed.
fn late(caller: &Caller) -> GatewayError {
    GatewayError::Deadline { attempts: Vec::new(), timeout: caller.timeout.unwrap_or_default() }
}

/// An answer that was kept.
fn hit(record: Record, entry: &Arc<Entry>, waited: Duration) -> Answered {
    telemetry::cache_asked("hit");
    let whole = (!entry.stream).then(|| (entry.bytes.clone(), entry.learned.clone()));
    answered(record, &entry.told, whole, || Source::kept(entry), waited, None)
}

/// An answer that another request has got, or is getting.
fn shared(record: Record, head: &Head, seat: Seat<GatewayError>, waited: Duration, hurry: Option<Hurry>) -> Answered {
    answered(record, &head.told, head.whole.clone(), || Source::Flight(seat), waited, hurry)
}

/// An answer that cost nothing.
fn answered(
    record: Record,
    told: &Arc<Told>,
    whole: Option<(bytes::Bytes, Learned)>,
    source: impl FnOnce() -> Source,
    waited: Duration,
    hurry: Option<Hurry>,
) -> Answered {
    let (began, allowance) = (record.began(), record.allowance());
    let (body, cost) = match whole {
        Some((bytes, learned)) => {
            record.cached(told, &learned, waited);
            (ReplyBody::Whole { bytes, learned }, Some(Usd::default()))
        }
        None => {
            let side = Side::Follows(Box::new(record.replaying(told.clone(), waited)));
            (ReplyBody::Stream(Box::new(CachedStream::new(source(), side, hurry)) as super::Stream), None)
        }
    };
    Answered {
        reply: Reply { headers: told.headers.clone(), dropped: told.dropped.clone(), estimated: None, body },
        provider: told.provider,
        model: told.model.clone(),
        attempts: told.attempts.clone(),
        fallback: None,
        cost,
        cached: Some(true),
        allowance,
        began,
        upstream: waited,
    }
}

/// An answer as the one gets it who it was got for.
fn own(head: &Head, seat: Seat<GatewayError>, leaving: Leaving, hurry: Option<Hurry>, began: Instant) -> Answered {
    let Head { told, own, whole } = head;
    let body = match whole.clone() {
        Some((bytes, learned)) => ReplyBody::Whole { bytes, learned },
        None => {
            let side = Side::Leads(leaving);
            ReplyBody::Stream(Box::new(CachedStream::new(Source::Flight(seat), side, hurry)) as super::Stream)
        }
    };
    Answered {
        reply: Reply { headers: own.headers.clone(), dropped: told.dropped.clone(), estimated: own.estimated, body },
        provider: told.provider,
        model: told.model.clone(),
        attempts: told.attempts.clone(),
        fallback: own.fallback.clone(),
        cost: own.cost,
        cached: Some(false),
        allowance: Allowance::default(),
        began,
        upstream: own.upstream,
    }
}
