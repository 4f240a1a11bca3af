//! One request from its start to its last byte: told once, however it ends.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{GatewayError, Shared};
use crate::domain::attempt::Attempt;
use crate::domain::facts::{Caller, Learned};
use crate::domain::failure::Class;
use crate::domain::money::Usd;
use crate::provider::link::Link;
use crate::telemetry::{self, Finished};
use crate::upstream::stream::StreamEnd;

/// A request under way. Dropped before it is told to have ended, its caller has hung up.
pub(super) struct Record {
    shared: Arc<Shared>,
    caller: Caller,
    asked: String,
    stream: bool,
    began: Instant,
    told: bool,
}

/// The status that stands in logs for a caller that hung up.
const CLIENT_GONE: u16 = 499;

impl Record {
    pub(super) fn begin(shared: Arc<Shared>, caller: &Caller, asked: &str, stream: bool) -> Record {
        let began = shared.clock.now();
        Record { shared, caller: caller.clone(), asked: asked.to_owned(), stream, began, told: false }
    }

    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// It ended with a whole answer.
    pub(super) fn whole(
        mut self,
        link: &Link,
        attempts: &[Attempt],
        learned: &Learned,
        upstream: Duration,
    ) -> Option<Usd> {
        let cost = self.cost(link, learned);
        self.tell(Some(link), attempts, Cow::Borrowed("ok"), 200, learned, upstream, None);
        cost
    }

    /// It ended without an answer.
    pub(super) fn failed(mut self, error: &GatewayError, upstream: Duration) {
        self.tell(None, error.attempts(), error.outcome(), error.status(), &Learned::default(), upstream, None);
    }

    /// It is a stream, which will end by itself.
    pub(super) fn streaming(
        mut self,
        link: Link,
        attempts: Vec<Attempt>,
        upstream: Duration,
    ) -> impl FnOnce(StreamEnd, Learned) + Send + 'static {
        let first_token = self.shared.clock.now().saturating_duration_since(self.began);
        move |end, learned| {
            let (outcome, status) = match &end {
                StreamEnd::Complete => ("ok", 200),
                StreamEnd::Failed(failure) => (failure.class.name(), 200),
                StreamEnd::ClientGone => (Class::ClientGone.name(), CLIENT_GONE),
            };
            if let StreamEnd::Failed(failure) = &end {
                telemetry::upstream_failed(&self.caller.request_id, link.provider.name(), &link.model, failure);
                self.shared.health.broke_off(&link, failure, self.shortened());
            }
            self.tell(Some(&link), &attempts, Cow::Borrowed(outcome), status, &learned, upstream, Some(first_token));
        }
    }

    fn shortened(&self) -> bool {
        self.caller.timeout.is_some_and(|timeout| timeout < self.shared.options.timeout)
    }

    fn cost(&self, link: &Link, learned: &Learned) -> Option<Usd> {
        learned.usage.and_then(|usage| self.shared.cost(link.provider.name(), &link.model, &usage))
    }

    #[expect(clippy::too_many_arguments, reason = "the facts of one line of the log, each of its own")]
    fn tell(
        &mut self,
        link: Option<&Link>,
        attempts: &[Attempt],
        outcome: Cow<'_, str>,
        status: u16,
        learned: &Learned,
        upstream: Duration,
        first_token: Option<Duration>,
    ) {
        self.told = true;
        let cost = link.and_then(|link| self.cost(link, learned));
        telemetry::request_finished(&Finished {
            caller: &self.caller,
            asked: &self.asked,
            attempts,
            served: link.map(|link| (link.provider.name(), &*link.model)),
            outcome: &outcome,
            status,
            stream: self.stream,
            duration: self.shared.clock.now().saturating_duration_since(self.began),
            upstream,
            first_token,
            input_tokens: learned.usage.map(|usage| usage.input),
            output_tokens: learned.usage.map(|usage| usage.output),
            cost: cost.map(Usd::dollars),
        });
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if !self.told {
            let gone = Cow::Borrowed(Class::ClientGone.name());
            self.tell(None, &[], gone, CLIENT_GONE, &Learned::default(), Duration::ZERO, None);
        }
    }
}
