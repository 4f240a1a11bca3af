//! A streamed answer, read event by event.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{self, End};
use super::usage::Counts;
use crate::domain::Dialect;
use crate::domain::chat::{ANTHROPIC_THOUGHT, Event, Part, Thought, ToolCall};
use crate::domain::failure::{Class, Failure, Said};
use crate::protocol::{BrokenEvent, ReadStream};

/// The most of a provider's error that is kept, in bytes.
const LONGEST_SAID: usize = 1 << 20;

/// Reads one stream (docs: protocols/translation.md, 3.1).
#[derive(Debug, Default)]
pub(super) struct Reader {
    counts: Counts,
    /// The blocks under way, by the provider's index, which counts all kinds of blocks.
    open: Vec<(u32, Open)>,
    thoughts: u32,
    calls: u32,
}

/// A block under way that its pieces must be told apart for.
#[derive(Debug, Clone, Copy)]
enum Open {
    Thought(u32),
    Call {
        index: u32,
        /// Did any of its arguments come?
        argued: bool,
    },
    /// A text, or a kind that is not known.
    Other,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct MessageStart {
    message: Started,
}

#[derive(Deserialize)]
struct Started {
    #[serde(default)]
    model: String,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct BlockStart<'a> {
    index: u32,
    #[serde(borrow)]
    content_block: &'a RawValue,
}

#[derive(Deserialize)]
struct BlockDelta<'a> {
    index: u32,
    #[serde(borrow)]
    delta: Delta<'a>,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Delta<'a> {
    #[serde(rename = "text_delta")]
    Text {
        #[serde(borrow)]
        text: Cow<'a, str>,
    },
    #[serde(rename = "input_json_delta")]
    InputJson {
        #[serde(borrow)]
        partial_json: Cow<'a, str>,
    },
    #[serde(rename = "thinking_delta")]
    Thinking {
        #[serde(borrow)]
        thinking: Cow<'a, str>,
    },
    #[serde(rename = "signature_delta")]
    Signature {
        #[serde(borrow)]
        signature: Cow<'a, str>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct BlockStop {
    index: u32,
}

#[derive(Deserialize)]
struct MessageDelta {
    delta: End,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Errored {
    error: Told,
}

#[derive(Deserialize)]
struct Told {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    message: String,
    details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    error_code: Option<String>,
}

impl ReadStream for Reader {
    fn read(&mut self, name: Option<&str>, data: &[u8], out: &mut Vec<Event>) -> Result<(), BrokenEvent> {
        let head: Head<'_> = parse(data)?;
        match head.kind.as_deref().or(name).unwrap_or_default() {
            "message_start" => {
                let MessageStart { message } = parse(data)?;
                self.counts.merge(message.usage.unwrap_or_default());
                out.push(Event::Start { model: Arc::from(message.model) });
            }
            "content_block_start" => {
                let BlockStart { index, content_block } = parse(data)?;
                match answer::part(content_block) {
                    Ok(part) => self.start(index, part, out),
                    // What comes of it could not be told apart from nothing.
                    Err(error) => out.push(malformed(format!("a block cannot be read: {error}"))),
                }
            }
            "content_block_delta" => {
                let BlockDelta { index, delta } = parse(data)?;
                self.delta(index, delta, out);
            }
            "content_block_stop" => {
                let BlockStop { index } = parse(data)?;
                self.stop(index, out);
            }
            "message_delta" => {
                let MessageDelta { delta, usage } = parse(data)?;
                out.extend(delta.finish().map(Event::Finish));
                if let Some(usage) = usage {
                    self.counts.merge(usage);
                    out.push(Event::Usage(self.counts.usage()));
                }
            }
            "message_stop" => out.push(Event::End),
            "error" => {
                let Errored { error } = parse(data)?;
                out.push(Event::Error(Box::new(failure(error, data))));
            }
            // Pings, and whatever comes to be sent one day.
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, _out: &mut Vec<Event>) {}

    fn in_tool_call(&self) -> bool {
        self.open.iter().any(|(_, open)| matches!(open, Open::Call { .. }))
    }
}

impl Reader {
    fn start(&mut self, index: u32, part: Option<Part>, out: &mut Vec<Event>) {
        self.open.retain(|(open, _)| *open != index);
        match part {
            Some(Part::Text(text)) if !text.text.is_empty() => {
                self.open.push((index, Open::Other));
                out.push(Event::Text(text.text));
            }
            Some(Part::Thought(piece)) => {
                let number = self.thoughts;
                self.thoughts += 1;
                self.open.push((index, Open::Thought(number)));
                if !piece.text.is_empty() || piece.signature.is_some() || piece.sealed.is_some() {
                    out.push(Event::Thought { index: number, piece });
                }
            }
            Some(Part::Call(ToolCall { id, name, arguments })) => {
                let number = self.calls;
                self.calls += 1;
                let call = ToolCall { id, name, arguments: String::new() };
                out.push(Event::CallStart { index: number, call });
                // Arguments come in pieces, but for providers that send them all at once.
                let argued = arguments != "{}";
                if argued {
                    out.push(Event::CallDelta { index: number, arguments });
                }
                self.open.push((index, Open::Call { index: number, argued }));
            }
            _ => self.open.push((index, Open::Other)),
        }
    }

    fn delta(&mut self, index: u32, delta: Delta<'_>, out: &mut Vec<Event>) {
        let open = self.open.iter_mut().find(|(open, _)| *open == index).map(|(_, open)| open);
        let thought = |index: u32, piece: Thought| Event::Thought {
            index,
            piece: Thought { format: Some(ANTHROPIC_THOUGHT.into()), ..piece },
        };
        match (delta, open) {
            (Delta::Text { text }, _) if !text.is_empty() => out.push(Event::Text(text.into_owned())),
            (Delta::InputJson { partial_json }, Some(Open::Call { index, argued })) if !partial_json.is_empty() => {
                *argued = true;
                out.push(Event::CallDelta { index: *index, arguments: partial_json.into_owned() });
            }
            (Delta::InputJson { .. }, None) => out.push(malformed("a tool call goes on that has not begun")),
            (Delta::Thinking { thinking }, Some(Open::Thought(index))) if !thinking.is_empty() => {
                out.push(thought(*index, Thought { text: thinking.into_owned(), ..Thought::default() }));
            }
            (Delta::Signature { signature }, Some(Open::Thought(index))) if !signature.is_empty() => {
                out.push(thought(*index, Thought { signature: Some(signature.into_owned()), ..Thought::default() }));
            }
            _ => {}
        }
    }

    fn stop(&mut self, index: u32, out: &mut Vec<Event>) {
        let Some(at) = self.open.iter().position(|(open, _)| *open == index) else { return };
        if let (_, Open::Call { index, argued: false }) = self.open.swap_remove(at) {
            out.push(Event::CallDelta { index, arguments: "{}".into() });
        }
    }
}

fn parse<'a, T: Deserialize<'a>>(data: &'a [u8]) -> Result<T, BrokenEvent> {
    serde_json::from_slice(data).map_err(|error| BrokenEvent(error.to_string()))
}

/// The stream cannot be read on without losing something.
fn malformed(why: impl Into<String>) -> Event {
    Event::Error(Box::new(Failure::after_sending(Class::Malformed, why)))
}

/// What an error inside a stream means: there is no status to go by, only its type.
fn failure(told: Told, data: &[u8]) -> Failure {
    let class = match told.kind.as_deref().unwrap_or_default() {
        "invalid_request_error" if is_too_long(&told.message) => Class::ContextLength,
        "invalid_request_error" | "request_too_large" | "conflict_error" => Class::InvalidRequest,
        "authentication_error" | "permission_error" => Class::Auth,
        "billing_error" => Class::Quota,
        "not_found_error" => Class::ModelUnavailable,
        "rate_limit_error" => Class::RateLimited,
        "timeout_error" => Class::Timeout,
        _ => Class::ServerError,
    };
    let said = Said {
        dialect: Dialect::Anthropic,
        body: Bytes::copy_from_slice(&data[..data.len().min(LONGEST_SAID)]),
        kind: told.kind,
        code: told.details.and_then(|details| details.error_code),
        param: None,
    };
    Failure { said: Some(Box::new(said)), ..Failure::after_sending(class, told.message) }
}

fn is_too_long(message: &str) -> bool {
    ["prompt is too long", "exceed context limit"].iter().any(|words| message.contains(words))
}

#[cfg(test)]
mod tests;
