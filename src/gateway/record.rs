//! One request from its start to its last byte: told once, however it ends.

mod replaying;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::ties::{Fate, Ties};
use super::{Gateway, GatewayError, Shared};
use crate::admit::{Allowance, Ticket};
use crate::cache::Told;
use crate::chain::Exhausted;
use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::chat::Usage;
use crate::domain::facts::{Caller, Learned, Whom};
use crate::domain::failure::{Class, Failure};
use crate::domain::money::Usd;
use crate::domain::row::{Attempts, CallRow, Row, RowId, storable};
use crate::protocol::call::Call;
use crate::protocol::own;
use crate::provider::link::Link;
use crate::store::Figures;
use crate::telemetry::{self, Finished};
use crate::upstream::stream::StreamEnd;
pub(super) use replaying::Replaying;

/// A request under way. Dropped before it is told to have ended, its caller has hung up.
pub(super) struct Record {
    shared: Arc<Shared>,
    caller: Caller,
    asked: String,
    whom: Whom,
    stream: bool,
    began: Instant,
    /// What its client key has reserved for it.
    ticket: Option<Ticket>,
    told: bool,
    /// Where others read its answer too: what it and the one who asked tell each other.
    ties: Option<Arc<Ties>>,
}

/// Who served.
#[derive(Clone, Copy)]
struct By<'a> {
    provider: &'static str,
    model: &'a Arc<str>,
    /// Did the answer come from the cache?
    cached: bool,
}

/// A request whose answer is a stream under way.
pub(super) struct Streaming {
    record: Record,
    /// Who serves now.
    pub(super) link: Link,
    /// Every link that took part so far.
    pub(super) attempts: Vec<Attempt>,
    upstream: Duration,
    first_token: Duration,
}

/// The status that stands in logs for a caller that hung up.
const CLIENT_GONE: u16 = 499;

impl Record {
    pub(super) fn begin(shared: Arc<Shared>, caller: &Caller, call: &Call) -> Record {
        let (began, asked, stream) = (shared.clock.now(), call.facts.model.clone(), call.facts.stream);
        let whom = if shared.recorder.is_on() { own::whom(call) } else { Whom::default() };
        Record { shared, caller: caller.clone(), asked, whom, stream, began, ticket: None, told: false, ties: None }
    }

    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// It goes on apart from its caller, who is not the only one to read the answer.
    pub(super) fn tied(mut self, ties: Arc<Ties>) -> Record {
        self.ties = Some(ties);
        // The caller's own deadline is not the others'.
        self.caller.timeout = None;
        self
    }

    /// Its client key has let it in.
    pub(super) fn let_in(&mut self, ticket: Ticket) {
        self.ticket = Some(ticket);
    }

    /// What is left of its client key's limits.
    pub(super) fn allowance(&self) -> Allowance {
        self.ticket.as_ref().map(Ticket::allowance).unwrap_or_default()
    }

    /// It ended with a whole answer; gives back what that cost.
    pub(super) fn whole(
        mut self,
        link: &Link,
        attempts: &[Attempt],
        learned: &Learned,
        upstream: Duration,
    ) -> Option<Usd> {
        self.tell(Some(By::link(link)), attempts, Cow::Borrowed("ok"), 200, learned, upstream, None)
    }

    /// It ended with a whole answer from the cache, for which it waited as long as `upstream`.
    pub(super) fn cached(mut self, told: &Told, learned: &Learned, upstream: Duration) {
        self.tell(Some(By::kept(told)), &[], Cow::Borrowed("ok"), 200, learned, upstream, None);
    }

    /// It ended with an answer that the gateway gave itself, after `attempts` that came to nothing.
    pub(super) fn alone(mut self, attempts: &[Attempt], upstream: Duration) {
        self.tell(None, attempts, Cow::Borrowed("ok"), 200, &Learned::default(), upstream, None);
    }

    /// It ended without an answer; gives back why.
    pub(super) fn refused(mut self, error: GatewayError, upstream: Duration) -> GatewayError {
        self.tell(None, error.attempts(), error.outcome(), error.status(), &Learned::default(), upstream, None);
        error
    }

