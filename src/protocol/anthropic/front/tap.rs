//! Watches streamed events that pass as bytes: content yet, finished, usage, errors.

use std::borrow::Cow;

use bytes::BytesMut;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::answer::End;
use super::super::usage::Counts;
use super::error;
use crate::domain::chat::Finish;
use crate::domain::facts::Learned;
use crate::protocol::shape::{Shape, says_something};
use crate::protocol::{ErrorView, Seen, Tap};

/// One event, as far as the tap looks into it. What it does not name is skipped, but must be JSON.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    index: Option<&'a RawValue>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    content_block: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// What a delta, or the start of a block, says.
#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    thinking: Option<&'a RawValue>,
    #[serde(borrow)]
    partial_json: Option<&'a RawValue>,
    #[serde(borrow)]
    signature: Option<&'a RawValue>,
    #[serde(borrow)]
    citation: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message<'a> {
    model: Option<String>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

/// The state of one stream.
#[derive(Debug, Default)]
pub(super) struct AnthropicTap {
    /// What the last piece of text or thought looked like: the next one differs in its text alone, nearly always.
    shape: Option<Shape>,
    /// Bit n: block n calls a tool and has not ended (blocks above 127 are counted as the last bit).
    in_tool_call: u128,
    terminal: bool,
    /// Bytes of text, thoughts and arguments.
    said: usize,
    model: Option<String>,
    counts: Option<Counts>,
    finish: Option<Finish>,
}

impl AnthropicTap {
    fn see_event(&mut self, name: &str, event: &Event<'_>, data: &[u8]) -> Seen {
        match name {
            "content_block_delta" => return self.see_delta(event.delta, data),
            "content_block_start" => return self.see_start(event),
            "content_block_stop" => self.in_tool_call &= !event.bit(),
            "message_start" => {
                let message = event.message.and_then(|raw| serde_json::from_str::<Message<'_>>(raw.get()).ok());
                if let Some(message) = message {
                    self.model = message.model;
                    self.count(message.usage);
                }
            }
            "message_delta" => {
                let end = event.delta.and_then(|raw| serde_json::from_str::<End>(raw.get()).ok());
                self.finish = end.and_then(End::finish).or(self.finish.take());
                self.count(event.usage);
            }
            "message_stop" => {
                self.terminal = true;
                return Seen::Terminal;
            }
            "error" => return Seen::Error,
            _ => {}
        }
        Seen::Pass
    }

    fn see_start(&mut self, event: &Event<'_>) -> Seen {
        let block = event.content_block.and_then(|raw| serde_json::from_str::<Block<'_>>(raw.get()).ok());
        let Some(block) = block else { return Seen::Pass };
        let calls = block.kind.ends_with("tool_use");
        if calls {
            self.in_tool_call |= event.bit();
        }
        let words = [block.text, block.thinking].into_iter().flatten().filter(|words| says_something(words));
        let length: usize = words.map(length).sum();
        self.said += length;
        if calls || block.kind == "redacted_thinking" || length > 0 { Seen::Content } else { Seen::Pass }
    }

    fn see_delta(&mut self, delta: Option<&RawValue>, data: &[u8]) -> Seen {
        let delta = delta.and_then(|raw| serde_json::from_str::<Block<'_>>(raw.get()).ok());
        let Some(delta) = delta else { return Seen::Pass };
        let words = [delta.text, delta.thinking, delta.partial_json].into_iter().flatten();
        if let Some(words) = words.into_iter().find(|words| says_something(words)) {
            self.said += length(words);
            self.shape = Shape::around(words, data);
            return Seen::Content;
        }
        let others = [delta.signature, delta.citation, delta.content].into_iter().flatten();
        if others.into_iter().any(says_something) { Seen::Content } else { Seen::Pass }
    }

    /// Takes counts in. They are cumulative: the last one that was told holds.
    fn count(&mut self, usage: Option<&RawValue>) {
        let counts = usage.and_then(|raw| serde_json::from_str::<Option<Counts>>(raw.get()).ok().flatten());
        if let Some(counts) = counts {
            self.counts.get_or_insert_default().merge(counts);
        }
    }
}

impl Event<'_> {
    /// The bit of the block that it belongs to.
    fn bit(&self) -> u128 {
        let index = self.index.and_then(|raw| raw.get().parse().ok()).unwrap_or(0);
        1 << u32::min(index, 127)
    }
}

/// How long a string is, in bytes, without its quotes.
fn length(words: &RawValue) -> usize {
    words.get().len().saturating_sub(2)
}

impl Tap for AnthropicTap {
    fn see(&mut self, name: Option<&str>, data: &[u8]) -> Seen {
        if let Some(length) = self.shape.as_ref().and_then(|shape| shape.fits(data)) {
            self.said += length;
            return Seen::Content;
        }
        // Serde would take an array for the fields in order.
        let text = std::str::from_utf8(data).ok().filter(|text| text.trim_start().starts_with('{'));
        let Some(event) = text.and_then(|text| serde_json::from_str::<Event<'_>>(text).ok()) else {
            return Seen::Broken;
        };
        let kind = event.kind.as_deref().or(name).unwrap_or_default();
        match event.error {
            Some(error) if says_something(error) => Seen::Error,
            _ => self.see_event(kind, &event, data),
        }
    }

    fn finished(&self) -> bool {
        self.terminal
    }

    fn in_tool_call(&self) -> bool {
        self.in_tool_call != 0
    }

    fn owed(&self) -> &'static [u8] {
        b""
    }

    fn learned(&self) -> Learned {
        let usage = self.counts.as_ref().map(Counts::usage);
        Learned { model: self.model.clone(), usage, finish: self.finish.clone() }
    }

    fn said(&self) -> usize {
        self.said
    }

    fn fail(&self, error: &ErrorView<'_>, out: &mut BytesMut) {
        error::event(error, out);
    }
}

#[cfg(test)]
mod tests;
