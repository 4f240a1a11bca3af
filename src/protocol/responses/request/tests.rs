//! Requests, read and written: what callers send and what is refused.

mod agent;
mod bad;
mod good;
mod written;

use serde_json::Value;

use super::super::super::{Unreadable, Written};
use super::{read, write};
use crate::domain::chat::{Chat, Message, Part, Text, ToolCall, ToolResult};
use crate::models::{Card, Models};

fn card(model: &str) -> Card {
    Models::builtin().card(model)
}

#[track_caller]
fn written(chat: &Chat, model: &str) -> (Value, Written) {
    let written = write(chat, model, &card(model)).unwrap();
    (serde_json::from_slice(&written.body).unwrap(), written)
}

fn text(words: &str) -> Part {
    Part::Text(Text { text: words.into(), cache: false })
}

fn user(words: &str) -> Message {
    Message::User(vec![text(words)])
}

fn system(words: &str) -> Message {
    Message::System(vec![text(words)])
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    Part::Call(ToolCall { id: id.into(), name: name.into(), arguments: arguments.into() })
}

fn result(id: &str, plain: bool, parts: Vec<Part>) -> Message {
    Message::Tool(ToolResult { id: id.into(), parts, plain, is_error: false })
}

#[track_caller]
fn of(body: &Value) -> Chat {
    read(body.to_string().as_bytes()).unwrap()
}

/// Why a request is not read: does it lean on OpenAI, the field, and the words.
#[track_caller]
fn refused(body: &Value) -> (bool, String, String) {
    match read(body.to_string().as_bytes()).expect_err(&body.to_string()) {
        Unreadable::Wrong(bad) => (false, bad.param.unwrap_or_default(), bad.message),
        Unreadable::Bound(bound) => (true, bound.param, bound.message),
    }
}
