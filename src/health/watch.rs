//! What is believed of one provider.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::domain::attempt::Passed;
use crate::telemetry;

/// A mark that ends so little later than it was known to is no news.
const NOTEWORTHY: Duration = Duration::from_secs(1);

/// A provider's state, as `/health` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Not checked yet: treated as healthy.
    Unknown,
    /// Its last check or call went well.
    Healthy,
    /// It serves, but some link of it rests.
    Degraded,
    /// Its last check or call failed in a way that is the provider's or the account's.
    Unhealthy,
    /// It has no key.
    Unconfigured,
    /// It is switched off.
    Disabled,
}

impl Status {
    /// The name in `/health`.
    pub const fn name(self) -> &'static str {
        match self {
            Status::Unknown => "unknown",
            Status::Healthy => "healthy",
            Status::Degraded => "degraded",
            Status::Unhealthy => "unhealthy",
            Status::Unconfigured => "unconfigured",
            Status::Disabled => "disabled",
        }
    }

    /// Would a request be sent there?
    pub const fn serves(self) -> bool {
        matches!(self, Status::Unknown | Status::Healthy | Status::Degraded)
    }
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// It answered, after so long; with the models that it listed, if it lists any.
    Good {
        /// How long the answer took.
        latency: Duration,
        /// Ids.
        models: Option<Vec<String>>,
    },
    /// It failed, in these words.
    Bad {
        /// HTTP status, where there was one.
        status: Option<u16>,
        /// For people.
        message: String,
    },
    /// The server has no such endpoint: nothing was learned.
    CannotTell,
}

/// One provider as `/health` shows it.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its name.
    pub name: &'static str,
    /// Its state.
    pub status: Status,
    /// Would a request be sent there now? Also where a mark has expired and a trial is due.
    pub serves: bool,
    /// How long the last good check took.
    pub latency: Option<Duration>,
    /// Why it is unhealthy: status and words.
    pub error: Option<String>,
    /// When this was learned.
    pub checked_at: Option<Timestamp>,
}

/// What is believed of one provider.
pub(super) struct Watch {
    name: &'static str,
    state: Mutex<State>,
}

struct State {
    status: Status,
    /// Until when the status is believed.
    until: Option<Instant>,
    /// When the next check is due.
    check_at: Option<Instant>,
    /// Somebody is on trial since the mark expired.
    trial: bool,
    /// When a call last went well.
    alive_at: Option<Instant>,
    /// When a call or a check last marked it.
    marked_at: Option<Instant>,
    /// Until when other replicas believe it to be marked.
    known_until: Option<Instant>,
    latency: Option<Duration>,
    error: Option<String>,
    checked_at: Option<Timestamp>,
    models: Arc<[String]>,
}

