//! One thread's connection to Redis: opened when it is first needed, and again after it was lost.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use redis::Value;
use redis::aio::PubSub;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::address::{Address, Wire};
use super::fault::Fault;
use super::script::Ask;

/// The longest that a connection may take to open. No request waits for that.
pub(super) const OPENING: Duration = Duration::from_secs(1);

/// One thread's connection.
pub(super) struct Line {
    address: Arc<Address>,
    state: Mutex<State>,
}

/// How an opening ended, once it has.
type Opened = Option<Result<Wire, Fault>>;

enum State {
    Shut,
    Opening(watch::Receiver<Opened>),
    /// Open since this epoch. What was opened before Redis was last lost is not trusted.
    Open(Wire, u64),
}

impl Line {
    /// A line to `address`; nothing is opened yet.
    pub(super) fn new(address: Arc<Address>) -> Line {
        Line { address, state: Mutex::new(State::Shut) }
    }

    /// Where it leads.
    pub(super) fn address(&self) -> Arc<Address> {
        self.address.clone()
    }

    /// Asks, and waits for the answer for no longer than `bound`, a connection to be opened included. A connection
    /// that fails is not used again, so that no answer to this can be taken for another's.
    pub(super) async fn ask(self: &Arc<Self>, ask: &Ask<'_>, epoch: u64, bound: Duration) -> Result<Value, Fault> {
        let end = Instant::now() + bound;
        loop {
            let (wire, fresh) = within(end, self.wire(epoch)).await.unwrap_or(Err(Fault::Connecting))?;
            let began = Instant::now();
            let Some(came) = within(end, ask.by(&wire)).await else {
                // One that took most of the time to open had little left to answer in.
                if fresh && end.saturating_duration_since(began) < bound / 2 {
                    return Err(Fault::Connecting);
                }
                self.shut(&wire);
                return Err(Fault::Away(format!("no answer within {} ms", bound.as_millis())));
            };
            let error = match came {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let fault = self.address.fault(&error);
            if matches!(fault, Fault::Away(_)) {
                self.shut(&wire);
            }
            // The other side may have closed it while nobody looked: that is found now, and says nothing.
            if fresh || !error.is_connection_dropped() {
                return Err(fault);
            }
        }
    }

    /// Opens the connection where it is not open.
    pub(super) async fn open(self: &Arc<Self>, epoch: u64) -> Result<(), Fault> {
        within(Instant::now() + OPENING, self.wire(epoch)).await.unwrap_or(Err(Fault::Connecting)).map(drop)
    }

    /// Opens another connection, one that only listens.
    pub(super) async fn listen(&self) -> Result<PubSub, Fault> {
        timeout(OPENING, self.address.listen()).await.unwrap_or(Err(Fault::Connecting))
    }

    fn shut(&self, wire: &Wire) {
        let mut state = self.state();
        if matches!(&*state, State::Open(open, _) if open.is(wire)) {
            *state = State::Shut;
        }
    }

    /// The connection, and whether it was opened for this.
    async fn wire(self: &Arc<Self>, epoch: u64) -> Result<(Wire, bool), Fault> {
        let mut opening = match self.find(epoch) {
            Ok(wire) => return Ok((wire, false)),
            Err(opening) => opening,
        };
        let opened = opening.wait_for(Option::is_some).await.ok().and_then(|opened| opened.clone());
        opened.unwrap_or(Err(Fault::Connecting)).map(|wire| (wire, true))
    }

    /// The connection, or the word of its being opened, which goes on by itself.
    fn find(self: &Arc<Self>, epoch: u64) -> Result<Wire, watch::Receiver<Opened>> {
        let mut state = self.state();
        match &*state {
            State::Open(wire, since) if *since == epoch => return Ok(wire.clone()),
            State::Opening(opening) => return Err(opening.clone()),
            State::Open(..) | State::Shut => {}
        }
        let (sender, opening) = watch::channel(None);
        *state = State::Opening(opening.clone());
        drop(state);
        let (line, own) = (self.clone(), opening.clone());
        tokio::spawn(async move {
            let late = || Err(Fault::Away(format!("no connection within {} ms", OPENING.as_millis())));
            let opened = timeout(OPENING, line.address.open()).await.unwrap_or_else(|_| late());
            let mut state = line.state();
            if matches!(&*state, State::Opening(opening) if opening.same_channel(&own)) {
                *state = opened.clone().map_or(State::Shut, |wire| State::Open(wire, epoch));
            }
            drop(state);
            sender.send_replace(Some(opened));
        });
        Err(opening)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What `work` comes to, if that is before `end`.
///
/// A thread that was held up finds the end of the time and the answer at once. Then the answer counts: Redis was not
/// slow.
pub(super) async fn within<T>(end: Instant, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    tokio::select! {
        biased;
        came = &mut work => return Some(came),
        () = sleep_until(end) => {}
    }
    for _ in 0..2 {
        tokio::task::yield_now().await;
        if let Some(came) = work.as_mut().now_or_never() {
            return Some(came);
        }
    }
    None
}
