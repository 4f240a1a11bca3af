//! Links that rest after a failure that may be one model's.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use tokio::time::Instant;

use super::LONGEST_REST;
use crate::domain::attempt::Passed;
use crate::provider::link::Link;

/// A provider's name and a model.
pub(super) type Key = (&'static str, Arc<str>);

/// The most links that are remembered; model names come from callers.
const MOST_LINKS: u64 = 10_000;
/// A rest that nobody asked about for so long is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);

/// A rest that ends so little later than it was known to is no news.
const NOTEWORTHY: Duration = Duration::from_millis(500);

/// The links that rest, or whose trial is due.
///
/// The cache bounds memory; each entry carries its own end, on the injected clock.
pub(super) struct Rests(Cache<Key, Arc<Rest>>);

/// One link's rest.
pub(super) struct Rest(Mutex<State>);

#[derive(Clone, Copy)]
struct State {
    until: Instant,
    length: Duration,
    /// Did the provider ask for it?
    asked: bool,
    /// Somebody is on trial since it ended.
    trial: bool,
}

impl Default for Rests {
    fn default() -> Rests {
        Rests(Cache::builder().max_capacity(MOST_LINKS).time_to_idle(FORGOTTEN_AFTER).build())
    }
}

impl Rests {
    fn find(&self, link: &Link) -> Option<Arc<Rest>> {
        self.0.get(&key(link))
    }

    /// May the link be called? With its rest, where one has ended and this call is the trial.
    pub(super) fn admit(&self, link: &Link, now: Instant) -> Result<Option<Arc<Rest>>, Passed> {
        let Some(rest) = self.find(link) else { return Ok(None) };
        let mut state = rest.state();
        state.check(now)?;
        state.trial = true;
        drop(state);
        Ok(Some(rest))
    }

    pub(super) fn peek(&self, link: &Link, now: Instant) -> Result<(), Passed> {
        self.find(link).map_or(Ok(()), |rest| rest.state().check(now))
    }

    pub(super) fn asked(&self, link: &Link, now: Instant) -> Option<Duration> {
        let state = *self.find(link)?.state();
        state.is_asked(now).then(|| state.until - now)
    }

    /// A call went well: the link's rest is over, unless its provider has asked for it and it is still under way. Was
    /// there one that has ended now?
    pub(super) fn end(&self, link: &Link, now: Instant) -> bool {
        self.end_of(&key(link), now)
    }

    /// The same of a link by its names.
    pub(super) fn end_of(&self, key: &Key, now: Instant) -> bool {
        let over = self.0.get(key).is_some_and(|rest| !rest.state().is_asked(now));
        if over {
            self.0.invalidate(key);
        }
        over
    }

    /// At another replica the link rests, for `left` of `length`. Was that news?
    pub(super) fn learn(&self, key: Key, now: Instant, left: Duration, length: Duration, asked: bool) -> bool {
        let before = self.0.get(&key).map(|rest| *rest.state());
        let until = now + left;
        if before.is_some_and(|before| until <= before.until + NOTEWORTHY && (before.asked || !asked)) {
            return false;
        }
        // Whoever has learned more of its failures is right.
        let length = before.map_or(length, |before| before.length.max(length));
        self.0.insert(key, Arc::new(Rest(Mutex::new(State { until, length, asked, trial: false }))));
        true
    }

    /// The link rests for `length`; gives it back, or `None` where it rests for longer already.
    pub(super) fn set(&self, link: &Link, now: Instant, length: Duration, asked: bool) -> Option<Duration> {
        let before = self.find(link).map(|rest| *rest.state());
        if before.is_some_and(|before| now + length < before.until && (before.asked || !asked)) {
            return None;
        }
        let state = State { until: now + length, length, asked, trial: false };
        self.0.insert(key(link), Arc::new(Rest(Mutex::new(state))));
        Some(length)
    }

    /// The link rests: for `first`, or twice as long as before where its trial has failed. Many calls that fail at once
    /// are one failure: a rest under way is left as it is, and `None` given back.
    pub(super) fn lengthen(&self, link: &Link, now: Instant, first: Duration, trial: bool) -> Option<Duration> {
        let before = self.find(link).map(|rest| *rest.state());
        let length = match before {
            Some(state) if now < state.until => return None,
            Some(state) if trial => (state.length * 2).min(LONGEST_REST),
            Some(_) => return None,
            None => first.min(LONGEST_REST),
        };
        self.set(link, now, length, false)
    }

    /// The providers of which some link rests.
    pub(super) fn providers(&self, now: Instant) -> HashSet<&'static str> {
        self.0.iter().filter(|(_, rest)| now < rest.state().until).map(|(key, _)| key.0).collect()
    }
}

fn key(link: &Link) -> Key {
    (link.provider.name(), link.model.clone())
}

impl Rest {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The trial is over, whatever came of it.
    pub(super) fn release(&self) {
        self.state().trial = false;
    }
}

impl State {
    /// Did the provider ask to be left alone, and still does?
    fn is_asked(&self, now: Instant) -> bool {
        self.asked && now < self.until
    }

    fn check(&self, now: Instant) -> Result<(), Passed> {
        match now < self.until {
            true if self.asked => Err(Passed::RateLimited),
            true => Err(Passed::Resting),
            false if self.trial => Err(Passed::Resting),
            false => Ok(()),
        }
    }
}
