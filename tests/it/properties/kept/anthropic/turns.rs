//! The turns of a conversation.

use std::collections::{HashMap, HashSet};

use ai_mcp_gateway::domain::chat::{
    ANTHROPIC_THOUGHT, Chat, File, Format, Image, Message, Part, Source, Text, Thought, ToolCall, ToolResult,
};
use serde_json::{Value, json};

use super::super::text;
use super::{json_only, picture, plain};

/// What is kept of the messages: instructions that stand first; then, by turns, all that the person's side says, the
/// results of tools first and instructions last, and all that the model says.
pub fn messages(chat: &Chat) -> Vec<Message> {
    let first = chat.messages.iter().take_while(|message| matches!(message, Message::System(_))).count();
    let (leading, others) = chat.messages.split_at(first);
    let mut system: Vec<Part> = leading.iter().flat_map(instructions).collect();
    system.extend((chat.format == Format::Json).then(json_only));
    let mut turns = Turns::default();
    turns.push(Message::System, system.into_iter().filter(|part| !is_billing(part)).collect());
    for message in others {
        turns.take(message);
    }
    turns.end()
}

#[derive(Default)]
struct Turns {
    kept: Vec<Message>,
    results: Vec<Message>,
    said: Vec<Part>,
    instructions: Vec<Part>,
    ids: Ids,
}

impl Turns {
    fn take(&mut self, message: &Message) {
        match message {
            Message::System(_) => self.instructions.extend(instructions(message)),
            Message::User(parts) => self.said.extend(parts.iter().filter_map(said)),
            Message::Tool(result) => {
                let id = self.ids.given[&result.id].clone();
                self.results.push(Message::Tool(told(result, id)));
            }
            Message::Assistant(parts) => {
                let says =
                    |part: &&Part| !matches!(part, Part::Thought(thought) if !is_ours(thought)) && !is_blank(part);
                let parts: Vec<&Part> = parts.iter().filter(says).collect();
                if !parts.is_empty() {
                    self.end_of_person();
                    let parts: Vec<Part> = parts.into_iter().map(|part| self.spoken(part)).collect();
                    self.begin_with_person();
                    match self.kept.last_mut() {
                        Some(Message::Assistant(last)) => last.extend(parts),
                        _ => self.kept.push(Message::Assistant(parts)),
                    }
                }
            }
        }
    }

    /// The person's side has spoken; instructions have a turn of their own only behind it.
    fn end_of_person(&mut self) {
        let instructions = std::mem::take(&mut self.instructions);
        let spoken = !self.results.is_empty() || !self.said.is_empty();
        self.kept.append(&mut self.results);
        let said = std::mem::take(&mut self.said);
        self.push(Message::User, said);
        if spoken {
            self.push(Message::System, instructions.into_iter().filter(|part| !is_billing(part)).collect());
        } else {
            self.push(Message::User, instructions.into_iter().map(in_person).collect());
        }
    }

    /// A conversation begins with the person.
    fn begin_with_person(&mut self) {
        if !self.kept.iter().any(|message| !matches!(message, Message::System(_))) {
            self.push(Message::User, vec![text("(conversation continues)")]);
        }
    }

    /// The model goes on with its own words only where they are its last; they end without a blank.
    fn end(mut self) -> Vec<Message> {
        self.end_of_person();
        if let Some(Message::Assistant(parts)) = self.kept.last_mut() {
            match parts.last_mut() {
                Some(Part::Text(last)) => last.text.truncate(last.text.trim_end().len()),
                _ => self.push(Message::User, vec![text("Continue.")]),
            }
        }
        self.kept
    }

    fn push(&mut self, message: impl FnOnce(Vec<Part>) -> Message, parts: Vec<Part>) {
        if !parts.is_empty() {
            self.kept.push(message(parts));
        }
    }

    /// A part of the model's turn: a refusal is text, arguments are an object.
    fn spoken(&mut self, part: &Part) -> Part {
        match part {
            Part::Refusal(words) => text(words),
            Part::Call(call) => Part::Call(ToolCall {
                id: self.ids.fresh(&call.id),
                name: clean(&call.name).chars().take(128).collect(),
                arguments: arguments(&call.arguments),
            }),
            part => part.clone(),
        }
    }
}

/// Ids in the characters that are taken, each once.
#[derive(Default)]
struct Ids {
    used: HashSet<String>,
    /// By the id of the call as it was.
    given: HashMap<String, String>,
}