impl Watch {
    pub(super) fn of(name: &'static str, status: Status) -> Watch {
        let state = State {
            status,
            until: None,
            check_at: None,
            trial: false,
            alive_at: None,
            marked_at: None,
            known_until: None,
            latency: None,
            error: None,
            checked_at: None,
            models: Arc::default(),
        };
        Watch { name, state: Mutex::new(state) }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// May a call go there? `Ok(true)` makes it the trial.
    pub(super) fn admit(&self, now: Instant) -> Result<bool, Passed> {
        let mut state = self.state();
        if state.is_marked(now) {
            return Err(Passed::Unhealthy);
        }
        state.trial = state.status == Status::Unhealthy;
        Ok(state.trial)
    }

    pub(super) fn peek(&self, now: Instant) -> Result<(), Passed> {
        if self.state().is_marked(now) { Err(Passed::Unhealthy) } else { Ok(()) }
    }

    /// The trial is over, whatever came of it.
    pub(super) fn release(&self) {
        self.state().trial = false;
    }

    /// A call or a check failed: passed over until `until`. Is that news to other replicas?
    pub(super) fn mark(
        &self,
        now: Instant,
        until: Instant,
        message: &str,
        status: Option<u16>,
        wall: Timestamp,
    ) -> bool {
        let mut state = self.state();
        let was = state.status;
        state.status = Status::Unhealthy;
        state.until = Some(until.max(now));
        state.marked_at = Some(now);
        state.check_at = Some(until);
        state.trial = false;
        state.checked_at = Some(wall);
        let error = match status {
            Some(status) if !message.starts_with("status ") => format!("{status} {message}"),
            _ => message.to_owned(),
        };
        state.error = Some(crate::secret::scrub(&error));
        // Many calls that fail at once are one piece of news.
        let news = state.known_until.is_none_or(|known| until > known + NOTEWORTHY);
        if news {
            state.known_until = Some(until);
        }
        drop(state);
        if was != Status::Unhealthy {
            telemetry::provider_health(self.name, false, Some(&error));
        }
        news
    }

    /// Another replica has marked it until `until`; unless a call went well here since `since`.
    pub(super) fn learn_mark(&self, now: Instant, until: Instant, since: Instant, error: &str, wall: Timestamp) {
        let state = self.state();
        let has_it = state.status == Status::Unhealthy && state.until.is_some_and(|own| until <= own + NOTEWORTHY);
        if has_it || state.is_absent() || state.alive_at.is_some_and(|alive| alive >= since) {
            return;
        }
        drop(state);
        self.mark(now, until, error, None, wall);
    }

    /// At another replica a call went well, or a check.
    pub(super) fn learn_well(&self, now: Instant, ttl: Duration) {
        if self.state().status == Status::Unhealthy {
            self.alive(now, ttl);
        }
    }

    /// Is it none of ours: without a key, or switched off?
    pub(super) fn is_absent(&self) -> bool {
        self.state().is_absent()
    }

    /// Did a call go well since `since`?
    pub(super) fn was_alive(&self, since: Instant) -> bool {
        self.state().alive_at.is_some_and(|alive| alive >= since)
    }

    /// The words in which it was marked.
    pub(super) fn error(&self) -> Option<String> {
        self.state().error.clone()
    }

    /// A call went well. Was it marked until then?
    pub(super) fn alive(&self, now: Instant, ttl: Duration) -> bool {
        let mut state = self.state();
        state.alive_at = Some(now);
        state.check_at = Some(now + ttl);
        let was = state.status;
        if was == Status::Healthy {
            return false;
        }
        state.become_healthy();
        drop(state);
        telemetry::provider_health(self.name, true, None);
        was == Status::Unhealthy
    }

    /// When the next check is due.
    pub(super) fn due(&self, now: Instant) -> Instant {
        self.state().check_at.unwrap_or(now)
    }

    /// A check begins, unless a request is the trial already.
    pub(super) fn begin_check(&self, now: Instant) -> Option<&Watch> {
        let mut state = self.state();
        if state.trial {
            state.check_at = Some(now + Duration::from_secs(1));
            return None;
        }
        if state.status == Status::Unhealthy {
            state.trial = true;
        }
        Some(self)
    }

    /// What a check that began at `began` came to. Where that is news to other replicas: does the provider serve?
    pub(super) fn checked(
        &self,
        check: Check,
        began: Instant,
        now: Instant,
        ttl: Duration,
        wall: Timestamp,
    ) -> Option<bool> {
        let mut state = self.state();
        state.check_at = state.until.filter(|until| now < *until).or(Some(now + ttl));
        match check {
            Check::Good { latency, models } => {
                let was = state.status;
                // A call that was refused meanwhile knows better than a check that was not.
                let outdated = state.marked_at.is_some_and(|marked| marked >= began);
                if !outdated {
                    state.become_healthy();
                    state.checked_at = Some(wall);
                }
                state.latency = Some(latency);
                if let Some(models) = models {
                    state.models = models.into();
                }
                drop(state);
                if was != Status::Healthy && !outdated {
                    telemetry::provider_health(self.name, true, None);
                }
                (was == Status::Unhealthy && !outdated).then_some(true)
            }
            // A call that went well meanwhile knows better than a check that did not.
            Check::Bad { .. } if state.alive_at.is_some_and(|alive| alive >= began) => None,
            Check::Bad { status, message } => {
                drop(state);
                self.mark(now, now + ttl, &message, status, wall).then_some(false)
            }
            Check::CannotTell => {
                state.checked_at = Some(wall);
                None
            }
        }
    }

    pub(super) fn report(&self, rests: bool, now: Instant) -> Report {
        let state = self.state();
        // A mark that has expired waits for its trial and is shown until that is over.
        let status = if state.status.serves() && rests { Status::Degraded } else { state.status };
        Report {
            name: self.name,
            status,
            serves: status.serves() || (status == Status::Unhealthy && !state.is_marked(now)),
            latency: state.latency,
            error: state.error.clone(),
            checked_at: state.checked_at,
        }
    }

    pub(super) fn models(&self) -> Arc<[String]> {
        self.state().models.clone()
    }
}

impl State {
    /// Is it to be passed over: its mark has not expired, or somebody is on trial since?
    fn is_marked(&self, now: Instant) -> bool {
        self.status == Status::Unhealthy && (self.trial || self.until.is_some_and(|until| now < until))
    }

    fn is_absent(&self) -> bool {
        matches!(self.status, Status::Unconfigured | Status::Disabled)
    }

    fn become_healthy(&mut self) {
        self.status = Status::Healthy;
        self.until = None;
        self.trial = false;
        self.error = None;
        self.known_until = None;
    }
}
