//! An answer, read.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::super::super::Stamp;
use super::super::{details, finish, usage};
use crate::domain::chat::{Answer, Part, Text, ToolCall};
use crate::domain::failure::{Class, Failure};

#[derive(Deserialize)]
struct Completion<'a> {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    choices: Option<Vec<Choice>>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice {
    message: Option<Message>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    refusal: Option<String>,
    #[serde(default)]
    reasoning: Option<String>,
    #[serde(default)]
    reasoning_content: Option<String>,
    #[serde(default)]
    reasoning_details: Option<Vec<Value>>,
    #[serde(default)]
    tool_calls: Option<Vec<Call>>,
    #[serde(default)]
    function_call: Option<Function>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Plain(String),
    /// Some servers answer in parts.
    Parts(Vec<Piece>),
}

#[derive(Deserialize)]
struct Piece {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    function: Option<Function>,
    #[serde(default)]
    custom: Option<Custom>,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    /// JSON text; some servers send the object itself.
    #[serde(default)]
    arguments: Option<Value>,
}

#[derive(Deserialize)]
struct Custom {
    name: String,
    #[serde(default)]
    input: String,
}

/// Reads an answer; ids that the provider leaves out are made from `stamp`.
pub(in super::super) fn read(body: &[u8], stamp: &Stamp) -> Result<Answer, Failure> {
    let completion: Completion =
        serde_json::from_slice(body).map_err(|error| malformed(format!("the answer cannot be read: {error}")))?;
    let choice = completion.choices.unwrap_or_default().into_iter().next();
    let Some(Choice { message: Some(message), finish_reason }) = choice else {
        return Err(malformed("the answer has no message"));
    };
    let reason = finish_reason.unwrap_or_default();
    if reason == "error" {
        return Err(malformed("the answer ended with an error that it does not name"));
    }
    let parts = parts(message, stamp)?;
    let calls = parts.iter().any(|part| matches!(part, Part::Call(_)));
    // A whole answer that does not say why it ended has ended.
    let reason = if reason.is_empty() { "stop" } else { &reason };
    Ok(Answer {
        model: completion.model.unwrap_or_default(),
        parts,
        finish: finish::with_calls(reason, calls),
        usage: completion.usage.and_then(|raw| usage::read(raw.get())),
    })
}

fn parts(message: Message, stamp: &Stamp) -> Result<Vec<Part>, Failure> {
    let plain = [message.reasoning, message.reasoning_content];
    let mut parts = details::of_answer(message.reasoning_details.unwrap_or_default(), plain);
    let text = |text: String| Part::Text(Text { text, cache: false });
    let pieces = match message.content {
        None => Vec::new(),
        Some(Content::Plain(words)) => vec![Piece { text: Some(words), refusal: None }],
        Some(Content::Parts(pieces)) => pieces,
    };
    for piece in pieces {
        parts.extend(piece.text.filter(|words| !words.is_empty()).map(text));
        parts.extend(piece.refusal.filter(|words| !words.is_empty()).map(Part::Refusal));
    }
    parts.extend(message.refusal.filter(|words| !words.is_empty()).map(Part::Refusal));
    let mut made = 0;
    for call in message.tool_calls.unwrap_or_default() {
        parts.push(tool_call(call, stamp, &mut made)?);
    }
    if let Some(function) = message.function_call {
        let call = Call { id: None, function: Some(function), custom: None };
        parts.push(tool_call(call, stamp, &mut made)?);
    }
    Ok(parts)
}

fn tool_call(call: Call, stamp: &Stamp, made: &mut u32) -> Result<Part, Failure> {
    let (name, arguments) = match (call.function, call.custom) {
        (Some(function), _) => {
            let arguments = match function.arguments {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text,
                Some(object) => object.to_string(),
            };
            (function.name, arguments)
        }
        // The free text of a custom tool becomes the one argument `input` (docs: protocols/translation.md, 1).
        (None, Some(custom)) => (custom.name, json!({ "input": custom.input }).to_string()),
        (None, None) => return Err(malformed("the answer has a tool call without a function")),
    };
    if name.is_empty() {
        return Err(malformed("the answer calls a tool without naming it"));
    }
    let id = call.id.filter(|id| !id.is_empty()).unwrap_or_else(|| {
        *made += 1;
        format!("call_{}{made}", stamp.id)
    });
    Ok(Part::Call(ToolCall { id, name, arguments }))
}

fn malformed(why: impl Into<String>) -> Failure {
    Failure::after_sending(Class::Malformed, why)
}
