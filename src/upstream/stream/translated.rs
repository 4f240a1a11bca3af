//! The translated lane: the provider's events are read into the hub form and written in the caller's protocol.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::{Taken, cut_off};
use crate::domain::Dialect;
use crate::domain::chat::{Event, Usage};
use crate::domain::facts::Learned;
use crate::domain::failure::{Class, Failure};
use crate::protocol::renamed::Renamed;
use crate::protocol::sse::{self, LONGEST_EVENT, TooLong};
use crate::protocol::{ErrorView, Framing, ReadStream, WriteStream, estimate, ndjson};
use crate::provider::Provider;
use crate::upstream::chat::told_in_stream;

/// The most that a writer may keep of an answer, in bytes.
const MOST_KEPT: usize = LONGEST_EVENT;

/// One stream in the translated lane.
pub(in crate::upstream) struct Translated {
    cutter: Cutter,
    ends: Ends,
    provider: Arc<Provider>,
    dialect: Dialect,
    events: Vec<Event>,
    learned: Learned,
    /// How much the model has said, in bytes.
    said: usize,
}

/// The two ends of a translation.
pub(in crate::upstream) struct Ends {
    /// Reads the provider's events.
    pub(in crate::upstream) reader: Box<dyn ReadStream>,
    /// Writes the caller's.
    pub(in crate::upstream) writer: Box<dyn WriteStream>,
    /// What must be known of the conversation between them.
    pub(in crate::upstream) translation: Translation,
}

/// What must be known of a conversation that was translated.
#[derive(Clone)]
pub(in crate::upstream) struct Translation {
    /// Its tokens by estimate.
    pub(in crate::upstream) prompt: u64,
    /// The tools whose names were changed for the provider.
    pub(in crate::upstream) names: Renamed,
}

/// Cuts bytes into events.
pub(in crate::upstream) enum Cutter {
    Sse(sse::Splitter),
    Ndjson(ndjson::Splitter),
}

impl Cutter {
    /// The cutter for this framing.
    pub(in crate::upstream) fn of(framing: Framing) -> Cutter {
        match framing {
            Framing::Sse => Cutter::Sse(sse::Splitter::default()),
            Framing::Ndjson => Cutter::Ndjson(ndjson::Splitter::default()),
        }
    }

    fn push(&mut self, chunk: Bytes) {
        match self {
            Cutter::Sse(splitter) => splitter.push(chunk),
            Cutter::Ndjson(splitter) => splitter.push(chunk),
        }
    }

    fn cut(&mut self) -> Result<Option<Bytes>, TooLong> {
        match self {
            Cutter::Sse(splitter) => splitter.cut(),
            Cutter::Ndjson(splitter) => splitter.cut(),
        }
    }

    fn finish(&mut self) -> Option<Bytes> {
        match self {
            Cutter::Sse(splitter) => splitter.finish(),
            Cutter::Ndjson(splitter) => splitter.finish(),
        }
    }
}

impl Translated {
    pub(in crate::upstream) fn new(
        cutter: Cutter,
        ends: Ends,
        provider: Arc<Provider>,
        dialect: Dialect,
    ) -> Translated {
        Translated { cutter, ends, provider, dialect, events: Vec::new(), learned: Learned::default(), said: 0 }
    }

    pub(super) fn take(&mut self, chunk: Bytes) -> Taken {
        let mut taken = Taken::default();
        let mut out = BytesMut::new();
        self.cutter.push(chunk);
        while taken.end.is_none() {
            match self.cutter.cut() {
                Ok(Some(raw)) => self.read(&raw, &mut out, &mut taken),
                Ok(None) => break,
                Err(too_long) => taken.end = Some(Err(too_long.into())),
            }
        }
        taken.put(out);
        taken
    }

    /// The provider has sent its last byte.
    pub(super) fn close(&mut self) -> Taken {
        let mut taken = Taken::default();
        let mut out = BytesMut::new();
        if let Some(raw) = self.cutter.finish() {
            self.read(&raw, &mut out, &mut taken);
        }
        if taken.end.is_none() {
            self.ends.reader.close(&mut self.events);
            self.write(&mut out, &mut taken);
            taken.end.get_or_insert_with(|| Err(cut_off()));
        }
        taken.put(out);
        taken
    }

    pub(super) fn learned(&self) -> Learned {
        Learned { usage: Some(self.usage()), ..self.learned.clone() }
    }

    pub(super) fn fail(&mut self, error: &ErrorView<'_>, out: &mut BytesMut) {
        self.ends.writer.fail(error, out);
    }

    fn usage(&self) -> Usage {
        estimate::usage(self.learned.usage, self.learned.finish.is_some(), || self.ends.translation.prompt, self.said)
    }

    pub(super) fn is_finished(&self) -> bool {
        self.ends.reader.finished()
    }

    fn read(&mut self, raw: &[u8], out: &mut BytesMut, taken: &mut Taken) {
        let result = match &self.cutter {
            Cutter::Ndjson(_) if raw.trim_ascii().is_empty() => Ok(()),
            Cutter::Ndjson(_) => self.ends.reader.read(None, raw, &mut self.events),
            Cutter::Sse(_) => {
                let event = sse::parse(raw);
                event.data.map_or(Ok(()), |data| self.ends.reader.read(event.name, &data, &mut self.events))
            }
        };
        match result {
            Ok(()) => self.write(out, taken),
            Err(broken) if self.ends.reader.in_tool_call() => {
                let message = format!("an event inside a tool call is not valid: {broken}");
                taken.end = Some(Err(Failure::after_sending(Class::Malformed, message)));
            }
            Err(_) => taken.broken += 1,
        }
    }

    /// Writes the events that were read, up to the one that ends the stream.
    fn write(&mut self, out: &mut BytesMut, taken: &mut Taken) {
        for mut event in std::mem::take(&mut self.events) {
            self.ends.translation.names.restore_in(&mut event);
            match &event {
                Event::Start { model } => self.learned.model = Some(model.to_string()),
                Event::Usage(usage) => self.learned.usage = Some(*usage),
                Event::Finish(finish) => self.learned.finish = Some(finish.clone()),
                Event::End => {
                    if self.learned.usage.is_none() {
                        self.ends.writer.write(&Event::Usage(self.usage()), out);
                    }
                    taken.end = Some(Ok(()));
                }
                Event::Text(text) | Event::Refusal(text) => self.said += text.len(),
                Event::Thought { piece, .. } => self.said += piece.text.len(),
                Event::CallStart { call, .. } => self.said += call.name.len() + call.arguments.len(),
                Event::CallDelta { arguments, .. } => self.said += arguments.len(),
                Event::Error(failure) => {
                    let said = failure.said.as_ref().map(|said| &said.body);
                    let told = said.map(|body| told_in_stream(&self.provider, self.dialect, body));
                    taken.end = Some(Err(told.unwrap_or_else(|| Failure::clone(failure))));
                    break;
                }
            }
            taken.content |= event.is_content();
            self.ends.writer.write(&event, out);
            if taken.end.is_none() && self.ends.writer.kept() > MOST_KEPT {
                let message =
                    format!("more than {MOST_KEPT} bytes of the answer would have to be kept to be told later");
                taken.end = Some(Err(Failure::after_sending(Class::Malformed, message)));
                break;
            }
        }
    }
}

impl Taken {
    fn put(&mut self, out: BytesMut) {
        if !out.is_empty() {
            self.out.push(out.freeze());
        }
    }
}
