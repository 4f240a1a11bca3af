//! Blocks, read: what is said, shown, thought and called (docs: protocols/anthropic-messages.md, "Content blocks").

use serde_json::Value;

use super::foreign::{Foreign, is_foreign};
use super::media;
use crate::domain::chat::{ANTHROPIC_THOUGHT, Part, Text, Thought, ToolCall};
use crate::protocol::fields::{Fields, Path};
use crate::protocol::{BadRequest, Unreadable};

/// Which blocks may stand somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    /// Text alone: instructions, and what a search has found.
    Text,
    /// What a document is made of.
    Document,
    /// What a tool may give back.
    Result,
    /// What a person may send.
    User,
    /// What a model has said.
    Assistant,
}

impl Allowed {
    fn names(self) -> &'static str {
        match self {
            Allowed::Text => "text",
            Allowed::Document => "text or image",
            Allowed::Result => "text, image, document or search_result",
            Allowed::User => "text, image, document, search_result or tool_result",
            Allowed::Assistant => "text, thinking, redacted_thinking or tool_use",
        }
    }

    fn shows(self) -> bool {
        matches!(self, Allowed::Document | Allowed::Result | Allowed::User)
    }

    fn quotes(self) -> bool {
        matches!(self, Allowed::Result | Allowed::User)
    }
}

/// A block whose type is known.
pub(super) struct Block<'a> {
    /// Its type.
    pub kind: String,
    /// Is it the end of a prefix to cache?
    pub cache: bool,
    /// What else it has.
    pub fields: Fields<'a>,
    allowed: Allowed,
}

impl<'a> Block<'a> {
    /// The block `value`, which stands at `at`.
    pub fn of(value: Value, at: &'a Path<'a>, allowed: Allowed) -> Result<Block<'a>, BadRequest> {
        let mut fields = Fields::of(value, at, "an object with a `type`")?;
        let kind = fields.name("type", allowed.names())?;
        let cache = fields.has("cache_control");
        Ok(Block { kind, cache, fields, allowed })
    }

    /// What it becomes in the hub: mostly one part. What Anthropic alone can read is left out.
    pub fn read(self, foreign: &mut Foreign) -> Result<Vec<Part>, Unreadable> {
        let Block { kind, cache, mut fields, allowed } = self;
        let mut parts = match kind.as_str() {
            "text" => vec![text(&mut fields)?],
            "image" if allowed.shows() => vec![media::image(&mut fields)?],
            "document" if allowed.quotes() => media::document(&mut fields, foreign)?,
            "search_result" if allowed.quotes() => vec![media::search_result(&mut fields, foreign)?],
            "thinking" if allowed == Allowed::Assistant => thinking(&mut fields)?.into_iter().collect(),
            "redacted_thinking" if allowed == Allowed::Assistant => vec![redacted_thinking(&mut fields)?],
            "tool_use" if allowed == Allowed::Assistant => vec![tool_use(&mut fields)?],
            // The summary of what stood before it; without words it stands for nothing.
            "compaction" => fields.string("content")?.map(said).into_iter().collect(),
            kind if is_foreign(kind) => {
                foreign.block(kind);
                Vec::new()
            }
            other => return Err(fields.at("type").unknown(allowed.names(), other).into()),
        };
        if cache {
            mark(&mut parts);
        }
        Ok(parts)
    }
}

/// Marks the end of a prefix to cache.
pub(super) fn mark(parts: &mut [Part]) {
    match parts.last_mut() {
        Some(Part::Text(text)) => text.cache = true,
        Some(Part::Image(image)) => image.cache = true,
        Some(Part::File(file)) => file.cache = true,
        // Others have no mark in the hub.
        _ => {}
    }
}

/// Words as a part.
pub(super) fn said(text: String) -> Part {
    Part::Text(Text { text, cache: false })
}

fn text(block: &mut Fields<'_>) -> Result<Part, BadRequest> {
    block.string("text")?.map(said).ok_or_else(|| block.at("text").missing("the text"))
}

/// A thought. Without a signature it is another model's; without words or signature there is nothing to give back.
fn thinking(block: &mut Fields<'_>) -> Result<Option<Part>, BadRequest> {
    let text = block.string("thinking")?.ok_or_else(|| block.at("thinking").missing("the thought, be it empty"))?;
    let signature = block.string("signature")?.filter(|signature| !signature.is_empty());
    if text.is_empty() && signature.is_none() {
        return Ok(None);
    }
    let format = signature.is_some().then(|| ANTHROPIC_THOUGHT.to_owned());
    Ok(Some(Part::Thought(Thought { text, signature, sealed: None, format })))
}

fn redacted_thinking(block: &mut Fields<'_>) -> Result<Part, BadRequest> {
    let sealed = Some(block.name("data", "the sealed thought as it was given")?);
    Ok(Part::Thought(Thought { sealed, format: Some(ANTHROPIC_THOUGHT.to_owned()), ..Thought::default() }))
}

fn tool_use(block: &mut Fields<'_>) -> Result<Part, BadRequest> {
    let id = block.name("id", "the tool_use's id")?;
    let name = block.name("name", "the name of the tool that was called")?;
    let what = "the arguments as an object";
    let at = block.at("input");
    match block.take("input").ok_or_else(|| at.missing(what))? {
        input @ Value::Object(_) => Ok(Part::Call(ToolCall { id, name, arguments: input.to_string() })),
        other => Err(at.wrong(what, &other)),
    }
}
