//! What is believed of providers and links, so that a failing one is not asked again and again.
//!
//! Two things are known: a *provider* may be marked unhealthy, a *link* may rest. Both expire, and then one trial (a
//! check, or one request) goes ahead of the rest of the traffic. Nothing here makes a call: checks are made elsewhere
//! and told to [`Health::checked`], and what other replicas have seen to [`Health::learn`].

mod news;
mod permit;
mod rests;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::Clock;
use crate::domain::attempt::Passed;
use crate::domain::failure::{Class, Failure, Mark};
use crate::provider::link::Link;
use crate::provider::{Provider, Roster, Standing};
use crate::telemetry;

pub use news::News;
use news::Telling;
pub use permit::Permit;
use rests::Rests;
use watch::Watch;
pub use watch::{Check, Report, Status};

/// The operator's settings.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How long a provider's state is believed.
    pub ttl: Duration,
    /// The first rest of a link.
    pub first_rest: Duration,
}

/// The longest rest of a link.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// The rest after a refusal that asks for a wait but does not say how long.
const UNSAID_REST: Duration = Duration::from_secs(1);

/// What is believed.
pub struct Health {
    clock: Clock,
    options: Options,
    watches: Vec<Watch>,
    rests: Rests,
    telling: Telling,
}

impl Health {
    /// Nothing is known of anybody yet, and everybody is treated as healthy.
    pub fn new(roster: &Roster, options: Options, clock: Clock) -> Health {
        let watches = roster.entries.iter().map(Watch::new).collect();
        Health { clock, options, watches, rests: Rests::default(), telling: Telling::default() }
    }

