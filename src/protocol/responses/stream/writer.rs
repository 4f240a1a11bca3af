//! Writes a streamed response, event by event (docs: protocols/openai-responses.md, "Stream").
//!
//! Items stand in the output in the order in which they begin, and end in that order too. What ends early is what
//! nothing more is to come of: a message that something else follows, a thought that is proved or needs no proof.
//! Calls of tools may go on side by side, so that they end with the answer.

use bytes::BytesMut;
use serde_json::value::RawValue;

use super::super::super::call::Call;
use super::super::super::{ErrorView, Stamp, WriteStream};
use super::super::echo::Asked;
use super::super::error;
use super::super::item::{Ids, Item, Status, is_vouched_for};
use super::super::response::{Fault, Response, cut_by, last_item, refusal};
use super::events::{Events, OfResponse};
use super::open::Open;
use crate::domain::chat::{Event, Finish, Thought, ToolCall, Usage};

/// What an item weighs beside its words.
const ITEM: usize = 256;

/// Writes events.
#[derive(Debug)]
pub(in super::super) struct Writer {
    frame: Frame,
    events: Events,
    ids: Ids,
    /// The items that have ended: the first ones of the output.
    ended: Vec<Box<RawValue>>,
    /// Those under way, in order.
    open: Vec<Open>,
    /// How much of the answer is kept, in bytes: its last event repeats all of it.
    kept: usize,
    finish: Finish,
    usage: Option<Usage>,
    has_refusal: bool,
    /// Has the last event been written?
    over: bool,
}

/// What all response objects of a stream share.
#[derive(Debug)]
struct Frame {
    asked: Asked,
    stamp: Stamp,
    /// The model that answers, once the response has begun.
    model: Option<Box<str>>,
}

impl Frame {
    fn response(&self) -> Response<'_> {
        Response::begun(&self.asked, &self.stamp, self.model.as_deref().unwrap_or_default())
    }
}

impl Writer {
    /// A writer of the answer of `stamp` to `call`.
    pub(in super::super) fn new(call: &Call, stamp: Stamp) -> Writer {
        Writer {
            ids: Ids::new(&stamp.id),
            frame: Frame { asked: Asked::of(call), stamp, model: None },
            events: Events::default(),
            ended: Vec::new(),
            open: Vec::new(),
            kept: 0,
            finish: Finish::Stop,
            usage: None,
            has_refusal: false,
            over: false,
        }
    }

    fn start(&mut self, model: &str, out: &mut BytesMut) {
        if self.frame.model.is_some() {
            return;
        }
        self.frame.model = Some(model.into());
        for kind in ["response.created", "response.in_progress"] {
            self.events.put(kind, &OfResponse { response: self.frame.response() }, out);
        }
    }

    fn say(&mut self, words: &str, is_refusal: bool, out: &mut BytesMut) {
        if words.is_empty() {
            return;
        }
        self.has_refusal |= is_refusal;
        if !matches!(self.open.last(), Some(Open { item: Item::Message(_), .. })) {
            self.begin(0, Item::Message(Vec::new()), out);
        }
        if let Some(message) = self.open.last_mut() {
            message.say(words, is_refusal, &mut self.events, out);
        }
    }

    fn think(&mut self, index: u32, piece: &Thought, out: &mut BytesMut) {
        let proves = self.frame.asked.seals && is_vouched_for(piece);
        if piece.text.is_empty() && !proves {
            return;
        }
        let is_it = |open: &Open| matches!(open.item, Item::Reasoning(_)) && open.number == index;
        let at = self.open.iter().rposition(is_it).unwrap_or_else(|| {
            self.begin(index, Item::Reasoning(Thought::default()), out);
            self.open.len() - 1
        });
        let open = &mut self.open[at];
        if !piece.text.is_empty() {
            open.think(&piece.text, &mut self.events, out);
        }
        if let Item::Reasoning(thought) = &mut open.item {
            thought.signature = piece.signature.clone().or(thought.signature.take());
            thought.sealed = piece.sealed.clone().or(thought.sealed.take());
            thought.format = piece.format.clone().or(thought.format.take());
        }
    }

    fn call(&mut self, index: u32, call: &ToolCall, out: &mut BytesMut) {
        let bare = ToolCall { arguments: String::new(), ..call.clone() };
        let is_custom = self.frame.asked.is_custom(&call.name);
        self.begin(index, if is_custom { Item::Custom(bare) } else { Item::Call(bare) }, out);
        self.argue(index, &call.arguments, out);
    }

