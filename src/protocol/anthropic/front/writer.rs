//! Writes a streamed answer, event by event (docs: protocols/translation.md, 3.2).
//!
//! The hub's calls may be interleaved, with one another and with text; blocks may not. So the first call is told as it
//! comes, and what comes beside it waits.

mod blocks;
mod waiting;

use bytes::BytesMut;
use serde_json::json;

use super::super::answer::is_ours;
use super::super::blocks::{Block, Input};
use super::super::ids;
use super::super::usage::Counts;
use super::error;
use super::stop::{Made, Stop};
use crate::domain::chat::{Event, Finish, Thought, Usage};
use crate::protocol::resume::Seam;
use crate::protocol::{ErrorView, Stamp, WriteStream};
use blocks::{Blocks, event};
use waiting::{Call, Json, Waiting};

/// Writes events.
#[derive(Debug)]
pub(super) struct Writer {
    stamp: Stamp,
    started: bool,
    blocks: Blocks,
    open: Open,
    /// What comes behind the open block; nothing unless that is a call.
    waiting: Waiting,
    made: Made,
    finish: Option<Finish>,
    usage: Usage,
}

/// The block under way.
#[derive(Debug, Default)]
enum Open {
    #[default]
    Nothing,
    Text,
    Thought {
        /// The hub's number of it.
        index: u32,
        /// Is its proof Anthropic's?
        ours: bool,
        signature: Option<String>,
    },
    Call {
        /// The hub's number of it.
        index: u32,
        arguments: Json,
    },
}

impl Writer {
    /// A writer of the answer of `stamp`.
    pub(super) fn new(stamp: Stamp) -> Writer {
        Writer {
            stamp,
            started: false,
            blocks: Blocks::default(),
            open: Open::Nothing,
            waiting: Waiting::default(),
            made: Made::default(),
            finish: None,
            usage: Usage::default(),
        }
    }

    /// A writer that goes on with a stream, behind the event that marks the seam.
    pub(super) fn go_on(seam: &Seam<'_>, out: &mut BytesMut) -> Writer {
        let blocks = Blocks::go_on(seam, out);
        Writer { started: true, open: Open::Text, blocks, ..Writer::new(seam.stamp.clone()) }
    }

    fn is_calling(&self) -> bool {
        matches!(self.open, Open::Call { .. })
    }

