//! The items of `input`, read: the items of one answer, which stand side by side, become one turn of the model.

mod places;

use serde_json::Value;

use super::super::super::fields::{Fields, Path};
use super::super::super::openai::custom;
use super::super::super::{BadRequest, Unreadable};
use super::super::sealed::unseal;
use super::content::{self, Sender};
use super::state::{bound, bound_kind};
use crate::domain::chat::{Message, OPENAI_THOUGHT, Part, Text, Thought, ToolCall, ToolResult};
use places::Places;
pub(in super::super) use places::Spot;

const TYPES: &str = "message, function_call, function_call_output, custom_tool_call, custom_tool_call_output or \
                     reasoning";
const ROLES: &str = "one of user, assistant, system or developer";
const NEEDS: &str = "an object with a `type`, or with `role` and `content`";

/// A conversation in the making.
#[derive(Default)]
struct Conversation {
    messages: Vec<Message>,
    places: Places,
    /// The model's turn that is going on.
    turn: Option<Turn>,
    /// Thoughts of an answer whose words or calls are still to come, with their items.
    thoughts: Vec<(usize, Thought)>,
}

/// A conversation as it was read.
pub(super) struct Read {
    pub(super) messages: Vec<Message>,
    /// Did it come as items rather than as one string?
    pub(super) as_items: bool,
    places: Places,
}

impl Read {
    /// Where `spot` of message number `message` stood in the request `body`.
    pub(super) fn place(&self, body: &Value, message: usize, spot: Spot) -> Option<String> {
        self.places.name(body, &self.messages, message, spot)
    }
}

/// A turn of the model.
struct Turn {
    /// The item that it began with.
    item: usize,
    parts: Vec<Part>,
    /// Does it call tools? Whatever else the model says before they are answered belongs to this turn.
    calls: bool,
}

/// Reads `instructions` and `input`.
pub(super) fn conversation(fields: &mut Fields<'_>) -> Result<Read, Unreadable> {
    let mut conversation = Conversation::default();
    if let Some(text) = fields.string("instructions")? {
        conversation.add(None, Message::System(vec![plain(text)]));
    }
    let at = fields.at("input");
    let what = "a string or an array of items";
    let as_items = match fields.take("input") {
        None => return Err(at.missing(what).into()),
        Some(Value::String(text)) => {
            conversation.add(None, Message::User(vec![plain(text)]));
            false
        }
        Some(Value::Array(items)) => {
            for (index, value) in items.into_iter().enumerate() {
                conversation.item(index, value, &at.item(index))?;
            }
            true
        }
        Some(other) => return Err(at.wrong(what, &other).into()),
    };
    conversation.end_turn();
    let Conversation { messages, places, .. } = conversation;
    places.check(&messages)?;
    Ok(Read { messages, as_items, places })
}

fn plain(text: String) -> Part {
    Part::Text(Text { text, cache: false })
}

impl Conversation {
    /// Adds a message that is not the model's. Thoughts that led to nothing before it were broken off.
    fn add(&mut self, item: Option<usize>, message: Message) {
        self.end_turn();
        self.thoughts.clear();
        self.places.message(item);
        self.messages.push(message);
    }

    /// The model's turn that is going on, or a new one, with the thoughts that came before.
    fn turn(&mut self, item: usize) -> &mut Turn {
        let turn = self.turn.get_or_insert_with(|| Turn { item, parts: Vec::new(), calls: false });
        for (item, thought) in self.thoughts.drain(..) {
            self.places.said(self.messages.len(), item, None);
            turn.parts.push(Part::Thought(thought));
        }
        turn
    }

    fn end_turn(&mut self) {
        if let Some(turn) = self.turn.take() {
            self.places.message(Some(turn.item));
            self.messages.push(Message::Assistant(turn.parts));
        }
    }

    fn item(&mut self, index: usize, value: Value, at: &Path<'_>) -> Result<(), Unreadable> {
        let mut item = Fields::of(value, at, NEEDS)?;
        match kind(&mut item)?.as_str() {
            "message" => self.message(index, item),
            "function_call" => {
                let arguments = |item: &mut Fields<'_>| Ok(item.string("arguments")?.unwrap_or_default());
                self.call(index, item, arguments)
            }
            "custom_tool_call" => {
                let input = |item: &mut Fields<'_>| Ok(custom::arguments(&item.string("input")?.unwrap_or_default()));
                self.call(index, item, input)
            }
            "function_call_output" | "custom_tool_call_output" => self.output(index, item),
            "reasoning" => {
                self.thoughts.extend(thought(item)?.map(|thought| (index, thought)));
                Ok(())
            }
            "item_reference" => {
                let message = "An item that is only referred to is kept by OpenAI alone: send the item itself.";
                Err(bound(at, message).into())
            }
            other => Err(bound_kind(at, "An item", other, "leave it out, or send it as text").into()),
        }
    }

