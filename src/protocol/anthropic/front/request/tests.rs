//! Requests that are read: what callers send, and what is refused.

mod bad;
mod bound;
mod good;
mod long;

use serde_json::{Value, json};

use super::read;
use crate::domain::chat::Chat;

/// A request with these messages.
fn messages(list: Value) -> Value {
    json!({"model": "m", "max_tokens": 9, "messages": list})
}

/// A request whose user sends this block.
fn block(block: Value) -> Value {
    messages(json!([{"role": "user", "content": [block]}]))
}

/// A request whose assistant has made this block.
fn made(block: Value) -> Value {
    messages(json!([{"role": "user", "content": "hi"}, {"role": "assistant", "content": [block]}]))
}

/// A request with this field.
fn field(name: &str, value: Value) -> Value {
    let mut body = messages(json!([{"role": "user", "content": "hi"}]));
    body[name] = value;
    body
}

#[track_caller]
fn chat(body: &Value) -> Chat {
    read(body.to_string().as_bytes()).map_err(|unread| format!("{unread:?}")).unwrap()
}
