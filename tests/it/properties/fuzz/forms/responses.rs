//! OpenAI Responses: numbered events; items that begin in order, are added to and end, each of which is repeated where
//! it ends (docs: protocols/openai-responses.md, "Stream").

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Ending;

/// An item under way.
#[derive(Debug, Default)]
struct Item {
    id: Value,
    kind: String,
    /// What came of its parts, by number; and whether the last one goes on.
    parts: Vec<String>,
    part_is_open: bool,
}

/// The response so far.
#[derive(Default)]
struct Response {
    begun: bool,
    items: BTreeMap<u64, Item>,
    added: u64,
    done: Vec<Value>,
    over: bool,
}

/// Looks at the events of a stream.
pub fn holds(events: &[(Option<String>, Value)], ending: Ending) {
    let mut response = Response::default();
    for (number, (name, data)) in events.iter().enumerate() {
        assert_eq!(name.as_deref(), data["type"].as_str(), "{data}");
        assert_eq!(data["sequence_number"], number, "{data}");
        // SDKs take any event with such a field for an error.
        assert!(data.get("error").is_none(), "{data}");
        assert!(!response.over, "{data} behind the end");
        response.take(name.as_deref().unwrap_or_default(), data);
    }
    assert_eq!(response.over, ending != Ending::Open, "{events:?}");
}

impl Response {
    fn take(&mut self, kind: &str, data: &Value) {
        match kind {
            "response.created" | "response.in_progress" => {
                assert_eq!(self.begun, kind == "response.in_progress");
                self.begun = true;
                assert_eq!(data["response"]["status"], "in_progress");
            }
            "response.completed" | "response.incomplete" => {
                assert!(self.items.is_empty(), "items are open: {:?}", self.items);
                assert_eq!(data["response"]["output"], json!(self.done), "the output is repeated");
                assert_eq!(kind.strip_prefix("response."), data["response"]["status"].as_str());
                self.over = true;
            }
            "response.failed" => {
                assert!(data["response"]["error"]["message"].is_string(), "{data}");
                self.over = true;
            }
            "error" => {
                assert!(!self.begun && data["message"].is_string(), "{data}");
                self.over = true;
            }
            _ => {
                assert!(self.begun, "{data}");
                self.item(kind, data);
            }
        }
    }

    fn item(&mut self, kind: &str, data: &Value) {
        let at = data["output_index"].as_u64().unwrap_or_else(|| panic!("no place: {data}"));
        match kind {
            "response.output_item.added" => {
                assert_eq!(at, self.added, "{data}");
                self.added += 1;
                let (id, kind) =
                    (data["item"]["id"].clone(), data["item"]["type"].as_str().expect("a type").to_owned());
                assert!(self.items.values().all(|item| item.id != id) && id.is_string(), "{data}");
                self.items.insert(at, Item { id, kind, ..Item::default() });
            }
            "response.output_item.done" => {
                assert_eq!(at, self.done.len() as u64, "items end in order");
                let item = self.items.remove(&at).unwrap_or_else(|| panic!("not open: {data}"));
                item.done(&data["item"]);
                self.done.push(data["item"].clone());
            }
            _ => {
                let item = self.items.get_mut(&at).unwrap_or_else(|| panic!("not open: {data}"));
                assert_eq!(data["item_id"], item.id, "{data}");
                item.piece(kind.strip_prefix("response.").unwrap_or_default(), data);
            }
        }
    }
}

impl Item {
    fn piece(&mut self, kind: &str, data: &Value) {
        let of = match kind.split('.').next().unwrap_or_default() {
            "content_part" | "output_text" | "refusal" => "message",
            "reasoning_summary_part" | "reasoning_summary_text" => "reasoning",
            "function_call_arguments" => "function_call",
            "custom_tool_call_input" => "custom_tool_call",
            other => panic!("no such event: {other}"),
        };
        assert_eq!(self.kind, of, "{data}");
        let number = data.get("content_index").or(data.get("summary_index")).and_then(Value::as_u64);
        assert_eq!(number.is_some(), matches!(of, "message" | "reasoning"), "{data}");
        match kind {
            "content_part.added" | "reasoning_summary_part.added" => {
                assert!(!self.part_is_open && number == Some(self.parts.len() as u64), "{data}");
                self.parts.push(String::new());
                self.part_is_open = true;
                return;
            }
            _ if self.parts.is_empty() && number.is_none() => self.parts.push(String::new()),
            _ => {}
        }
        assert!(number.is_none_or(|number| self.part_is_open && number + 1 == self.parts.len() as u64), "{data}");
        let said = self.parts.last_mut().expect("a part");
        match (kind.ends_with(".delta"), &data["delta"]) {
            (true, Value::String(delta)) => *said += delta,
            (true, _) => panic!("a delta of nothing: {data}"),
            (false, _) => assert_eq!(words(data), Some(said.as_str()), "{data}"),
        }
        self.part_is_open &= !kind.ends_with("_part.done");
    }

    /// All that was said of it is repeated.
    fn done(&self, item: &Value) {
        assert!(!self.part_is_open, "{item}");
        assert!(item["id"] == self.id && item["type"] == self.kind.as_str(), "{item}");
        let said: Vec<&str> = match item.get("content").or(item.get("summary")).and_then(Value::as_array) {
            Some(parts) => parts.iter().filter_map(words).collect(),
            None => words(item).into_iter().collect(),
        };
        assert_eq!(said, self.parts, "{item}");
    }
}

/// What an item, a part or an event repeats.
fn words(data: &Value) -> Option<&str> {
    let data = data.get("part").unwrap_or(data);
    let fields = ["text", "refusal", "arguments", "input"];
    fields.into_iter().find_map(|name| data.get(name)?.as_str())
}
