//! Chat completions as OpenAI, OpenRouter, Ollama's `/v1` and other compatible servers speak them.

use super::dialect::{Dialect, sse};
use super::kind::Kind;
use super::request::Call;
use super::say::{ChoiceContent, Content, Say, USAGE, halves};
use serde_json::{Value, json};

/// State of one answer.
pub(super) struct OpenAi {
    kind: Kind,
    id: String,
    model: String,
    /// Whether the stream shows usage.
    usage_wanted: bool,
    usage: (u64, u64),
    usage_said: bool,
    choice: usize,
    choices: Vec<Progress>,
}

/// What one choice of a stream has said.
#[derive(Clone, Default)]
struct Progress {
    begun: bool,
    tools: usize,
    finished: bool,
}

impl OpenAi {
    pub(super) fn new(kind: Kind, call: &Call, number: usize) -> Self {
        let asked = call.json["stream_options"]["include_usage"] == true;
        Self {
            kind,
            id: format!("chatcmpl-{}-{number}", kind.name()),
            model: call.model().to_owned(),
            usage_wanted: asked || kind == Kind::OpenRouter,
            usage: USAGE,
            usage_said: false,
            choice: 0,
            choices: vec![Progress::default()],
        }
    }

    fn frame(&self, object: &str, choices: Value) -> Value {
        let mut frame = json!({
            "id": self.id, "object": object, "created": 1_700_000_000, "model": self.model, "choices": choices,
        });
        match self.kind {
            Kind::OpenRouter => frame["provider"] = json!("Simulated"),
            Kind::Ollama => frame["system_fingerprint"] = json!("fp_ollama"),
            _ => frame["system_fingerprint"] = json!("fp_simulated"),
        }
        frame
    }

    fn usage_object(&self, (input, output): (u64, u64)) -> Value {
        let mut usage = json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output});
        match self.kind {
            Kind::OpenAi => {
                usage["prompt_tokens_details"] = json!({"cached_tokens": 0, "audio_tokens": 0});
                usage["completion_tokens_details"] = json!({"reasoning_tokens": 0, "audio_tokens": 0});
            }
            Kind::OpenRouter => usage["cost"] = json!(0.000_012_5),
            _ => {}
        }
        usage
    }

    fn message(&self, said: &ChoiceContent) -> Value {
        let mut message = json!({"role": "assistant", "content": said.text, "refusal": null});
        if said.text.is_empty() && !(said.tools.is_empty() && said.refusal.is_empty()) {
            message["content"] = Value::Null;
        }
        if !said.refusal.is_empty() {
            message["refusal"] = json!(said.refusal);
        }
        if !said.reasoning.is_empty() {
            message["reasoning"] = json!(said.reasoning);
        }
        if !said.tools.is_empty() {
            let call = |(id, name, arguments): &(String, String, String)| json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}});
            message["tool_calls"] = said.tools.iter().map(call).collect();
        }
        message
    }

    /// One chunk with this delta for the choice that speaks.
    fn chunk(&mut self, mut delta: Value, finish: Option<&str>) -> Vec<u8> {
        let index = self.choice;
        if !self.choices[index].begun && finish.is_none() {
            self.choices[index].begun = true;
            delta["role"] = json!("assistant");
        }
        let choices = json!([{"index": index, "delta": delta, "logprobs": null, "finish_reason": finish}]);
        let mut chunk = self.frame("chat.completion.chunk", choices);
        if self.usage_wanted && self.kind == Kind::OpenAi {
            chunk["usage"] = Value::Null;
        }
        sse(None, &chunk)
    }

    fn tool(&mut self, index: usize, id: &str, name: &str) -> Vec<u8> {
        let progress = &mut self.choices[self.choice];
        progress.tools = progress.tools.max(index + 1);
        let function = json!({"name": name, "arguments": ""});
        self.chunk(json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": function}]}), None)
    }

    fn arguments(&mut self, index: usize, fragment: &str) -> Vec<u8> {
        self.chunk(json!({"tool_calls": [{"index": index, "function": {"arguments": fragment}}]}), None)
    }

    fn finish(&mut self, reason: &str) -> Vec<u8> {
        self.choices[self.choice].finished = true;
        self.chunk(json!({}), Some(reason))
    }

    fn usage_chunk(&mut self) -> Vec<u8> {
        self.usage_said = true;
        let mut chunk = self.frame("chat.completion.chunk", json!([]));
        chunk["usage"] = self.usage_object(self.usage);
        sse(None, &chunk)
    }

    /// Whatever the protocol still wants.
    fn done(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for index in 0..self.choices.len() {
            if !self.choices[index].finished {
                self.choice = index;
                let reason = if self.choices[index].tools > 0 { "tool_calls" } else { "stop" };
                bytes.extend(self.finish(reason));
            }
        }
        if self.usage_wanted && !self.usage_said {
            bytes.extend(self.usage_chunk());
        }
        bytes.extend_from_slice(b"data: [DONE]\n\n");
        bytes
    }

    fn error(&self, kind: &str) -> Value {
        let (status, message, name) = match kind {
            "overloaded" => (503, "The engine is currently overloaded, please try again later", "server_error"),
            "rate_limit" => (429, "Rate limit reached", "rate_limit_exceeded"),
            _ => (500, "The server had an error while processing your request", "server_error"),
        };
        if self.kind == Kind::OpenRouter {
            let error_type = if status == 429 { "rate_limit_exceeded" } else { "provider_overloaded" };
            return json!({"code": status, "message": message, "metadata": {"error_type": error_type}});
        }
        json!({"message": message, "type": name, "param": null, "code": name})
    }
}

