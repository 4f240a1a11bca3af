//! Output items of OpenAI Responses, and the events about them.

use serde_json::{Value, json};

/// What an output item is.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum What {
    Text,
    Refusal,
    Reasoning,
    /// The script's number of the call, its id and its name.
    Tool(usize, String, String),
}

impl What {
    /// The event that adds this text (`delta`) or repeats it all (`done`).
    pub(super) fn text_event(&self, stage: &str, index: usize, text: &str) -> Value {
        let (name, field) = match self {
            Self::Text => ("output_text", "text"),
            Self::Refusal => ("refusal", "refusal"),
            Self::Reasoning => ("reasoning_summary_text", "text"),
            Self::Tool(..) => ("function_call_arguments", "arguments"),
        };
        let mut event = self.placed(&format!("{name}.{stage}"), index);
        event[if stage == "delta" { "delta" } else { field }] = json!(text);
        match self {
            Self::Text => event["logprobs"] = json!([]),
            Self::Tool(_, _, name) if stage == "done" => event["name"] = json!(name),
            _ => {}
        }
        event
    }

    /// The event that begins (`added`) or ends (`done`) the item's only part, if it has parts.
    pub(super) fn part_event(&self, stage: &str, index: usize, text: &str) -> Option<Value> {
        let name = match self {
            Self::Text | Self::Refusal => "content_part",
            Self::Reasoning => "reasoning_summary_part",
            Self::Tool(..) => return None,
        };
        let mut event = self.placed(&format!("{name}.{stage}"), index);
        event["part"] = self.part(text);
        Some(event)
    }

    /// An event with the item's place.
    fn placed(&self, name: &str, index: usize) -> Value {
        let id = format!("item_{index}");
        let mut event = json!({"type": format!("response.{name}"), "item_id": id, "output_index": index});
        match self {
            Self::Text | Self::Refusal => event["content_index"] = json!(0),
            Self::Reasoning => event["summary_index"] = json!(0),
            Self::Tool(..) => {}
        }
        event
    }

    fn part(&self, text: &str) -> Value {
        match self {
            Self::Refusal => json!({"type": "refusal", "refusal": text}),
            Self::Reasoning => json!({"type": "summary_text", "text": text}),
            _ => json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []}),
        }
    }

    /// The item itself.
    pub(super) fn item(&self, index: usize, status: &str, text: &str) -> Value {
        let id = format!("item_{index}");
        let parts = if text.is_empty() { json!([]) } else { json!([self.part(text)]) };
        match self {
            Self::Text | Self::Refusal => {
                json!({"type": "message", "id": id, "status": status, "role": "assistant", "content": parts})
            }
            Self::Reasoning => {
                json!({"type": "reasoning", "id": id, "status": status, "summary": parts})
            }
            Self::Tool(_, call, name) => json!({
                "type": "function_call", "id": id, "call_id": call, "name": name, "arguments": text, "status": status,
            }),
        }
    }
}
