//! One answer under way, which everybody who asks the same reads from its first byte.
//!
//! One writes and many read, each at its own pace and on any thread. What nobody can join any more is kept only as
//! long as the slowest reader needs it, and the writer waits for that one.

mod seat;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};

use super::{Entry, Finale, Head, Resumption};
pub use seat::Seat;

/// So much of an answer that nobody can join waits for its slowest reader, in bytes.
const WINDOW: usize = 64 << 10;

/// One answer under way. `E` is why there is none.
pub(super) struct Flight<E> {
    state: Mutex<State<E>>,
    /// The most bytes of an answer that can be kept.
    longest: usize,
    hold: Hold,
}

/// What all answers under way may hold in memory, and do.
#[derive(Clone)]
pub(super) struct Hold {
    pub(super) bytes: Arc<AtomicUsize>,
    pub(super) most: usize,
}

/// What came of the wait for an answer's beginning.
pub enum Begun<E> {
    /// It is there, or its first bytes are.
    Head(Arc<Head>),
    /// It was found where replicas share.
    Kept(Arc<Entry>),
    /// There is none, for everybody who asked.
    Failed(E),
    /// Whoever was to get it is gone: somebody else must.
    Abandoned,
}

struct State<E> {
    begun: Option<Begun<E>>,
    chunks: VecDeque<Bytes>,
    /// The number of the first of `chunks`.
    first: usize,
    /// The bytes in `chunks`.
    bytes: usize,
    /// Is it longer than what can be kept?
    outgrown: bool,
    /// No more will come.
    closed: bool,
    finale: Option<Finale>,
    resumed: Option<Arc<Resumption>>,
    seats: Vec<Option<Place>>,
    /// The last reader is gone.
    deserted: bool,
    /// Is a provider asked, rather than what replicas share?
    asking: bool,
    writer: Option<Waker>,
}

/// How far a reader is.
#[derive(Default)]
struct Place {
    at: usize,
    waker: Option<Waker>,
}

impl<E> Flight<E> {
    /// A new one, with its first reader.
    pub(super) fn open(longest: usize, hold: Hold) -> (Arc<Flight<E>>, Seat<E>) {
        let state = State {
            begun: None,
            chunks: VecDeque::new(),
            first: 0,
            bytes: 0,
            outgrown: false,
            closed: false,
            finale: None,
            resumed: None,
            seats: vec![Some(Place::default())],
            deserted: false,
            asking: false,
            writer: None,
        };
        let flight = Arc::new(Flight { state: Mutex::new(state), longest, hold });
        (flight.clone(), Seat::new(flight, 0))
    }

    fn state(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place from the first byte on; `None` where it is too late for one. `fresh` takes no answer that was kept.
    pub(super) fn join(self: &Arc<Self>, fresh: bool) -> Option<Seat<E>> {
        let mut state = self.state();
        if state.outgrown || state.closed || state.deserted || (fresh && !state.asking) {
            return None;
        }
        let number = state.seats.iter().position(Option::is_none).unwrap_or(state.seats.len());
        let place = Some(Place::default());
        match state.seats.get_mut(number) {
            Some(free) => *free = place,
            None => state.seats.push(place),
        }
        drop(state);
        Some(Seat::new(self.clone(), number))
    }

    /// A provider is asked from now on.
    pub(super) fn asks(&self) {
        self.state().asking = true;
    }

    pub(super) fn begin(&self, begun: Begun<E>, closed: bool) {
        let mut state = self.state();
        state.begun = Some(begun);
        state.closed = closed;
        state.wake_readers();
    }

    /// Another link goes on with the stream.
    pub(super) fn resumed(&self, by: Resumption) {
        self.state().resumed = Some(Arc::new(by));
    }

    /// Is there room for more?
    pub(super) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if !state.outgrown || state.bytes < WINDOW {
            return Poll::Ready(());
        }
        state.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Takes what comes next.
    pub(super) fn push(&self, bytes: Bytes) {
        let length = bytes.len();
        let mut state = self.state();
        state.bytes += length;
        state.chunks.push_back(bytes);
        let held = self.hold.bytes.fetch_add(length, Ordering::Relaxed) + length;
        if !state.outgrown && (state.bytes > self.longest || held > self.hold.most) {
            state.outgrown = true;
            self.trim(&mut state);
        }
        state.wake_readers();
    }

    /// Its end has come.
    pub(super) fn end(&self, finale: Finale) {
        let mut state = self.state();
        (state.finale, state.closed) = (Some(finale), true);
        state.wake_readers();
    }

    /// Nobody will write any more, wherever it stands.
    pub(super) fn abandon(&self) {
        let mut state = self.state();
        state.closed = true;
        state.begun.get_or_insert(Begun::Abandoned);
        state.wake_readers();
    }

    /// Everything from its first byte on; `None` where that is not there any more.
    pub(super) fn all(&self) -> Option<Bytes> {
        let (chunks, bytes) = {
            let state = self.state();
            if state.outgrown {
                return None;
            }
            (state.chunks.clone(), state.bytes)
        };
        let mut all = BytesMut::with_capacity(bytes);
        chunks.iter().for_each(|chunk| all.extend_from_slice(chunk));
        Some(all.freeze())
    }

    /// Waits until the last reader is gone, though more would come.
    pub(super) fn poll_deserted(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.deserted {
            return Poll::Ready(());
        }
        state.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Lets go what every reader has had.
    fn trim(&self, state: &mut State<E>) {
        let slowest = state.seats.iter().flatten().map(|place| place.at).min();
        let slowest = slowest.unwrap_or(state.first + state.chunks.len());
        let mut freed = 0;
        while state.first < slowest {
            let Some(chunk) = state.chunks.pop_front() else { break };
            state.first += 1;
            freed += chunk.len();
        }
        state.bytes -= freed;
        self.hold.bytes.fetch_sub(freed, Ordering::Relaxed);
        if state.bytes < WINDOW {
            state.wake_writer();
        }
    }
}

impl<E> State<E> {
    fn wake_readers(&mut self) {
        self.seats.iter_mut().flatten().filter_map(|place| place.waker.take()).for_each(Waker::wake);
    }

    fn wait(&mut self, number: usize, cx: &mut Context<'_>) {
        if let Some(place) = self.seats.get_mut(number).and_then(Option::as_mut) {
            place.waker = Some(cx.waker().clone());
        }
    }

    fn wake_writer(&mut self) {
        if let Some(writer) = self.writer.take() {
            writer.wake();
        }
    }
}

impl<E> Drop for Flight<E> {
    fn drop(&mut self) {
        let bytes = self.state().bytes;
        self.hold.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}
