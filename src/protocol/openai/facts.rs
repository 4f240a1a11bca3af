//! What a plan must know of a chat completions request, and the types of the fields that stand at its top.

use serde_json::Value;

use super::super::BadRequest;
use super::super::call::Call;
use super::super::kinds::{self, Kind, is_empty_array, is_true};
use super::super::own::{self, missing, wrong};
use crate::domain::facts::Facts;

/// The fields whose types OpenAI fixes (docs: protocols/openai-chat.md). What is not here passes unread.
#[rustfmt::skip]
const KINDS: &[(&str, Kind)] = &[
    ("frequency_penalty", Kind::Number), ("logit_bias", Kind::Object), ("logprobs", Kind::Bool),
    ("max_completion_tokens", Kind::Integer), ("max_tokens", Kind::Integer), ("messages", Kind::Array),
    ("metadata", Kind::Object), ("modalities", Kind::Array), ("model", Kind::String), ("n", Kind::Integer),
    ("parallel_tool_calls", Kind::Bool), ("presence_penalty", Kind::Number), ("reasoning_effort", Kind::String),
    ("response_format", Kind::Object), ("seed", Kind::Integer), ("stop", Kind::StringOrArray),
    ("store", Kind::Bool), ("stream", Kind::Bool), ("stream_options", Kind::Object), ("temperature", Kind::Number),
    ("tool_choice", Kind::StringOrObject), ("tools", Kind::Array), ("top_logprobs", Kind::Integer),
    ("top_p", Kind::Number), ("user", Kind::String),
];

/// Reads the facts of a request.
pub(super) fn facts(call: &Call) -> Result<Facts, BadRequest> {
    kinds::check(call, KINDS)?;
    let messages = call.field("messages").ok_or_else(|| missing("messages", "an array of messages"))?;
    if messages[1..].trim_ascii_start().starts_with(b"]") {
        return Err(BadRequest::field("messages", "`messages` is empty: send at least one message."));
    }
    Ok(Facts {
        model: own::model(call)?,
        stream: is_true(call.field("stream")),
        include_usage: include_usage(call)?,
        fallbacks: own::fallbacks(call)?,
        tools: ["tools", "functions"].iter().any(|name| call.field(name).is_some_and(|tools| !is_empty_array(tools))),
        forced_tools: call.field("tool_choice").is_some_and(|choice| choice == b"\"required\"" || names_a_tool(choice)),
        vision: memchr::memmem::find(messages, b"\"image_url\"").is_some(),
        structured: call
            .field("response_format")
            .is_some_and(|format| memchr::memmem::find(format, b"\"json_").is_some()),
        reasoning: call.field("reasoning_effort").is_some_and(|effort| effort != b"\"none\"")
            || call.field("reasoning").is_some(),
        choices: choices(call)?,
        logprobs: is_true(call.field("logprobs")),
        ..Facts::default()
    })
}

fn include_usage(call: &Call) -> Result<bool, BadRequest> {
    let Some(raw) = call.field("stream_options") else { return Ok(false) };
    let options: Value = serde_json::from_slice(raw).map_err(|error| wrong("stream_options", &error))?;
    match options.get("include_usage") {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(wanted)) => Ok(*wanted),
        Some(_) => Err(BadRequest::field(
            "stream_options.include_usage",
            "`stream_options.include_usage` must be true or false.",
        )),
    }
}

fn choices(call: &Call) -> Result<u64, BadRequest> {
    let Some(raw) = call.field("n") else { return Ok(1) };
    match serde_json::from_slice::<u64>(raw) {
        Ok(n) if (1..=128).contains(&n) => Ok(n),
        _ => Err(BadRequest::field("n", "`n` must be a whole number from 1 to 128.")),
    }
}

/// Does this `tool_choice` say which tool?
fn names_a_tool(choice: &[u8]) -> bool {
    choice.starts_with(b"{") && memchr::memmem::find(choice, b"\"allowed_tools\"").is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_are_in_order() {
        assert!(KINDS.is_sorted_by_key(|(name, _)| name));
    }
}
