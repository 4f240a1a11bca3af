//! Callers of Anthropic Messages, whoever serves them.

/// Counting tokens.
mod count;
/// Bytes, to Anthropic and back.
mod direct;
/// One conversation through several providers.
mod fallback;
/// Headers in and out.
mod headers;
/// Streams that fail.
mod mid_stream;
/// OpenRouter: its own Messages for Claude, chat completions for all else.
mod openrouter;
/// Signs of life.
mod pings;
/// What goes out to those who speak another protocol.
mod requests;
/// Streams that pass as bytes.
mod streams;
/// What comes back from those who speak another protocol.
mod translated;

use crate::kit::*;
use serde_json::{Value, json};

const PATH: &str = "/v1/messages";
/// A model of Anthropic's.
const CLAUDE: &str = "claude-sonnet-4-5";
/// What the kit's Anthropic signs its thoughts with.
const SIGNATURE: &str = "c2lnbmVk";

/// Sends this body.
async fn send(gateway: &Gateway, body: &Value) -> Answer {
    Front::Messages.send(gateway, body).await
}

/// Sends these bytes as they are.
async fn send_raw(gateway: &Gateway, body: impl Into<Vec<u8>>) -> Answer {
    gateway.post_raw(PATH, body, &[("anthropic-version", "2023-06-01"), ("content-type", "application/json")]).await
}

/// A conversation with this content of its one user turn.
fn asking(model: &str, content: Value) -> Value {
    json!({"model": model, "max_tokens": 1000, "messages": [{"role": "user", "content": content}]})
}

/// The same body with these fields.
fn with(mut body: Value, fields: Value) -> Value {
    for (name, value) in fields.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

/// What went out, as text.
fn sent(upstream: &Upstream) -> String {
    String::from_utf8_lossy(&upstream.last_call().body).into_owned()
}

/// An event of a stream, with its name.
fn event(data: &str) -> String {
    let json: Value = serde_json::from_str(data).expect("JSON");
    format!("event: {}\ndata: {data}\n\n", json["type"].as_str().expect("a type"))
}

/// A golden file.
fn golden(path: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/");
    std::fs::read_to_string(format!("{folder}{path}")).unwrap_or_else(|error| panic!("{path}: {error}"))
}
