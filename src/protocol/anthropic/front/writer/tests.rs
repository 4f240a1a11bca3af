//! Streams, event by event.

mod any_order;

use serde_json::Value;

use super::*;
use crate::domain::chat::{ANTHROPIC_THOUGHT, OPENAI_THOUGHT, ToolCall};
use crate::protocol::sse::{Splitter, parse};

fn start() -> Event {
    Event::Start { model: "m".into() }
}

fn text(words: &str) -> Event {
    Event::Text(words.into())
}

/// A piece of a thought: its text, then what proves it, signed (`s:`) or sealed (`x:`).
fn thought(index: u32, words: &str, proof: &str, format: Option<&str>) -> Event {
    let proof = |mark: &str| proof.strip_prefix(mark).map(str::to_owned);
    let (signature, sealed) = (proof("s:"), proof("x:"));
    let piece = Thought { text: words.into(), signature, sealed, format: format.map(str::to_owned) };
    Event::Thought { index, piece }
}

fn call(index: u32, arguments: &str) -> Event {
    let call = ToolCall { id: format!("call_{index}"), name: "f".into(), arguments: arguments.into() };
    Event::CallStart { index, call }
}

fn delta(index: u32, arguments: &str) -> Event {
    Event::CallDelta { index, arguments: arguments.into() }
}

fn done(finish: Finish) -> [Event; 2] {
    [Event::Finish(finish), Event::End]
}

/// The events that are written for `events`: each one's data, which names it as its own line does.
fn written(events: &[Event]) -> Vec<Value> {
    let mut writer = Writer::new(Stamp { id: "GW".into(), created: 0 });
    let mut out = BytesMut::new();
    events.iter().for_each(|event| writer.write(event, &mut out));
    let mut splitter = Splitter::default();
    splitter.push(out.freeze());
    let mut list = Vec::new();
    while let Some(raw) = splitter.cut().unwrap() {
        let event = parse(&raw);
        let data: Value = serde_json::from_slice(&event.data.unwrap()).unwrap();
        assert_eq!(event.name, data["type"].as_str());
        list.push(data);
    }
    list
}

/// What is written for `events` after the start, in short.
fn told(events: &[Event]) -> Vec<String> {
    let written = written(&[&[start()], events].concat());
    assert_eq!(written[0]["type"], "message_start");
    written[1..].iter().map(short).collect()
}

fn short(event: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let index = &event["index"];
    match &*word(&event["type"]) {
        "content_block_start" => {
            let mut block = event["content_block"].clone();
            let kind = word(&block["type"]);
            block.as_object_mut().unwrap().shift_remove("type");
            format!("start {index} {kind} {block}")
        }
        "content_block_delta" => {
            let (kind, said) = {
                let mut fields = event["delta"].as_object().unwrap().iter();
                (fields.next().unwrap().1, fields.next().unwrap().1)
            };
            format!("{} {index} {}", word(kind).trim_end_matches("_delta"), word(said))
        }
        "content_block_stop" => format!("stop {index}"),
        "message_delta" => format!("end {}", word(&event["delta"]["stop_reason"])),
        other => other.to_owned(),
    }
}

fn check(events: &[Event], expected: &[&str]) {
    assert_eq!(told(events), expected);
}

const TEXT: &str = r#"start 0 text {"text":""}"#;
const TEXT_1: &str = r#"start 1 text {"text":""}"#;
const CALL: &str = r#"start 0 tool_use {"id":"call_0","name":"f","input":{}}"#;
const CALL_1: &str = r#"start 1 tool_use {"id":"call_1","name":"f","input":{}}"#;
const THOUGHT: &str = r#"start 0 thinking {"thinking":"","signature":""}"#;
const THOUGHT_1: &str = r#"start 1 thinking {"thinking":"","signature":""}"#;

#[test]
fn an_answer_from_start_to_stop() {
    let usage = Usage { input: 90, cache_read: 64, output: 33, ..Usage::default() };
    let events = [start(), text("Hi"), Event::Finish(Finish::Stop), Event::Usage(usage), Event::End];
    let written = written(&events);
    let message = json!({
        "id": "msg_GW", "type": "message", "role": "assistant", "model": "m", "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 0, "output_tokens": 0}
    });
    let usage = json!({
        "input_tokens": 26, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 64, "output_tokens": 33
    });
    let expected = json!([
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null}, "usage": usage},
        {"type": "message_stop"}
    ]);
    assert_eq!(Value::from(written), expected);
}

