//! Reads a streamed response, event by event (docs: protocols/openai-responses.md, "Stream").
//!
//! What the deltas bring is taken from them. The events that repeat it fill in what did not come.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::super::shape::says_something;
use super::super::super::{BrokenEvent, ReadStream, Stamp};
use super::super::error;
use super::super::head::{self, Head, word};
use super::super::item::{Called, Given, Piece};
use super::heard::{Items, Place, What};
use super::hub::{FREE_BEGIN, Hub, Tone};
use crate::domain::chat::{Event, Thought, ToolCall};
use crate::domain::failure::{Class, Failure};

/// One event. What it does not name is skipped, but must be JSON.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    output_index: Option<u32>,
    #[serde(borrow)]
    item_id: Option<&'a RawValue>,
    content_index: Option<u32>,
    summary_index: Option<u32>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// Reads events.
#[derive(Debug)]
pub(in super::super) struct Reader {
    /// What ids are made of where the provider sends none.
    stamp: String,
    made: u32,
    started: bool,
    ended: bool,
    items: Items,
    thoughts: u32,
    calls: u32,
}

impl Reader {
    /// A reader that makes the ids that the provider leaves out from `stamp`.
    pub(in super::super) fn new(stamp: &Stamp) -> Reader {
        Reader {
            stamp: stamp.id.clone(),
            made: 0,
            started: false,
            ended: false,
            items: Items::default(),
            thoughts: 0,
            calls: 0,
        }
    }

    fn event(&mut self, kind: &str, wire: &Wire<'_>, out: &mut Vec<Event>) -> Result<(), BrokenEvent> {
        match kind {
            "response.created" | "response.queued" | "response.in_progress" => {
                if let Some(head) = wire.response.and_then(|raw| Head::read(raw.get())) {
                    self.start(head.model(), out);
                }
            }
            "response.output_item.added" => self.item(wire, false, out)?,
            "response.output_item.done" => self.item(wire, true, out)?,
            "response.completed" | "response.incomplete" => {
                let head = wire.response.and_then(|raw| Head::read(raw.get())).unwrap_or_default();
                self.complete(&head, out)?;
            }
            _ => {
                if let Some((tone, stage)) = kind.strip_prefix("response.").and_then(|kind| kind.rsplit_once('.'))
                    && let Some(tone) = Tone::of(tone)
                {
                    self.piece(tone, stage, wire, out);
                }
            }
        }
        Ok(())
    }

    fn start(&mut self, model: Option<String>, out: &mut Vec<Event>) {
        if !self.started {
            self.started = true;
            out.push(Event::Start { model: model.unwrap_or_default().into() });
        }
    }

    /// A piece of an item, or all of it again.
    fn piece(&mut self, tone: Tone, stage: &str, wire: &Wire<'_>, out: &mut Vec<Event>) {
        let words = match (stage, tone) {
            ("delta", _) => wire.delta,
            ("done", Tone::Text | Tone::Summary | Tone::Thought) => wire.text,
            ("done", Tone::Refusal) => wire.refusal,
            ("done", Tone::Arguments) => wire.arguments,
            ("done", Tone::Input) => wire.input,
            _ => None,
        };
        let Some(words) = words.and_then(word) else { return };
        let part = match tone {
            Tone::Text | Tone::Refusal | Tone::Thought => wire.content_index,
            Tone::Summary => wire.summary_index,
            Tone::Arguments | Tone::Input => None,
        };
        let mut hub = Hub { thoughts: &mut self.thoughts, out };
        let heard = self.items.at(&wire.place());
        let part = part.unwrap_or_default();
        let new = if stage == "delta" { &*words } else { heard.rest(part, &words) };
        hub.add(heard, tone, part, new);
    }

    /// An item as a whole, when it begins or is done.
    fn item(&mut self, wire: &Wire<'_>, is_done: bool, out: &mut Vec<Event>) -> Result<(), BrokenEvent> {
        let Some(item) = wire.item else { return Ok(()) };
        let given = Given::read(item).map_err(broken)?;
        let place = wire.place();
        let id = place.id.or_else(|| head::id(item));
        self.take(&Place { id, ..place }, given, is_done, out);
        Ok(())
    }

