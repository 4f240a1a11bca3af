//! Messages, written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::super::super::super::Unwritable;
use super::thought::Taste;
use super::tool;
use crate::domain::chat::{Chat, File, Image, Message, Part, Source, Text, Tool, ToolCall, ToolResult};
use crate::models::Card;

/// Messages in the making. OpenAI wants a call's answers right behind it, and text alone in them.
struct Messages<'a> {
    tools: &'a [Tool],
    taste: Taste,
    /// Does the model cache what is marked? It does where writing to its cache has a price; OpenAI's own do so unasked.
    marks: bool,
    done: Vec<Value>,
    /// Instructions that stand between a call and its answers, to follow these.
    later: Vec<Value>,
    /// Pictures that tools gave back, to open the user's next turn.
    shown: Vec<Value>,
}

/// Writes the messages.
pub(super) fn messages(chat: &Chat, model: &str, card: &Card) -> Result<Value, Unwritable> {
    let priced = card.price.is_some_and(|price| price.cache_write.0 > price.input.0);
    let marks = priced && !card.max_completion_tokens;
    let taste = Taste::of(model, card);
    let mut messages =
        Messages { tools: &chat.tools, taste, marks, done: Vec::new(), later: Vec::new(), shown: Vec::new() };
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
        let mut texts: Vec<&str> = texts().map(|text| text.text.as_str()).collect();
        if texts.len() > 1 {
            texts.retain(|text| !text.trim().is_empty());
        }
        texts.join("\n\n").into()
    }

    fn content(&self, at: usize, parts: &[Part]) -> Result<Value, Unwritable> {
        match parts {
            [Part::Text(Text { text, cache })] if !(*cache && self.marks) => Ok(text.as_str().into()),
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
        self.marked(json!({"type": "text", "text": text.text}), text.cache)
    }

    fn image(&self, at: (usize, usize), image: &Image) -> Result<Value, Unwritable> {
        let url = match &image.source {
            Source::Base64 { media_type, data } => format!("data:{media_type};base64,{data}"),
            Source::Url(url) => url.clone(),
            Source::Id(_) => {
                return Err(unwritable(at, ".image_url", "A picture must be sent as data or by its address."));
            }
        };
        let mut inner = json!({ "url": url });
        if let Some(detail) = &image.detail {
            inner["detail"] = detail.as_str().into();
        }
        Ok(self.marked(json!({"type": "image_url", "image_url": inner}), image.cache))
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
        Ok(self.marked(json!({"type": "file", "file": inner}), file.cache))
    }

    fn marked(&self, mut part: Value, cache: bool) -> Value {
        if cache && self.marks {
            part["prompt_cache_breakpoint"] = json!({"mode": "explicit"});
        }
        part
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
        if let Some(input) = self.free_text(name, arguments) {
            return Some(json!({"id": id, "type": "custom", "custom": {"name": name, "input": input}}));
        }
        // Servers that parse the arguments fail on nothing at all.
        let arguments = if arguments.is_empty() { "{}" } else { arguments };
        Some(json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}))
    }

    /// What a custom tool was given, which the hub holds as the one argument `input`.
    fn free_text(&self, name: &str, arguments: &str) -> Option<Value> {
        let given = tool::is_custom(self.tools, name).then(|| serde_json::from_str::<Map<String, Value>>(arguments));
        given?.ok()?.remove("input").filter(Value::is_string)
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

/// A text document, which OpenAI's file parts do not take.
fn plain_text(source: &Source) -> Option<String> {
    match source {
        Source::Base64 { media_type, data } if media_type.eq_ignore_ascii_case("text/plain") => {
            String::from_utf8(STANDARD.decode(data).ok()?).ok()
        }
        _ => None,
    }
}

fn unwritable((message, part): (usize, usize), field: &str, words: &str) -> Unwritable {
    Unwritable::new(format!("messages[{message}].content[{part}]{field}"), words)
}
