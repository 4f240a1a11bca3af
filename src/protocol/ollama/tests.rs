//! Ollama's native chat: golden cases, our own, and what holds for every conversation and every byte.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::chat::{
    ANTHROPIC_THOUGHT, Effort, Event, File, Finish, Format, Function, Image, Message, Part, Sampling, Schema, Source,
    Text, Thought, Tool, ToolCall, ToolChoice, ToolResult,
};
use crate::domain::failure::Class;
use crate::models::{Efforts, Thinking};

mod callers;
mod reading;
mod writing;

fn card() -> Card {
    Card { thinking: Thinking::Budget, efforts: Efforts::default(), ..Card::PLAIN }
}

fn stamp() -> Stamp {
    Stamp { id: "GW".into(), created: 1_700_000_000 }
}

fn text(text: &str) -> Part {
    Part::Text(Text { text: text.into(), cache: false })
}

fn thought(text: &str) -> Part {
    Part::Thought(Thought { text: text.into(), ..Thought::default() })
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    Part::Call(ToolCall { id: id.into(), name: name.into(), arguments: arguments.into() })
}

fn picture(source: Source) -> Part {
    Part::Image(Image { source, detail: None, cache: false })
}

fn png(data: &str) -> Part {
    picture(Source::Base64 { media_type: "image/png".into(), data: data.into() })
}

fn result(id: &str, parts: Vec<Part>) -> Message {
    Message::Tool(ToolResult { id: id.into(), parts, plain: false, is_error: false })
}

fn ask(messages: Vec<Message>) -> Chat {
    Chat { messages, ..Chat::default() }
}

fn hello() -> Chat {
    ask(vec![Message::User(vec![text("hi")])])
}

/// The same value with every number as a float: `1.0` is `1`.
fn by_value(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(list) => list.iter().map(by_value).collect(),
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), by_value(value))).collect(),
        other => other.clone(),
    }
}
