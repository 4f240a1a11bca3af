//! Answers kept for requests that ask the same, and answers under way that those share who ask at the same time.
//!
//! Knows nothing of providers or of HTTP: it is asked by [`Key`], and says who is to get the answer.

mod canonical;
mod flight;
mod format;
mod key;
mod lead;

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use moka::policy::EvictionPolicy;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::domain::attempt::Attempt;
use crate::domain::facts::Learned;
use crate::domain::failure::Class;
use crate::domain::money::Usd;
pub use flight::{Begun, Seat};
use flight::{Flight, Hold};
pub use key::Key;
pub use lead::Lead;

/// The operator's settings.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How long an answer is kept; zero keeps none unless a request asks for it.
    pub ttl: Duration,
    /// The most that answers may take in this process, in bytes.
    pub most_bytes: u64,
    /// May one client key have the answers that another one paid for?
    pub shared: bool,
}

/// How long an answer is kept that a request wants kept where the operator keeps none.
const ASKED_TTL: Duration = Duration::from_secs(300);
/// No longer answer is kept, in bytes.
const LONGEST: u64 = 16 << 20;
/// What an entry takes beside its bytes, roughly.
const OVERHEAD: usize = 1 << 10;

/// What is told of an answer beside its bytes, whoever gets it.
#[derive(Debug, Clone)]
pub struct Told {
    /// Who served.
    pub provider: &'static str,
    /// The model that was asked of it.
    pub model: Arc<str>,
    /// Headers of the provider that are true of the answer whenever it is read.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Parameters that a translation had to leave out, by the caller's names.
    pub dropped: Vec<String>,
    /// Every link that took part.
    pub attempts: Vec<Attempt>,
}

/// An answer that is kept.
#[derive(Debug)]
pub struct Entry {
    /// What is told beside it.
    pub told: Arc<Told>,
    /// Is it a stream?
    pub stream: bool,
    /// All of it, as it went out.
    pub bytes: Bytes,
    /// What was learned of it.
    pub learned: Learned,
}

/// The beginning of an answer under way.
pub struct Head {
    /// What is told to everybody who reads it.
    pub told: Arc<Told>,
    /// What is told to the one who leads alone.
    pub own: Own,
    /// All of it, where it is no stream, and what was learned of it.
    pub whole: Option<(Bytes, Learned)>,
}

/// What only the request knows that an answer was got for.
pub struct Own {
    /// All of the provider's headers that are passed on.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What of the answer is an estimate, by its field's name.
    pub estimated: Option<&'static str>,
    /// Why the chain's first link did not serve.
    pub fallback: Option<String>,
    /// What it cost, where that is known already.
    pub cost: Option<Usd>,
    /// The time spent on providers until it began.
    pub upstream: Duration,
}

/// How a stream ended.
#[derive(Debug, Clone)]
pub struct Finale {
    /// What broke it; `None` where it is whole.
    pub broke: Option<Class>,
    /// What was learned of it.
    pub learned: Learned,
}

/// Who went on with a stream that broke.
#[derive(Debug)]
pub struct Resumption {
    /// The last provider.
    pub provider: &'static str,
    /// The model that it says has answered.
    pub model: Option<String>,
    /// Every link that took part.
    pub attempts: Vec<Attempt>,
}

/// The answers of this process. `E` is why there is none.
pub struct Cache<E> {
    inner: Arc<Inner<E>>,
}

impl<E> Clone for Cache<E> {
    fn clone(&self) -> Cache<E> {
        Cache { inner: self.inner.clone() }
    }
}

struct Inner<E> {
    options: Options,
    clock: Clock,
    longest: usize,
    kept: moka::sync::Cache<Key, Kept>,
    flights: Mutex<HashMap<Key, Arc<Flight<E>>>>,
    hold: Hold,
}

/// An entry and its end, by the process's own clock.
#[derive(Clone)]
struct Kept {
    entry: Arc<Entry>,
    until: Instant,
}

/// What comes of asking.
pub enum Found<E> {
    /// An answer is kept.
    Hit(Arc<Entry>),
    /// Somebody is getting it: read along.
    Shared(Seat<E>),
    /// Nobody has it. Whoever asked is to get it, and reads it like all others.
    Lead(Lead<E>, Seat<E>),
}

impl Entry {
    /// The entry as replicas share it, kept for `ttl` from `now`.
    pub fn packed(&self, ttl: Duration, now: Timestamp) -> Bytes {
        format::write(self, ttl, now)
    }
}

impl<E> Cache<E> {
    /// An empty cache.
    pub fn new(options: Options, clock: Clock) -> Cache<E> {
        let weigh = |_: &Key, kept: &Kept| u32::try_from(kept.entry.bytes.len() + OVERHEAD).unwrap_or(u32::MAX);
        // Each entry has its own end on the process's clock; this one only gives back memory.
        let ttl = options.ttl.max(ASKED_TTL);
        let kept = moka::sync::Cache::builder()
            .weigher(weigh)
            .max_capacity(options.most_bytes)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(ttl)
            .build();
        let longest = usize::try_from((options.most_bytes / 8).min(LONGEST)).unwrap_or_default();
        let most = usize::try_from(options.most_bytes / 2).unwrap_or(usize::MAX);
        let hold = Hold { bytes: Arc::new(AtomicUsize::new(0)), most };
        Cache { inner: Arc::new(Inner { options, clock, longest, kept, flights: Mutex::default(), hold }) }
    }

    /// The operator's settings.
    pub fn options(&self) -> Options {
        self.inner.options
    }

    /// How long an answer is kept that is to be kept.
    pub fn ttl(&self) -> Duration {
        Some(self.inner.options.ttl).filter(|ttl| !ttl.is_zero()).unwrap_or(ASKED_TTL)
    }

    /// Asks for the answer to `key`. One that was kept will not do where it is to be `fresh`.
    pub fn ask(&self, key: Key, fresh: bool) -> Found<E> {
        if let Some(entry) = self.kept(&key).filter(|_| !fresh) {
            return Found::Hit(entry);
        }
        let mut flights = self.inner.flights();
        if let Some(seat) = flights.get(&key).and_then(|flight| flight.join(fresh)) {
            return Found::Shared(seat);
        }
        // It may have come in while nobody held the lock: an answer is kept before its flight ends.
        if let Some(entry) = self.kept(&key).filter(|_| !fresh) {
            return Found::Hit(entry);
        }
        let (flight, seat) = Flight::open(self.inner.longest, self.inner.hold.clone());
        flights.insert(key, flight.clone());
        drop(flights);
        Found::Lead(Lead::new(self.clone(), key, flight), seat)
    }

    fn kept(&self, key: &Key) -> Option<Arc<Entry>> {
        let kept = self.inner.kept.get(key)?;
        (self.inner.clock.now() < kept.until).then_some(kept.entry)
    }
}

impl<E> Inner<E> {
    fn flights(&self) -> MutexGuard<'_, HashMap<Key, Arc<Flight<E>>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
