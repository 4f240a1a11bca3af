//! Output items, written.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::super::sealed::seal;
use crate::domain::chat::{Thought, ToolCall};

/// An output item, with all that was said of it so far.
#[derive(Debug)]
pub(in super::super) enum Item {
    /// What the model thought.
    Reasoning(Thought),
    /// What it said.
    Message(Vec<Part>),
    /// A tool that it calls with arguments.
    Call(ToolCall),
    /// A tool that it calls with free text. The hub has that as the one argument `input`.
    Custom(ToolCall),
}

/// A piece of a message.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Part {
    /// Text.
    Text(String),
    /// Words of refusal.
    Refusal(String),
}

/// How far an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Status {
    /// It goes on.
    InProgress,
    /// It is whole.
    Completed,
    /// It was cut off.
    Incomplete,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Wire<'a> {
    Message {
        id: &'a str,
        status: Status,
        role: &'static str,
        content: Vec<Content<'a>>,
    },
    Reasoning {
        id: &'a str,
        summary: Vec<Content<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<String>,
        status: Status,
    },
    FunctionCall {
        id: &'a str,
        call_id: &'a str,
        name: &'a str,
        arguments: &'a str,
        status: Status,
    },
    CustomToolCall {
        id: &'a str,
        call_id: &'a str,
        name: &'a str,
        input: Cow<'a, str>,
        status: Status,
    },
}

/// A part of an item as it is written.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in super::super) enum Content<'a> {
    OutputText { text: &'a str, annotations: [(); 0], logprobs: [(); 0] },
    Refusal { refusal: &'a str },
    SummaryText { text: &'a str },
}

/// Makes the ids of items: the first of its kind has the answer's own, and others are counted.
#[derive(Debug)]
pub(in super::super) struct Ids {
    stamp: String,
    made: [u32; 4],
}

impl Ids {
    /// Ids of the items of one answer.
    pub(in super::super) fn new(stamp: &str) -> Ids {
        Ids { stamp: stamp.to_owned(), made: [0; 4] }
    }

    /// An id for `item`.
    pub(in super::super) fn make(&mut self, item: &Item) -> String {
        let (kind, prefix) = match item {
            Item::Reasoning(_) => (0, "rs"),
            Item::Message(_) => (1, "msg"),
            Item::Call(_) => (2, "fc"),
            Item::Custom(_) => (3, "ctc"),
        };
        self.made[kind] += 1;
        match self.made[kind] {
            1 => format!("{prefix}_{}", self.stamp),
            number => format!("{prefix}_{}_{number}", self.stamp),
        }
    }
}

impl Item {
    /// The item as it is written when it begins: with nothing in it.
    pub(in super::super) fn begun(&self, id: &str) -> Box<RawValue> {
        let status = Status::InProgress;
        json(&match self {
            Item::Reasoning(_) => Wire::Reasoning { id, summary: Vec::new(), encrypted_content: None, status },
            Item::Message(_) => Wire::Message { id, status, role: "assistant", content: Vec::new() },
            Item::Call(ToolCall { id: call_id, name, .. }) => {
                Wire::FunctionCall { id, call_id, name, arguments: "", status }
            }
            Item::Custom(ToolCall { id: call_id, name, .. }) => {
                Wire::CustomToolCall { id, call_id, name, input: Cow::Borrowed(""), status }
            }
        })
    }

    /// The item with all that was said of it; `seals` says whether a thought is given in the form that may be sent
    /// back, where some provider vouches for it.
    pub(in super::super) fn whole(&self, id: &str, status: Status, seals: bool) -> Box<RawValue> {
        json(&match self {
            Item::Reasoning(thought) => Wire::Reasoning {
                id,
                summary: Some(thought.text.as_str())
                    .filter(|text| !text.is_empty())
                    .map(|text| Content::SummaryText { text })
                    .into_iter()
                    .collect(),
                encrypted_content: seal(thought).filter(|_| seals),
                status,
            },
            Item::Message(parts) => {
                let content = parts.iter().map(|part| part.content(part.words())).collect();
                Wire::Message { id, status, role: "assistant", content }
            }
            Item::Call(call) => {
                Wire::FunctionCall { id, call_id: &call.id, name: &call.name, arguments: arguments(call), status }
            }
            Item::Custom(call) => {
                Wire::CustomToolCall { id, call_id: &call.id, name: &call.name, input: input(call), status }
            }
        })
    }
}

impl Part {
    /// What it says.
    pub(in super::super) fn words(&self) -> &str {
        let (Part::Text(words) | Part::Refusal(words)) = self;
        words
    }

    /// A part of this kind that says `words`, as it is written.
    pub(in super::super) fn content<'a>(&self, words: &'a str) -> Content<'a> {
        match self {
            Part::Text(_) => Content::OutputText { text: words, annotations: [], logprobs: [] },
            Part::Refusal(_) => Content::Refusal { refusal: words },
        }
    }
}

/// Does some provider vouch for this thought, so that it may be sent back?
pub(in super::super) fn is_vouched_for(thought: &Thought) -> bool {
    thought.signature.is_some() || thought.sealed.is_some()
}

/// The arguments of a call without any: callers parse what they get.
pub(in super::super) const NO_ARGUMENTS: &str = "{}";

fn arguments(call: &ToolCall) -> &str {
    if call.arguments.is_empty() { NO_ARGUMENTS } else { &call.arguments }
}

/// The free text of a call; arguments that are not of the hub's form are given as they are.
pub(in super::super) fn input(call: &ToolCall) -> Cow<'_, str> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Free {
        input: String,
    }
    match serde_json::from_str::<Free>(&call.arguments) {
        Ok(free) => Cow::Owned(free.input),
        Err(_) => Cow::Borrowed(&call.arguments),
    }
}

/// Strings alone: there is nothing in it that could not be written.
fn json(wire: &Wire<'_>) -> Box<RawValue> {
    to_raw_value(wire).unwrap_or_default()
}
