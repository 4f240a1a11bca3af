//! Reads a streamed answer, chunk by chunk (docs: protocols/openai-chat.md, "Stream").

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::super::shape::says_something;
use super::super::super::{BrokenEvent, ReadStream, Stamp};
use super::super::{details, finish, usage};
use super::calls::{Calls, Fragment, Function};
use crate::domain::Dialect;
use crate::domain::chat::{Event, Thought};
use crate::domain::failure::{Class, Failure, Said};

/// One chunk. What it does not name is skipped, but must be JSON.
#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(default)]
    model: Option<String>,
    #[serde(borrow, default)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: Option<u32>,
    #[serde(default)]
    delta: Option<Delta>,
    #[serde(default)]
    finish_reason: Option<String>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
    reasoning: Option<String>,
    reasoning_content: Option<String>,
    reasoning_details: Option<Vec<Value>>,
    tool_calls: Option<Vec<Fragment>>,
    function_call: Option<Function>,
}

/// Reads chunks. Of several choices only the first is read.
#[derive(Debug)]
pub(in super::super) struct Reader {
    started: bool,
    ended: bool,
    calls: Calls,
    thoughts: Thoughts,
    /// Bit n: choice n was seen, or has said why it ended (choices above 127 share the last bit).
    seen: u128,
    finished: u128,
}

/// Which thought is which: the wire's index of each, by the hub's.
#[derive(Debug, Default)]
struct Thoughts {
    wire: Vec<Option<u32>>,
    /// Is the last one plain text, to be gone on with?
    plain: bool,
}

impl Reader {
    /// A reader that makes the ids that the provider leaves out from `stamp`.
    pub(in super::super) fn new(stamp: &Stamp) -> Reader {
        Reader {
            started: false,
            ended: false,
            calls: Calls::new(&stamp.id),
            thoughts: Thoughts::default(),
            seen: 0,
            finished: 0,
        }
    }

    fn chunk(&mut self, chunk: Chunk<'_>, out: &mut Vec<Event>) {
        let choices = chunk.choices.unwrap_or_default();
        let model = chunk.model.unwrap_or_default();
        // Azure's first chunk has neither.
        if !self.started && (!model.is_empty() || !choices.is_empty()) {
            self.started = true;
            out.push(Event::Start { model: model.into() });
        }
        for choice in choices {
            self.choice(choice, out);
        }
        if !self.ended {
            out.extend(chunk.usage.and_then(|raw| usage::read(raw.get())).map(Event::Usage));
        }
    }

    fn choice(&mut self, choice: Choice<'_>, out: &mut Vec<Event>) {
        let index = choice.index.unwrap_or(0);
        let bit = 1 << index.min(127);
        self.seen |= bit;
        if let Some(delta) = choice.delta.filter(|_| index == 0) {
            self.delta(delta, out);
        }
        if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
            if index == 0 {
                self.finish(&reason, out);
            }
            self.finished |= bit;
        }
    }

    fn end(&mut self, out: &mut Vec<Event>) {
        if !self.ended && self.finished() {
            self.ended = true;
            out.push(Event::End);
        }
    }

    fn fail(&mut self, failure: Failure, out: &mut Vec<Event>) {
        self.ended = true;
        out.push(Event::Error(Box::new(failure)));
    }

    fn delta(&mut self, delta: Delta, out: &mut Vec<Event>) {
        let details = delta.reasoning_details.unwrap_or_default();
        let told = self.thoughts.details(details, out);
        let plain = [delta.reasoning, delta.reasoning_content].into_iter().flatten().find(|text| !text.is_empty());
        if let Some(text) = plain.filter(|_| !told) {
            self.thoughts.plain(text, out);
        }
        let before = out.len();
        out.extend(delta.content.filter(|text| !text.is_empty()).map(Event::Text));
        out.extend(delta.refusal.filter(|words| !words.is_empty()).map(Event::Refusal));
        for (position, fragment) in delta.tool_calls.unwrap_or_default().into_iter().enumerate() {
            self.calls.add(position, fragment, out);
        }
        if let Some(function) = delta.function_call {
            self.calls.add_legacy(function, out);
        }
        self.thoughts.plain &= out.len() == before;
    }

    /// Takes why the choice that is read ended, the first time that it says so.
    fn finish(&mut self, reason: &str, out: &mut Vec<Event>) {
        if self.finished & 1 != 0 {
            return;
        }
        match self.calls.close() {
            Ok(any) => out.push(Event::Finish(finish::with_calls(reason, any))),
            Err(failure) => self.fail(failure, out),
        }
    }
}

