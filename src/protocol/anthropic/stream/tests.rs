//! Streams, event by event.

use serde_json::{Value, json};

use super::*;
use crate::domain::chat::{Finish, Usage};

/// What is read of `events`; each in short.
fn read(events: &[Value]) -> Vec<String> {
    let mut reader = Reader::default();
    let mut out = Vec::new();
    for event in events {
        reader.read(event["type"].as_str(), event.to_string().as_bytes(), &mut out).unwrap();
    }
    reader.close(&mut out);
    out.iter().map(short).collect()
}

fn short(event: &Event) -> String {
    match event {
        Event::Start { model } => format!("start {model}"),
        Event::Text(text) => format!("text {text}"),
        Event::Thought { index, piece } => format!(
            "thought {index} {:?} {:?} {:?}",
            piece.text,
            piece.signature.as_deref().unwrap_or("-"),
            piece.sealed.as_deref().unwrap_or("-")
        ),
        Event::CallStart { index, call } => format!("call {index} {} {} {:?}", call.id, call.name, call.arguments),
        Event::CallDelta { index, arguments } => format!("arguments {index} {arguments}"),
        Event::Finish(finish) => format!("finish {finish:?}"),
        Event::Usage(Usage { input, output, .. }) => format!("usage {input} {output}"),
        Event::End => "end".into(),
        Event::Error(failure) => format!("error {} {}", failure.class.name(), failure.message),
        Event::Refusal(words) => format!("refusal {words}"),
    }
}

fn start(index: u32, block: Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn delta(index: u32, delta: Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn stop(index: u32) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

#[test]
fn tools_are_counted_by_themselves() {
    let tool = |id: &str, input| json!({"type": "tool_use", "id": id, "name": "f", "input": input});
    let piece = |json: &str| json!({"type": "input_json_delta", "partial_json": json});
    let events = [
        start(0, json!({"type": "text", "text": "go"})),
        stop(0),
        start(1, json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}})),
        delta(1, piece("{\"q\":1}")),
        stop(1),
        start(2, tool("a", json!({}))),
        delta(2, piece("")),
        delta(2, piece("{\"x\":")),
        delta(2, piece("1}")),
        stop(2),
        start(3, tool("b", json!({}))),
        stop(3),
        start(4, tool("c", json!({"whole": [1, 2]}))),
        stop(4),
    ];
    let expected = [
        "text go",
        "call 0 a f \"\"",
        "arguments 0 {\"x\":",
        "arguments 0 1}",
        "call 1 b f \"\"",
        "arguments 1 {}",
        "call 2 c f \"\"",
        "arguments 2 {\"whole\":[1,2]}",
    ];
    assert_eq!(read(&events), expected);
}

#[test]
fn thoughts_keep_their_proofs() {
    let events = [
        start(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        delta(0, json!({"type": "signature_delta", "signature": "c2ln"})),
        stop(0),
        start(1, json!({"type": "redacted_thinking", "data": "ZW5j"})),
        stop(1),
        start(2, json!({"type": "thinking", "thinking": "", "signature": ""})),
        delta(2, json!({"type": "thinking_delta", "thinking": "hm"})),
        delta(2, json!({"type": "future_delta", "text": 7})),
    ];
    let expected = [r#"thought 0 "" "c2ln" "-""#, r#"thought 1 "" "-" "ZW5j""#, r#"thought 2 "hm" "-" "-""#];
    assert_eq!(read(&events), expected);
}

#[test]
fn usage_is_told_at_the_end_with_what_was_told_at_the_start() {
    let usage = json!({"input_tokens": 20, "cache_read_input_tokens": 100, "output_tokens": 1});
    let events = [
        json!({"type": "message_start", "message": {"model": "m", "content": [], "usage": usage}}),
        json!({"type": "ping"}),
        json!({"type": "some_day", "index": "?"}),
        json!({"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 12}}),
        json!({"type": "message_stop"}),
    ];
    assert_eq!(read(&events), ["start m", "finish Length", "usage 120 12", "end"]);
    assert_eq!(read(&events[..4]).last().unwrap(), "usage 120 12");
}

#[test]
fn a_refusal_is_a_reason_to_stop() {
    let details = json!({"type": "refusal", "category": null, "explanation": "No."});
    let event = json!({"type": "message_delta", "delta": {"stop_reason": "refusal", "stop_details": details}});
    assert_eq!(read(&[event]), [format!("finish {:?}", Finish::Filtered(Some("No.".into())))]);
}

#[test]
fn errors_are_classed_by_their_type() {
    for (kind, message, class) in [
        ("overloaded_error", "Overloaded", "server_error"),
        ("api_error", "?", "server_error"),
        ("new_error", "?", "server_error"),
        ("rate_limit_error", "?", "rate_limited"),
        ("timeout_error", "?", "timeout"),
        ("billing_error", "?", "quota"),
        ("authentication_error", "?", "auth"),
        ("invalid_request_error", "?", "invalid_request"),
        ("invalid_request_error", "prompt is too long: 9 > 8", "context_length"),
    ] {
        let data = json!({"type": "error", "error": {"type": kind, "message": message}});
        assert_eq!(read(std::slice::from_ref(&data)), [format!("error {class} {message}")]);
        let mut out = Vec::new();
        Reader::default().read(Some("error"), data.to_string().as_bytes(), &mut out).unwrap();
        let Some(Event::Error(failure)) = out.pop() else { panic!("{out:?}") };
        let said = failure.said.unwrap();
        assert_eq!((said.kind.as_deref(), &*said.body), (Some(kind), data.to_string().as_bytes()));
    }
}

#[test]
fn a_broken_event_changes_nothing() {
    let mut reader = Reader::default();
    let mut out = Vec::new();
    let tool = start(0, json!({"type": "tool_use", "id": "a", "name": "f", "input": {}}));
    for broken in ["", "{", "[]", "hello", "{\"type\":\"content_block_start\",\"index\":0}"] {
        assert!(reader.read(Some("content_block_start"), broken.as_bytes(), &mut out).is_err(), "{broken}");
        assert!(out.is_empty() && !reader.in_tool_call());
    }
    reader.read(None, tool.to_string().as_bytes(), &mut out).unwrap();
    assert!(reader.in_tool_call());
    reader.read(None, stop(0).to_string().as_bytes(), &mut out).unwrap();
    assert!(!reader.in_tool_call());
}

#[test]
fn a_piece_of_a_call_whose_beginning_was_lost_is_a_failure() {
    let piece = delta(1, json!({"type": "input_json_delta", "partial_json": "{}"}));
    assert_eq!(read(std::slice::from_ref(&piece)), ["error malformed a tool call goes on that has not begun"]);
    let search = start(1, json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}));
    assert_eq!(read(&[search, piece]), [""; 0]);
}

#[test]
fn a_block_that_cannot_be_read_is_a_failure() {
    let tool = start(0, json!({"type": "tool_use", "id": "a", "name": "", "input": {}}));
    assert_eq!(read(&[tool]), ["error malformed a block cannot be read: a tool call without an id or a name"]);
}
