//! What a plan must know of a Responses request, and the types of the fields that stand at its top.

use serde_json::Value;

use super::super::call::Call;
use super::super::kinds::{self, Kind, is_empty_array, is_true};
use super::super::own::{self, missing, wrong};
use super::super::{BadRequest, fields};
use crate::domain::facts::Facts;

/// The fields whose types OpenAI fixes (docs: protocols/openai-responses.md, Request). What is not here passes unread.
#[rustfmt::skip]
const KINDS: &[(&str, Kind)] = &[
    ("background", Kind::Bool), ("context_management", Kind::Array), ("conversation", Kind::StringOrObject),
    ("include", Kind::Array), ("input", Kind::StringOrArray), ("instructions", Kind::String),
    ("max_output_tokens", Kind::Integer), ("max_tool_calls", Kind::Integer), ("metadata", Kind::Object),
    ("model", Kind::String), ("moderation", Kind::Object), ("parallel_tool_calls", Kind::Bool),
    ("previous_response_id", Kind::String), ("prompt", Kind::Object), ("prompt_cache_key", Kind::String),
    ("prompt_cache_options", Kind::Object), ("prompt_cache_retention", Kind::String), ("reasoning", Kind::Object),
    ("safety_identifier", Kind::String), ("service_tier", Kind::String), ("store", Kind::Bool),
    ("stream", Kind::Bool), ("stream_options", Kind::Object), ("temperature", Kind::Number),
    ("text", Kind::Object), ("tool_choice", Kind::StringOrObject), ("tools", Kind::Array),
    ("top_logprobs", Kind::Integer), ("top_p", Kind::Number), ("truncation", Kind::String), ("user", Kind::String),
];

/// What brings a conversation along without an `input`: OpenAI keeps it.
const KEPT_AT_OPENAI: [&str; 3] = ["conversation", "previous_response_id", "prompt"];

/// Reads the facts of a request.
pub(super) fn facts(call: &Call) -> Result<Facts, BadRequest> {
    kinds::check(call, KINDS)?;
    let input = match call.field("input") {
        None if KEPT_AT_OPENAI.iter().any(|name| call.field(name).is_some()) => &b""[..],
        None => return Err(missing("input", "a string or an array of items")),
        Some(input) => input,
    };
    let says = |name: &str, word: &str| call.field(name).is_some_and(|value| holds(value, word));
    Ok(Facts {
        model: own::model(call)?,
        stream: is_true(call.field("stream")),
        // A stream of Responses always ends with it.
        include_usage: true,
        fallbacks: own::fallbacks(call)?,
        tools: call.field("tools").is_some_and(|tools| !is_empty_array(tools)),
        forced_tools: call.field("tool_choice").is_some_and(|choice| choice == b"\"required\"" || names_a_tool(choice)),
        vision: holds(input, "\"input_image\""),
        structured: says("text", "\"json_"),
        reasoning: thinks(call)?,
        choices: 1,
        logprobs: call.field("top_logprobs").is_some_and(|most| most != b"0")
            || says("include", "\"message.output_text.logprobs\""),
        ..Facts::default()
    })
}

fn holds(value: &[u8], word: &str) -> bool {
    memchr::memmem::find(value, word.as_bytes()).is_some()
}

/// Does this `tool_choice` say which tool?
fn names_a_tool(choice: &[u8]) -> bool {
    choice.starts_with(b"{") && !holds(choice, "\"allowed_tools\"")
}

/// Is an effort asked for?
fn thinks(call: &Call) -> Result<bool, BadRequest> {
    let Some(raw) = call.field("reasoning") else { return Ok(false) };
    let reasoning: Value = serde_json::from_slice(raw).map_err(|error| wrong("reasoning", &error))?;
    match reasoning.get("effort") {
        None | Some(Value::Null) => Ok(false),
        Some(Value::String(effort)) => Ok(effort != "none"),
        Some(other) => Err(fields::Path::Body.key("reasoning").key("effort").wrong("a string", other)),
    }
}

#[cfg(test)]
mod tests;