#[test]
fn the_first_event_starts_the_message_and_only_that() {
    for first in [text("a"), call(0, ""), Event::Finish(Finish::Stop), Event::End] {
        let written = written(&[Event::Usage(Usage::default()), first, start()]);
        let starts = written.iter().filter(|event| event["type"] == "message_start").count();
        assert_eq!((&written[0]["type"], starts), (&json!("message_start"), 1));
    }
}

#[test]
fn text_is_one_block_and_empty_text_is_none() {
    check(&[text(""), text("a"), text(""), text("b\n\"")], &[TEXT, "text 0 a", "text 0 b\n\""]);
    check(&done(Finish::Stop), &["end end_turn", "message_stop"]);
}

#[test]
fn a_call_is_told_as_it_comes_and_one_without_arguments_has_no_delta() {
    let events = [text("a"), call(1, ""), delta(1, "{\"x\":"), delta(1, "1}")];
    let expected = [TEXT, "text 0 a", "stop 0", CALL_1, "input_json 1 {\"x\":", "input_json 1 1}"];
    check(&events, &expected);
    let bare = [&[call(0, "")][..], &done(Finish::Stop)].concat();
    check(&bare, &[CALL, "stop 0", "end tool_use", "message_stop"]);
}

#[test]
fn calls_beside_the_first_wait_and_come_in_their_order() {
    let events = [
        call(0, "{"),
        call(2, ""),
        call(1, "[1"),
        delta(2, "{\"c\":"),
        delta(0, "}"),
        delta(1, "]"),
        delta(9, "lost"),
        delta(2, "2}"),
    ];
    let expected = [
        CALL,
        "input_json 0 {",
        "input_json 0 }",
        "stop 0",
        CALL_1,
        "input_json 1 [1]",
        "stop 1",
        r#"start 2 tool_use {"id":"call_2","name":"f","input":{}}"#,
        "input_json 2 {\"c\":2}",
        "stop 2",
        "end tool_use",
        "message_stop",
    ];
    check(&[&events[..], &done(Finish::ToolCalls)].concat(), &expected);
}

#[test]
fn content_behind_whole_calls_is_told_at_once() {
    let events = [call(0, "{}"), call(1, "{}"), text("a"), text("b"), call(2, "{"), delta(0, "late"), delta(2, "}")];
    let expected = [
        CALL,
        "input_json 0 {}",
        "stop 0",
        CALL_1,
        "input_json 1 {}",
        "stop 1",
        r#"start 2 text {"text":""}"#,
        "text 2 a",
        "text 2 b",
        "stop 2",
        r#"start 3 tool_use {"id":"call_2","name":"f","input":{}}"#,
        "input_json 3 {",
        "input_json 3 }",
    ];
    check(&events, &expected);
}

#[test]
fn content_inside_a_call_waits_for_the_rest_of_it() {
    let inside = [call(0, "{\"a\":"), text("x"), thought(0, "hm", "", None), call(1, "{"), text("y"), delta(1, "}")];
    check(&inside, &[CALL, "input_json 0 {\"a\":"]);
    let told = [
        CALL,
        "input_json 0 {\"a\":",
        "input_json 0 1}",
        "stop 0",
        TEXT_1,
        "text 1 x",
        "stop 1",
        r#"start 2 thinking {"thinking":"","signature":""}"#,
        "thinking 2 hm",
        "stop 2",
        r#"start 3 tool_use {"id":"call_1","name":"f","input":{}}"#,
        "input_json 3 {}",
        "stop 3",
        r#"start 4 text {"text":""}"#,
        "text 4 y",
    ];
    check(&[&inside[..], &[delta(0, "1}")]].concat(), &told);
    // Arguments that never come whole hold nothing back for good.
    let broken = [call(0, "{"), text("x"), Event::Finish(Finish::Length), Event::End];
    let expected = [CALL, "input_json 0 {", "stop 0", TEXT_1, "text 1 x", "stop 1", "end max_tokens", "message_stop"];
    check(&broken, &expected);
}

