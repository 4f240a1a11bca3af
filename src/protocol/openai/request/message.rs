//! The messages of a request, read: each becomes one message of the hub.

use serde_json::Value;

use super::super::super::BadRequest;
use super::super::super::fields::{Fields, Path};
use super::super::{custom, details};
use super::content::{self, Allowed};
use crate::domain::chat::{File, Message, Part, Source, Text, ToolCall, ToolResult};

const ROLES: &str = "one of developer, system, user, assistant or tool";
/// What the ids of calls in the deprecated form begin with, for it has none.
const LEGACY: &str = "call_fn_";

/// Reads `messages`.
pub(super) fn messages(fields: &mut Fields<'_>) -> Result<Vec<Message>, BadRequest> {
    let what = "an array of messages";
    let at = fields.at("messages");
    let list = fields.array("messages", what)?.ok_or_else(|| at.missing(what))?;
    let mut legacy_calls = 0;
    let turn = |(index, value)| turn(value, &at.item(index), &mut legacy_calls);
    list.into_iter().enumerate().map(turn).collect()
}

/// Is this the id of a call in the deprecated form?
pub(super) fn is_legacy(id: &str) -> bool {
    id.strip_prefix(LEGACY).is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Reads one message. `legacy_calls` counts the calls in the deprecated form.
fn turn(value: Value, at: &Path<'_>, legacy_calls: &mut u32) -> Result<Message, BadRequest> {
    let mut message = Fields::of(value, at, "an object with `role` and `content`")?;
    let role = message.name("role", ROLES)?;
    match role.as_str() {
        "system" | "developer" => Ok(Message::System(needed(&mut message, Allowed::Text)?.0)),
        "user" => Ok(Message::User(needed(&mut message, Allowed::User)?.0)),
        "assistant" => assistant(message, legacy_calls),
        "tool" => {
            let id = message.name("tool_call_id", "the id of the tool call that this message answers")?;
            let (parts, plain) = needed(&mut message, Allowed::Text)?;
            Ok(Message::Tool(ToolResult { id, parts, plain, is_error: false }))
        }
        "function" => function(message, *legacy_calls),
        other => Err(message.at("role").unknown(ROLES, other)),
    }
}

/// Content that must be there.
fn needed(message: &mut Fields<'_>, allowed: Allowed) -> Result<(Vec<Part>, bool), BadRequest> {
    content::read(message, allowed)?.ok_or_else(|| message.at("content").missing("a string or an array of parts"))
}

fn assistant(mut message: Fields<'_>, legacy_calls: &mut u32) -> Result<Message, BadRequest> {
    // What says something without `content`; `null` said outright is an answer that said nothing.
    const OTHER_WORDS: [&str; 7] =
        ["audio", "function_call", "reasoning", "reasoning_content", "reasoning_details", "refusal", "tool_calls"];
    if !message.names("content") && !OTHER_WORDS.iter().any(|name| message.has(name)) {
        return Err(message.at("content").missing("a string, an array of parts, or `tool_calls`"));
    }
    let mut parts = details::of_request(&mut message)?;
    parts.extend(content::read(&mut message, Allowed::Assistant)?.unwrap_or_default().0);
    parts.extend(message.string("refusal")?.filter(|words| !words.is_empty()).map(Part::Refusal));
    parts.extend(audio(&mut message)?);
    let at = message.at("tool_calls");
    let calls = message.array("tool_calls", "an array of tool calls")?.unwrap_or_default();
    for (index, value) in calls.into_iter().enumerate() {
        parts.push(Part::Call(call(value, &at.item(index))?));
    }
    let at = message.at("function_call");
    if let Some(value) = message.take("function_call") {
        *legacy_calls += 1;
        let mut function = Fields::of(value, &at, "an object with `name` and `arguments`")?;
        parts.push(Part::Call(function_call(&mut function, format!("{LEGACY}{legacy_calls}"))?));
    }
    Ok(Message::Assistant(parts))
}

/// What the model said aloud is kept at OpenAI, under an id that no other provider knows.
fn audio(message: &mut Fields<'_>) -> Result<Option<Part>, BadRequest> {
    let at = message.at("audio");
    let Some(value) = message.take("audio") else { return Ok(None) };
    let id = Fields::of(value, &at, "an object with an `id`")?.name("id", "the id of the answer's sound")?;
    Ok(Some(Part::File(File { name: None, source: Source::Id(id), cache: false })))
}

fn call(value: Value, at: &Path<'_>) -> Result<ToolCall, BadRequest> {
    let mut call = Fields::of(value, at, "an object with `id`, `type` and `function`")?;
    let id = call.name("id", "the tool call's id")?;
    let kind = match call.string("type")? {
        Some(kind) => kind,
        None if call.has("custom") => "custom".into(),
        None => "function".into(),
    };
    match kind.as_str() {
        "function" => {
            let at = call.at("function");
            let what = "an object with `name` and `arguments`";
            let inner = call.take("function").ok_or_else(|| at.missing(what))?;
            function_call(&mut Fields::of(inner, &at, what)?, id)
        }
        "custom" => {
            let at = call.at("custom");
            let what = "an object with `name` and `input`";
            let inner = call.take("custom").ok_or_else(|| at.missing(what))?;
            custom_call(&mut Fields::of(inner, &at, what)?, id)
        }
        other => Err(call.at("type").unknown("function or custom", other)),
    }
}

fn function_call(function: &mut Fields<'_>, id: String) -> Result<ToolCall, BadRequest> {
    let name = function.name("name", "the name of the function that was called")?;
    let at = function.at("arguments");
    let arguments = match function.take("arguments") {
        None => String::new(),
        Some(Value::String(arguments)) => arguments,
        Some(other) => return Err(at.wrong("a string that holds JSON", &other)),
    };
    Ok(ToolCall { id, name, arguments })
}

fn custom_call(call: &mut Fields<'_>, id: String) -> Result<ToolCall, BadRequest> {
    let name = call.name("name", "the name of the tool that was called")?;
    let input = call.string("input")?.unwrap_or_default();
    Ok(ToolCall { id, name, arguments: custom::arguments(&input) })
}

/// The deprecated answer to the latest `function_call`, which it names by the function alone.
fn function(mut message: Fields<'_>, legacy_calls: u32) -> Result<Message, BadRequest> {
    if legacy_calls == 0 {
        let at = message.path();
        return Err(at.fault(format!("`{at}` answers a function, but no message before it has a `function_call`.")));
    }
    let text = Part::Text(Text::default());
    let (parts, plain) = content::read(&mut message, Allowed::Text)?.unwrap_or((vec![text], true));
    Ok(Message::Tool(ToolResult { id: format!("{LEGACY}{legacy_calls}"), parts, plain, is_error: false }))
}
