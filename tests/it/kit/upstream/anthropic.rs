//! Anthropic Messages.

use super::dialect::{Dialect, sse};
use super::request::Call;
use super::say::{Content, Say, USAGE, halves};
use serde_json::{Value, json};

/// What thinking is signed with.
const SIGNATURE: &str = "c2lnbmVk";

/// State of one answer.
pub(super) struct Anthropic {
    id: String,
    model: String,
    started: bool,
    /// The open block's index and type.
    open: Option<(usize, &'static str)>,
    blocks: usize,
    /// The script's number of a tool call, and its block.
    tools: Vec<(usize, usize)>,
    usage: (u64, u64),
    finish: Option<&'static str>,
    /// Why the model refuses.
    refusal: String,
    delta_said: bool,
}

impl Anthropic {
    pub(super) fn new(call: &Call, number: usize) -> Self {
        Self {
            id: format!("msg_{number}"),
            model: call.model().to_owned(),
            started: false,
            open: None,
            blocks: 0,
            tools: Vec::new(),
            usage: USAGE,
            finish: None,
            refusal: String::new(),
            delta_said: false,
        }
    }

    fn message(&self, content: &Value, stop: Option<&str>, (input, output): (u64, u64)) -> Value {
        json!({
            "id": self.id, "type": "message", "role": "assistant", "model": self.model, "content": content,
            "stop_reason": stop, "stop_sequence": null,
            "usage": {
                "input_tokens": input, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
                "output_tokens": output, "service_tier": "standard",
            },
        })
    }

    fn start(&mut self) -> Vec<u8> {
        if std::mem::replace(&mut self.started, true) {
            return Vec::new();
        }
        event(&json!({"type": "message_start", "message": self.message(&json!([]), None, (self.usage.0, 1))}))
    }

    fn close_block(&mut self) -> Vec<u8> {
        let Some((index, name)) = self.open.take() else {
            return Vec::new();
        };
        let mut bytes = Vec::new();
        if name == "thinking" {
            bytes.extend(self.delta(&json!({"type": "signature_delta", "signature": SIGNATURE})));
        }
        bytes.extend(event(&json!({"type": "content_block_stop", "index": index})));
        bytes
    }

    /// Opens a block of this type unless it is the one that is open (tools are always new).
    fn open_block(&mut self, name: &'static str, block: &Value) -> Vec<u8> {
        let mut bytes = self.start();
        if name != "tool_use" && self.open.is_some_and(|(_, open)| open == name) {
            return bytes;
        }
        bytes.extend(self.close_block());
        self.open = Some((self.blocks, name));
        let start = json!({"type": "content_block_start", "index": self.blocks, "content_block": block});
        bytes.extend(event(&start));
        self.blocks += 1;
        bytes
    }

    fn delta(&self, delta: &Value) -> Vec<u8> {
        event(&json!({"type": "content_block_delta", "index": self.blocks - 1, "delta": delta}))
    }

    fn text(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = self.open_block("text", &json!({"type": "text", "text": ""}));
        bytes.extend(self.delta(&json!({"type": "text_delta", "text": text})));
        bytes
    }

    fn tool(&mut self, index: usize, id: &str, name: &str) -> Vec<u8> {
        self.finish.get_or_insert("tool_calls");
        self.tools.push((index, self.blocks));
        self.open_block("tool_use", &json!({"type": "tool_use", "id": id, "name": name, "input": {}}))
    }

    fn arguments(&self, index: usize, fragment: &str) -> Vec<u8> {
        let block = self.tools.iter().rev().find(|(tool, _)| *tool == index).expect("ToolArgs after its ToolStart").1;
        let delta = json!({"type": "input_json_delta", "partial_json": fragment});
        event(&json!({"type": "content_block_delta", "index": block, "delta": delta}))
    }

