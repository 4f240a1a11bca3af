//! A streamed answer on its way: held until its first content, then passed on chunk by chunk, watched to its end.

mod alarm;
mod direct;
mod translated;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Frame;
use tokio::time::Instant;

use super::wire::{self, Wire};
use crate::clock::Clock;
use crate::domain::facts::Learned;
use crate::domain::failure::{Class, Failure};
use crate::protocol::sse::TooLong;
use crate::protocol::{ErrorView, error_kind};
use crate::provider::Provider;
use crate::secret::scrub;
use crate::telemetry;
use alarm::{Alarm, Rang};
pub(super) use direct::Direct;
pub(super) use translated::{Cutter, Ends, Translated, Translation};

/// The most bytes that may come before the first content.
const LONGEST_PRELUDE: usize = 1 << 20;
/// So many bytes go out without a look whether more have come.
const ENOUGH: usize = 16 << 10;
/// How often other work is let go first while bytes are ready. A turn is no wait: it takes less than a microsecond.
const MOST_TURNS: u8 = 2;

/// How a stream ended.
#[derive(Debug)]
pub enum StreamEnd {
    /// Whole.
    Complete,
    /// Cut off; the caller got an error event.
    Failed(Failure),
    /// The caller hung up first.
    ClientGone,
}

/// Called once, when a stream ends however it ends.
pub type OnEnd = Box<dyn FnOnce(StreamEnd, Learned) + Send>;

/// The two ways from a provider's bytes to the caller's.
pub(super) enum Lane {
    /// Both speak the same protocol: bytes pass.
    Direct(Direct),
    /// They do not: events are read and written anew.
    Translated(Box<Translated>),
}

/// What came of one chunk, or of the end of the bytes.
#[derive(Default)]
pub(super) struct Taken {
    /// Bytes for the caller.
    pub(super) out: Vec<Bytes>,
    /// Did anything come that the caller would see?
    pub(super) content: bool,
    /// Events that were no JSON and were left out.
    pub(super) broken: u32,
    /// The stream is over: whole, or with a failure.
    pub(super) end: Option<Result<(), Failure>>,
}

/// What a stream goes by.
pub(super) struct Course {
    pub(super) provider: Arc<Provider>,
    pub(super) model: Arc<str>,
    pub(super) clock: Clock,
    /// What keeps the caller's side alive in a silence; empty for nothing.
    pub(super) ping: &'static [u8],
    /// The longest silence.
    pub(super) idle: Duration,
    /// When all of it must be over.
    pub(super) deadline: Instant,
}

/// A streamed answer on its way to the caller.
pub struct Live {
    wire: Wire,
    lane: Lane,
    course: Course,
    /// Bytes that the caller has not taken yet, and how many they are.
    ready: VecDeque<Bytes>,
    ready_bytes: usize,
    /// How often other work was let go first since the last bytes came.
    turns: u8,
    /// How the stream ended, once it has.
    ended: Option<StreamEnd>,
    /// Has an event been left out already? One is forgiven.
    broken: bool,
    alarm: Alarm,
    on_end: Option<OnEnd>,
    /// Is a break kept for [`Live::take_break`] rather than told to the caller?
    hands_over: bool,
}

impl Live {
    pub(super) fn new(wire: Wire, lane: Lane, course: Course) -> Live {
        let alarm = Alarm::new(&course);
        Live {
            wire,
            lane,
            course,
            ready: VecDeque::new(),
            ready_bytes: 0,
            turns: 0,
            ended: None,
            broken: false,
            alarm,
            on_end: None,
            hands_over: false,
        }
    }

    /// Reads until the first content has come, and keeps what came until then.
    pub(super) async fn hold(&mut self, until: Instant) -> Result<(), Failure> {
        let clock = self.course.clock.clone();
        let reading = poll_fn(|cx| self.poll_content(cx));
        let late = |_| Err(Failure::after_sending(Class::Timeout, "no content came in time"));
        clock.until(until, reading).await.unwrap_or_else(late)
    }

    fn poll_content(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        loop {
            let chunk = match ready!(self.wire.poll_chunk(cx)) {
                Some(Err(failure)) => return Poll::Ready(Err(failure)),
                Some(Ok(chunk)) => Some(chunk),
                None => None,
            };
            let over = chunk.is_none();
            let taken = self.take(chunk);
            match taken {
                Taken { end: Some(Err(failure)), .. } => return Poll::Ready(Err(failure)),
                Taken { content: true, .. } => return Poll::Ready(Ok(())),
                Taken { end: Some(Ok(())), .. } => {
                    let empty = Failure::after_sending(Class::Malformed, "the stream ended without any content");
                    // Complete by its own rules, although it said nothing: an empty answer is an answer.
                    let complete = matches!(self.ended, Some(StreamEnd::Complete));
                    return Poll::Ready(if complete && !over { Ok(()) } else { Err(empty) });
                }
                _ => {}
            }
            if self.ready_bytes > LONGEST_PRELUDE {
                let message = "the stream went on and on without any content";
                return Poll::Ready(Err(Failure::after_sending(Class::Malformed, message)));
            }
        }
    }

    /// Sees to it that `on_end` learns how the stream ends.
    pub fn on_end(&mut self, on_end: OnEnd) {
        self.on_end = Some(on_end);
    }

    /// From now on a break ends the bytes without a word: [`Live::take_break`] has it then.
    pub fn hand_over_breaks(&mut self) {
        self.hands_over = true;
    }

    /// How the stream broke, where it ended by breaking.
    pub fn take_break(&mut self) -> Option<Failure> {
        match self.ended.take() {
            Some(StreamEnd::Failed(failure)) => Some(failure),
            other => {
                self.ended = other;
                None
            }
        }
    }

