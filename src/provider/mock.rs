//! The built-in mock: answers without a network and without a key, so that everything can be tried.

mod instance;
mod vectors;

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::embed::{EmbedAdapter, EmbedWay};
use super::{Auth, ChatAdapter, LocalAnswer, Probe, Reach, Spec, Way, openai};
use crate::models::Card;
use crate::protocol::call::Call;
use crate::protocol::openai::OpenAi;
use crate::protocol::splice::Edits;

/// The row.
pub static SPEC: Spec = Spec {
    name: "mock",
    title: "Mock",
    summary: "built-in answers, no network and no key; with --mock",
    aliases: &[],
    vars: &[],
    auth: Auth::None,
    probe: Probe::Never,
    reach: Reach::Here(answer),
    chat: Some(&Chat),
    embed: Some(&Embed),
};

struct Chat;
struct Embed;

impl EmbedAdapter for Embed {
    fn ways(&self) -> &'static [EmbedWay] {
        &[EmbedWay { path: EMBEDDINGS, back: None }]
    }
}

impl ChatAdapter for Chat {
    fn ways(&self) -> &'static [Way] {
        &[Way { back: &OpenAi, path: "/chat/completions" }]
    }

    fn edit(&self, call: &Call, _card: &Card, edits: &mut Edits) {
        openai::ask_for_usage(call, edits);
    }
}

/// As much of the caller's words as is said back, in characters.
const LONGEST_ECHO: usize = 200;
/// The most pieces that one text, or one call's arguments, is streamed in.
const MOST_PIECES: usize = 8;
const ID: &str = "chatcmpl-mock";
const EMBEDDINGS: &str = "/embeddings";

/// An answer to `request`, a body of OpenAI's form: the same for the same request but for the time. What cannot be
/// understood is answered all the same.
fn answer(path: &str, request: &Bytes) -> LocalAnswer {
    if path == EMBEDDINGS {
        return LocalAnswer::Whole(vectors::answer(request));
    }
    let body: Value = serde_json::from_slice(request).unwrap_or_default();
    let reply = Reply::to(&body, request.len());
    if body.get("stream") == Some(&Value::Bool(true)) {
        LocalAnswer::Pieces(reply.pieces(body.pointer("/stream_options/include_usage") == Some(&Value::Bool(true))))
    } else {
        LocalAnswer::Whole(reply.whole())
    }
}

/// What is said, by every choice alike.
enum Said {
    /// Words, or JSON where that was asked for.
    Text(String),
    /// A call of a tool.
    Call { name: String, arguments: String },
}

struct Reply {
    model: String,
    created: u64,
    choices: u64,
    /// Where the conversation stands: a later turn's tool calls have other ids.
    turn: usize,
    said: Said,
    usage: Value,
}

impl Reply {
    fn to(body: &Value, size: usize) -> Reply {
        let said = said(body);
        let choices = body.get("n").and_then(Value::as_u64).unwrap_or(1).clamp(1, 128);
        let length = match &said {
            Said::Text(text) => text.len(),
            Said::Call { name, arguments } => name.len() + arguments.len(),
        };
        let (input, output) = (tokens(size), tokens(length) * choices);
        Reply {
            model: body.get("model").and_then(Value::as_str).unwrap_or("mock").to_owned(),
            created: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
            choices,
            turn: body.get("messages").and_then(Value::as_array).map_or(0, Vec::len),
            said,
            usage: json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output}),
        }
    }

    fn whole(&self) -> Bytes {
        let choice = |index: u64| {
            let message = match &self.said {
                Said::Text(text) => json!({"role": "assistant", "content": text, "refusal": null}),
                Said::Call { name, arguments } => json!({
                    "role": "assistant", "content": null, "refusal": null,
                    "tool_calls": [{
                        "id": self.call_id(index), "type": "function",
                        "function": {"name": name, "arguments": arguments},
                    }],
                }),
            };
            json!({"index": index, "message": message, "logprobs": null, "finish_reason": self.finish()})
        };
        let choices: Vec<Value> = (0..self.choices).map(choice).collect();
        let answer = json!({
            "id": ID, "object": "chat.completion", "created": self.created, "model": self.model,
            "choices": choices, "usage": self.usage,
        });
        Bytes::from(answer.to_string())
    }

    /// The events of a stream: every choice's first, then every choice's second, and so on.
    fn pieces(&self, include_usage: bool) -> Vec<Bytes> {
        let mut rounds = Vec::with_capacity(MOST_PIECES + 2);
        let text = match &self.said {
            Said::Text(text) => {
                rounds.push(json!({"role": "assistant", "content": "", "refusal": null}));
                text
            }
            Said::Call { name, arguments } => {
                let call = json!({"index": 0, "type": "function", "function": {"name": name, "arguments": ""}});
                rounds.push(json!({"role": "assistant", "content": null, "refusal": null, "tool_calls": [call]}));
                arguments
            }
        };
        rounds.extend(cut(text).into_iter().map(|piece| match self.said {
            Said::Text(_) => json!({"content": piece}),
            Said::Call { .. } => json!({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}),
        }));
        rounds.push(json!({}));
        let last = rounds.len() - 1;
        let mut out = Vec::new();
        for (round, delta) in rounds.into_iter().enumerate() {
            let finish = (round == last).then(|| self.finish());
            for index in 0..self.choices {
                let mut delta = delta.clone();
                if let (0, Some(call)) = (round, delta.pointer_mut("/tool_calls/0").and_then(Value::as_object_mut)) {
                    call.insert("id".into(), self.call_id(index).into());
                }
                let choice = json!({"index": index, "delta": delta, "logprobs": null, "finish_reason": finish});
                out.push(self.chunk(json!([choice]), include_usage.then_some(&Value::Null)));
            }
        }
        if include_usage {
            out.push(self.chunk(json!([]), Some(&self.usage)));
        }
        out.push(Bytes::from_static(b"data: [DONE]\n\n"));
        out
    }

    fn chunk(&self, choices: Value, usage: Option<&Value>) -> Bytes {
        let mut chunk = json!({
            "id": ID, "object": "chat.completion.chunk", "created": self.created, "model": self.model,
            "choices": choices,
        });
        if let (Some(usage), Some(chunk)) = (usage, chunk.as_object_mut()) {
            chunk.insert("usage".into(), usage.clone());
        }
        Bytes::from(format!("data: {chunk}\n\n"))
    }

    fn finish(&self) -> &'static str {
        match self.said {
            Said::Text(_) => "stop",
            Said::Call { .. } => "tool_calls",
        }
    }

    fn call_id(&self, choice: u64) -> String {
        format!("call_mock_{}_{choice}", self.turn)
    }
}

