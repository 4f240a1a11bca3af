//! The conversation, read: `system`, then each of the messages.

use serde_json::Value;

use super::blocks::{self, Allowed, Block};
use super::foreign::Foreign;
use super::place::Place;
use super::turns::{Parts, Turns};
use crate::domain::chat::{Message, Part, Text, ToolResult};
use crate::protocol::fields::{Fields, Path};
use crate::protocol::{BadRequest, Unreadable};

const ROLES: &str = "one of user, assistant or system";
const CONTENT: &str = "a string or an array of blocks";
/// How a block of Claude Code's begins that tells Anthropic whom to bill. It is different in each request, so that no
/// cache would ever know a prompt again (docs: protocols/translation.md, 3.3).
const BILLING: &str = "x-anthropic-billing-header:";

/// What a message, or `system`, or a tool's result holds.
enum Content {
    /// A string.
    Plain(String),
    /// Blocks.
    Blocks(Vec<Value>),
}

/// Reads `system` and `messages`.
pub(super) fn read(fields: &mut Fields<'_>, foreign: &mut Foreign) -> Result<Turns, Unreadable> {
    let mut turns = Turns::default();
    let at = fields.at("system");
    if let Some(content) = content(fields, "system")? {
        let place = Place::System(None);
        turns.system(instructions(content, &at, place, foreign)?, place);
    }
    let what = "an array of messages";
    let at = fields.at("messages");
    let list = fields.array("messages", what)?.ok_or_else(|| at.missing(what))?;
    for (number, value) in list.into_iter().enumerate() {
        message(value, &at.item(number), Place::Message(number, None, None), &mut turns, foreign)?;
    }
    turns.finish();
    Ok(turns)
}

fn message(
    value: Value,
    at: &Path<'_>,
    place: Place,
    turns: &mut Turns,
    foreign: &mut Foreign,
) -> Result<(), Unreadable> {
    let mut message = Fields::of(value, at, "an object with `role` and `content`")?;
    let role = message.name("role", ROLES)?;
    let at = message.at("content");
    let said = content(&mut message, "content")?.ok_or_else(|| at.missing(CONTENT));
    match role.as_str() {
        "user" => user(said?, &at, place, turns, foreign)?,
        "assistant" => turns.assistant(assistant(said?, &at, place, foreign)?, place),
        "system" => turns.system(instructions(said?, &at, place, foreign)?, place),
        other => return Err(message.at("role").unknown(ROLES, other).into()),
    }
    Ok(())
}

/// A string, or blocks; `None` where there is neither.
fn content(fields: &mut Fields<'_>, key: &'static str) -> Result<Option<Content>, BadRequest> {
    match fields.take(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(Content::Plain(text))),
        Some(Value::Array(blocks)) => Ok(Some(Content::Blocks(blocks))),
        Some(other) => Err(fields.path().key(key).wrong(CONTENT, &other)),
    }
}

impl Content {
    /// Reads every block with `read`, which adds to the parts what it has become. A string is as good as one block of
    /// text.
    fn parts(
        self,
        at: &Path<'_>,
        place: Place,
        mut read: impl FnMut(Value, &Path<'_>, Place, &mut Parts) -> Result<(), Unreadable>,
    ) -> Result<Parts, Unreadable> {
        let mut parts = Parts::default();
        match self {
            Content::Plain(text) => parts.extend([Part::Text(Text { text, cache: false })], place),
            Content::Blocks(blocks) => {
                for (number, value) in blocks.into_iter().enumerate() {
                    read(value, &at.item(number), place.block(number), &mut parts)?;
                }
            }
        }
        Ok(parts)
    }
}

/// Instructions of the application. Blank ones instruct nobody.
fn instructions(content: Content, at: &Path<'_>, place: Place, foreign: &mut Foreign) -> Result<Parts, Unreadable> {
    let instructs = |part: &Part| match part {
        Part::Text(text) => !text.text.trim().is_empty() && !text.text.starts_with(BILLING),
        _ => true,
    };
    match content {
        Content::Plain(text) if text.trim().is_empty() => Ok(Parts::default()),
        content => content.parts(at, place, |value, at, place, parts| {
            let said = Block::of(value, at, Allowed::Text)?.read(foreign)?;
            parts.extend(said.into_iter().filter(instructs), place);
            Ok(())
        }),
    }
}

/// The person's message: what tools gave back, and what the person says.
fn user(
    content: Content,
    at: &Path<'_>,
    place: Place,
    turns: &mut Turns,
    foreign: &mut Foreign,
) -> Result<(), Unreadable> {
    let said = content.parts(at, place, |value, at, place, parts| {
        let block = Block::of(value, at, Allowed::User)?;
        match block.kind.as_str() {
            "tool_result" => result(block, place, turns, foreign)?,
            _ => parts.extend(block.read(foreign)?, place),
        }
        Ok(())
    })?;
    turns.user(said, place);
    Ok(())
}

/// What a tool gave back.
fn result(mut block: Block<'_>, place: Place, turns: &mut Turns, foreign: &mut Foreign) -> Result<(), Unreadable> {
    let id = block.fields.name("tool_use_id", "the id of the tool_use that this block answers")?;
    let is_error = block.fields.boolean("is_error")?.unwrap_or(false);
    let at = block.fields.at("content");
    let content = content(&mut block.fields, "content")?;
    let plain = !matches!(content, Some(Content::Blocks(_)));
    let mut parts = match content {
        None => Parts::default(),
        Some(content) => content.parts(&at, place, |value, at, place, parts| {
            parts.extend(Block::of(value, at, Allowed::Result)?.read(foreign)?, place);
            Ok(())
        })?,
    };
    if block.cache {
        blocks::mark(&mut parts.list);
    }
    turns.result(parts, place, |parts| Message::Tool(ToolResult { id, parts, plain, is_error }));
    Ok(())
}

/// The model's turn: its thoughts, words and calls in the order they were made.
fn assistant(content: Content, at: &Path<'_>, place: Place, foreign: &mut Foreign) -> Result<Parts, Unreadable> {
    content.parts(at, place, |value, at, place, parts| {
        parts.extend(Block::of(value, at, Allowed::Assistant)?.read(foreign)?, place);
        Ok(())
    })
}