    fn take(&mut self, place: &Place<'_>, given: Given, is_done: bool, out: &mut Vec<Event>) {
        if self.items.at(place).is_done {
            return;
        }
        if let Given::Call(called) = &given {
            self.begin_call(place, called, out);
        }
        let mut hub = Hub { thoughts: &mut self.thoughts, out };
        let heard = self.items.at(place);
        match given {
            Given::Message(pieces) => {
                for (part, piece) in (0..).zip(pieces) {
                    match piece {
                        Piece::Text(text) => hub.fill(heard, Tone::Text, part, &text),
                        Piece::Refusal(words) => hub.fill(heard, Tone::Refusal, part, &words),
                        Piece::Other => {}
                    }
                }
            }
            Given::Reasoning { summary, content, sealed } => {
                for (tone, texts) in [(Tone::Summary, summary), (Tone::Thought, content)] {
                    for (part, text) in (0..).zip(texts) {
                        hub.fill(heard, tone, part, &text);
                    }
                }
                // What comes with the beginning may not be all of it.
                if let Some(sealed) = sealed.filter(|_| is_done) {
                    let piece = Thought { sealed: Some(sealed), ..Thought::default() };
                    hub.thought(heard, Tone::Summary, piece);
                }
            }
            Given::Call(called) if matches!(heard.what, What::Call { .. }) => {
                let tone = if called.free { Tone::Input } else { Tone::Arguments };
                hub.fill(heard, tone, 0, &called.said);
            }
            Given::Call(_) | Given::Other => {}
        }
        if is_done {
            hub.end(heard);
        }
    }

    /// A call begins as soon as its name is known.
    fn begin_call(&mut self, place: &Place<'_>, called: &Called, out: &mut Vec<Event>) {
        let heard = self.items.at(place);
        if matches!(heard.what, What::Call { .. }) {
            return;
        }
        if called.name.is_empty() {
            heard.what = What::Nameless;
            return;
        }
        heard.what = What::Call { number: self.calls, free: called.free };
        let id = if called.id.is_empty() {
            self.made += 1;
            format!("call_{}{}", self.stamp, self.made)
        } else {
            called.id.clone()
        };
        let arguments = if called.free { FREE_BEGIN.to_owned() } else { String::new() };
        let call = ToolCall { id, name: called.name.clone(), arguments };
        out.push(Event::CallStart { index: self.calls, call });
        self.calls += 1;
    }

    fn complete(&mut self, head: &Head<'_>, out: &mut Vec<Event>) -> Result<(), BrokenEvent> {
        // A server that streams no items tells them here.
        let output = if self.items.is_empty() { head.output() } else { Vec::new() };
        let output: Vec<Given> = output.into_iter().map(Given::read).collect::<Result<_, _>>().map_err(broken)?;
        self.start(head.model(), out);
        for (index, given) in (0..).zip(output) {
            self.take(&Place { index: Some(index), id: None }, given, true, out);
        }
        let mut hub = Hub { thoughts: &mut self.thoughts, out };
        self.items.open().for_each(|item| hub.end(item));
        self.ended = true;
        let malformed = |why: &str| Event::Error(Box::new(Failure::after_sending(Class::Malformed, why)));
        match head.finish(self.calls > 0) {
            _ if self.items.any_nameless() => out.push(malformed("the answer calls a tool without naming it")),
            None => out.push(malformed("the response ended without saying how")),
            Some(finish) => {
                out.push(Event::Finish(finish));
                out.extend(head.usage().map(Event::Usage));
                out.push(Event::End);
            }
        }
        Ok(())
    }
}

impl ReadStream for Reader {
    fn read(&mut self, name: Option<&str>, data: &[u8], out: &mut Vec<Event>) -> Result<(), BrokenEvent> {
        if self.ended || data.trim_ascii() == b"[DONE]" {
            return Ok(());
        }
        let text = std::str::from_utf8(data).map_err(|error| BrokenEvent(format!("not UTF-8: {error}")))?;
        // Serde would take an array for the fields in order.
        if !text.trim_start().starts_with('{') {
            return Err(BrokenEvent("not a JSON object".into()));
        }
        let wire: Wire<'_> = serde_json::from_str(text).map_err(broken)?;
        let kind = wire.kind.and_then(word).or(name.map(Cow::Borrowed)).unwrap_or_default();
        if matches!(&*kind, "error" | "response.failed") || wire.error.is_some_and(says_something) {
            self.ended = true;
            out.push(Event::Error(Box::new(error::told(data))));
            return Ok(());
        }
        self.event(&kind, &wire, out)
    }

    /// Nothing is owed: an answer without its last event was cut off.
    fn close(&mut self, _out: &mut Vec<Event>) {}

    fn in_tool_call(&self) -> bool {
        !self.ended && self.items.any_calling()
    }
}

impl<'a> Wire<'a> {
    fn place(&self) -> Place<'a> {
        Place { index: self.output_index, id: self.item_id.and_then(word) }
    }
}

fn broken(error: serde_json::Error) -> BrokenEvent {
    BrokenEvent(error.to_string())
}