impl Dialect for OpenAi {
    fn whole(&self, content: &Content) -> Value {
        if let Some(kind) = content.error {
            return json!({"error": self.error(kind)});
        }
        let choice = |(index, said): (usize, &ChoiceContent)| {
            json!({
                "index": index, "message": self.message(said), "logprobs": null, "finish_reason": said.finish(),
            })
        };
        let choices = content.choices.iter().enumerate().map(choice).collect();
        let mut answer = self.frame("chat.completion", choices);
        answer["usage"] = self.usage_object(content.usage);
        answer
    }

    fn piece(&mut self, piece: &Say) -> Vec<u8> {
        match piece {
            Say::Role => self.chunk(json!({"role": "assistant", "content": "", "refusal": null}), None),
            Say::Text(_) | Say::Long(_) => self.chunk(json!({"content": piece.as_text()}), None),
            Say::Reasoning(text) => self.chunk(json!({"reasoning": text}), None),
            Say::Refusal(text) => self.chunk(json!({"refusal": text}), None),
            Say::Tool(id, name, arguments) => {
                let index = self.choices[self.choice].tools;
                let mut bytes = self.tool(index, id, name);
                for part in halves(arguments) {
                    if !part.is_empty() {
                        bytes.extend(self.arguments(index, part));
                    }
                }
                bytes
            }
            Say::ToolStart(index, id, name) => self.tool(*index, id, name),
            Say::ToolArgs(index, fragment) => self.arguments(*index, fragment),
            Say::Choice(index) => {
                self.choice = *index;
                self.choices.resize(self.choices.len().max(index + 1), Progress::default());
                Vec::new()
            }
            Say::Finish(reason) => self.finish(reason),
            Say::Usage(input, output) => {
                self.usage = (*input, *output);
                if self.usage_wanted { self.usage_chunk() } else { Vec::new() }
            }
            Say::Done => self.done(),
            Say::Error(kind) if self.kind == Kind::OpenRouter => {
                let choices = json!([{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]);
                let mut chunk = self.frame("chat.completion.chunk", choices);
                chunk["error"] = self.error(kind);
                sse(None, &chunk)
            }
            Say::Error(kind) => sse(None, &json!({"error": self.error(kind)})),
            _ => Vec::new(),
        }
    }
}