    fn start(&mut self, model: &str, out: &mut BytesMut) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        // What was used is not known yet: callers read it at the end.
        let usage = json!({"input_tokens": 0, "output_tokens": 0});
        let message = json!({
            "id": format!("msg_{}", self.stamp.id), "type": "message", "role": "assistant", "model": model,
            "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage,
        });
        event("message_start", json!({ "message": message }), out);
    }

    /// Writes content: text, a refusal's words, a thought.
    fn content(&mut self, event: &Event, out: &mut BytesMut) {
        match event {
            Event::Text(text) => self.text(text, out),
            Event::Refusal(words) => {
                self.made.refuses = true;
                self.text(words, out);
            }
            Event::Thought { index, piece } => self.thought(*index, piece, out),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, out: &mut BytesMut) {
        if !matches!(self.open, Open::Text) {
            self.close(out);
            self.blocks.start(&Block::own(""), out);
            self.open = Open::Text;
        }
        self.blocks.delta(text, out);
    }

    fn thought(&mut self, index: u32, piece: &Thought, out: &mut BytesMut) {
        // The format may be told with one of its pieces alone.
        let known = matches!(self.open, Open::Thought { index: open, ours: true, .. } if open == index);
        let ours = known || is_ours(piece);
        let proof = |word: &Option<String>| word.clone().filter(|word| ours && !word.is_empty());
        let (proven, sealed) = (proof(&piece.signature), proof(&piece.sealed));
        if !piece.text.is_empty() || proven.is_some() {
            if !self.open.continues(index, &piece.text) {
                self.close(out);
                self.blocks.start(&Block::Thinking { thinking: "", signature: "" }, out);
                self.open = Open::Thought { index, ours, signature: None };
            }
            if !piece.text.is_empty() {
                self.blocks.delta(&piece.text, out);
            }
            if let Open::Thought { ours: known, signature, .. } = &mut self.open {
                *known = ours;
                *signature = proven.or(signature.take());
            }
        }
        if let Some(data) = sealed {
            self.close(out);
            self.blocks.start(&Block::RedactedThinking { data: &data }, out);
            self.blocks.stop(out);
        }
    }

    /// Writes the beginning of a call, and its arguments so far.
    fn call(&mut self, call: Call, out: &mut BytesMut) {
        self.close(out);
        self.made.calls = true;
        // The caller gives the id back, and Anthropic itself may be the one who gets it then.
        let (id, name) = (ids::clean(&call.id), call.name.into());
        self.blocks.start(&Block::ToolUse { id, name, input: Input::Empty {} }, out);
        if !call.arguments.is_empty() {
            self.blocks.delta(&call.arguments, out);
        }
        self.open = Open::Call { index: call.index, arguments: call.json };
    }

    /// Takes more of a call's arguments; those of a call that is not known, or was stopped, are nobody's.
    fn arguments(&mut self, index: u32, piece: &str, out: &mut BytesMut) {
        match &mut self.open {
            Open::Call { index: open, arguments } if *open == index => {
                arguments.add(piece);
                self.blocks.delta(piece, out);
            }
            _ => self.waiting.add(index, piece),
        }
        self.go_on_with_content(out);
    }

    /// Takes content that comes while a call is told.
    fn content_behind_calls(&mut self, event: &Event, out: &mut BytesMut) {
        let shows_nothing = |piece: &Thought| {
            let proven = piece.signature.is_some() || piece.sealed.is_some();
            piece.text.is_empty() && !(proven && is_ours(piece))
        };
        if !matches!(event, Event::Thought { piece, .. } if shows_nothing(piece)) {
            self.waiting.put_content(event.clone());
            self.go_on_with_content(out);
        }
    }

    /// Writes the content that waits, once all calls before it have their arguments whole.
    fn go_on_with_content(&mut self, out: &mut BytesMut) {
        while self.open.is_over() && self.waiting.has_content_next() {
            while let Some(call) = self.waiting.next_call() {
                self.call(call, out);
            }
            while let Some(event) = self.waiting.next_content() {
                self.content(&event, out);
            }
            if let Some(call) = self.waiting.next_call() {
                self.call(call, out);
            }
        }
    }

    /// Writes all that waits, and ends the block under way: nothing more is to come.
    fn close_all(&mut self, out: &mut BytesMut) {
        loop {
            if let Some(call) = self.waiting.next_call() {
                self.call(call, out);
            } else if let Some(event) = self.waiting.next_content() {
                self.content(&event, out);
            } else {
                return self.close(out);
            }
        }
    }

    /// Ends the block under way.
    fn close(&mut self, out: &mut BytesMut) {
        match std::mem::take(&mut self.open) {
            Open::Nothing => return,
            Open::Thought { signature: Some(signature), .. } => self.blocks.sign(&signature, out),
            Open::Text | Open::Thought { .. } | Open::Call { .. } => {}
        }
        self.blocks.stop(out);
    }

    fn end(&mut self, out: &mut BytesMut) {
        self.close_all(out);
        let finish = self.finish.take().unwrap_or(Finish::Stop);
        let (stop, usage) = (Stop::of(&finish, self.made), Counts::of(&self.usage));
        event("message_delta", json!({"delta": stop, "usage": usage}), out);
        event("message_stop", json!({}), out);
    }
}

impl Open {
    /// Does a piece of thought number `number` belong to this block? Text behind a signature is another thought.
    fn continues(&self, number: u32, text: &str) -> bool {
        match self {
            Open::Thought { index, signature, .. } => *index == number && (signature.is_none() || text.is_empty()),
            _ => false,
        }
    }

    /// May something else follow this block, so far as it can be known?
    fn is_over(&self) -> bool {
        match self {
            Open::Call { arguments, .. } => arguments.is_whole(),
            Open::Nothing | Open::Text | Open::Thought { .. } => true,
        }
    }
}

impl WriteStream for Writer {
    fn write(&mut self, event: &Event, out: &mut BytesMut) {
        match event {
            Event::Start { model } => return self.start(model, out),
            // The caller of this writer puts the error into the front's own form.
            Event::Error(_) => return,
            Event::Usage(counted) => {
                self.usage = *counted;
                return;
            }
            _ => self.start("", out),
        }
        match event {
            Event::CallStart { index, call } if self.is_calling() => self.waiting.put_call(Call::new(*index, call)),
            Event::CallStart { index, call } => self.call(Call::new(*index, call), out),
            Event::CallDelta { index, arguments } => self.arguments(*index, arguments, out),
            Event::Finish(reason) => {
                self.close_all(out);
                self.finish = Some(reason.clone());
            }
            Event::End => self.end(out),
            Event::Text(text) | Event::Refusal(text) if text.is_empty() => {}
            content if self.is_calling() => self.content_behind_calls(content, out),
            content => self.content(content, out),
        }
    }

    fn fail(&mut self, error: &ErrorView<'_>, out: &mut BytesMut) {
        error::event(error, out);
    }

    fn kept(&self) -> usize {
        self.waiting.bytes()
    }
}

#[cfg(test)]
mod tests;
