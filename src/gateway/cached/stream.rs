//! A stream that was kept, or that several requests read.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::Frame;
use tokio::time::Instant;

use super::super::GatewayError;
use super::super::record::Replaying;
use super::super::stream::{Resumed, Streamed};
use super::super::ties::Leaving;
use crate::cache::{Entry, Finale, Seat};
use crate::clock::Clock;
use crate::domain::facts::Learned;
use crate::domain::failure::Class;
use crate::protocol::sse::{Splitter, parse};
use crate::protocol::{ErrorView, Tap, error_kind};

/// A stream that was kept goes out in pieces of about so many bytes.
const PIECE: usize = 16 << 10;

/// A stream as one request reads it.
pub(super) struct CachedStream {
    source: Source,
    side: Side,
    /// The caller's own deadline, where it has one.
    hurry: Option<Hurry>,
    over: bool,
}

/// Where the bytes come from.
pub(super) enum Source {
    /// All of them are there.
    Kept(Replay, Arc<Entry>),
    /// They are on their way.
    Flight(Seat<GatewayError>),
    /// Nothing more is read.
    Left,
}

/// Whose the stream is.
pub(super) enum Side {
    /// It is got for this request, whose record is kept there.
    Leads(Leaving),
    /// It is another's, and this one costs nothing.
    Follows(Box<Replaying>),
}

/// Bytes of a stream, cut between events; nothing is copied.
pub(super) struct Replay {
    left: Bytes,
    splitter: Splitter,
}

/// A deadline of one reader alone, at which its stream breaks off in its protocol's own form.
pub(super) struct Hurry {
    rings: Pin<Box<dyn Future<Output = ()> + Send>>,
    tap: Box<dyn Tap>,
    splitter: Splitter,
}

impl CachedStream {
    pub(super) fn new(source: Source, side: Side, hurry: Option<Hurry>) -> CachedStream {
        CachedStream { source, side, hurry, over: false }
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match &mut self.source {
            Source::Kept(replay, _) => Poll::Ready(replay.next()),
            Source::Flight(seat) => seat.poll_chunk(cx),
            Source::Left => Poll::Ready(None),
        }
    }

    fn tell_end(&mut self) {
        self.over = true;
        let Side::Follows(record) = &mut self.side else { return };
        match &self.source {
            Source::Kept(_, entry) => record.end(None, &entry.learned),
            Source::Left => {}
            Source::Flight(seat) => match seat.finale() {
                Some(Finale { broke, learned }) => record.end(broke, &learned),
                None => record.end(Some(Class::Network), &Learned::default()),
            },
        }
    }

    /// The caller's own deadline has passed: this one reads no further.
    fn cut(&mut self, event: Bytes) -> Bytes {
        self.over = true;
        match &mut self.side {
            Side::Leads(leaving) => leaving.cut(),
            Side::Follows(record) => record.end(Some(Class::Timeout), &Learned::default()),
        }
        self.source = Source::Left;
        event
    }
}

impl Source {
    pub(super) fn kept(entry: &Arc<Entry>) -> Source {
        let (left, mut splitter) = (entry.bytes.clone(), Splitter::default());
        splitter.push(left.clone());
        Source::Kept(Replay { left, splitter }, entry.clone())
    }
}

impl Replay {
    fn next(&mut self) -> Option<Bytes> {
        let mut length = 0;
        while length < PIECE {
            match self.splitter.cut() {
                Ok(Some(event)) => length += event.len(),
                Ok(None) | Err(_) => {
                    length = self.left.len();
                    break;
                }
            }
        }
        let piece = self.left.split_to(length.min(self.left.len()));
        (!piece.is_empty()).then_some(piece)
    }
}

impl Hurry {
    pub(super) fn new(tap: Box<dyn Tap>, clock: Clock, deadline: Instant) -> Hurry {
        let rings = Box::pin(async move { clock.sleep_until(deadline).await });
        Hurry { rings, tap, splitter: Splitter::default() }
    }

    /// Looks at what goes by, since an error event may have to carry on from it.
    fn see(&mut self, bytes: &Bytes) {
        self.splitter.push(bytes.clone());
        while let Ok(Some(raw)) = self.splitter.cut() {
            let event = parse(&raw);
            if let Some(data) = event.data {
                self.tap.see(event.name, &data);
            }
        }
    }

    /// Waits for the deadline; gives the event that tells of it.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        ready!(self.rings.as_mut().poll(cx));
        let class = Class::Timeout;
        let view = ErrorView {
            status: 502,
            kind: error_kind(class),
            code: Some(class.name()),
            param: None,
            message: "the deadline passed in mid-stream",
            attempts: None,
            request_id: None,
        };
        let mut event = BytesMut::new();
        self.tap.fail(&view, &mut event);
        Poll::Ready(event.freeze())
    }
}

impl Streamed for CachedStream {
    fn resumed(&self) -> Option<Resumed<'_>> {
        let Source::Flight(seat) = &self.source else { return None };
        let by = seat.resumed()?;
        Some(Resumed { provider: by.provider, model: by.model.clone(), attempts: &by.attempts })
    }
}

impl http_body::Body for CachedStream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let stream = self.get_mut();
        if stream.over {
            return Poll::Ready(None);
        }
        match stream.poll_chunk(cx) {
            Poll::Ready(Some(bytes)) => {
                if let Some(hurry) = &mut stream.hurry {
                    hurry.see(&bytes);
                }
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Poll::Ready(None) => {
                stream.tell_end();
                Poll::Ready(None)
            }
            Poll::Pending => {
                let Some(hurry) = &mut stream.hurry else { return Poll::Pending };
                let event = ready!(hurry.poll(cx));
                Poll::Ready(Some(Ok(Frame::data(stream.cut(event)))))
            }
        }
    }
}