    /// May `link` be called now? The permit may make this call the trial that everybody else waits for.
    ///
    /// # Errors
    /// Why it is passed over.
    pub fn admit(&self, link: &Link) -> Result<Permit<'_>, Passed> {
        let now = self.clock.now();
        let watch = self.watch(&link.provider);
        let provider_trial = watch.map_or(Ok(false), |watch| watch.admit(now))?;
        match self.rests.admit(link, now) {
            Ok(rest) => Ok(Permit::new(watch.filter(|_| provider_trial), rest)),
            Err(passed) => {
                if let Some(watch) = watch.filter(|_| provider_trial) {
                    watch.release();
                }
                Err(passed)
            }
        }
    }

    /// Leave to call `link` although it is passed over, because nobody else is left.
    ///
    /// # Errors
    /// [`Passed::RateLimited`] where its provider asked to be left alone: that alone is kept.
    pub fn admit_last(&self, link: &Link) -> Result<Permit<'_>, Passed> {
        match self.asked_rest(link) {
            Some(_) => Err(Passed::RateLimited),
            None => Ok(Permit::new(None, None)),
        }
    }

    /// Would `link` be called now? Takes no trial.
    pub fn peek(&self, link: &Link) -> Result<(), Passed> {
        let now = self.clock.now();
        self.watch(&link.provider).map_or(Ok(()), |watch| watch.peek(now))?;
        self.rests.peek(link, now)
    }

    /// How long `link` must still be left alone because its provider asked for it.
    pub fn asked_rest(&self, link: &Link) -> Option<Duration> {
        self.rests.asked(link, self.clock.now())
    }

    /// A call of `link` went well: whatever was held against it or its provider is over.
    pub fn good(&self, link: &Link, _permit: Permit<'_>) {
        if self.rests.end(link, self.clock.now()) {
            self.telling.ended(link);
        }
        self.alive(&link.provider);
    }

    /// A call of `link` failed. `shortened`: it was cut short by a deadline that its caller had made shorter than the
    /// operator's.
    pub fn bad(&self, link: &Link, failure: &Failure, permit: Option<Permit<'_>>, shortened: bool) {
        let trial = permit.as_ref().is_some_and(Permit::is_trial_of_link);
        self.hold(link, failure, failure.rule().mark, trial, shortened);
    }

    /// An answer of `link` broke off after it had begun: what the provider is good for was seen, so only the link rests.
    pub fn broke_off(&self, link: &Link, failure: &Failure, shortened: bool) {
        let mark = match failure.rule().mark {
            Mark::Provider => Mark::RestLink,
            mark => mark,
        };
        self.hold(link, failure, mark, false, shortened);
    }

    /// Holds a failure against `link` or its provider. `trial`: the call was the trial after the link's rest.
    fn hold(&self, link: &Link, failure: &Failure, mark: Mark, trial: bool, shortened: bool) {
        let now = self.clock.now();
        let reason = failure.class.name();
        let length = match mark {
            Mark::Provider => {
                if let Some(watch) = self.watch(&link.provider)
                    && watch.mark(now, now + self.options.ttl, &failure.message, failure.status, self.clock.wall())
                {
                    self.telling.marked(watch, self.options.ttl);
                }
                return;
            }
            Mark::RestLink if failure.class == Class::Timeout && shortened => None,
            Mark::RestLink => self.rests.lengthen(link, now, self.options.first_rest, trial),
            Mark::RestMinute => self.rests.set(link, now, LONGEST_REST, false),
            Mark::RestAsAsked => {
                let asked = failure.retry_after.map(|wait| wait.min(LONGEST_REST));
                self.rests.set(link, now, asked.unwrap_or(UNSAID_REST), asked.is_some())
            }
            // The provider answered, so it is reachable and knows the key.
            Mark::Nothing => {
                if failure.status.is_some() {
                    self.alive(&link.provider);
                }
                None
            }
        };
        if let Some(length) = length {
            telemetry::link_rests(link.provider.name(), &link.model, length, reason);
            self.telling.rests(link, length, mark == Mark::RestAsAsked && failure.retry_after.is_some());
        }
    }

    /// Now, as everything here counts it.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// When `provider` is to be checked again.
    pub fn check_due(&self, provider: &Provider) -> Instant {
        self.watch(provider).map_or_else(|| self.clock.now() + self.options.ttl, |watch| watch.due(self.clock.now()))
    }

    /// A check of `provider` begins; `None` where a request is its trial already.
    pub fn begin_check(&self, provider: &Provider) -> Option<Permit<'_>> {
        self.watch(provider)?.begin_check(self.clock.now()).map(|watch| Permit::new(Some(watch), None))
    }

    /// A check that began at `began` came to `check`. The permit ends with it.
    pub fn checked(&self, provider: &Provider, check: Check, began: Instant, _permit: Permit<'_>) {
        let Some(watch) = self.watch(provider) else { return };
        match watch.checked(check, began, self.clock.now(), self.options.ttl, self.clock.wall()) {
            Some(true) => self.telling.well(watch),
            Some(false) => self.telling.marked(watch, self.options.ttl),
            None => {}
        }
    }

    /// What is believed of each provider, in the roster's order.
    pub fn report(&self) -> Vec<Report> {
        let now = self.clock.now();
        let resting = self.rests.providers(now);
        self.watches.iter().map(|watch| watch.report(resting.contains(&watch.name()), now)).collect()
    }

    /// The model ids that `provider` listed last.
    pub fn models(&self, provider: &str) -> Arc<[String]> {
        self.watches.iter().find(|watch| watch.name() == provider).map(Watch::models).unwrap_or_default()
    }

    fn alive(&self, provider: &Provider) {
        if let Some(watch) = self.watch(provider)
            && watch.alive(self.clock.now(), self.options.ttl)
        {
            self.telling.well(watch);
        }
    }

    fn watch(&self, provider: &Provider) -> Option<&Watch> {
        self.watches.iter().find(|watch| watch.name() == provider.name())
    }
}

impl Watch {
    fn new(entry: &crate::provider::Entry) -> Watch {
        Watch::of(
            entry.spec.name,
            match &entry.standing {
                Standing::Ready(_) => Status::Unknown,
                Standing::Unconfigured(_) => Status::Unconfigured,
                Standing::Disabled(_) => Status::Disabled,
            },
        )
    }
}

#[cfg(test)]
mod tests;
