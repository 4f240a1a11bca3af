//! A stream that may break in the middle and go on at the next link, where the operator wants that.

mod reading;
mod rest;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::Frame;

use super::record::Streaming;
use super::stream::{Resumed, Streamed};
use crate::chain::{Exhausted, Served};
use crate::domain::attempt::{Attempt, Outcome, Passed};
use crate::domain::chat::Event;
use crate::domain::failure::Failure;
use crate::protocol::WriteStream;
use crate::protocol::resume::{Place, Seam};
use crate::provider::link::{Chain, Link};
use crate::upstream::stream::{Live, StreamEnd};
use reading::{Overlap, Reading, Sent};
use rest::Continuation;
pub(super) use rest::Rest;

/// A stream that is watched, so that another link can go on where it breaks.
pub(super) struct Resumable {
    live: Box<Live>,
    reading: Reading,
    /// What the caller has got.
    sent: Sent,
    /// Writes what a continuation says; the first link's bytes pass as they are.
    continued: Option<(Box<dyn WriteStream>, Overlap)>,
    ready: VecDeque<Bytes>,
    state: State,
    rest: Arc<Rest>,
    record: Streaming,
}

enum State {
    Flowing,
    /// It broke, and the rest of the chain is asked.
    Broken(Run, Failure),
    /// It has ended, and that is told when the caller has taken all of it.
    Over(StreamEnd),
    Told,
}

/// The rest of the chain, under way.
type Run = Pin<Box<dyn Future<Output = Result<Served<Continuation>, Exhausted>> + Send>>;

impl Resumable {
    pub(super) fn new(mut live: Box<Live>, rest: Rest, record: Streaming) -> Resumable {
        live.hand_over_breaks();
        Resumable {
            live,
            reading: Reading::new(rest.front),
            sent: Sent::default(),
            continued: None,
            ready: VecDeque::new(),
            state: State::Flowing,
            rest: Arc::new(rest),
            record,
        }
    }

    /// Takes the live stream's bytes on their way.
    fn take(&mut self, bytes: Bytes) {
        let mut events = Vec::new();
        if self.continued.is_some() {
            // Its own id and blocks are not the caller's.
            self.reading.read(bytes, &mut Place::default(), &mut events);
            return self.write(events);
        }
        if self.sent.is_plain() {
            self.reading.read(bytes.clone(), &mut self.sent.place, &mut events);
        }
        events.iter().for_each(|event| self.sent.note(event));
        self.ready.push_back(bytes);
    }

    /// Writes what a continuation says.
    fn write(&mut self, events: Vec<Event>) {
        let Some((writer, overlap)) = &mut self.continued else { return };
        let mut out = BytesMut::new();
        for event in events.into_iter().filter_map(|event| overlap.pass(event)) {
            self.sent.note(&event);
            writer.write(&event, &mut out);
        }
        if !out.is_empty() {
            self.ready.push_back(out.freeze());
        }
    }

    /// The live stream has ended, or broken.
    fn ended(&mut self) {
        let Some(failure) = self.live.take_break() else {
            let mut events = Vec::new();
            self.reading.close(&mut events);
            self.write(events);
            self.state = State::Over(StreamEnd::Complete);
            return;
        };
        self.record.broke(&failure);
        let links = later(&self.rest.chain, &self.record.link, &self.record.attempts);
        if !self.sent.is_plain() || links.is_empty() || self.rest.is_late() {
            return self.give_up(failure);
        }
        self.record.left(&failure);
        let run = Rest::run(self.rest.clone(), Chain { links }, self.sent.text.clone());
        self.state = State::Broken(Box::pin(run), failure);
    }

    /// Another link goes on.
    fn go_on(&mut self, served: Served<Continuation>, after: &Failure) {
        let Served { reply: next, link, attempts, upstream } = served;
        let seam = Seam {
            stamp: self.sent.place.stamp.clone().unwrap_or_default(),
            blocks: self.sent.place.blocks,
            answering: &next.model,
            provider: link.provider.name(),
            model: &link.model,
            by: next.by,
            after: after.class.name(),
        };
        let mut out = BytesMut::new();
        let writer = self.rest.front.go_on(&seam, self.rest.call.facts.include_usage, &mut out);
        self.ready.push_back(out.freeze());
        self.sent.place.blocks = seam.blocks.in_text();
        self.record.moved(link, attempts, upstream, next.by.name());
        (self.live, self.reading, self.state) = (next.live, next.reading, State::Flowing);
        self.continued = Some((writer, next.overlap));
        self.write(next.events);
    }

    /// Nobody goes on: the caller is told what broke.
    fn give_up(&mut self, failure: Failure) {
        self.ready.push_back(self.live.error_event(&failure));
        self.state = State::Over(StreamEnd::Failed(failure));
    }

    fn tell_end(&mut self) {
        match std::mem::replace(&mut self.state, State::Told) {
            State::Told => {}
            State::Over(end) => self.record.end(&end, &self.live.learned()),
            State::Flowing | State::Broken(..) => self.record.end(&StreamEnd::ClientGone, &self.live.learned()),
        }
    }
}

/// The links that may go on: those behind the one that broke, but for what has had its turn.
fn later(chain: &Chain, broken: &Link, attempts: &[Attempt]) -> Vec<Link> {
    let had_turn = |link: &Link| {
        let of = |attempt: &&Attempt| attempt.provider == link.provider.name() && attempt.model == link.model;
        let passed_for_now = |outcome: &Outcome| match outcome {
            Outcome::Skipped(passed) => !matches!(passed, Passed::Unfit(_)),
            Outcome::Ok | Outcome::Failed(_) => false,
        };
        attempts.iter().filter(of).any(|attempt| !passed_for_now(&attempt.outcome))
    };
    let behind = chain.links.iter().skip_while(|link| !link.is(broken)).skip(1);
    behind.filter(|link| !had_turn(link)).cloned().collect()
}

impl Streamed for Resumable {
    fn resumed(&self) -> Option<Resumed<'_>> {
        let provider = self.record.link.provider.name();
        let resumed = Resumed { provider, model: self.live.learned().model, attempts: &self.record.attempts };
        self.continued.is_some().then_some(resumed)
    }

    fn is_torn(&self) -> bool {
        self.live.is_torn()
    }
}

impl http_body::Body for Resumable {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let stream = self.get_mut();
        loop {
            if let Some(bytes) = stream.ready.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            match &mut stream.state {
                State::Flowing => match ready!(Pin::new(&mut *stream.live).poll_frame(cx)) {
                    Some(Ok(frame)) => {
                        if let Ok(bytes) = frame.into_data() {
                            stream.take(bytes);
                        }
                    }
                    Some(Err(never)) => match never {},
                    None => stream.ended(),
                },
                State::Broken(run, failure) => {
                    let (result, failure) = (ready!(run.as_mut().poll(cx)), failure.clone());
                    match result {
                        Ok(served) => stream.go_on(served, &failure),
                        Err(exhausted) => {
                            stream.record.in_vain(exhausted);
                            stream.give_up(failure);
                        }
                    }
                }
                State::Over(_) => stream.tell_end(),
                State::Told => return Poll::Ready(None),
            }
        }
    }
}

impl Drop for Resumable {
    fn drop(&mut self) {
        self.tell_end();
    }
}