#[test]
fn thoughts_are_signed_before_they_stop() {
    let ours = Some(ANTHROPIC_THOUGHT);
    let events = [
        thought(0, "a", "", ours),
        thought(0, "b", "", None),
        thought(0, "", "s:c2ln", None),
        thought(1, "", "s:b2ly", ours),
        thought(2, "", "x:ZW5j", ours),
        text("t"),
    ];
    let expected = [
        THOUGHT,
        "thinking 0 a",
        "thinking 0 b",
        "signature 0 c2ln",
        "stop 0",
        THOUGHT_1,
        "signature 1 b2ly",
        "stop 1",
        r#"start 2 redacted_thinking {"data":"ZW5j"}"#,
        "stop 2",
        r#"start 3 text {"text":""}"#,
        "text 3 t",
    ];
    check(&events, &expected);
}

#[test]
fn what_follows_a_signature_is_another_thought() {
    let piece = |words: &str, proof: &str| thought(0, words, proof, Some(ANTHROPIC_THOUGHT));
    let events = [piece("a", "s:1"), piece("", "s:2"), piece("b", ""), text("t"), piece("", "s:3")];
    let expected = [
        THOUGHT,
        "thinking 0 a",
        "signature 0 2",
        "stop 0",
        THOUGHT_1,
        "thinking 1 b",
        "stop 1",
        r#"start 2 text {"text":""}"#,
        "text 2 t",
        "stop 2",
        r#"start 3 thinking {"thinking":"","signature":""}"#,
    ];
    check(&events, &expected);
}

#[test]
fn other_providers_proofs_are_not_shown() {
    let other = Some(OPENAI_THOUGHT);
    let events = [thought(0, "a", "s:c2ln", other), thought(0, "", "x:ZW5j", other), thought(1, "b", "s:x", None)];
    let expected = [THOUGHT, "thinking 0 a", "stop 0", THOUGHT_1, "thinking 1 b"];
    check(&events, &expected);
    check(&[thought(0, "", "x:ZW5j", other)], &[]);
    check(
        &[call(0, "{}"), thought(0, "", "x:ZW5j", other), delta(0, " ")],
        &[CALL, "input_json 0 {}", "input_json 0  "],
    );
}

#[test]
fn a_refusal_is_text_and_a_reason_to_stop() {
    let words = || Event::Refusal("No.".into());
    let refused = |finish| [&[words()][..], &done(finish)].concat();
    let expected = |end| [TEXT, "text 0 No.", "stop 0", end, "message_stop"];
    check(&refused(Finish::Stop), &expected("end refusal"));
    check(&refused(Finish::Length), &expected("end max_tokens"));
    let explained = written(&done(Finish::Filtered(Some("Why.".into()))));
    let details = json!({"type": "refusal", "category": null, "explanation": "Why."});
    assert_eq!(explained[1]["delta"]["stop_details"], details);
    let sequence = written(&done(Finish::StopSequence("END".into())));
    assert_eq!(sequence[1]["delta"], json!({"stop_reason": "stop_sequence", "stop_sequence": "END"}));
}

#[test]
fn what_comes_behind_the_finish_is_not_lost() {
    let usage = Usage { input: 3, output: 2, ..Usage::default() };
    let events = [call(0, "{}"), Event::Finish(Finish::ToolCalls), text("a"), delta(0, "late"), Event::Usage(usage)];
    let written = written(&[&events[..], &[Event::End]].concat());
    let expected = [
        "message_start",
        CALL,
        "input_json 0 {}",
        "stop 0",
        TEXT_1,
        "text 1 a",
        "stop 1",
        "end tool_use",
        "message_stop",
    ];
    assert_eq!(written.iter().map(short).collect::<Vec<_>>(), expected);
    assert_eq!(written[7]["usage"]["output_tokens"], 2);
}

#[test]
fn an_error_is_the_last_event() {
    let mut writer = Writer::new(Stamp::default());
    let mut out = BytesMut::new();
    let (status, kind, message) = (529, "server_error", "Overloaded");
    let error = ErrorView { status, kind, code: None, param: None, message, attempts: None, request_id: None };
    writer.fail(&error, &mut out);
    let expected = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    assert_eq!(out, expected);
}
