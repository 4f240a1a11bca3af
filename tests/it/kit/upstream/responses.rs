//! OpenAI Responses.

mod item;

use super::dialect::{Dialect, sse};
use super::request::Call;
use super::say::{Content, Say};
use item::What;
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

/// One output item.
struct Item {
    what: What,
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

    fn open(&mut self, what: What) -> Vec<u8> {
        let mut bytes = self.begin();
        // Only tool calls are open side by side.
        for index in 0..self.items.len() {
            if !matches!(self.items[index].what, What::Tool(..)) {
                bytes.extend(self.close(index));
            }
        }
        let index = self.items.len();
        let item = what.item(index, "in_progress", "");
        let part = what.part_event("added", index, "");
        self.items.push(Item { what, text: String::new(), open: true });
        bytes.extend(self.event(json!({"type": "response.output_item.added", "output_index": index, "item": item})));
        if let Some(part) = part {
            bytes.extend(self.event(part));
        }
        bytes
    }

    fn delta(&mut self, index: usize, text: &str) -> Vec<u8> {
        self.items[index].text.push_str(text);
        let event = self.items[index].what.text_event("delta", index, text);
        self.event(event)
    }

    fn close(&mut self, index: usize) -> Vec<u8> {
        let item = &mut self.items[index];
        if !std::mem::replace(&mut item.open, false) {
            return Vec::new();
        }
        let (what, text) = (item.what.clone(), item.text.clone());
        let mut bytes = self.event(what.text_event("done", index, &text));
        if let Some(part) = what.part_event("done", index, &text) {
            bytes.extend(self.event(part));
        }
        let item = what.item(index, "completed", &text);
        bytes.extend(self.event(json!({"type": "response.output_item.done", "output_index": index, "item": item})));
        bytes
    }

    fn done(&mut self) -> Vec<u8> {
        let mut bytes = self.begin();
        for index in 0..self.items.len() {
            bytes.extend(self.close(index));
        }
        let content = Content::of(&self.said);
        let mut response = self.whole(&content);
        // The whole of it is what was streamed, in the order in which it began.
        let items = self.items.iter().enumerate();
        response["output"] = items.map(|(index, item)| item.what.item(index, "completed", &item.text)).collect();
        let name = format!("response.{}", response["status"].as_str().unwrap_or("completed"));
        bytes.extend(self.event(json!({"type": name, "response": response})));
        bytes
    }

    fn say(&mut self, what: What, text: &str) -> Vec<u8> {
        let index = self.items.iter().position(|item| item.open && item.what == what);
        let mut bytes = if index.is_none() { self.open(what) } else { Vec::new() };
        bytes.extend(self.delta(index.unwrap_or(self.items.len() - 1), text));
        bytes
    }

    fn arguments(&mut self, tool: usize, fragment: &str) -> Vec<u8> {
        let is_it = |item: &Item| matches!(&item.what, What::Tool(number, ..) if *number == tool);
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
        let mut said_items =
            vec![(What::Reasoning, &said.reasoning), (What::Text, &said.text), (What::Refusal, &said.refusal)];
        said_items.retain(|(_, text)| !text.is_empty());
        for (id, name, arguments) in &said.tools {
            said_items.push((What::Tool(0, id.clone(), name.clone()), arguments));
        }
        let items = said_items.iter().enumerate();
        let output: Value = items.map(|(index, (what, text))| what.item(index, "completed", text)).collect();
        let reason = match said.finish() {
            "length" => Some("max_output_tokens"),
            "content_filter" => Some("content_filter"),
            _ => None,
        };
        let status = if reason.is_some() { "incomplete" } else { "completed" };
        let mut response = self.response(status, &output, Some(content.usage));
        if let Some(reason) = reason {
            response["incomplete_details"] = json!({"reason": reason});
        }
        response
    }

    fn piece(&mut self, piece: &Say) -> Vec<u8> {
        self.said.push(piece.clone());
        match piece {
            Say::Role => self.begin(),
            Say::Text(_) | Say::Long(_) => self.say(What::Text, &piece.as_text().unwrap_or_default()),
            Say::Reasoning(text) => self.say(What::Reasoning, text),
            Say::Refusal(text) => self.say(What::Refusal, text),
            Say::Tool(id, name, arguments) => {
                let number = self.items.len() + 1000;
                let mut bytes = self.open(What::Tool(number, (*id).into(), (*name).into()));
                bytes.extend(self.arguments(number, arguments));
                bytes
            }
            Say::ToolStart(number, id, name) => self.open(What::Tool(*number, (*id).into(), (*name).into())),
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
