//! Ollama's native chat: one JSON object a line.

use super::dialect::Dialect;
use super::request::Call;
use super::say::{Content, Say, USAGE};
use serde_json::{Value, json};

/// State of one answer.
pub(super) struct Ollama {
    model: String,
    /// Tool calls that arrive in fragments elsewhere; here they are sent whole, at the latest with the end.
    tools: Vec<(usize, String, String, String)>,
    usage: (u64, u64),
    done: bool,
}

impl Ollama {
    pub(super) fn new(call: &Call) -> Self {
        Self { model: call.model().to_owned(), tools: Vec::new(), usage: USAGE, done: false }
    }

    fn line(&self, message: &Value) -> Value {
        json!({"model": self.model, "created_at": "2026-11-20T12:00:00.000000Z", "message": message, "done": false})
    }

    fn finish(&self, mut line: Value, reason: &str, (input, output): (u64, u64)) -> Value {
        line["done"] = json!(true);
        line["done_reason"] = json!(if reason == "tool_calls" { "stop" } else { reason });
        line["total_duration"] = json!(5_000_000);
        line["load_duration"] = json!(1_000_000);
        line["prompt_eval_count"] = json!(input);
        line["prompt_eval_duration"] = json!(1_000_000);
        line["eval_count"] = json!(output);
        line["eval_duration"] = json!(3_000_000);
        line
    }

    fn flush_tools(&mut self) -> Vec<u8> {
        let tools = std::mem::take(&mut self.tools);
        let one = |(index, id, name, arguments): (usize, String, String, String)| {
            let call = tool_call(index, &id, &name, &arguments);
            line(&self.line(&json!({"role": "assistant", "content": "", "tool_calls": [call]})))
        };
        tools.into_iter().flat_map(one).collect()
    }

    fn said(&mut self, message: &Value) -> Vec<u8> {
        let mut bytes = self.flush_tools();
        bytes.extend(line(&self.line(message)));
        bytes
    }

    fn end(&mut self, reason: &str) -> Vec<u8> {
        if std::mem::replace(&mut self.done, true) {
            return Vec::new();
        }
        let mut bytes = self.flush_tools();
        let last = self.line(&json!({"role": "assistant", "content": ""}));
        bytes.extend(line(&self.finish(last, reason, self.usage)));
        bytes
    }
}

impl Dialect for Ollama {
    fn stream_type(&self) -> &'static str {
        "application/x-ndjson"
    }

    fn whole(&self, content: &Content) -> Value {
        if let Some(kind) = content.error {
            return error(kind);
        }
        let said = &content.choices[0];
        let mut message = json!({"role": "assistant", "content": format!("{}{}", said.text, said.refusal)});
        if !said.reasoning.is_empty() {
            message["thinking"] = json!(said.reasoning);
        }
        if !said.tools.is_empty() {
            let calls = said.tools.iter().enumerate();
            message["tool_calls"] =
                calls.map(|(index, (id, name, arguments))| tool_call(index, id, name, arguments)).collect();
        }
        self.finish(self.line(&message), said.finish(), content.usage)
    }

    fn piece(&mut self, piece: &Say) -> Vec<u8> {
        match piece {
            Say::Role => self.said(&json!({"role": "assistant", "content": ""})),
            Say::Text(_) | Say::Long(_) => self.said(&json!({"role": "assistant", "content": piece.as_text()})),
            Say::Refusal(text) => self.said(&json!({"role": "assistant", "content": text})),
            Say::Reasoning(text) => self.said(&json!({"role": "assistant", "content": "", "thinking": text})),
            Say::Tool(id, name, arguments) => {
                let call = tool_call(0, id, name, arguments);
                self.said(&json!({"role": "assistant", "content": "", "tool_calls": [call]}))
            }
            Say::ToolStart(index, id, name) => {
                self.tools.push((*index, (*id).into(), (*name).into(), String::new()));
                Vec::new()
            }
            Say::ToolArgs(index, fragment) => {
                let tool = self.tools.iter_mut().find(|(tool, ..)| tool == index);
                tool.expect("ToolArgs after its ToolStart").3.push_str(fragment);
                Vec::new()
            }
            Say::Usage(input, output) => {
                self.usage = (*input, *output);
                Vec::new()
            }
            Say::Finish(reason) => self.end(reason),
            Say::Done => self.end("stop"),
            Say::Error(kind) => line(&error(kind)),
            _ => Vec::new(),
        }
    }

    fn event(&self, data: &[u8]) -> Vec<u8> {
        [data, b"\n"].concat()
    }

    fn comment(&self, _text: &str) -> Vec<u8> {
        b"\n".to_vec()
    }
}

fn line(value: &Value) -> Vec<u8> {
    format!("{value}\n").into_bytes()
}

fn tool_call(index: usize, id: &str, name: &str, arguments: &str) -> Value {
    let arguments: Value = serde_json::from_str(arguments).unwrap_or_else(|_| json!({}));
    json!({"id": id, "function": {"index": index, "name": name, "arguments": arguments}})
}

fn error(kind: &str) -> Value {
    match kind {
        "overloaded" => {
            json!({"error": "server busy, please try again.  maximum pending requests exceeded"})
        }
        "rate_limit" => json!({"error": "too many requests"}),
        _ => json!({"error": "model runner has unexpectedly stopped"}),
    }
}