    fn argue(&mut self, index: u32, more: &str, out: &mut BytesMut) {
        let is_it = |open: &&mut Open| matches!(open.item, Item::Call(_) | Item::Custom(_)) && open.number == index;
        if let Some(open) = self.open.iter_mut().rev().find(is_it).filter(|_| !more.is_empty()) {
            open.argue(more, &mut self.events, out);
        }
    }

    /// Begins an item, behind those that it ends.
    fn begin(&mut self, number: u32, item: Item, out: &mut BytesMut) {
        let over = self.open.iter().take_while(|open| self.is_over(&open.item)).count();
        self.end(over, Status::Completed, out);
        let at = self.ended.len() + self.open.len();
        let id = self.ids.make(&item);
        self.kept += ITEM;
        self.open.push(Open::begin(at, id, number, item, &mut self.events, out));
    }

    /// Is nothing more to come of this item once another one has begun?
    fn is_over(&self, item: &Item) -> bool {
        match item {
            Item::Message(_) => true,
            Item::Reasoning(thought) => !self.frame.asked.seals || thought.format.is_none() || is_vouched_for(thought),
            Item::Call(_) | Item::Custom(_) => false,
        }
    }

    /// Ends the first `count` items that are under way; the last of them is as far as `last` says.
    fn end(&mut self, count: usize, last: Status, out: &mut BytesMut) {
        for (left, open) in (0..count).rev().zip(self.open.drain(..count)) {
            let status = if left == 0 { last } else { Status::Completed };
            self.ended.push(open.end(status, self.frame.asked.seals, &mut self.events, out));
        }
    }

    fn complete(&mut self, out: &mut BytesMut) {
        if let Some(words) = refusal(&self.finish).filter(|_| !self.has_refusal) {
            let words = words.to_owned();
            self.say(&words, true, out);
        }
        self.end(self.open.len(), last_item(&self.finish), out);
        let kind = if cut_by(&self.finish).is_some() { "response.incomplete" } else { "response.completed" };
        let response = self.frame.response().ended(&self.finish, output(&self.ended), self.usage.as_ref());
        self.events.put(kind, &OfResponse { response }, out);
        self.over = true;
    }

    fn break_off(&mut self, fault: Fault<'_>, out: &mut BytesMut) {
        let response = self.frame.response().failed(fault, output(&self.ended));
        self.events.put("response.failed", &OfResponse { response }, out);
        self.over = true;
    }
}

impl WriteStream for Writer {
    fn write(&mut self, event: &Event, out: &mut BytesMut) {
        if self.over {
            return;
        }
        match event {
            Event::Start { model } => return self.start(model, out),
            // The caller of this writer puts the error into the front's own form.
            Event::Error(_) => return,
            Event::Usage(counted) => return self.usage = Some(*counted),
            Event::Finish(reason) => return self.finish = reason.clone(),
            _ => self.start("", out),
        }
        self.kept += weight(event);
        match event {
            Event::Text(words) => self.say(words, false, out),
            Event::Refusal(words) => self.say(words, true, out),
            Event::Thought { index, piece } => self.think(*index, piece, out),
            Event::CallStart { index, call } => self.call(*index, call, out),
            Event::CallDelta { index, arguments } => self.argue(*index, arguments, out),
            Event::End => self.complete(out),
            Event::Start { .. } | Event::Error(_) | Event::Usage(_) | Event::Finish(_) => {}
        }
    }

    fn fail(&mut self, error: &ErrorView<'_>, out: &mut BytesMut) {
        if self.over {
            return;
        }
        if self.frame.model.is_some() {
            return self.break_off(error::fault(error), out);
        }
        error::event(error, self.events.number(), out);
        self.over = true;
    }

    fn kept(&self) -> usize {
        self.kept
    }
}

fn output(items: &[Box<RawValue>]) -> Vec<&RawValue> {
    items.iter().map(AsRef::as_ref).collect()
}

/// How much of an event is kept, in bytes.
fn weight(event: &Event) -> usize {
    let length = |word: &Option<String>| word.as_ref().map_or(0, String::len);
    match event {
        Event::Text(words) | Event::Refusal(words) => words.len(),
        Event::Thought { piece, .. } => piece.text.len() + length(&piece.signature) + length(&piece.sealed),
        Event::CallStart { call, .. } => call.id.len() + call.name.len() + call.arguments.len(),
        Event::CallDelta { arguments, .. } => arguments.len(),
        _ => 0,
    }
}
