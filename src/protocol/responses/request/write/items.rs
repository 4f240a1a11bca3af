//! The conversation, written as instructions and items.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::super::super::super::Unwritable;
use super::super::super::super::openai::custom::Customs;
use super::super::super::super::openai::part::{self, marked, one_text, plain_text};
use crate::domain::chat::{
    Chat, File, Image, Message, OPENAI_THOUGHT, Part, Source, Text, Thought, ToolCall, ToolResult,
};
use crate::models::Card;

/// Where a part stands: its message, and its place there.
type At = (usize, usize);

/// Items in the making.
struct Items<'a> {
    customs: Customs<'a>,
    /// Does the model take marks at the end of a prefix to cache?
    marks: bool,
    done: Vec<Value>,
    /// Ids of the calls that were given free text: their answers have a type of their own.
    given_text: HashSet<&'a str>,
}

/// Writes `instructions`, which are those that the conversation begins with, and `input`.
pub(super) fn conversation(chat: &Chat, card: &Card) -> Result<(Option<String>, Vec<Value>), Unwritable> {
    let leading = chat.messages.iter().take_while(|message| matches!(message, Message::System(_))).count();
    // An `input` without an item is refused.
    let leading = if leading == chat.messages.len() { 0 } else { leading };
    let parts = chat.messages[..leading].iter().flat_map(|message| match message {
        Message::System(parts) => &parts[..],
        _ => &[],
    });
    let instructions = one_text(parts.filter_map(text_of).map(|text| text.text.as_str()));
    let mut items = Items {
        customs: Customs::among(&chat.tools),
        marks: card.marks_prefixes(),
        done: Vec::new(),
        given_text: HashSet::new(),
    };
    for (at, message) in chat.messages.iter().enumerate().skip(leading) {
        items.add(at, message)?;
    }
    Ok((Some(instructions).filter(|text| !text.is_empty()), items.done))
}

fn text_of(part: &Part) -> Option<&Text> {
    match part {
        Part::Text(text) => Some(text),
        _ => None,
    }
}

impl<'a> Items<'a> {
    fn add(&mut self, at: usize, message: &'a Message) -> Result<(), Unwritable> {
        match message {
            Message::System(parts) => {
                let content = self.content(at, parts)?;
                self.done.push(json!({"type": "message", "role": "developer", "content": content}));
            }
            Message::User(parts) => {
                let content = self.content(at, parts)?;
                self.done.push(json!({"type": "message", "role": "user", "content": content}));
            }
            Message::Assistant(parts) => self.assistant(at, parts)?,
            Message::Tool(result) => {
                let kind = match self.given_text.contains(result.id.as_str()) {
                    true => "custom_tool_call_output",
                    false => "function_call_output",
                };
                let output = self.output(at, result)?;
                self.done.push(json!({"type": kind, "call_id": result.id, "output": output}));
            }
        }
        Ok(())
    }

    fn content(&self, at: usize, parts: &[Part]) -> Result<Value, Unwritable> {
        parts.iter().enumerate().map(|(index, part)| self.part((at, index), part)).collect()
    }

    fn part(&self, at: At, part: &Part) -> Result<Value, Unwritable> {
        match part {
            Part::Text(text) => Ok(self.text(text)),
            Part::Image(image) => self.image(at, image),
            Part::File(file) => Ok(self.file(file)),
            Part::Audio { format, data } => {
                Ok(json!({"type": "input_audio", "input_audio": {"data": data, "format": format}}))
            }
            Part::Thought(_) | Part::Call(_) | Part::Refusal(_) => {
                Err(unwritable(at, "", "Only the assistant thinks, calls tools and refuses."))
            }
        }
    }

    fn text(&self, text: &Text) -> Value {
        marked(json!({"type": "input_text", "text": text.text}), text.cache && self.marks)
    }

    fn image(&self, at: At, image: &Image) -> Result<Value, Unwritable> {
        let why = "A picture must be sent as data or by its address.";
        let url = part::url(&image.source).ok_or_else(|| unwritable(at, ".image_url", why))?;
        let mut part = json!({"type": "input_image", "image_url": url});
        if let Some(detail) = &image.detail {
            part["detail"] = detail.as_str().into();
        }
        Ok(marked(part, image.cache && self.marks))
    }