    fn message(&mut self, index: usize, mut item: Fields<'_>) -> Result<(), Unreadable> {
        let role = item.name("role", ROLES)?;
        match role.as_str() {
            "user" => {
                let (parts, _) = content::read(&mut item, "content", Sender::User)?;
                self.add(Some(index), Message::User(parts));
            }
            "system" | "developer" => {
                let (parts, _) = content::read(&mut item, "content", Sender::Application)?;
                self.add(Some(index), Message::System(parts));
            }
            "assistant" => {
                let (mut parts, _) = content::read(&mut item, "content", Sender::Model)?;
                let says = |part: &Part| matches!(part, Part::Text(_) | Part::Refusal(_));
                // Two messages stay two, unless calls of the first are still to be answered.
                if self.turn.as_ref().is_some_and(|turn| !turn.calls && turn.parts.iter().any(says)) {
                    self.end_turn();
                }
                let count = parts.len();
                self.turn(index).parts.append(&mut parts);
                (0..count).for_each(|part| self.places.said(self.messages.len(), index, Some(part)));
            }
            other => return Err(item.at("role").unknown(ROLES, other).into()),
        }
        Ok(())
    }

    fn call(
        &mut self,
        index: usize,
        mut item: Fields<'_>,
        arguments: impl FnOnce(&mut Fields<'_>) -> Result<String, BadRequest>,
    ) -> Result<(), Unreadable> {
        let id = item.name("call_id", "the id of the call")?;
        let name = item.name("name", "the name of the tool that was called")?;
        let arguments = arguments(&mut item)?;
        if item.has("namespace") {
            let message = "Only OpenAI groups tools by a `namespace`: offer and call them by their names alone.";
            return Err(bound(&item.at("namespace"), message).into());
        }
        let turn = self.turn(index);
        turn.calls = true;
        turn.parts.push(Part::Call(ToolCall { id, name, arguments }));
        self.places.said(self.messages.len(), index, None);
        Ok(())
    }

    fn output(&mut self, index: usize, mut item: Fields<'_>) -> Result<(), Unreadable> {
        let id = item.name("call_id", "the id of the call that this item answers")?;
        let (parts, plain) = content::read(&mut item, "output", Sender::Tool)?;
        self.add(Some(index), Message::Tool(ToolResult { id, parts, plain, is_error: false }));
        Ok(())
    }
}

/// An item's type, which two kinds of item need not say.
fn kind(item: &mut Fields<'_>) -> Result<String, BadRequest> {
    match item.string("type")? {
        Some(kind) if !kind.is_empty() => Ok(kind),
        None if item.has("role") => Ok("message".into()),
        None if item.has("id") => Ok("item_reference".into()),
        _ => Err(item.at("type").missing(TYPES)),
    }
}

/// A thought that can be given back: one that the gateway packed, or a seal of OpenAI's with its summary.
fn thought(mut item: Fields<'_>) -> Result<Option<Thought>, BadRequest> {
    let summary = texts(&mut item, "summary")?;
    let Some(encrypted) = item.string("encrypted_content")?.filter(|encrypted| !encrypted.is_empty()) else {
        return Ok(None);
    };
    Ok(Some(unseal(&encrypted).unwrap_or_else(|| Thought {
        text: summary,
        sealed: Some(encrypted),
        format: Some(OPENAI_THOUGHT.to_owned()),
        signature: None,
    })))
}

/// The texts of a thought, with a blank line between them.
fn texts<'a>(item: &mut Fields<'a>, name: &'a str) -> Result<String, BadRequest> {
    let at = item.at(name);
    let mut texts = Vec::new();
    for (index, value) in item.array(name, "an array of texts")?.unwrap_or_default().into_iter().enumerate() {
        let at = at.item(index);
        let mut part = Fields::of(value, &at, "an object with a `text`")?;
        texts.push(part.string("text")?.ok_or_else(|| part.at("text").missing("the text"))?);
    }
    Ok(texts.join("\n\n"))
}