    /// The end of the last block and the `message_delta`.
    fn finish(&mut self) -> Vec<u8> {
        if std::mem::replace(&mut self.delta_said, true) {
            return Vec::new();
        }
        let mut bytes = self.start();
        bytes.extend(self.close_block());
        let reason = stop_reason(self.finish.unwrap_or("stop"));
        bytes.extend(event(&json!({
            "type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null, "stop_details": details(&self.refusal)},
            "usage": {"input_tokens": self.usage.0, "output_tokens": self.usage.1},
        })));
        bytes
    }
}

impl Dialect for Anthropic {
    fn whole(&self, content: &Content) -> Value {
        if let Some(kind) = content.error {
            return error(kind);
        }
        let said = &content.choices[0];
        let mut blocks = Vec::new();
        if !said.reasoning.is_empty() {
            blocks.push(json!({"type": "thinking", "thinking": said.reasoning, "signature": SIGNATURE}));
        }
        if !said.text.is_empty() {
            blocks.push(json!({"type": "text", "text": said.text}));
        }
        for (id, name, arguments) in &said.tools {
            let input: Value = serde_json::from_str(arguments).unwrap_or_else(|_| json!({}));
            blocks.push(json!({"type": "tool_use", "id": id, "name": name, "input": input}));
        }
        let refused = !said.refusal.is_empty();
        let reason = if refused { "refusal" } else { stop_reason(said.finish()) };
        let mut message = self.message(&json!(blocks), Some(reason), content.usage);
        message["stop_details"] = details(&said.refusal);
        message
    }

    fn piece(&mut self, piece: &Say) -> Vec<u8> {
        match piece {
            Say::Role => self.start(),
            Say::Text(_) | Say::Long(_) => self.text(&piece.as_text().unwrap_or_default()),
            Say::Refusal(text) => {
                self.finish = Some("content_filter");
                self.refusal.push_str(text);
                Vec::new()
            }
            Say::Reasoning(text) => {
                let block = json!({"type": "thinking", "thinking": "", "signature": ""});
                let mut bytes = self.open_block("thinking", &block);
                bytes.extend(self.delta(&json!({"type": "thinking_delta", "thinking": text})));
                bytes
            }
            Say::Tool(id, name, arguments) => {
                let mut bytes = self.tool(self.blocks, id, name);
                for part in halves(arguments) {
                    bytes.extend(self.arguments(self.blocks - 1, part));
                }
                bytes
            }
            Say::ToolStart(index, id, name) => self.tool(*index, id, name),
            Say::ToolArgs(index, fragment) => self.arguments(*index, fragment),
            Say::Usage(input, output) => {
                self.usage = (*input, *output);
                Vec::new()
            }
            Say::Finish(reason) => {
                self.finish = Some(reason);
                self.finish()
            }
            Say::Done => {
                let mut bytes = self.finish();
                bytes.extend(event(&json!({"type": "message_stop"})));
                bytes
            }
            Say::Ping => event(&json!({"type": "ping"})),
            Say::Error(kind) => event(&error(kind)),
            _ => Vec::new(),
        }
    }

    fn event(&self, data: &[u8]) -> Vec<u8> {
        let name = serde_json::from_slice::<Value>(data).ok();
        let name = name.and_then(|data| data["type"].as_str().map(str::to_owned));
        let name = name.unwrap_or_else(|| "content_block_delta".to_owned());
        [b"event: ", name.as_bytes(), b"\ndata: ", data, b"\n\n"].concat()
    }
}

/// Why the model refuses, `null` if it does not.
fn details(refusal: &str) -> Value {
    if refusal.is_empty() {
        return Value::Null;
    }
    json!({"type": "refusal", "category": null, "explanation": refusal})
}

fn event(data: &Value) -> Vec<u8> {
    sse(data["type"].as_str(), data)
}

fn error(kind: &str) -> Value {
    let (name, message) = match kind {
        "overloaded" => ("overloaded_error", "Overloaded"),
        "rate_limit" => ("rate_limit_error", "This request would exceed your rate limit"),
        _ => ("api_error", "Internal server error"),
    };
    json!({"type": "error", "error": {"type": name, "message": message}})
}

/// Anthropic's word for OpenAI's finish reason; an unknown one stands as it is.
fn stop_reason(finish: &'static str) -> &'static str {
    match finish {
        "stop" => "end_turn",
        "length" => "max_tokens",
        "tool_calls" => "tool_use",
        "content_filter" => "refusal",
        other => other,
    }
}