    fn file(&self, file: &File) -> Value {
        if let Some(text) = plain_text(&file.source) {
            return self.text(&Text { text, cache: file.cache });
        }
        let (field, value) = match &file.source {
            Source::Base64 { media_type, data } => ("file_data", format!("data:{media_type};base64,{data}")),
            Source::Url(url) => ("file_url", url.clone()),
            Source::Id(id) => ("file_id", id.clone()),
        };
        let mut part = Map::new();
        part.insert("type".into(), "input_file".into());
        part.insert(field.into(), value.into());
        if let Some(name) = &file.name {
            part.insert("filename".into(), name.as_str().into());
        }
        marked(part.into(), file.cache && self.marks)
    }

    /// A turn of the model: its words between thoughts and calls are messages, in the order in which all were made.
    fn assistant(&mut self, at: usize, parts: &'a [Part]) -> Result<(), Unwritable> {
        let mut words = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let item = match part {
                Part::Text(text) => {
                    words.extend(said(&text.text, json!({"type": "output_text", "text": text.text})));
                    continue;
                }
                Part::Refusal(refusal) => {
                    words.extend(said(refusal, json!({"type": "refusal", "refusal": refusal})));
                    continue;
                }
                Part::Thought(thought) => sealed(thought),
                Part::Call(call) => Some(self.call(call)),
                // What an OpenAI model said aloud is a file under an id.
                Part::Image(_) | Part::File(_) | Part::Audio { .. } => {
                    let message = "The model's own turns hold text and tool calls only.";
                    return Err(unwritable((at, index), "", message));
                }
            };
            if item.is_some() {
                self.speak(&mut words);
            }
            self.done.extend(item);
        }
        self.speak(&mut words);
        Ok(())
    }

    fn speak(&mut self, words: &mut Vec<Value>) {
        if !words.is_empty() {
            let content = std::mem::take(words);
            self.done.push(json!({"type": "message", "role": "assistant", "content": content}));
        }
    }

    fn call(&mut self, call: &'a ToolCall) -> Value {
        let ToolCall { id, name, arguments } = call;
        if let Some(input) = self.customs.input(name, arguments) {
            self.given_text.insert(id);
            return json!({"type": "custom_tool_call", "call_id": id, "name": name, "input": input});
        }
        let arguments = if arguments.is_empty() { "{}" } else { arguments };
        json!({"type": "function_call", "call_id": id, "name": name, "arguments": arguments})
    }

    /// A string where the tool gave back one, or has failed in words alone; otherwise parts, pictures among them.
    fn output(&self, at: usize, result: &ToolResult) -> Result<Value, Unwritable> {
        let words: Vec<&str> = result.parts.iter().filter_map(text_of).map(|text| text.text.as_str()).collect();
        let is_text = words.len() == result.parts.len();
        if is_text && (result.plain || result.is_error || words.is_empty()) {
            let mark = if result.is_error { "Error: " } else { "" };
            return Ok(format!("{mark}{}", words.join("\n")).into());
        }
        let mark = result.is_error.then(|| Ok(json!({"type": "input_text", "text": "Error:"})));
        let parts = result.parts.iter().enumerate().map(|(index, part)| self.part((at, index), part));
        mark.into_iter().chain(parts).collect()
    }
}

/// Words that say something.
fn said(words: &str, part: Value) -> Option<Value> {
    (!words.is_empty()).then_some(part)
}

/// A thought that OpenAI has sealed itself; any other it could not open.
fn sealed(thought: &Thought) -> Option<Value> {
    let Thought { text, sealed: Some(sealed), format: Some(format), .. } = thought else { return None };
    if format != OPENAI_THOUGHT {
        return None;
    }
    let summary = said(text, json!({"type": "summary_text", "text": text}));
    Some(json!({"type": "reasoning", "summary": Vec::from_iter(summary), "encrypted_content": sealed}))
}

fn unwritable((message, part): At, field: &str, words: &str) -> Unwritable {
    Unwritable::new(format!("messages[{message}].content[{part}]{field}"), words)
}
