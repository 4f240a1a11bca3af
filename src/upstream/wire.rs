//! Bytes out and in: a request's pieces without copying them, an answer's chunks as they come.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame, SizeHint};
use hyper_util::client::legacy;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::domain::failure::{Class, Failure};

/// Bodies up to this are sent as one piece: a copy costs less than another write.
const SMALL: usize = 16 << 10;

/// How long, and with how many bytes, a body may go on after the answer in it is over.
const LONGEST_END: Duration = Duration::from_secs(1);
const MOST_AT_END: usize = 64 << 10;

/// A request's body.
pub(super) struct Pieces {
    pieces: VecDeque<Bytes>,
    left: u64,
}

impl Pieces {
    pub(super) fn new(pieces: Vec<Bytes>) -> Pieces {
        let left: usize = pieces.iter().map(Bytes::len).sum();
        let pieces = if pieces.len() > 1 && left <= SMALL { vec![join(pieces)] } else { pieces };
        Pieces { pieces: pieces.into(), left: left as u64 }
    }
}

/// The pieces as one.
pub(super) fn join(mut pieces: Vec<Bytes>) -> Bytes {
    if pieces.len() == 1 {
        return pieces.swap_remove(0);
    }
    let mut whole = BytesMut::with_capacity(pieces.iter().map(Bytes::len).sum());
    pieces.iter().for_each(|piece| whole.extend_from_slice(piece));
    whole.freeze()
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.pieces.pop_front();
        self.left -= piece.as_ref().map_or(0, |piece| piece.len() as u64);
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// Where an answer comes from.
pub(super) enum Body {
    /// By hyper's own client.
    Direct(hyper::body::Incoming),
    /// By reqwest.
    Convenient(reqwest::Body),
    Here(VecDeque<Bytes>),
}

/// How long a whole answer may take.
pub(super) struct Patience<'a> {
    pub(super) clock: &'a Clock,
    /// The longest pause.
    pub(super) pause: Duration,
    /// When all of it must be over.
    pub(super) deadline: Instant,
}

/// An answer's bytes as they come.
pub(super) struct Wire {
    body: Body,
}

impl Wire {
    pub(super) fn new(body: Body) -> Wire {
        Wire { body }
    }

    /// The next chunk; `None` at the end.
    pub(super) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        loop {
            let frame = match &mut self.body {
                Body::Here(pieces) => return Poll::Ready(pieces.pop_front().map(Ok)),
                Body::Direct(body) => {
                    ready!(Pin::new(body).poll_frame(cx)).map(|frame| frame.map_err(|error| broken_body(&error)))
                }
                Body::Convenient(body) => {
                    ready!(Pin::new(body).poll_frame(cx)).map(|frame| frame.map_err(|error| broken_body(&error)))
                }
            };
            match frame {
                None => return Poll::Ready(None),
                Some(Err(failure)) => return Poll::Ready(Some(Err(failure))),
                // Trailers carry nothing that a caller would see.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
            }
        }
    }

    pub(super) async fn chunk(&mut self) -> Option<Result<Bytes, Failure>> {
        poll_fn(|cx| self.poll_chunk(cx)).await
    }

    /// The answer is over, although its body may not be: what is left is read and thrown away, beside everything else,
    /// since a connection whose body was read to its end can be used again. A body that goes on is dropped.
    pub(super) fn run_out(&mut self, cx: &mut Context<'_>) {
        if matches!(self.poll_chunk(cx), Poll::Ready(None | Some(Err(_)))) {
            return;
        }
        let mut rest = Wire::new(std::mem::replace(&mut self.body, Body::Here(VecDeque::new())));
        let end = async move {
            let mut bytes = 0;
            while let Some(Ok(chunk)) = rest.chunk().await {
                bytes += chunk.len();
                if bytes > MOST_AT_END {
                    return;
                }
            }
        };
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(tokio::time::timeout(LONGEST_END, end));
        }
    }

    /// The next chunk, if it comes in time.
    async fn next(&mut self, patience: &Patience<'_>) -> Result<Option<Bytes>, Failure> {
        let until = (patience.clock.now() + patience.pause).min(patience.deadline);
        match patience.clock.until(until, self.chunk()).await {
            Ok(chunk) => chunk.transpose(),
            Err(_) => Err(Failure::after_sending(Class::Timeout, "the answer began and did not go on")),
        }
    }

    /// All that is left, if it is at most `most` bytes and comes in time.
    pub(super) async fn whole(&mut self, most: usize, patience: &Patience<'_>) -> Result<Bytes, Failure> {
        let Some(first) = self.next(patience).await? else { return Ok(Bytes::new()) };
        let Some(second) = self.next(patience).await? else { return Ok(first) };
        let mut whole = BytesMut::with_capacity(first.len() + second.len());
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&second);
        while let Some(chunk) = self.next(patience).await? {
            if whole.len() + chunk.len() > most {
                return Err(Failure::after_sending(
                    Class::Malformed,
                    format!("the answer is longer than {most} bytes"),
                ));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }
}

/// What it means that no head came.
pub(super) fn no_head(error: &(dyn Error + 'static)) -> Failure {
    let connecting = causes(error).any(|cause| {
        cause.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect)
            || cause.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect)
    });
    let timed_out = causes(error).any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::TimedOut)
            || cause.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout)
    });
    let class = if timed_out { Class::Timeout } else { Class::Network };
    let what = if connecting { "cannot connect" } else { "the connection broke before an answer began" };
    Failure { sent: !connecting, ..Failure::new(class, format!("{what}: {}", cause(error))) }
}

/// What it means that a body broke: an end that came too early is a truncated answer, a reset is the network's.
fn broken_body(error: &(dyn Error + 'static)) -> Failure {
    let io = causes(error).find_map(|cause| cause.downcast_ref::<io::Error>());
    let ended = io.is_some_and(|io| io.kind() == io::ErrorKind::UnexpectedEof)
        || causes(error)
            .filter_map(|cause| cause.downcast_ref::<hyper::Error>())
            .any(hyper::Error::is_incomplete_message);
    match ended {
        true => Failure::after_sending(Class::Malformed, "the answer was cut off"),
        false => Failure::after_sending(Class::Network, format!("the connection broke: {}", cause(error))),
    }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |cause| {
        let cause: &'a (dyn Error + 'static) = *cause;
        cause.source()
    })
}

/// The innermost cause says what happened; the outer ones repeat the address.
fn cause(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}
