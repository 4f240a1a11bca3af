//! OpenAI Responses.

use super::dialect::{Dialect, sse};
use super::request::Call;
use super::say::{Content, Say};
use serde_json::{Value, json};

/// State of one answer.
pub(super) struct Responses {
    id: String,
    model: String,
    sequence: u64,
    begun: bool,
    /// Everything said so far; the closing event repeats it.
    said: Vec<Say>,
    /// Output items so far, each with its text or its arguments as they grow.
    items: Vec<Item>,
}

/// One output item of a stream.
struct Item {
    tool: Option<(usize, String, String)>,
    text: String,
    open: bool,
}

impl Responses {
    pub(super) fn new(call: &Call, number: usize) -> Self {
        Self {
            id: format!("resp_{number}"),
            model: call.model().to_owned(),
            sequence: 0,
            begun: false,
            said: Vec::new(),
            items: Vec::new(),
        }
    }

    fn response(&self, status: &str, output: &Value, usage: Option<(u64, u64)>) -> Value {
        let usage = usage.map(|(input, output)| {
            json!({
                "input_tokens": input, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                "output_tokens": output, "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": input + output,
            })
        });
        json!({
            "id": self.id, "object": "response", "created_at": 1_700_000_000, "status": status, "error": null,
            "incomplete_details": null, "instructions": null, "model": self.model, "output": output,
            "parallel_tool_calls": true, "store": true, "tool_choice": "auto", "tools": [], "usage": usage,
        })
    }

    fn event(&mut self, mut data: Value) -> Vec<u8> {
        data["sequence_number"] = json!(self.sequence);
        self.sequence += 1;
        sse(data["type"].as_str(), &data)
    }

    fn begin(&mut self) -> Vec<u8> {
        if std::mem::replace(&mut self.begun, true) {
            return Vec::new();
        }
        let response = self.response("in_progress", &json!([]), None);
        let mut bytes = self.event(json!({"type": "response.created", "response": response}));
        bytes.extend(self.event(json!({"type": "response.in_progress", "response": response})));
        bytes
    }

    fn open(&mut self, tool: Option<(usize, String, String)>) -> Vec<u8> {
        let mut bytes = self.begin();
        let index = self.items.len();
        let item = match &tool {
            None => message(index, "in_progress", &json!([])),
            Some((_, id, name)) => function(index, "in_progress", id, name, ""),
        };
        let is_text = tool.is_none();
        self.items.push(Item { tool, text: String::new(), open: true });
        bytes.extend(self.event(json!({"type": "response.output_item.added", "output_index": index, "item": item})));
        if is_text {
            bytes.extend(self.event(json!({
                "type": "response.content_part.added", "item_id": format!("item_{index}"), "output_index": index,
                "content_index": 0, "part": part(""),
            })));
        }
        bytes
    }

    fn delta(&mut self, index: usize, text: &str) -> Vec<u8> {
        self.items[index].text.push_str(text);
        let id = format!("item_{index}");
        let data = match self.items[index].tool {
            None => json!({
                "type": "response.output_text.delta", "item_id": id, "output_index": index, "content_index": 0,
                "delta": text, "logprobs": [],
            }),
            Some(_) => json!({
                "type": "response.function_call_arguments.delta", "item_id": id, "output_index": index, "delta": text,
            }),
        };
        self.event(data)
    }

    fn close(&mut self, index: usize) -> Vec<u8> {
        let item = &mut self.items[index];
        if !std::mem::replace(&mut item.open, false) {
            return Vec::new();
        }
        let (id, text) = (format!("item_{index}"), item.text.clone());
        let (events, item) = match &item.tool {
            None => {
                let place = json!({"item_id": id, "output_index": index, "content_index": 0});
                let mut done = place.clone();
                done["type"] = json!("response.output_text.done");
                done["text"] = json!(text);
                let mut part_done = place;
                part_done["type"] = json!("response.content_part.done");
                part_done["part"] = part(&text);
                (vec![done, part_done], message(index, "completed", &json!([part(&text)])))
            }
            Some((_, call, name)) => {
                let done = json!({
                    "type": "response.function_call_arguments.done", "item_id": id, "output_index": index,
                    "name": name, "arguments": text,
                });
                (vec![done], function(index, "completed", call, name, &text))
            }
        };
        let mut bytes: Vec<u8> = events.into_iter().flat_map(|event| self.event(event)).collect();
        bytes.extend(self.event(json!({"type": "response.output_item.done", "output_index": index, "item": item})));
        bytes
    }

