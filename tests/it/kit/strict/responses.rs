//! OpenAI Responses: numbered events, each item, part and text begun, filled and ended in its order.

use super::{add, ensure};
use crate::kit::answer::Event;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The response that the events add up to: that of the last one, once it is found to hold what was streamed.
///
/// # Errors
/// The first rule that an event breaks.
pub fn response_of(events: &[Event]) -> Result<Value, String> {
    let mut reading = Reading::default();
    for (at, event) in events.iter().enumerate() {
        let kind = event.json["type"].as_str().unwrap_or_default();
        ensure(event.name == kind, || format!("event {at} is named {} and is of type {kind}", event.name))?;
        let number = &event.json["sequence_number"];
        ensure(*number == json!(at), || format!("event {at} has the number {number}"))?;
        ensure(reading.response.is_null(), || format!("event {at} comes after the end: {}", event.data))?;
        let opening = ["response.created", "response.in_progress"];
        ensure(opening.get(at).is_none_or(|wanted| *wanted == kind), || format!("event {at} is {kind}"))?;
        reading.take(kind, &event.json).map_err(|fault| format!("event {at}: {fault}: {}", event.data))?;
    }
    ensure(!reading.response.is_null(), || "no terminal event".to_owned())?;
    Ok(reading.response)
}

#[derive(Default)]
struct Reading {
    /// The response as it began.
    begun: Value,
    /// The items that began, in order, and those that are open.
    items: Vec<Value>,
    open: Vec<usize>,
    /// Parts that are open, by item and part: their text so far, and whether that is complete.
    parts: HashMap<(usize, u64), (Value, bool)>,
    /// The response as it ended.
    response: Value,
}

impl Reading {
    fn take(&mut self, kind: &str, event: &Value) -> Result<(), String> {
        match kind.strip_prefix("response.").unwrap_or(kind) {
            "created" => self.begin(&event["response"]),
            "in_progress" => ensure(event["response"] == self.begun, || "not the response that began".into()),
            "output_item.added" => self.add_item(event),
            "output_item.done" => self.end_item(event),
            "content_part.added" | "reasoning_summary_part.added" => self.add_part(event),
            "content_part.done" | "reasoning_summary_part.done" => self.end_part(event),
            "output_text.delta" | "refusal.delta" | "reasoning_summary_text.delta" => self.delta(event),
            "output_text.done" => self.end_text(event, "text"),
            "reasoning_summary_text.done" => self.end_text(event, "text"),
            "refusal.done" => self.end_text(event, "refusal"),
            "function_call_arguments.delta" => {
                let index = self.item_of(event)?;
                add(&mut self.items[index]["arguments"], &event["delta"])
            }
            "function_call_arguments.done" => {
                let index = self.item_of(event)?;
                let item = &self.items[index];
                ensure(event["arguments"] == item["arguments"], || format!("streamed were {}", item["arguments"]))?;
                ensure(event["name"] == item["name"], || "another tool's".into())
            }
            "completed" | "incomplete" => self.end(kind, &event["response"]),
            _ => Err("not an event of a whole stream".into()),
        }
    }

    fn begin(&mut self, response: &Value) -> Result<(), String> {
        check_response(response)?;
        ensure(response["status"] == "in_progress" && response["output"] == json!([]), || "it has begun".into())?;
        self.begun = response.clone();
        Ok(())
    }

    fn add_item(&mut self, event: &Value) -> Result<(), String> {
        let index = self.items.len();
        ensure(event["output_index"] == json!(index), || "a gap in the indexes".into())?;
        let item = &event["item"];
        ensure(item["id"].as_str().is_some_and(|id| !id.is_empty()), || "an item without id".into())?;
        ensure(self.items.iter().all(|other| other["id"] != item["id"]), || "an id that is taken".into())?;
        let bare = match item["type"].as_str() {
            Some("message") => item["content"] == json!([]) && item["role"] == "assistant",
            Some("reasoning") => item["summary"] == json!([]),
            Some("function_call") => item["arguments"] == "" && item["call_id"].is_string(),
            _ => false,
        };
        ensure(bare && item["status"] == "in_progress", || "an item that does not begin empty".into())?;
        self.items.push(item.clone());
        self.open.push(index);
        Ok(())
    }

    /// The open item that the event is about.
    fn item_of(&self, event: &Value) -> Result<usize, String> {
        let found = self.open.iter().find(|index| json!(index) == event["output_index"]);
        let index = *found.ok_or("of an item that is not open")?;
        let id = &self.items[index]["id"];
        ensure(event["item_id"] == *id, || format!("the item's id is {id}"))?;
        Ok(index)
    }

    /// The place of the part that the event is about.
    fn place(&self, event: &Value) -> Result<(usize, u64), String> {
        let index = self.item_of(event)?;
        let name = if self.items[index]["type"] == "reasoning" { "summary_index" } else { "content_index" };
        Ok((index, event[name].as_u64().ok_or_else(|| format!("no {name}"))?))
    }

