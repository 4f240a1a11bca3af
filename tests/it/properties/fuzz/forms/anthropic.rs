//! Anthropic Messages: a message of blocks, of which one is open at a time
//! (docs: protocols/anthropic-messages.md, "Stream").

use serde_json::Value;

use super::Ending;

/// The message so far.
#[derive(Default)]
struct Message {
    begun: bool,
    blocks: u64,
    /// The type of the block that is open.
    open: Option<String>,
    finished: bool,
    stopped: bool,
}

/// Looks at the events of a stream.
pub fn holds(events: &[(Option<String>, Value)], ending: Ending) {
    let mut message = Message::default();
    for (at, (name, data)) in events.iter().enumerate() {
        assert_eq!(name.as_deref(), data["type"].as_str(), "{data}");
        if data["type"] == "error" {
            assert!(ending == Ending::Error && at + 1 == events.len(), "{data}");
            assert!(data["error"]["type"].is_string() && data["error"]["message"].is_string(), "{data}");
            return;
        }
        message.take(data);
    }
    assert_eq!(message.stopped, ending == Ending::End, "{events:?}");
    assert_ne!(ending, Ending::Error);
}

impl Message {
    fn take(&mut self, data: &Value) {
        let kind = data["type"].as_str().expect("a type");
        assert!(!self.stopped, "{kind} behind the end");
        assert_eq!(self.begun, kind != "message_start", "{kind}");
        match kind {
            "message_start" => {
                self.begun = true;
                assert!(data["message"]["usage"]["input_tokens"].is_u64(), "{data}");
                assert_eq!(data["message"]["content"], serde_json::json!([]));
            }
            "content_block_start" => self.start(data),
            "content_block_delta" => self.delta(data),
            "content_block_stop" => {
                assert_eq!(data["index"], self.blocks - 1, "{data}");
                assert!(self.open.take().is_some(), "stopped and not open: {data}");
            }
            "message_delta" => {
                assert!(self.open.is_none() && !self.finished, "{data}");
                assert!(data["delta"]["stop_reason"].is_string() && data["usage"]["output_tokens"].is_u64(), "{data}");
                self.finished = true;
            }
            "message_stop" => {
                assert!(self.finished, "stopped without a reason");
                self.stopped = true;
            }
            "ping" => {}
            other => panic!("no such event: {other}"),
        }
    }

    fn start(&mut self, data: &Value) {
        assert!(self.open.is_none() && !self.finished, "{data}");
        assert_eq!(data["index"], self.blocks, "{data}");
        self.blocks += 1;
        let block = &data["content_block"];
        self.open = block["type"].as_str().map(str::to_owned);
        match self.open.as_deref() {
            Some("text") => assert!(block["text"].is_string(), "{data}"),
            Some("thinking") => assert!(block["thinking"].is_string() && block["signature"].is_string(), "{data}"),
            Some("redacted_thinking") => assert!(block["data"].is_string(), "{data}"),
            Some("tool_use") => {
                assert!(block["id"].is_string() && block["name"].is_string() && block["input"].is_object(), "{data}");
            }
            _ => panic!("no such block: {data}"),
        }
    }

    fn delta(&self, data: &Value) {
        assert_eq!(data["index"], self.blocks.wrapping_sub(1), "{data}");
        let delta = &data["delta"];
        let (block, field) = match delta["type"].as_str() {
            Some("text_delta") => ("text", "text"),
            Some("thinking_delta") => ("thinking", "thinking"),
            Some("signature_delta") => ("thinking", "signature"),
            Some("input_json_delta") => ("tool_use", "partial_json"),
            _ => panic!("no such delta: {data}"),
        };
        assert_eq!(self.open.as_deref(), Some(block), "{data}");
        assert!(delta[field].is_string(), "{data}");
    }
}
