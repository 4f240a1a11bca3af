//! Where the messages of a conversation stood in `input`, so that what is wrong with one is named there.

use serde_json::Value;

use super::super::super::super::BadRequest;
use crate::domain::chat::check::{Flaw, check};
use crate::domain::chat::{Message, Part};

/// The item that each message began with, and that of each part of the model's turns.
#[derive(Default)]
pub(super) struct Places {
    messages: Vec<Option<usize>>,
    said: Vec<Said>,
}

/// A part of one of the model's turns.
struct Said {
    message: usize,
    item: usize,
    /// Its number in the item's `content`; `None` where it is the item itself.
    index: Option<usize>,
}

/// What of a message is looked for.
#[derive(Debug, Clone, Copy)]
pub(in super::super::super) enum Spot {
    /// It as a whole.
    Message,
    /// This part.
    Part(usize),
    /// This one of its tool calls.
    Call(usize),
}

impl Places {
    /// The next message began with `item`; `None` where it was no item.
    pub(super) fn message(&mut self, item: Option<usize>) {
        self.messages.push(item);
    }

    /// The next part of the model's turn `message` was `item`, or number `index` of its content.
    pub(super) fn said(&mut self, message: usize, item: usize, index: Option<usize>) {
        self.said.push(Said { message, item, index });
    }

    /// Is this a conversation that a model can answer?
    pub(super) fn check(&self, messages: &[Message]) -> Result<(), BadRequest> {
        check(messages).map_err(|flaw| match flaw {
            Flaw::Unanswered { message, id } => {
                let words = format!(
                    "The call `{id}` is not answered: send an item of the type `function_call_output` with its \
                     `call_id` before the next message."
                );
                let mut calls = self.calls(messages, message);
                unpaired(calls.find(|(_, call)| **call == id).map(|(said, _)| said.item), words)
            }
            Flaw::Stray { message, id } => {
                let words = format!("No call right before it has the `call_id` `{id}`.");
                unpaired(self.messages.get(message).copied().flatten(), words)
            }
            Flaw::Empty => BadRequest::field("input", "`input` says nothing: send text, a picture or a document."),
        })
    }

    /// Where `spot` of message number `message` stood in the request `body`, which was read as `messages`.
    pub(super) fn name(&self, body: &Value, messages: &[Message], message: usize, spot: Spot) -> Option<String> {
        let Some(item) = *self.messages.get(message)? else {
            return Some(
                if message == 0 && body["instructions"].is_string() { "instructions" } else { "input" }.into(),
            );
        };
        let (item, index) = match (spot, messages.get(message)?) {
            (Spot::Message, _) => (item, None),
            (Spot::Call(number), _) => {
                let (said, _) = self.calls(messages, message).nth(number)?;
                return Some(format!("input[{}].call_id", said.item));
            }
            (Spot::Part(number), Message::Assistant(_)) => {
                let said = self.of(message).nth(number)?;
                (said.item, said.index)
            }
            (Spot::Part(number), _) => (item, Some(number)),
        };
        let Some(index) = index else { return Some(format!("input[{item}]")) };
        let raw = &body["input"][item];
        let field = if raw["output"].is_null() { "content" } else { "output" };
        Some(match raw[field].is_array() {
            true => format!("input[{item}].{field}[{index}]"),
            false => format!("input[{item}].{field}"),
        })
    }

    fn of(&self, message: usize) -> impl Iterator<Item = &Said> {
        self.said.iter().filter(move |said| said.message == message)
    }

    /// The calls of a turn, by their ids.
    fn calls<'a>(&'a self, messages: &'a [Message], message: usize) -> impl Iterator<Item = (&'a Said, &'a String)> {
        let parts = match messages.get(message) {
            Some(Message::Assistant(parts)) => &parts[..],
            _ => &[],
        };
        self.of(message).zip(parts).filter_map(|(said, part)| match part {
            Part::Call(call) => Some((said, &call.id)),
            _ => None,
        })
    }
}

fn unpaired(item: Option<usize>, words: String) -> BadRequest {
    BadRequest::field(item.map_or_else(|| "input".into(), |item| format!("input[{item}].call_id")), words)
}