    /// It is a stream, which will end by itself.
    pub(super) fn streaming(self, link: Link, attempts: Vec<Attempt>, upstream: Duration) -> Streaming {
        let first_token = self.shared.clock.now().saturating_duration_since(self.began);
        Streaming { record: self, link, attempts, upstream, first_token }
    }

    /// Has a deadline passed that the caller had made shorter than the operator's?
    fn is_cut_short(&self) -> bool {
        let passed = |timeout| self.shared.clock.now() >= self.began + timeout;
        self.caller.timeout.is_some_and(|timeout| timeout < self.shared.options.timeout && passed(timeout))
    }

    fn cost(&self, by: By<'_>, learned: &Learned) -> Option<Usd> {
        match by.cached {
            true => Some(Usd::default()),
            false => learned.usage.and_then(|usage| self.shared.cost(by.provider, by.model, &usage)),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the facts of one line of the log, each of its own")]
    fn tell(
        &mut self,
        by: Option<By<'_>>,
        attempts: &[Attempt],
        outcome: Cow<'_, str>,
        status: u16,
        learned: &Learned,
        upstream: Duration,
        first_token: Option<Duration>,
    ) -> Option<Usd> {
        self.told = true;
        let (outcome, status) = match self.ties.as_ref().map(|ties| ties.fate()) {
            Some(Fate::Left) => (Cow::Borrowed(Class::ClientGone.name()), CLIENT_GONE),
            Some(Fate::Late) => (Cow::Borrowed("deadline_exceeded"), 504),
            Some(Fate::Cut) => (Cow::Borrowed(Class::Timeout.name()), 200),
            Some(Fate::Stayed) | None => (outcome, status),
        };
        let cost = by.and_then(|by| self.cost(by, learned));
        let finished = Finished {
            caller: &self.caller,
            asked: &self.asked,
            attempts,
            served: by.map(|by| (by.provider, &**by.model)),
            outcome: &outcome,
            status,
            stream: self.stream,
            cached: by.is_some_and(|by| by.cached),
            duration: self.shared.clock.now().saturating_duration_since(self.began),
            upstream,
            first_token,
            usage: learned.usage,
            cost: cost.map(Usd::dollars),
        };
        telemetry::request_finished(&finished);
        // Nobody was asked for the tokens of an answer from the cache.
        let used = figures(learned.usage.filter(|_| !finished.cached), cost);
        self.shared.admit.ended(self.caller.grant.as_ref(), self.ticket.take(), used);
        if self.shared.recorder.is_on() {
            let whom = std::mem::take(&mut self.whom);
            let row = row(&self.shared, &finished, by, whom, cost);
            self.shared.recorder.put(row);
        }
        cost
    }
}

impl Streaming {
    /// The stream broke: what is believed of its link changes.
    pub(super) fn broke(&self, failure: &Failure) {
        let Record { caller, shared, .. } = &self.record;
        telemetry::upstream_failed(&caller.request_id, self.link.provider.name(), &self.link.model, failure);
        shared.health.broke_off(&self.link, failure, self.record.is_cut_short());
    }

    /// The link whose stream broke is left for another one.
    pub(super) fn left(&mut self, failure: &Failure) {
        if let Some(served) = self.attempts.last_mut() {
            served.outcome = Outcome::Failed(failure.class);
            served.message = Some(failure.message.clone());
        }
    }

    /// Another link goes on, brought to it in the way that `by` names.
    pub(super) fn moved(&mut self, link: Link, attempts: Vec<Attempt>, upstream: Duration, by: &str) {
        if let Some(from) = self.attempts.last() {
            let (to, request_id) = (&link.provider, &self.record.caller.request_id);
            telemetry::stream_resumed(request_id, from, to.name(), to.spec.title, &link.model, by);
        }
        if let Some(ties) = &self.record.ties {
            ties.seamed();
        }
        self.link = link;
        self.attempts.extend(attempts);
        self.upstream += upstream;
    }

    /// No other link goes on.
    pub(super) fn in_vain(&mut self, exhausted: Exhausted) {
        self.attempts.extend(exhausted.attempts);
        self.upstream += exhausted.upstream;
    }

    /// It is over. Told once; a break was told before.
    pub(super) fn end(&mut self, end: &StreamEnd, learned: &Learned) {
        let (outcome, status) = match end {
            StreamEnd::Complete => ("ok", 200),
            StreamEnd::Failed(failure) => (failure.class.name(), 200),
            StreamEnd::ClientGone => (Class::ClientGone.name(), CLIENT_GONE),
        };
        let Streaming { record, link, attempts, upstream, first_token } = self;
        if let Some(ties) = &record.ties {
            ties.ended(end, learned);
        }
        record.tell(
            Some(By::link(link)),
            attempts,
            Cow::Borrowed(outcome),
            status,
            learned,
            *upstream,
            Some(*first_token),
        );
    }
}

impl<'a> By<'a> {
    fn link(link: &'a Link) -> By<'a> {
        By { provider: link.provider.name(), model: &link.model, cached: false }
    }

    fn kept(told: &'a Told) -> By<'a> {
        By { provider: told.provider, model: &told.model, cached: true }
    }
}

impl Gateway {
    /// A request was refused at the door: recorded, as all others are.
    pub fn turned_away(&self, caller: &Caller, outcome: &str, status: u16) {
        let finished = Finished { outcome, status, ..Finished::of(caller) };
        telemetry::request_finished(&finished);
        let shared = &self.shared;
        shared.admit.ended(caller.grant.as_ref(), None, figures(None, None));
        if shared.recorder.is_on() {
            shared.recorder.put(row(shared, &finished, None, Whom::default(), None));
        }
    }
}

/// A request as its key's account has it.
fn figures(usage: Option<Usage>, cost: Option<Usd>) -> Figures {
    let usage = usage.unwrap_or_default();
    Figures { spent: cost.unwrap_or_default(), requests: 1, input_tokens: usage.input, output_tokens: usage.output }
}

/// A request as its table has it.
fn row(shared: &Shared, finished: &Finished<'_>, by: Option<By<'_>>, whom: Whom, cost: Option<Usd>) -> Row {
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let (now, caller, usage) = (shared.clock.wall(), finished.caller, finished.usage);
    // What stands in memory already is shared; a row costs as few allocations as can be.
    let requested_model = match by {
        Some(by) if **by.model == *finished.asked => by.model.clone(),
        _ => storable(finished.asked).into(),
    };
    let outcome = match finished.outcome {
        "ok" => Cow::Borrowed("ok"),
        other => Cow::Owned(storable(other).into_owned()),
    };
    Row::Call(CallRow {
        id: RowId::new(now),
        request_id: caller.request_id.clone(),
        endpoint: Cow::Borrowed(caller.endpoint),
        route: shared.rules.routes.contains_key(finished.asked).then(|| finished.asked.into()),
        key_id: caller.grant.as_ref().map(|grant| grant.id.clone()),
        user_id: whom.user,
        conversation_id: whom.conversation,
        provider: by.map(|by| Cow::Borrowed(by.provider)),
        model: by.map(|by| by.model.clone()),
        requested_model,
        outcome,
        status: finished.status,
        stream: finished.stream,
        cached: finished.cached,
        attempts: Attempts::Live(finished.attempts.to_vec()),
        input_tokens: usage.map(|usage| usage.input),
        cached_input_tokens: usage.map(|usage| usage.cache_read),
        output_tokens: usage.map(|usage| usage.output),
        cost,
        latency_ms: ms(finished.duration),
        ttft_ms: finished.first_token.map(ms),
        created_at: now,
    })
}

impl Drop for Record {
    fn drop(&mut self) {
        if !self.told {
            let gone = Cow::Borrowed(Class::ClientGone.name());
            self.tell(None, &[], gone, CLIENT_GONE, &Learned::default(), Duration::ZERO, None);
        }
    }
}
