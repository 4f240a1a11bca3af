//! Messages, written.

use serde_json::{Map, Value, json};

use super::super::super::super::Unwritable;
use super::super::super::custom::Customs;
use super::super::super::part::{self, marked, one_text, plain_text};
use super::thought::Taste;
use crate::domain::chat::{Chat, File, Image, Message, Part, Source, Text, ToolCall, ToolResult};
use crate::models::Card;

/// Messages in the making. OpenAI wants a call's answers right behind it, and text alone in them.
struct Messages<'a> {
    customs: Customs<'a>,
    taste: Taste,
    /// Does the model cache what is marked?
    marks: bool,
    /// Is one text that stands alone written as a part?
    text_parts: bool,
    done: Vec<Value>,
    /// Instructions that stand between a call and its answers, to follow these.
    later: Vec<Value>,
    /// Pictures that tools gave back, to open the user's next turn.
    shown: Vec<Value>,
}

/// Writes the messages.
pub(super) fn messages(chat: &Chat, model: &str, card: &Card) -> Result<Value, Unwritable> {
    let mut messages = Messages {
        customs: Customs::among(&chat.tools),
        taste: Taste::of(model, card),
        marks: card.marks_prefixes(),
        text_parts: chat.text_parts,
        done: Vec::new(),
        later: Vec::new(),
        shown: Vec::new(),
    };
    let answered = answers_follow(&chat.messages);
    for ((at, message), answer_follows) in chat.messages.iter().enumerate().zip(answered) {
        messages.add(at, message, answer_follows)?;
    }
    messages.show();
    Ok(Value::Array(messages.done))
}

/// Behind which messages does an answer to a tool call come next, instructions aside?
fn answers_follow(messages: &[Message]) -> Vec<bool> {
    let mut next = false;
    let mut follow: Vec<bool> = messages
        .iter()
        .rev()
        .map(|message| {
            let follows = next;
            next = matches!(message, Message::Tool(_)) || (next && matches!(message, Message::System(_)));
            follows
        })
        .collect();
    follow.reverse();
    follow
}