    /// Was an event left out because it was no JSON?
    pub fn is_torn(&self) -> bool {
        self.broken
    }

    /// What was learned so far.
    pub fn learned(&self) -> Learned {
        self.lane.learned()
    }

    /// A break as the caller's protocol tells it.
    pub fn error_event(&mut self, failure: &Failure) -> Bytes {
        let message = scrub(&failure.message);
        let view = ErrorView {
            status: failure.status.unwrap_or(502),
            kind: error_kind(failure.class),
            code: Some(failure.class.name()),
            param: None,
            message: &message,
            attempts: None,
            request_id: None,
        };
        let mut event = BytesMut::new();
        self.lane.fail(&view, &mut event);
        event.freeze()
    }

    /// Takes one chunk, or the end of the bytes, through the lane.
    fn take(&mut self, chunk: Option<Bytes>) -> Taken {
        let mut taken = self.lane.take(chunk);
        taken.out.drain(..).for_each(|bytes| self.push(bytes));
        for _ in 0..taken.broken {
            telemetry::event_dropped(self.course.provider.name(), &self.course.model);
            if std::mem::replace(&mut self.broken, true) && !matches!(taken.end, Some(Err(_))) {
                let message = "more than one event is not valid JSON";
                taken.end = Some(Err(Failure::after_sending(Class::Malformed, message)));
            }
        }
        if let Some(Ok(())) = taken.end {
            self.ended = Some(StreamEnd::Complete);
        }
        taken
    }

    fn push(&mut self, bytes: Bytes) {
        self.ready_bytes += bytes.len();
        self.ready.push_back(bytes);
    }

    /// All that is ready, as one piece.
    fn gathered(&mut self) -> Bytes {
        (self.ready_bytes, self.turns) = (0, 0);
        self.alarm.spoke();
        match self.ready.len() {
            1 => self.ready.pop_front().unwrap_or_default(),
            _ => wire::join(self.ready.drain(..).collect()),
        }
    }

    /// The stream broke after its first content: the caller's protocol says so in its own form.
    fn break_off(&mut self, failure: Failure) {
        if !self.hands_over {
            let event = self.error_event(&failure);
            self.push(event);
        }
        self.ended = Some(StreamEnd::Failed(failure));
    }

    /// No more can be had from the provider. That is a failure unless the answer was complete already.
    fn give_up(&mut self, failure: Failure) -> Taken {
        match self.lane.is_finished() {
            true => self.take(None),
            false => Taken { end: Some(Err(failure)), ..Taken::default() },
        }
    }

    fn tell_end(&mut self) {
        if let Some(on_end) = self.on_end.take() {
            let learned = self.learned();
            on_end(self.ended.take().unwrap_or(StreamEnd::ClientGone), learned);
        }
    }
}

impl Lane {
    /// Takes one chunk, or the end of the bytes.
    fn take(&mut self, chunk: Option<Bytes>) -> Taken {
        match (self, chunk) {
            (Lane::Direct(lane), Some(chunk)) => lane.take(chunk),
            (Lane::Direct(lane), None) => lane.close(),
            (Lane::Translated(lane), Some(chunk)) => lane.take(chunk),
            (Lane::Translated(lane), None) => lane.close(),
        }
    }

    /// Would the answer be complete if the bytes ended here?
    fn is_finished(&self) -> bool {
        match self {
            Lane::Direct(lane) => lane.is_finished(),
            Lane::Translated(lane) => lane.is_finished(),
        }
    }

    /// Writes an error as the last event.
    fn fail(&mut self, error: &ErrorView<'_>, out: &mut BytesMut) {
        match self {
            Lane::Direct(lane) => lane.fail(error, out),
            Lane::Translated(lane) => lane.fail(error, out),
        }
    }

    fn learned(&self) -> Learned {
        match self {
            Lane::Direct(lane) => lane.learned(),
            Lane::Translated(lane) => lane.learned(),
        }
    }
}

impl http_body::Body for Live {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let live = self.get_mut();
        loop {
            if live.ready_bytes >= ENOUGH || (live.ended.is_some() && !live.ready.is_empty()) {
                return Poll::Ready(Some(Ok(Frame::data(live.gathered()))));
            }
            if let Some(end) = &live.ended {
                let complete = matches!(end, StreamEnd::Complete);
                live.tell_end();
                if complete {
                    live.wire.run_out(cx);
                }
                return Poll::Ready(None);
            }
            let chunk = match live.wire.poll_chunk(cx) {
                Poll::Ready(chunk) => {
                    live.turns = 0;
                    chunk.transpose()
                }
                Poll::Pending if live.ready.is_empty() => match ready!(live.alarm.poll(live.lane.is_finished(), cx)) {
                    Rang::GiveUp(failure) => Err(failure),
                    Rang::Ping => return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(live.course.ping))))),
                },
                // The connection hands over one chunk a turn: those that have come already go out in one write.
                Poll::Pending if live.turns < MOST_TURNS => {
                    live.turns += 1;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Pending => return Poll::Ready(Some(Ok(Frame::data(live.gathered())))),
            };
            live.alarm.heard();
            let taken = match chunk {
                Ok(chunk) => live.take(chunk),
                Err(failure) => live.give_up(failure),
            };
            if let Some(Err(failure)) = taken.end {
                live.break_off(failure);
            }
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.tell_end();
    }
}

impl From<TooLong> for Failure {
    fn from(error: TooLong) -> Failure {
        Failure::after_sending(Class::Malformed, error.to_string())
    }
}

/// The bytes ended, and the answer had not.
fn cut_off() -> Failure {
    Failure::after_sending(Class::Malformed, "the stream ended before the answer did")
}
