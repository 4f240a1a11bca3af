//! The direct lane: the provider's bytes are the caller's, event by event, while a tap watches.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::{Taken, cut_off};
use crate::domain::Dialect;
use crate::domain::facts::Learned;
use crate::domain::failure::{Class, Failure};
use crate::protocol::sse::{self, Splitter};
use crate::protocol::{ErrorView, Seen, Tap, estimate};
use crate::provider::Provider;
use crate::upstream::chat::told_in_stream;

/// One stream in the direct lane.
pub(in crate::upstream) struct Direct {
    splitter: Splitter,
    tap: Box<dyn Tap>,
    /// The request's tokens by estimate.
    prompt: u64,
    provider: Arc<Provider>,
    dialect: Dialect,
    /// Has any event come? A byte order mark may stand before the first one.
    begun: bool,
}

/// What some servers put before their first event; few clients expect it there.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Direct {
    pub(in crate::upstream) fn new(
        tap: Box<dyn Tap>,
        prompt: u64,
        provider: Arc<Provider>,
        dialect: Dialect,
    ) -> Direct {
        Direct { splitter: Splitter::default(), tap, prompt, provider, dialect, begun: false }
    }

    pub(super) fn take(&mut self, chunk: Bytes) -> Taken {
        let mut taken = Taken::default();
        let mut run = Run { chunk: chunk.clone(), from: 0, to: 0 };
        self.splitter.push(chunk);
        while taken.end.is_none() {
            match self.splitter.cut() {
                Ok(Some(raw)) => self.see(raw, &mut run, &mut taken),
                Ok(None) => break,
                Err(too_long) => taken.end = Some(Err(too_long.into())),
            }
        }
        run.flush(&mut taken.out);
        taken
    }

    /// The provider has sent its last byte.
    pub(super) fn close(&mut self) -> Taken {
        let mut taken = Taken::default();
        if let Some(raw) = self.splitter.finish() {
            let mut run = Run { chunk: Bytes::new(), from: 0, to: 0 };
            self.see(raw, &mut run, &mut taken);
        }
        if taken.end.is_none() {
            taken.end = Some(if self.tap.finished() { Ok(()) } else { Err(cut_off()) });
            let owed = self.tap.owed();
            if self.tap.finished() && !owed.is_empty() {
                taken.out.push(Bytes::from_static(owed));
            }
        }
        taken
    }

    pub(super) fn learned(&self) -> Learned {
        let learned = self.tap.learned();
        let usage = estimate::usage(learned.usage, self.tap.finished(), || self.prompt, self.tap.said());
        Learned { usage: Some(usage), ..learned }
    }

    pub(super) fn fail(&self, error: &ErrorView<'_>, out: &mut BytesMut) {
        self.tap.fail(error, out);
    }

    pub(super) fn is_finished(&self) -> bool {
        self.tap.finished()
    }

    fn see(&mut self, mut raw: Bytes, run: &mut Run, taken: &mut Taken) {
        if !std::mem::replace(&mut self.begun, true) && raw.starts_with(BYTE_ORDER_MARK) {
            raw = raw.slice(BYTE_ORDER_MARK.len()..);
        }
        let event = sse::parse(&raw);
        let Some(data) = event.data else {
            return run.pass(raw, &mut taken.out);
        };
        match self.tap.see(event.name, &data) {
            Seen::Content => {
                taken.content = true;
                run.pass(raw.clone(), &mut taken.out);
            }
            Seen::Pass => run.pass(raw.clone(), &mut taken.out),
            Seen::Drop => {}
            Seen::Terminal if self.tap.finished() => {
                run.pass(raw.clone(), &mut taken.out);
                // Cut between the two bytes of its last line end: nothing is read after this event.
                if raw.ends_with(b"\r") {
                    run.flush(&mut taken.out);
                    taken.out.push(Bytes::from_static(b"\n"));
                }
                taken.end = Some(Ok(()));
            }
            Seen::Terminal => taken.end = Some(Err(cut_off())),
            Seen::Error => taken.end = Some(Err(told_in_stream(&self.provider, self.dialect, &data))),
            Seen::Broken if self.tap.in_tool_call() => {
                let message = "an event that is not valid JSON came inside a tool call";
                taken.end = Some(Err(Failure::after_sending(Class::Malformed, message)));
            }
            Seen::Broken => taken.broken += 1,
        }
    }
}

/// Events of one chunk that pass and lie side by side: passed on as one piece.
struct Run {
    chunk: Bytes,
    from: usize,
    to: usize,
}

impl Run {
    fn pass(&mut self, raw: Bytes, out: &mut Vec<Bytes>) {
        let offset = (raw.as_ptr() as usize).wrapping_sub(self.chunk.as_ptr() as usize);
        if offset >= self.chunk.len() {
            // It began in an earlier chunk, and is a piece of its own.
            self.flush(out);
            out.push(raw);
        } else if offset == self.to {
            self.to += raw.len();
        } else {
            self.flush(out);
            (self.from, self.to) = (offset, offset + raw.len());
        }
    }

    fn flush(&mut self, out: &mut Vec<Bytes>) {
        if self.from < self.to {
            out.push(self.chunk.slice(self.from..self.to));
        }
        self.from = self.to;
    }
}