    /// The finished parts of an item.
    fn parts(&mut self, index: usize) -> &mut Vec<Value> {
        let name = if self.items[index]["type"] == "reasoning" { "summary" } else { "content" };
        self.items[index][name].as_array_mut().expect("checked when the item began")
    }

    fn add_part(&mut self, event: &Value) -> Result<(), String> {
        let (index, part) = self.place(event)?;
        ensure(self.parts.keys().all(|(other, _)| *other != index), || "the part before is open".into())?;
        ensure(part as usize == self.parts(index).len(), || "a gap in the parts".into())?;
        ensure(text_of(&event["part"]) == Some(""), || "a part that does not begin empty".into())?;
        self.parts.insert((index, part), (json!(""), false));
        Ok(())
    }

    fn delta(&mut self, event: &Value) -> Result<(), String> {
        let place = self.place(event)?;
        let (text, complete) = self.parts.get_mut(&place).ok_or("of a part that is not open")?;
        ensure(!*complete, || "after the text's end".into())?;
        add(text, &event["delta"])
    }

    fn end_text(&mut self, event: &Value, field: &str) -> Result<(), String> {
        let place = self.place(event)?;
        let (text, complete) = self.parts.get_mut(&place).ok_or("of a part that is not open")?;
        ensure(!std::mem::replace(complete, true), || "a second one".into())?;
        ensure(event[field] == *text, || format!("streamed was {text}"))
    }

    fn end_part(&mut self, event: &Value) -> Result<(), String> {
        let place = self.place(event)?;
        let (text, complete) = self.parts.remove(&place).ok_or("of a part that is not open")?;
        ensure(complete, || "before the text's end".into())?;
        ensure(text_of(&event["part"]) == text.as_str(), || format!("streamed was {text}"))?;
        self.parts(place.0).push(event["part"].clone());
        Ok(())
    }

    fn end_item(&mut self, event: &Value) -> Result<(), String> {
        let found = self.open.iter().position(|index| json!(index) == event["output_index"]);
        let index = self.open.remove(found.ok_or("of an item that is not open")?);
        ensure(self.parts.keys().all(|(other, _)| *other != index), || "a part of it is open".into())?;
        let (item, begun) = (&event["item"], &self.items[index]);
        for name in ["id", "type", "call_id", "name", "arguments", "content", "summary"] {
            ensure(item[name] == begun[name], || format!("{name} was {}", begun[name]))?;
        }
        ensure(item["status"] == "completed" || item["status"] == "incomplete", || "no status of an end".into())?;
        self.items[index] = item.clone();
        Ok(())
    }

    fn end(&mut self, kind: &str, response: &Value) -> Result<(), String> {
        check_response(response)?;
        ensure(self.open.is_empty(), || format!("items {:?} are open", self.open))?;
        ensure(json!(kind) == json!(format!("response.{}", response["status"].as_str().unwrap_or_default())), || {
            "another status".into()
        })?;
        for name in ["id", "created_at", "model", "instructions", "tools", "tool_choice", "store"] {
            ensure(response[name] == self.begun[name], || format!("{name} was {}", self.begun[name]))?;
        }
        ensure(response["output"] == json!(self.items), || format!("streamed were {:?}", self.items))?;
        check_usage(&response["usage"])?;
        self.response = response.clone();
        Ok(())
    }
}

/// What the SDKs' types want of every response.
fn check_response(response: &Value) -> Result<(), String> {
    ensure(response["id"].as_str().is_some_and(|id| id.starts_with("resp_")), || "an id that is none".into())?;
    ensure(response["object"] == "response" && response["created_at"].is_number(), || "no response".into())?;
    ensure(response["model"].as_str().is_some_and(|model| !model.is_empty()), || "no model".into())?;
    ensure(response["output"].is_array() && response["tools"].is_array(), || "no output or no tools".into())?;
    ensure(response["parallel_tool_calls"].is_boolean(), || "no parallel_tool_calls".into())?;
    ensure(!response["tool_choice"].is_null(), || "no tool_choice".into())?;
    ensure(response["error"].is_null(), || "an error".into())
}

/// Every count of the usage is there.
fn check_usage(usage: &Value) -> Result<(), String> {
    let places = [
        "/input_tokens",
        "/input_tokens_details/cached_tokens",
        "/input_tokens_details/cache_write_tokens",
        "/output_tokens",
        "/output_tokens_details/reasoning_tokens",
        "/total_tokens",
    ];
    for place in places {
        ensure(usage.pointer(place).is_some_and(Value::is_u64), || format!("usage lacks {place}: {usage}"))?;
    }
    Ok(())
}

/// The text of a part.
fn text_of(part: &Value) -> Option<&str> {
    let field = if part["type"] == "refusal" { "refusal" } else { "text" };
    part[field].as_str()
}
