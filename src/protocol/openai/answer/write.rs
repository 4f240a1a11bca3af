//! An answer, written.

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::super::super::Stamp;
use super::super::details::{self, Entry};
use super::super::{finish, usage};
use crate::domain::chat::{Answer, Part, ToolCall};

#[derive(Serialize)]
struct Completion<'a> {
    id: String,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: [Choice<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Value>,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u32,
    message: Message<'a>,
    logprobs: Option<()>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<String>,
    refusal: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasoning_details: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: &'a str,
}

/// Writes an answer.
pub(in super::super) fn write(answer: &Answer, stamp: &Stamp) -> Bytes {
    let completion = Completion {
        id: format!("chatcmpl-{}", stamp.id),
        object: "chat.completion",
        created: stamp.created,
        model: &answer.model,
        choices: [Choice {
            index: 0,
            message: message(answer),
            logprobs: None,
            finish_reason: finish::name(&answer.finish),
        }],
        usage: answer.usage.as_ref().map(usage::write),
    };
    // Strings and numbers alone: there is nothing in it that could not be written.
    Bytes::from(serde_json::to_vec(&completion).unwrap_or_default())
}

fn message(answer: &Answer) -> Message<'_> {
    let text = joined(&answer.parts, |part| match part {
        Part::Text(text) => Some(&text.text),
        _ => None,
    });
    let words = joined(&answer.parts, |part| match part {
        Part::Refusal(words) => Some(words),
        _ => None,
    });
    let thoughts = || {
        answer.parts.iter().filter_map(|part| match part {
            Part::Thought(thought) => Some(thought),
            _ => None,
        })
    };
    let told = (0..).zip(thoughts()).filter(|(_, thought)| thought.format.is_some());
    Message {
        role: "assistant",
        refusal: words.or_else(|| finish::refusal(&answer.finish, text.is_some()).map(str::to_owned)),
        content: text,
        tool_calls: answer.parts.iter().filter_map(call).collect(),
        reasoning: Some(thoughts().map(|thought| thought.text.as_str()).collect::<String>())
            .filter(|text| !text.is_empty()),
        reasoning_details: told.flat_map(|(index, thought)| details::entries(index, thought, false)).collect(),
    }
}

/// All strings of one kind as one; `None` where they say nothing.
fn joined<'a>(parts: &'a [Part], pick: impl Fn(&'a Part) -> Option<&'a String>) -> Option<String> {
    let text: String = parts.iter().filter_map(pick).map(String::as_str).collect();
    Some(text).filter(|text| !text.is_empty())
}

fn call(part: &Part) -> Option<Call<'_>> {
    let Part::Call(ToolCall { id, name, arguments }) = part else { return None };
    let arguments = if arguments.is_empty() { "{}" } else { arguments };
    Some(Call { id, kind: "function", function: Function { name, arguments } })
}
