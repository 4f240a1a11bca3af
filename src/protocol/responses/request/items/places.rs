//! Where the messages of a conversation stood in `input`, so that what is wrong with it is named there.

use super::super::super::super::BadRequest;
use crate::domain::chat::check::{Flaw, check};
use crate::domain::chat::{Message, Part};

/// The item that each message began with, and each call.
#[derive(Default)]
pub(super) struct Places {
    messages: Vec<Option<usize>>,
    /// The message of a call, and its item, in order.
    calls: Vec<(usize, usize)>,
}

impl Places {
    /// The next message began with `item`; `None` where it was no item.
    pub(super) fn message(&mut self, item: Option<usize>) {
        self.messages.push(item);
    }

    /// The next call, in message `message`, was `item`.
    pub(super) fn call(&mut self, message: usize, item: usize) {
        self.calls.push((message, item));
    }

    /// Is this a conversation that a model can answer?
    pub(super) fn check(&self, messages: &[Message]) -> Result<(), BadRequest> {
        check(messages).map_err(|flaw| match flaw {
            Flaw::Unanswered { message, id } => {
                let words = format!(
                    "The call `{id}` is not answered: send an item of the type `function_call_output` with its \
                     `call_id` before the next message."
                );
                self.at(self.item_of_call(messages, message, &id), words)
            }
            Flaw::Stray { message, id } => {
                let words = format!("No call right before it has the `call_id` `{id}`.");
                self.at(self.messages.get(message).copied().flatten(), words)
            }
            Flaw::Empty => BadRequest::field("input", "`input` says nothing: send text, a picture or a document."),
        })
    }

    fn item_of_call(&self, messages: &[Message], message: usize, id: &str) -> Option<usize> {
        let Some(Message::Assistant(parts)) = messages.get(message) else { return None };
        let calls = parts.iter().filter_map(|part| match part {
            Part::Call(call) => Some(call),
            _ => None,
        });
        let items = self.calls.iter().filter(|(place, _)| *place == message).map(|(_, item)| *item);
        calls.zip(items).find(|(call, _)| call.id == id).map(|(_, item)| item)
    }

    fn at(&self, item: Option<usize>, words: String) -> BadRequest {
        BadRequest::field(item.map_or_else(|| "input".into(), |item| format!("input[{item}].call_id")), words)
    }
}
