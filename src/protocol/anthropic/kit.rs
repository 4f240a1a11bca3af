//! What the tests of this protocol share: conversations in few words, and what is sent for them.

use serde_json::Value;

use super::request;
use crate::domain::chat::{ANTHROPIC_THOUGHT, Chat, Message, Part, Text, Thought, ToolCall, ToolResult};
use crate::models::Models;
use crate::protocol::{Unwritable, Written};

pub(super) fn text(words: &str) -> Part {
    Part::Text(Text { text: words.into(), cache: false })
}

pub(super) fn cached(words: &str) -> Part {
    Part::Text(Text { text: words.into(), cache: true })
}

pub(super) fn user(words: &str) -> Message {
    Message::User(vec![text(words)])
}

pub(super) fn system(words: &str) -> Message {
    Message::System(vec![text(words)])
}

pub(super) fn assistant(words: &str) -> Message {
    Message::Assistant(vec![text(words)])
}

pub(super) fn call(id: &str, arguments: &str) -> Part {
    Part::Call(ToolCall { id: id.into(), name: "f".into(), arguments: arguments.into() })
}

pub(super) fn result(id: &str, words: &str) -> Message {
    Message::Tool(ToolResult { id: id.into(), parts: vec![text(words)], plain: true, is_error: false })
}

pub(super) fn thought(words: &str, signature: &str) -> Part {
    Part::Thought(Thought {
        text: words.into(),
        signature: Some(signature.into()),
        sealed: None,
        format: Some(ANTHROPIC_THOUGHT.into()),
    })
}

pub(super) fn chat(messages: Vec<Message>) -> Chat {
    Chat { messages, max_tokens: Some(5000), ..Chat::default() }
}

pub(super) fn written(chat: &Chat, model: &str) -> Result<Written, Unwritable> {
    request::write(chat, model, &Models::builtin().card(model))
}

pub(super) fn sent(chat: &Chat, model: &str) -> Value {
    serde_json::from_slice(&written(chat, model).unwrap().body).unwrap()
}

pub(super) fn refused(chat: &Chat, model: &str) -> (String, String) {
    let Unwritable { param, message } = written(chat, model).unwrap_err();
    (param, message)
}