impl Ids {
    fn fresh(&mut self, raw: &str) -> String {
        let id = clean(raw);
        let namesakes = (2..).map(|number| format!("{id}_{number}"));
        let fresh = std::iter::once(id.clone()).chain(namesakes).find(|id| !self.used.contains(id)).expect("endless");
        self.used.insert(fresh.clone());
        self.given.insert(raw.to_owned(), fresh.clone());
        fresh
    }
}

/// An id, or a tool's name, in the characters that are taken.
pub fn clean(raw: &str) -> String {
    if raw.is_empty() {
        return "_".to_owned();
    }
    raw.chars().map(|c| if c.is_ascii_alphanumeric() || "_-".contains(c) { c } else { '_' }).collect()
}

/// What is read of the model's turn where it is given back as it was told: thoughts without a proof are nobody's.
pub fn given_back(parts: &[Part]) -> Vec<Part> {
    let part = |part: &Part| match part {
        Part::Thought(thought) if !is_ours(thought) => {
            Part::Thought(Thought { text: thought.text.clone(), ..Thought::default() })
        }
        Part::Call(call) => Part::Call(ToolCall { arguments: arguments(&call.arguments), ..call.clone() }),
        part => part.clone(),
    };
    parts.iter().map(part).collect()
}

/// The object that arguments are, as JSON is read and written: with the last of equal keys, and floats of 64 bits.
fn arguments(raw: &str) -> String {
    match (raw.trim(), serde_json::from_str::<Value>(raw.trim())) {
        ("" | "null", _) => "{}".into(),
        (_, Ok(object @ Value::Object(_))) => object.to_string(),
        _ => json!({ "raw_arguments": raw }).to_string(),
    }
}

/// The texts of instructions that say something.
fn instructions(message: &Message) -> Vec<Part> {
    let Message::System(parts) = message else { return Vec::new() };
    parts.iter().filter(|part| !is_blank(part)).cloned().collect()
}

fn in_person(part: Part) -> Part {
    let Part::Text(Text { text, cache }) = part else { return part };
    Part::Text(Text { text: format!("System instruction (from the application, not the user):\n{text}"), cache })
}

/// What bills Anthropic's own callers is no instruction.
fn is_billing(part: &Part) -> bool {
    matches!(part, Part::Text(text) if text.text.starts_with("x-anthropic-billing-header:"))
}

fn is_blank(part: &Part) -> bool {
    match part {
        Part::Text(text) => text.text.trim().is_empty(),
        Part::Refusal(words) => words.trim().is_empty(),
        _ => false,
    }
}

/// Thoughts that Anthropic has signed or sealed are given back.
fn is_ours(thought: &Thought) -> bool {
    let proven = thought.signature.is_some() || thought.sealed.is_some();
    thought.format.as_deref() == Some(ANTHROPIC_THOUGHT) && proven
}

/// What a person or a tool shows: text that is not blank, pictures of known types, documents with their titles.
fn said(part: &Part) -> Option<Part> {
    match part {
        Part::Image(Image { source: Source::Base64 { media_type, data }, cache, .. }) => {
            let source = Source::Base64 { media_type: picture(media_type)?.into(), data: data.clone() };
            Some(Part::Image(Image { source, detail: None, cache: *cache }))
        }
        Part::Image(image) => Some(Part::Image(Image { detail: None, ..image.clone() })),
        Part::File(File { name, source: Source::Base64 { media_type, data }, cache }) if media_type == "text/plain" => {
            let head = name.as_ref().map(|name| format!("{name}\n\n")).unwrap_or_default();
            Some(Part::Text(Text { text: head + &plain(data)?, cache: *cache }))
        }
        Part::File(file @ File { source: Source::Base64 { .. }, .. }) => {
            let name = file.name.clone().or_else(|| Some("document.pdf".into()));
            Some(Part::File(File { name, ..file.clone() }))
        }
        part => Some(part.clone()).filter(|part| !is_blank(part)),
    }
}

/// A result that says nothing is a plain one of no parts; one with a mark is not plain.
fn told(result: &ToolResult, id: String) -> ToolResult {
    let parts: Vec<Part> = result.parts.iter().filter_map(said).collect();
    let marked = matches!(parts[..], [Part::Text(Text { cache: true, .. })]);
    let plain = (result.plain && !marked) || parts.is_empty();
    ToolResult { id, parts, plain, is_error: result.is_error }
}
