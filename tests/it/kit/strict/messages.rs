//! Anthropic Messages: `message_start`, blocks one after another, `message_delta`, `message_stop`.

use super::{add, ensure};
use crate::kit::answer::Event;
use serde_json::{Value, json};

/// The message that the events add up to, in the form of a whole answer.
///
/// # Errors
/// The first rule that an event breaks.
pub fn message_of(events: &[Event]) -> Result<Value, String> {
    let mut reading = Reading::default();
    for (at, event) in events.iter().enumerate() {
        let kind = event.json["type"].as_str().unwrap_or_default();
        ensure(event.name == kind, || format!("event {at} is named {} and is of type {kind}", event.name))?;
        ensure(!reading.over, || format!("event {at} comes after the end: {}", event.data))?;
        reading.take(kind, &event.json).map_err(|fault| format!("event {at}: {fault}: {}", event.data))?;
    }
    ensure(reading.over, || "no message_stop".to_owned())?;
    Ok(reading.message)
}

#[derive(Default)]
struct Reading {
    message: Value,
    /// The text of the open block's arguments, and whether a block is open.
    open: bool,
    arguments: String,
    signed: bool,
    ended: bool,
    over: bool,
}

impl Reading {
    fn take(&mut self, kind: &str, event: &Value) -> Result<(), String> {
        match kind {
            "ping" => return ensure(*event == json!({"type": "ping"}), || "an odd ping".into()),
            "message_start" => return self.start(&event["message"]),
            _ => ensure(!self.message.is_null(), || "before message_start".into())?,
        }
        match kind {
            "content_block_start" => self.open(event),
            "content_block_delta" => self.delta(event),
            "content_block_stop" => self.close(event),
            "message_delta" => self.end(event),
            "message_stop" => {
                self.over = true;
                ensure(self.ended, || "no message_delta before it".into())
            }
            _ => Err("not an event of this protocol".into()),
        }
    }

    fn start(&mut self, message: &Value) -> Result<(), String> {
        ensure(self.message.is_null(), || "a second message_start".into())?;
        ensure(message["id"].as_str().is_some_and(|id| id.starts_with("msg_")), || "an id that is none".into())?;
        let fixed = [("type", json!("message")), ("role", json!("assistant")), ("content", json!([]))];
        for (name, value) in fixed {
            ensure(message[name] == value, || format!("{name} is {}", message[name]))?;
        }
        ensure(message["stop_reason"].is_null() && message["stop_sequence"].is_null(), || "it has ended".into())?;
        ensure(message["model"].as_str().is_some_and(|model| !model.is_empty()), || "no model".into())?;
        ensure(message["usage"]["input_tokens"].is_u64() && message["usage"]["output_tokens"].is_u64(), || {
            "no usage".into()
        })?;
        self.message = message.clone();
        Ok(())
    }

    fn blocks(&mut self) -> &mut Vec<Value> {
        self.message["content"].as_array_mut().expect("checked at the start")
    }

    fn open(&mut self, event: &Value) -> Result<(), String> {
        ensure(!self.open, || "the block before is open".into())?;
        ensure(!self.ended, || "after message_delta".into())?;
        ensure(event["index"] == json!(self.blocks().len()), || "a gap in the indexes".into())?;
        let block = &event["content_block"];
        let bare = match block["type"].as_str() {
            Some("text") => block["text"] == "",
            Some("thinking") => block["thinking"] == "" && block["signature"] == "",
            Some("redacted_thinking") => block["data"].is_string(),
            Some("tool_use") => {
                let named = |field: &str| block[field].as_str().is_some_and(|text| !text.is_empty());
                block["input"] == json!({}) && named("id") && named("name")
            }
            _ => false,
        };
        ensure(bare, || "a block that does not begin empty".into())?;
        (self.open, self.signed) = (true, false);
        self.arguments.clear();
        self.blocks().push(block.clone());
        Ok(())
    }

    fn delta(&mut self, event: &Value) -> Result<(), String> {
        ensure(self.open, || "no block is open".into())?;
        ensure(event["index"] == json!(self.blocks().len() - 1), || "of a block that is not open".into())?;
        ensure(!self.signed, || "after the signature".into())?;
        let delta = &event["delta"];
        let block = self.blocks().last_mut().ok_or("no block")?;
        match (block["type"].as_str().unwrap_or_default(), delta["type"].as_str().unwrap_or_default()) {
            ("text", "text_delta") => add(&mut block["text"], &delta["text"]),
            ("thinking", "thinking_delta") => add(&mut block["thinking"], &delta["thinking"]),
            ("thinking", "signature_delta") => {
                block["signature"] = delta["signature"].clone();
                self.signed = true;
                Ok(())
            }
            ("tool_use", "input_json_delta") => {
                self.arguments += delta["partial_json"].as_str().ok_or("no partial_json")?;
                Ok(())
            }
            (block, delta) => Err(format!("{delta} in a block of {block}")),
        }
    }

    fn close(&mut self, event: &Value) -> Result<(), String> {
        ensure(std::mem::take(&mut self.open), || "no block is open".into())?;
        ensure(event["index"] == json!(self.blocks().len() - 1), || "of a block that is not open".into())?;
        let arguments = std::mem::take(&mut self.arguments);
        let block = self.blocks().last_mut().ok_or("no block")?;
        if block["type"] == "tool_use" && !arguments.is_empty() {
            block["input"] = serde_json::from_str(&arguments).map_err(|_| format!("arguments `{arguments}`"))?;
        }
        Ok(())
    }

    fn end(&mut self, event: &Value) -> Result<(), String> {
        ensure(!self.open, || "a block is open".into())?;
        ensure(!std::mem::replace(&mut self.ended, true), || "a second one".into())?;
        let delta = &event["delta"];
        ensure(delta["stop_reason"].is_string(), || "no stop_reason".into())?;
        ensure(event["usage"]["output_tokens"].is_u64(), || "no usage".into())?;
        for name in ["stop_reason", "stop_sequence"] {
            self.message[name] = delta[name].clone();
        }
        for (name, value) in event["usage"].as_object().ok_or("no usage")? {
            self.message["usage"][name] = value.clone();
        }
        Ok(())
    }
}
