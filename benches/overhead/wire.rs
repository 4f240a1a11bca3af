//! The texts on the wire: what the load asks, what the simulated upstream answers.

use serde_json::{Value, json};

/// Stands before the mode's word in the first message of each request.
pub const MARKER: &[u8] = b"bench-mode=";
/// Stands in every piece of the model's text and nowhere else in an answer.
pub const TOKEN: &[u8] = b" token";
/// Content chunks in a stream of [`Mode::Burst`].
pub const BURST_CHUNKS: usize = 400;

/// What the simulated upstream is to do with a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// A whole answer.
    Whole,
    /// A stream of one content chunk.
    Short,
    /// An endless stream, one chunk every few milliseconds.
    Paced,
    /// A stream of [`BURST_CHUNKS`] chunks, written as fast as they are taken.
    Burst,
    /// A stream that stays open and silent after its first content chunk.
    Hold,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 5] = [Self::Whole, Self::Short, Self::Paced, Self::Burst, Self::Hold];

    /// The word that stands for it in a request.
    pub fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Short => "short",
            Self::Paced => "paced",
            Self::Burst => "burst",
            Self::Hold => "hold",
        }
    }
}

/// A chat request as an SDK sends it, head and body, the body about `size` bytes long.
pub fn request(model: &str, mode: Mode, size: usize) -> Vec<u8> {
    let mut messages = vec![json!({
        "role": "system",
        "content": format!("bench-mode={}; You are a careful assistant.", mode.word()),
    })];
    let mut length = 0;
    while length < size.saturating_sub(400) {
        let message = turn(messages.len(), size);
        length += message.to_string().len() + 1;
        messages.push(message);
    }
    messages.push(json!({"role": "user", "content": "What is the capital of France?"}));
    let mut body = json!({
        "messages": messages, "model": model, "temperature": 0.7, "max_tokens": 256,
    });
    if mode != Mode::Whole {
        body["stream"] = json!(true);
    }
    let body = body.to_string();
    let mut bytes = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\n\
         accept-encoding: identity\r\nauthorization: Bearer sk-bench\r\n\
         content-type: application/json\r\nuser-agent: OpenAI/Python 1.99.0\r\n\
         x-stainless-lang: python\r\nx-stainless-os: Linux\r\nx-stainless-runtime: CPython\r\n\
         x-stainless-retry-count: 0\r\nx-stainless-read-timeout: 600\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body.as_bytes());
    bytes
}

/// One turn of a long conversation, about 2 KB, with the escapes that prose and code have.
fn turn(index: usize, size: usize) -> Value {
    let text = "The report names three causes, of which the second is the likeliest: a timer that\n\
                is armed twice. Look at this:\n\n    let timer = self.timer.take().unwrap_or(idle);\n\
                \nAs the log says, \"armed at 12:03\" – so it was not the first one that fired.\n";
    let texts = (size / text.len()).clamp(1, 8);
    let role = if index % 2 == 1 { "user" } else { "assistant" };
    json!({"role": role, "content": text.repeat(texts)})
}

/// The head of every answer, up to the header that says how the body is delimited.
pub fn answer_head(content_type: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ndate: Mon, 02 Mar 2026 10:00:00 GMT\r\ncontent-type: {content_type}\r\n\
         openai-organization: bench\r\nopenai-processing-ms: 1\r\nopenai-version: 2020-10-01\r\n\
         x-ratelimit-limit-requests: 10000\r\nx-ratelimit-limit-tokens: 2000000\r\n\
         x-ratelimit-remaining-requests: 9999\r\nx-ratelimit-remaining-tokens: 1999900\r\n\
         x-ratelimit-reset-requests: 6ms\r\nx-ratelimit-reset-tokens: 3ms\r\n\
         x-request-id: req_0b5d0e6f8f1a4c2ab3c4d5e6f7a8b9c0\r\n"
    )
}

/// The body of a whole answer, about 500 bytes.
pub fn whole() -> String {
    json!({
        "id": "chatcmpl-Bench0000000000000000000000", "object": "chat.completion",
        "created": 1_772_445_600, "model": "gpt-4o-mini-2024-07-18",
        "choices": [{
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "The capital of France, one token after another, is Paris.",
                "refusal": null,
            },
            "logprobs": null, "finish_reason": "stop",
        }],
        "usage": usage(), "service_tier": "default", "system_fingerprint": "fp_bench00000",
    })
    .to_string()
}

/// The models that the upstream says it has.
pub fn models(model: &str) -> String {
    json!({
        "object": "list",
        "data": [{"id": model, "object": "model", "created": 1_772_445_600, "owned_by": "openai"}],
    })
    .to_string()
}

/// A chunk of a stream as one HTTP chunk, about 200 bytes: the role, a token, the finish.
pub fn chunk(delta: &Value, finish: Option<&str>) -> Vec<u8> {
    event(&json!({
        "id": "chatcmpl-Bench0000000000000000000000", "object": "chat.completion.chunk",
        "created": 1_772_445_600, "model": "gpt-4o-mini-2024-07-18",
        "system_fingerprint": "fp_bench00000",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }))
}

/// The chunk with the stream's usage, which only a request for it brings.
pub fn usage_chunk() -> Vec<u8> {
    event(&json!({
        "id": "chatcmpl-Bench0000000000000000000000", "object": "chat.completion.chunk",
        "created": 1_772_445_600, "model": "gpt-4o-mini-2024-07-18",
        "system_fingerprint": "fp_bench00000", "choices": [], "usage": usage(),
    }))
}

/// One HTTP chunk.
pub fn http_chunk(text: &str) -> Vec<u8> {
    format!("{:x}\r\n{text}\r\n", text.len()).into_bytes()
}

fn event(data: &Value) -> Vec<u8> {
    http_chunk(&format!("data: {data}\n\n"))
}

fn usage() -> Value {
    json!({
        "prompt_tokens": 24, "completion_tokens": 12, "total_tokens": 36,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    })
}