impl ReadStream for Reader {
    fn read(&mut self, _name: Option<&str>, data: &[u8], out: &mut Vec<Event>) -> Result<(), BrokenEvent> {
        if self.ended {
            return Ok(());
        }
        if data.trim_ascii() == b"[DONE]" {
            self.end(out);
            return Ok(());
        }
        let text = std::str::from_utf8(data).map_err(|error| BrokenEvent(format!("not UTF-8: {error}")))?;
        // Serde would take an array for the fields in order.
        if !text.trim_start().starts_with('{') {
            return Err(BrokenEvent("not a JSON object".into()));
        }
        let chunk: Chunk = serde_json::from_str(text).map_err(|error| BrokenEvent(error.to_string()))?;
        match chunk.failure(data) {
            Some(failure) => self.fail(failure, out),
            None => self.chunk(chunk, out),
        }
        Ok(())
    }

    fn close(&mut self, out: &mut Vec<Event>) {
        self.end(out);
    }

    fn finished(&self) -> bool {
        self.seen != 0 && self.finished == self.seen
    }

    fn in_tool_call(&self) -> bool {
        self.calls.is_open() && self.finished & 1 == 0
    }
}

impl Thoughts {
    /// Reads entries; whether there was any.
    fn details(&mut self, entries: Vec<Value>, out: &mut Vec<Event>) -> bool {
        let before = out.len();
        for (position, entry) in (0..).zip(entries) {
            let wire = serde_json::from_value::<details::Wire>(entry).unwrap_or_default();
            let Some((index, piece)) = wire.piece() else { continue };
            let index = self.known(Some(index.unwrap_or(position)));
            out.push(Event::Thought { index, piece });
        }
        self.plain &= out.len() == before;
        out.len() > before
    }

    fn plain(&mut self, text: String, out: &mut Vec<Event>) {
        let index = match self.wire.len() {
            count if self.plain => count.saturating_sub(1) as u32,
            _ => self.known(None),
        };
        self.plain = true;
        out.push(Event::Thought { index, piece: Thought { text, ..Thought::default() } });
    }

    /// The hub's index of a thought of the wire; one without an index there is always new.
    fn known(&mut self, wire: Option<u32>) -> u32 {
        let found = wire.and_then(|_| self.wire.iter().position(|known| *known == wire));
        let at = found.unwrap_or_else(|| {
            self.wire.push(wire);
            self.wire.len() - 1
        });
        at as u32
    }
}

impl Chunk<'_> {
    /// The failure that a chunk reports, as the provider words it: what class it is of is for whoever knows the
    /// provider to say. `event` is the chunk as it came.
    fn failure(&self, event: &[u8]) -> Option<Failure> {
        let choices = self.choices.as_deref().unwrap_or_default();
        let errors = self.error.into_iter().chain(choices.iter().filter_map(|choice| choice.error));
        let error = errors.into_iter().find(|error| says_something(error));
        let broke = choices.iter().any(|choice| choice.finish_reason.as_deref() == Some("error"));
        if error.is_none() && !broke {
            return None;
        }
        let error: Value = error.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        let word = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
        let message = word("message").or_else(|| error.as_str().map(str::to_owned));
        let said = Said {
            dialect: Dialect::OpenAi,
            body: Bytes::copy_from_slice(event),
            kind: word("type"),
            code: word("code"),
            param: word("param"),
        };
        let message = message.unwrap_or_else(|| "the provider broke the stream off with an error".into());
        Some(Failure { said: Some(Box::new(said)), ..Failure::after_sending(Class::ServerError, message) })
    }
}
