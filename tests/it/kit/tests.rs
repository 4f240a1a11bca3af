//! The kit's own tests: upstreams driven by a plain client, and a shell script in the gateway's place.

mod content;
mod faults;
mod record;
mod stand_in;
mod strict;
mod wire;

use crate::kit::*;
use serde_json::{Value, json};

/// Where each kind takes a chat, and what it wants to be told.
fn chat_of(kind: Kind) -> (&'static str, Value) {
    match kind {
        Kind::OpenAi | Kind::Compatible => ("/v1/chat/completions", chat("m", "hi")),
        Kind::OpenRouter => ("/api/v1/chat/completions", chat("m", "hi")),
        Kind::Anthropic => ("/v1/messages", messages("m", "hi")),
        Kind::Ollama => ("/api/chat", json!({"model": "m", "messages": [], "stream": false})),
    }
}

/// One chat in the provider's own wire.
fn request(upstream: &Upstream, body: &Value) -> Request {
    let path = chat_of(upstream.kind()).0;
    Caller::new(&upstream.url()).request("POST", path).anthropic().json(body)
}

/// A whole answer.
async fn whole(upstream: &Upstream) -> Answer {
    request(upstream, &chat_of(upstream.kind()).1).send().await
}

/// A stream, read to its end.
async fn stream(upstream: &Upstream) -> Answer {
    request(upstream, &streamed(chat_of(upstream.kind()).1)).send().await
}

/// A stream, opened.
async fn open(upstream: &Upstream) -> Live {
    request(upstream, &streamed(chat_of(upstream.kind()).1)).open().await
}

/// A builder for each kind.
fn every() -> [UpstreamBuilder; 5] {
    use upstream::{anthropic, ollama, openai, openai_compatible, openrouter};
    [openai(), anthropic(), openrouter(), ollama(), openai_compatible()]
}