impl Messages<'_> {
    fn add(&mut self, at: usize, message: &Message, answer_follows: bool) -> Result<(), Unwritable> {
        match message {
            Message::System(parts) => {
                let message = json!({"role": "system", "content": self.instructions(parts)});
                if answer_follows { self.later.push(message) } else { self.done.push(message) }
            }
            Message::User(parts) => {
                let content = self.content(at, parts)?;
                let content = match (std::mem::take(&mut self.shown), content) {
                    (shown, content) if shown.is_empty() => content,
                    (mut shown, Value::Array(parts)) => {
                        shown.extend(parts);
                        Value::Array(shown)
                    }
                    (mut shown, text) => {
                        shown.push(json!({"type": "text", "text": text}));
                        Value::Array(shown)
                    }
                };
                self.done.push(json!({"role": "user", "content": content}));
            }
            Message::Assistant(parts) => {
                self.show();
                let message = self.assistant(parts);
                self.done.push(message);
            }
            Message::Tool(result) => {
                let message = self.result(at, result)?;
                self.done.push(message);
                if !answer_follows {
                    self.done.append(&mut self.later);
                }
            }
        }
        Ok(())
    }

    /// Pictures of tools where no turn of the user follows.
    fn show(&mut self) {
        if !self.shown.is_empty() {
            let content = std::mem::take(&mut self.shown);
            self.done.push(json!({"role": "user", "content": content}));
        }
    }

    /// One string, unless a mark in it is worth keeping: not every server takes parts here.
    fn instructions(&self, parts: &[Part]) -> Value {
        let texts = || {
            parts.iter().filter_map(|part| match part {
                Part::Text(text) => Some(text),
                _ => None,
            })
        };
        if self.marks && texts().any(|text| text.cache) {
            return texts().map(|text| self.text(text)).collect();
        }
        one_text(texts().map(|text| text.text.as_str())).into()
    }

    fn content(&self, at: usize, parts: &[Part]) -> Result<Value, Unwritable> {
        match parts {
            [Part::Text(Text { text, cache })] if !(self.text_parts || *cache && self.marks) => {
                Ok(text.as_str().into())
            }
            parts => parts.iter().enumerate().map(|(index, part)| self.part((at, index), part)).collect(),
        }
    }

    fn part(&self, at: (usize, usize), part: &Part) -> Result<Value, Unwritable> {
        match part {
            Part::Text(text) => Ok(self.text(text)),
            Part::Image(image) => self.image(at, image),
            Part::File(file) => self.file(at, file),
            Part::Audio { format, data } => {
                Ok(json!({"type": "input_audio", "input_audio": {"data": data, "format": format}}))
            }
            Part::Thought(_) | Part::Call(_) | Part::Refusal(_) => {
                Err(unwritable(at, "", "Only the assistant thinks, calls tools and refuses."))
            }
        }
    }

    fn text(&self, text: &Text) -> Value {
        marked(json!({"type": "text", "text": text.text}), text.cache && self.marks)
    }

    fn image(&self, at: (usize, usize), image: &Image) -> Result<Value, Unwritable> {
        let why = "A picture must be sent as data or by its address.";
        let url = part::url(&image.source).ok_or_else(|| unwritable(at, ".image_url", why))?;
        let mut inner = json!({ "url": url });
        if let Some(detail) = &image.detail {
            inner["detail"] = detail.as_str().into();
        }
        Ok(marked(json!({"type": "image_url", "image_url": inner}), image.cache && self.marks))
    }

    fn file(&self, at: (usize, usize), file: &File) -> Result<Value, Unwritable> {
        if let Some(text) = plain_text(&file.source) {
            return Ok(self.text(&Text { text, cache: file.cache }));
        }
        let mut inner = Map::new();
        if let Some(name) = &file.name {
            inner.insert("filename".into(), name.as_str().into());
        }
        let (key, value) = match &file.source {
            Source::Base64 { media_type, data } => ("file_data", format!("data:{media_type};base64,{data}")),
            Source::Id(id) => ("file_id", id.clone()),
            Source::Url(_) => {
                return Err(unwritable(at, ".file", "A document must be sent as data, not by its address."));
            }
        };
        inner.insert(key.into(), value.into());
        Ok(marked(json!({"type": "file", "file": inner}), file.cache && self.marks))
    }

    fn assistant(&self, parts: &[Part]) -> Value {
        let mut message = json!({"role": "assistant", "content": joined(parts, |part| match part {
            Part::Text(text) => Some(&text.text),
            _ => None,
        })});
        let refusal = joined(parts, |part| match part {
            Part::Refusal(words) => Some(words),
            _ => None,
        });
        if refusal.is_some() {
            message["refusal"] = refusal.into();
        }
        let calls: Vec<Value> = parts.iter().filter_map(|part| self.call(part)).collect();
        self.taste.give_back(parts, !calls.is_empty(), &mut message);
        if !calls.is_empty() {
            message["tool_calls"] = calls.into();
        }
        let sound = parts.iter().find_map(|part| match part {
            Part::File(File { source: Source::Id(id), .. }) => Some(id),
            _ => None,
        });
        if let Some(id) = sound {
            message["audio"] = json!({ "id": id });
        }
        // OpenAI takes a turn without words only where something stands in their place, and left-out thoughts do not.
        let silent = ["content", "refusal", "tool_calls", "audio"].iter().all(|name| message[name].is_null());
        if silent && !parts.is_empty() {
            message["content"] = "".into();
        }
        message
    }

    fn call(&self, part: &Part) -> Option<Value> {
        let Part::Call(ToolCall { id, name, arguments }) = part else { return None };
        if let Some(input) = self.customs.input(name, arguments) {
            return Some(json!({"id": id, "type": "custom", "custom": {"name": name, "input": input}}));
        }
        // Servers that parse the arguments fail on nothing at all.
        let arguments = if arguments.is_empty() { "{}" } else { arguments };
        Some(json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}))
    }

    fn result(&mut self, at: usize, result: &ToolResult) -> Result<Value, Unwritable> {
        let mut texts = Vec::new();
        let mut moved = Vec::new();
        for (index, part) in result.parts.iter().enumerate() {
            match part {
                Part::Text(text) => texts.push(text),
                other => {
                    let what = if matches!(other, Part::Image(_)) { "Image" } else { "File" };
                    let label = format!("{what} from tool result {}:", result.id);
                    moved.push(json!({"type": "text", "text": label}));
                    moved.push(self.part((at, index), other)?);
                }
            }
        }
        // Not every server takes parts here: Ollama's forgets whose answer it is.
        let content: Value = if self.marks && !result.is_error && texts.iter().any(|text| text.cache) {
            texts.iter().map(|text| self.text(text)).collect()
        } else {
            let words: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
            let mark = if result.is_error { "Error: " } else { "" };
            format!("{mark}{}", words.join("\n")).into()
        };
        self.shown.append(&mut moved);
        Ok(json!({"role": "tool", "tool_call_id": result.id, "content": content}))
    }
}

/// All strings of one kind as one; `None` where there are none.
fn joined<'a>(parts: &'a [Part], pick: impl Fn(&'a Part) -> Option<&'a String>) -> Option<String> {
    let mut texts = parts.iter().filter_map(pick).map(String::as_str).peekable();
    texts.peek()?;
    Some(texts.collect())
}

fn unwritable((message, part): (usize, usize), field: &str, words: &str) -> Unwritable {
    Unwritable::new(format!("messages[{message}].content[{part}]{field}"), words)
}
