//! The turns of a conversation as Ollama's messages.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::{Unwritable, arguments};
use crate::domain::chat::{Image, Message, Part, Source, Thought, ToolCall};

/// One message.
#[derive(Serialize, Default)]
pub(super) struct Turn<'a> {
    role: &'static str,
    content: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    thinking: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Called<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Called<'a> {
    id: &'a str,
    function: CalledFunction<'a>,
}

#[derive(Serialize)]
struct CalledFunction<'a> {
    name: &'a str,
    arguments: Arguments<'a>,
}

/// Arguments must be an object here, whatever the model once wrote.
#[derive(Serialize)]
#[serde(untagged)]
enum Arguments<'a> {
    None {},
    Object(&'a RawValue),
    Broken { raw_arguments: &'a str },
}

/// Every turn, in order.
///
/// # Errors
/// [`Unwritable`] names the part that Ollama cannot take.
pub(super) fn write(messages: &[Message]) -> Result<Vec<Turn<'_>>, Unwritable> {
    // A tool's answer takes the name of the call before it: looking further ahead would let a later turn change an
    // earlier one.
    let mut names = HashMap::new();
    messages.iter().enumerate().map(|(at, message)| turn(message, at, &mut names)).collect()
}

fn turn<'a>(message: &'a Message, at: usize, names: &mut HashMap<&'a str, &'a str>) -> Result<Turn<'a>, Unwritable> {
    match message {
        Message::System(parts) => Turn::of("system", parts, at),
        Message::User(parts) => Turn::of("user", parts, at),
        Message::Assistant(parts) => {
            let turn = Turn::of("assistant", parts, at)?;
            names.extend(turn.tool_calls.iter().map(|call| (call.id, call.function.name)));
            Ok(turn)
        }
        Message::Tool(result) => {
            let mut turn = Turn::of("tool", &result.parts, at)?;
            if result.is_error {
                turn.content.insert_str(0, "Error: ");
            }
            turn.tool_name = names.get(result.id.as_str()).copied();
            turn.tool_call_id = Some(&result.id);
            Ok(turn)
        }
    }
}

impl<'a> Turn<'a> {
    fn of(role: &'static str, parts: &'a [Part], at: usize) -> Result<Turn<'a>, Unwritable> {
        let mut turn = Turn { role, ..Turn::default() };
        let (mut texts, mut thoughts) = (Vec::new(), Vec::new());
        for (nth, part) in parts.iter().enumerate() {
            let refuse =
                |field: &str, why: &str| Unwritable::new(format!("messages[{at}].content[{nth}].{field}"), why);
            match part {
                Part::Text(text) => texts.push(text.text.as_str()),
                Part::Refusal(text) => texts.push(text.as_str()),
                Part::Thought(thought) => thoughts.extend(plain(thought)),
                Part::Call(call) => turn.tool_calls.push(called(call)),
                Part::Image(image) => turn.images.push(data(image).ok_or_else(|| refuse("image_url", PICTURES))?),
                Part::File(_) => return Err(refuse("file", "Ollama takes no documents: send their text.")),
                Part::Audio { .. } => return Err(refuse("input_audio", "Ollama takes no sound: send its text.")),
            }
        }
        turn.content = texts.join("\n");
        turn.thinking = thoughts.join("\n");
        Ok(turn)
    }
}

const PICTURES: &str =
    "Ollama takes pictures as data only: send a data URL, such as `data:image/png;base64,…`, instead of an address.";

fn data(image: &Image) -> Option<&str> {
    match &image.source {
        Source::Base64 { data, .. } => Some(data),
        Source::Url(_) | Source::Id(_) => None,
    }
}

/// The text of a thought that no other provider has signed: such a one is another model's.
fn plain(thought: &Thought) -> Option<&str> {
    let foreign = thought.format.is_some() || thought.signature.is_some() || thought.sealed.is_some();
    Some(thought.text.as_str()).filter(|text| !foreign && !text.is_empty())
}

fn called(call: &ToolCall) -> Called<'_> {
    Called { id: &call.id, function: CalledFunction { name: &call.name, arguments: arguments(&call.arguments) } }
}

/// The object that `text` is, byte for byte: a number too long for a float stays what it was.
fn arguments(text: &str) -> Arguments<'_> {
    match (text.trim(), arguments::object(text)) {
        ("" | "null", _) => Arguments::None {},
        (_, Some(object)) => Arguments::Object(object),
        (_, None) => Arguments::Broken { raw_arguments: text },
    }
}