    fn done(&mut self) -> Vec<u8> {
        let mut bytes = self.begin();
        for index in 0..self.items.len() {
            bytes.extend(self.close(index));
        }
        let content = Content::of(&self.said);
        let response = self.whole(&content);
        let name = format!("response.{}", response["status"].as_str().unwrap_or("completed"));
        bytes.extend(self.event(json!({"type": name, "response": response})));
        bytes
    }

    fn text(&mut self, text: &str) -> Vec<u8> {
        let index = self.items.iter().position(|item| item.tool.is_none());
        let mut bytes = if index.is_none() { self.open(None) } else { Vec::new() };
        let index = index.unwrap_or(self.items.len() - 1);
        bytes.extend(self.delta(index, text));
        bytes
    }

    fn arguments(&mut self, tool: usize, fragment: &str) -> Vec<u8> {
        let is_it = |item: &Item| item.tool.as_ref().is_some_and(|(number, ..)| *number == tool);
        let index = self.items.iter().position(is_it).expect("ToolArgs after its ToolStart");
        self.delta(index, fragment)
    }
}

impl Dialect for Responses {
    fn whole(&self, content: &Content) -> Value {
        let said = &content.choices[0];
        if content.error.is_some() {
            let mut failed = self.response("failed", &json!([]), None);
            failed["error"] = json!({"code": "server_error", "message": "The server had an error"});
            return failed;
        }
        let mut output = Vec::new();
        if !said.text.is_empty() {
            output.push(message(0, "completed", &json!([part(&said.text)])));
        }
        if !said.refusal.is_empty() {
            let refusal = json!([{"type": "refusal", "refusal": said.refusal}]);
            output.push(message(output.len(), "completed", &refusal));
        }
        for (id, name, arguments) in &said.tools {
            output.push(function(output.len(), "completed", id, name, arguments));
        }
        let reason = match said.finish() {
            "length" => Some("max_output_tokens"),
            "content_filter" => Some("content_filter"),
            _ => None,
        };
        let status = if reason.is_some() { "incomplete" } else { "completed" };
        let mut response = self.response(status, &json!(output), Some(content.usage));
        if let Some(reason) = reason {
            response["incomplete_details"] = json!({"reason": reason});
        }
        response
    }

    fn piece(&mut self, piece: &Say) -> Vec<u8> {
        self.said.push(piece.clone());
        match piece {
            Say::Role => self.begin(),
            Say::Text(_) | Say::Long(_) => self.text(&piece.as_text().unwrap_or_default()),
            Say::Refusal(text) => self.text(text),
            Say::Tool(id, name, arguments) => {
                let number = self.items.len() + 1000;
                let mut bytes = self.open(Some((number, (*id).into(), (*name).into())));
                bytes.extend(self.arguments(number, arguments));
                bytes
            }
            Say::ToolStart(number, id, name) => self.open(Some((*number, (*id).into(), (*name).into()))),
            Say::ToolArgs(number, fragment) => self.arguments(*number, fragment),
            Say::Done => self.done(),
            Say::Error(_) => {
                let message = "The server had an error";
                self.event(json!({"type": "error", "code": "server_error", "message": message, "param": null}))
            }
            _ => Vec::new(),
        }
    }

    fn event(&self, data: &[u8]) -> Vec<u8> {
        [b"event: response.output_text.delta\ndata: ", data, b"\n\n"].concat()
    }
}

fn message(index: usize, status: &str, content: &Value) -> Value {
    json!({"type": "message", "id": format!("item_{index}"), "status": status, "role": "assistant", "content": content})
}

fn function(index: usize, status: &str, call: &str, name: &str, arguments: &str) -> Value {
    json!({
        "type": "function_call", "id": format!("item_{index}"), "call_id": call, "name": name,
        "arguments": arguments, "status": status,
    })
}

fn part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}