fn said(body: &Value) -> Said {
    if let Some(function) = forced(body) {
        let schema = function.get("parameters").unwrap_or(&Value::Null);
        let arguments = instance::of(schema).filter(Value::is_object).unwrap_or_else(|| Map::new().into());
        let name = function.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        return Said::Call { name, arguments: arguments.to_string() };
    }
    Said::Text(match body.pointer("/response_format/type").and_then(Value::as_str) {
        Some("json_schema") => {
            let schema = body.pointer("/response_format/json_schema/schema").unwrap_or(&Value::Null);
            instance::of(schema).unwrap_or_else(|| Map::new().into()).to_string()
        }
        Some("json_object") => json!({"answer": sentence(body)}).to_string(),
        _ => sentence(body),
    })
}

/// The function that must be called, where one must.
fn forced(body: &Value) -> Option<&Value> {
    let tools = body.get("tools")?.as_array()?;
    let mut functions = tools.iter().filter_map(|tool| tool.get("function"));
    let mut named = |name: &str| functions.find(|function| function.get("name").is_some_and(|known| known == name));
    let choice = body.get("tool_choice")?;
    match choice.get("type").or(Some(choice))?.as_str()? {
        "required" => tools.iter().find_map(|tool| tool.get("function")),
        "function" => named(choice.pointer("/function/name")?.as_str()?),
        "allowed_tools" if choice.pointer("/allowed_tools/mode")? == "required" => {
            named(choice.pointer("/allowed_tools/tools/0/function/name")?.as_str()?)
        }
        _ => None,
    }
}

fn sentence(body: &Value) -> String {
    let text = last_words(body);
    let text = text.trim();
    if text.is_empty() {
        return "Hello from the mock provider. You said nothing in words.".to_owned();
    }
    let mut echo: String = text.chars().take(LONGEST_ECHO).collect();
    if echo.len() < text.len() {
        echo.push('…');
    }
    format!("Hello from the mock provider. You said: {echo}")
}

/// The text of the last turn of the user.
fn last_words(body: &Value) -> String {
    let messages = body.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let last = messages.iter().rev().find(|message| message.get("role").is_some_and(|role| role == "user"));
    match last.and_then(|message| message.get("content")) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            let texts: Vec<&str> = parts.iter().filter_map(|part| part.get("text")?.as_str()).collect();
            texts.join(" ")
        }
        _ => String::new(),
    }
}

/// `text` in at most [`MOST_PIECES`] pieces.
fn cut(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let size = letters.len().div_ceil(MOST_PIECES).max(1);
    letters.chunks(size).map(|piece| piece.iter().collect()).collect()
}

/// An estimate: four bytes to a token, and at least one token.
fn tokens(bytes: usize) -> u64 {
    u64::try_from(bytes / 4).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests;
