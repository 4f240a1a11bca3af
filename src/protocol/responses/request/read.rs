//! The top level of a request, read (docs: protocols/openai-responses.md, Request).

use serde_json::{Map, Value};

use super::super::super::fields::{self, Fields, Path};
use super::super::super::openai::user;
use super::super::super::{BadRequest, Unreadable};
use super::items::{self, Spot};
use super::{options, state, tools};
use crate::domain::chat::{Chat, Sampling};

/// Fields that are meant for the gateway and for no provider.
const OURS: [&str; 3] = ["fallbacks", "model", "models"];
/// Fields that chat completions have too, by the same names.
const SHARED: [&str; 6] =
    ["metadata", "moderation", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "service_tier"];

/// Reads a request.
pub(in super::super) fn read(body: &[u8]) -> Result<Chat, Unreadable> {
    let mut fields = Fields::of(fields::parse(body)?, &Path::Body, "a JSON object")?;
    for name in OURS {
        fields.take(name);
    }
    state::refuse(&mut fields)?;
    let items::Read { messages, as_items, .. } = items::conversation(&mut fields)?;
    let mut foreign = Vec::new();
    state::management(&mut fields, &mut foreign)?;
    let tool_choice = tools::choice(&mut fields)?;
    let mut rest = shared(&mut fields);
    options::probabilities(&mut fields, &mut rest, &mut foreign)?;
    let format = options::text(&mut fields, &mut rest)?;
    options::silent(&mut fields)?;
    let mut chat = Chat {
        messages,
        text_parts: as_items,
        tools: tools::tools(&mut fields)?,
        tool_choice,
        parallel_tools: fields.boolean("parallel_tool_calls")?,
        max_tokens: options::max_tokens(&mut fields)?,
        sampling: sampling(&mut fields)?,
        effort: options::effort(&mut fields, &mut foreign)?,
        format,
        user: user::read(&mut fields)?,
        stream: fields.boolean("stream")?.unwrap_or(false),
        include_usage: true,
        rest,
        foreign,
    };
    // What Responses do not have either is not handed on to a protocol in which it might mean something.
    chat.foreign.extend(fields.rest().into_iter().map(|(name, _)| name));
    Ok(chat)
}

/// Where `spot` of the hub's message number `message` stands in the request `body`; `None` where it cannot be read.
pub(in super::super) fn place(body: &[u8], message: usize, spot: Spot) -> Option<String> {
    let body = fields::parse(body).ok()?;
    let mut fields = Fields::of(body.clone(), &Path::Body, "a JSON object").ok()?;
    items::conversation(&mut fields).ok()?.place(&body, message, spot)
}

fn shared(fields: &mut Fields<'_>) -> Map<String, Value> {
    SHARED.into_iter().filter_map(|name| Some((name.to_owned(), fields.take(name)?))).collect()
}

fn sampling(fields: &mut Fields<'_>) -> Result<Sampling, BadRequest> {
    Ok(Sampling { temperature: fields.number("temperature")?, top_p: fields.number("top_p")?, ..Sampling::default() })
}
