//! The one who gets an answer for all who ask the same.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::flight::{Begun, Flight};
use super::{Cache, Entry, Finale, Head, Kept, Key, Resumption, format};

/// The one who gets an answer for all who ask the same. Dropped before the answer is there, it leaves that to another.
pub struct Lead<E> {
    cache: Cache<E>,
    key: Key,
    flight: Arc<Flight<E>>,
    done: bool,
}

impl<E> Lead<E> {
    pub(super) fn new(cache: Cache<E>, key: Key, flight: Arc<Flight<E>>) -> Lead<E> {
        Lead { cache, key, flight, done: false }
    }

    /// The answer's name where replicas share.
    pub fn name(&self) -> String {
        self.key.name()
    }

    /// Takes an answer that was found where replicas share. Gives it back where it is one and still holds.
    pub fn found(mut self, bytes: &Bytes, now: Timestamp) -> Result<Arc<Entry>, Lead<E>> {
        let Some((entry, left)) = format::read(bytes, now) else { return Err(self) };
        let entry = Arc::new(entry);
        self.keep(&entry, left);
        self.over(Begun::Kept(entry.clone()));
        Ok(entry)
    }

    /// A provider is asked from now on.
    pub fn asks(&self) {
        self.flight.asks();
    }

    /// Waits until nobody waits for the answer any more.
    pub fn deserted(&self) -> impl Future<Output = ()> + use<E> {
        let flight = self.flight.clone();
        poll_fn(move |cx| flight.poll_deserted(cx))
    }

    /// There is no answer, for nobody who asked.
    pub fn fail(mut self, error: E) {
        self.over(Begun::Failed(error));
    }

    /// The answer is there, and whole. It is kept for `ttl`.
    pub fn whole(mut self, head: Head, ttl: Duration) -> Option<Arc<Entry>> {
        let (bytes, learned) = head.whole.clone()?;
        let fits = bytes.len() <= self.cache.inner.longest && head.own.estimated.is_none();
        let entry = Entry { told: head.told.clone(), stream: false, bytes, learned };
        let kept = Some(Arc::new(entry)).filter(|entry| fits && self.keep(entry, ttl));
        self.over(Begun::Head(Arc::new(head)));
        kept
    }

    /// A stream has begun.
    pub fn begin(&self, head: Arc<Head>) {
        self.flight.begin(Begun::Head(head), false);
    }

    /// Passes on what comes next, once there is room for it.
    pub async fn push(&self, bytes: Bytes) {
        poll_fn(|cx| self.flight.poll_room(cx)).await;
        self.flight.push(bytes);
    }

    /// Another link goes on with the stream.
    pub fn resumed(&self, by: Resumption) {
        self.flight.resumed(by);
    }

    /// The stream has ended. Where it is `sound` it is kept for `ttl`.
    pub fn end(mut self, head: &Head, finale: Finale, sound: bool, ttl: Duration) -> Option<Arc<Entry>> {
        let whole = sound && finale.broke.is_none() && head.own.estimated.is_none();
        let bytes = whole.then(|| self.flight.all()).flatten();
        let learned = finale.learned.clone();
        let kept = bytes.map(|bytes| Arc::new(Entry { told: head.told.clone(), stream: true, bytes, learned }));
        let kept = kept.filter(|entry| self.keep(entry, ttl));
        self.done = true;
        self.leave();
        self.flight.end(finale);
        kept
    }

    /// Keeps `entry`, unless somebody else is getting a newer one.
    fn keep(&self, entry: &Arc<Entry>, ttl: Duration) -> bool {
        let inner = &self.cache.inner;
        let flights = inner.flights();
        let leads = flights.get(&self.key).is_some_and(|flight| Arc::ptr_eq(flight, &self.flight));
        if leads {
            let kept = Kept { entry: entry.clone(), until: inner.clock.now() + ttl };
            inner.kept.insert(self.key, kept);
        }
        leads
    }

    fn over(&mut self, begun: Begun<E>) {
        self.done = true;
        self.leave();
        self.flight.begin(begun, true);
    }

    /// Nobody joins from now on.
    fn leave(&self) {
        let mut flights = self.cache.inner.flights();
        if flights.get(&self.key).is_some_and(|flight| Arc::ptr_eq(flight, &self.flight)) {
            flights.remove(&self.key);
        }
    }
}

impl<E> Drop for Lead<E> {
    fn drop(&mut self) {
        if !self.done {
            self.leave();
            self.flight.abandon();
        }
    }
}
