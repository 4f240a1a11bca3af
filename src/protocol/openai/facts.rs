//! What a plan must know of a chat completions request, and the types of the fields that stand at its top.

use serde_json::Value;

use super::super::BadRequest;
use super::super::call::Call;
use crate::domain::facts::Facts;

/// The longest model name, in bytes.
const LONGEST_MODEL: usize = 256;
/// The most links that a request may bring along.
const MOST_FALLBACKS: usize = 16;

/// A JSON type that a field may have, beside `null`.
#[derive(Clone, Copy)]
enum Kind {
    Bool,
    Number,
    Integer,
    String,
    Array,
    Object,
    StringOrArray,
    StringOrObject,
}

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
    check_kinds(call)?;
    let messages = call.field("messages").ok_or_else(|| missing("messages", "an array of messages"))?;
    if messages[1..].trim_ascii_start().starts_with(b"]") {
        return Err(BadRequest::field("messages", "`messages` is empty: send at least one message."));
    }
    Ok(Facts {
        model: model(call)?,
        stream: is_true(call.field("stream")),
        include_usage: include_usage(call)?,
        fallbacks: fallbacks(call)?,
        tools: ["tools", "functions"].iter().any(|name| call.field(name).is_some_and(|tools| !is_empty_array(tools))),
        vision: memchr::memmem::find(messages, b"\"image_url\"").is_some(),
        structured: call
            .field("response_format")
            .is_some_and(|format| memchr::memmem::find(format, b"\"json_").is_some()),
        reasoning: call.field("reasoning_effort").is_some_and(|effort| effort != b"\"none\"")
            || call.field("reasoning").is_some(),
        choices: choices(call)?,
        logprobs: is_true(call.field("logprobs")),
    })
}

fn check_kinds(call: &Call) -> Result<(), BadRequest> {
    for field in &call.fields {
        let name = field.name(&call.body);
        let Ok(at) = KINDS.binary_search_by(|(known, _)| known.as_bytes().cmp(name)) else { continue };
        let (name, kind) = KINDS[at];
        let value = &call.body[field.value.clone()];
        if value != b"null" && !kind.is(value) {
            let message = format!("`{name}` must be {}, not {}.", kind.name(), kind_of(value));
            return Err(BadRequest::field(name, message));
        }
    }
    Ok(())
}

fn model(call: &Call) -> Result<String, BadRequest> {
    let raw = call.field("model").ok_or_else(|| missing("model", "the name of a model or of a route"))?;
    let name: String = serde_json::from_slice(raw).map_err(|error| wrong("model", &error))?;
    if name.trim().is_empty() {
        return Err(BadRequest::field("model", "`model` is empty: name a model or a route."));
    }
    if name.len() > LONGEST_MODEL || name.chars().any(char::is_control) {
        let message = format!("`model` must be a name of at most {LONGEST_MODEL} printable characters.");
        return Err(BadRequest::field("model", message));
    }
    Ok(name)
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

/// The caller's own chain after the first link: `fallbacks`, or OpenRouter's `models`.
fn fallbacks(call: &Call) -> Result<Option<Vec<String>>, BadRequest> {
    let Some((name, raw)) = ["fallbacks", "models"].iter().find_map(|name| Some((*name, call.field(name)?))) else {
        return Ok(None);
    };
    let list: Vec<String> = serde_json::from_slice(raw).map_err(|_| {
        BadRequest::field(
            name,
            format!("`{name}` must be an array of model names, for example [\"claude-sonnet-4-5\"]."),
        )
    })?;
    if list.len() > MOST_FALLBACKS {
        return Err(BadRequest::field(name, format!("`{name}` may hold at most {MOST_FALLBACKS} models.")));
    }
    let is_name = |model: &String| {
        !model.trim().is_empty() && model.len() <= LONGEST_MODEL && !model.chars().any(char::is_control)
    };
    if !list.iter().all(is_name) {
        let message = format!("`{name}` holds a name that is empty, overlong or not printable.");
        return Err(BadRequest::field(name, message));
    }
    Ok(Some(list))
}

fn choices(call: &Call) -> Result<u64, BadRequest> {
    let Some(raw) = call.field("n") else { return Ok(1) };
    match serde_json::from_slice::<u64>(raw) {
        Ok(n) if (1..=128).contains(&n) => Ok(n),
        _ => Err(BadRequest::field("n", "`n` must be a whole number from 1 to 128.")),
    }
}

fn missing(name: &str, what: &str) -> BadRequest {
    BadRequest::field(name, format!("`{name}` is missing: send {what}."))
}

fn wrong(name: &str, error: &serde_json::Error) -> BadRequest {
    BadRequest::field(name, format!("`{name}` cannot be read: {error}."))
}

fn is_true(value: Option<&[u8]>) -> bool {
    value == Some(b"true")
}

fn is_empty_array(value: &[u8]) -> bool {
    value.len() >= 2 && value[1..].trim_ascii_start() == b"]"
}

impl Kind {
    fn is(self, value: &[u8]) -> bool {
        let first = value.first().copied().unwrap_or_default();
        let number = first == b'-' || first.is_ascii_digit();
        match self {
            Kind::Bool => matches!(first, b't' | b'f'),
            Kind::Number => number,
            Kind::Integer => number && serde_json::from_slice::<f64>(value).is_ok_and(|number| number.fract() == 0.0),
            Kind::String => first == b'"',
            Kind::Array => first == b'[',
            Kind::Object => first == b'{',
            Kind::StringOrArray => matches!(first, b'"' | b'['),
            Kind::StringOrObject => matches!(first, b'"' | b'{'),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Bool => "true or false",
            Kind::Number => "a number",
            Kind::Integer => "a whole number",
            Kind::String => "a string",
            Kind::Array => "an array",
            Kind::Object => "an object",
            Kind::StringOrArray => "a string or an array",
            Kind::StringOrObject => "a string or an object",
        }
    }
}

fn kind_of(value: &[u8]) -> &'static str {
    match value.first() {
        Some(b't' | b'f') => "a boolean",
        Some(b'"') => "a string",
        Some(b'[') => "an array",
        Some(b'{') => "an object",
        _ => "a number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_are_in_order() {
        assert!(KINDS.is_sorted_by_key(|(name, _)| name));
    }
}
