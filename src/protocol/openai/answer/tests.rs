//! Whole answers, against the golden cases and on their own.

use serde_json::{Value, json};

use super::super::super::Stamp;
use super::{read, write};
use crate::domain::chat::{ANTHROPIC_THOUGHT, Answer, Finish, Part, Text, Thought, ToolCall, Usage};
use crate::domain::failure::Class;

macro_rules! golden {
    ($path:literal) => {
        include_str!(concat!("../../../../tests/golden/", $path))
    };
}

fn stamp() -> Stamp {
    Stamp { id: "GW".into(), created: 1_700_000_000 }
}

fn text(words: &str) -> Part {
    Part::Text(Text { text: words.into(), cache: false })
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    Part::Call(ToolCall { id: id.into(), name: name.into(), arguments: arguments.into() })
}

fn answer(parts: Vec<Part>, finish: Finish) -> Answer {
    Answer { model: "m".into(), parts, finish, usage: None }
}

fn written(answer: &Answer) -> Value {
    serde_json::from_slice(&write(answer, &stamp())).unwrap()
}

fn message(answer: &Answer) -> Value {
    written(answer)["choices"][0]["message"].take()
}

fn of(body: Value) -> Answer {
    read(body.to_string().as_bytes(), &stamp()).unwrap()
}

#[test]
fn golden_01_text() {
    let usage = Usage { input: 18, output: 5, tells_cache: true, ..Usage::default() };
    let answer =
        Answer { model: "claude-sonnet-4-6".into(), parts: vec![text("4")], finish: Finish::Stop, usage: Some(usage) };
    let expected: Value = serde_json::from_str(golden!("01-basic-text/openai.response.json")).unwrap();
    assert_eq!(written(&answer), expected);
    assert_eq!(of(expected), answer);
}

#[test]
fn golden_19_refusal() {
    let thought =
        Thought { signature: Some("c2ln".into()), format: Some(ANTHROPIC_THOUGHT.into()), ..Thought::default() };
    let answer = Answer {
        model: "claude-opus-5-5".into(),
        parts: vec![Part::Thought(thought)],
        finish: Finish::Filtered(Some("Cannot help with that.".into())),
        usage: Some(Usage { input: 10, output: 3, tells_cache: true, ..Usage::default() }),
    };
    let expected: Value = serde_json::from_str(golden!("19-refusal/openai.response.json")).unwrap();
    assert_eq!(written(&answer), expected);

    let refused = read(golden!("19-refusal/openai-refusal.response.json").as_bytes(), &stamp()).unwrap();
    assert_eq!(refused.parts, [Part::Refusal("I can't do that.".into())]);
    assert_eq!(refused.finish, Finish::Stop);
}

#[test]
fn golden_11_stop_with_tool_calls() {
    let answer = read(golden!("11-openai-response-to-anthropic/openai.response.json").as_bytes(), &stamp()).unwrap();
    assert_eq!(answer.model, "gpt-6-sol-2026-10-01");
    assert_eq!(answer.parts, [text("On it."), call("call_9", "get_weather", r#"{"city":"Oslo"}"#)]);
    assert_eq!(answer.finish, Finish::ToolCalls);
    let usage = answer.usage.unwrap();
    assert_eq!((usage.input, usage.cache_read, usage.cache_write, usage.reasoning), (1200, 1000, 128, Some(64)));
}

#[test]
fn a_refusal_always_has_words() {
    let message = message(&answer(Vec::new(), Finish::Filtered(None)));
    assert_eq!(message["content"], Value::Null);
    assert_eq!(message["refusal"], "The model refused this request.");
    let cut = written(&answer(vec![text("Well,")], Finish::Filtered(None)));
    assert_eq!(cut["choices"][0]["message"]["refusal"], Value::Null);
    assert_eq!(cut["choices"][0]["finish_reason"], "content_filter");
}

#[test]
fn tools_and_thoughts_are_written() {
    let plain = Thought { text: "hm".into(), ..Thought::default() };
    let sealed = Thought { sealed: Some("ZW5j".into()), format: Some(ANTHROPIC_THOUGHT.into()), ..Thought::default() };
    let parts = vec![Part::Thought(plain), Part::Thought(sealed), call("a", "now", ""), call("b", "say", "{\"x\":1}")];
    let message = message(&answer(parts, Finish::ToolCalls));
    let expected = json!({
        "role": "assistant",
        "content": null,
        "refusal": null,
        "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "now", "arguments": "{}"}},
            {"id": "b", "type": "function", "function": {"name": "say", "arguments": "{\"x\":1}"}},
        ],
        "reasoning": "hm",
        "reasoning_details": [
            {"type": "reasoning.encrypted", "data": "ZW5j", "format": "anthropic-claude-v1", "index": 1},
        ],
    });
    assert_eq!(message, expected);
}

#[test]
fn every_finish_has_a_name() {
    for (finish, name) in [
        (Finish::Stop, "stop"),
        (Finish::StopSequence("END".into()), "stop"),
        (Finish::Length, "length"),
        (Finish::ToolCalls, "tool_calls"),
        (Finish::Filtered(None), "content_filter"),
        (Finish::Other("novel".into()), "stop"),
    ] {
        assert_eq!(written(&answer(vec![text("x")], finish))["choices"][0]["finish_reason"], name);
    }
}

#[test]
fn what_servers_send_instead() {
    let message = |message: Value| of(json!({"model": "m", "choices": [{"message": message}]}));
    let thought = |words: &str| Part::Thought(Thought { text: words.into(), ..Thought::default() });
    assert_eq!(message(json!({"reasoning_content": "hm", "content": "x"})).parts, [thought("hm"), text("x")]);
    let parts = json!([{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "no"}]);
    assert_eq!(message(json!({ "content": parts })).parts, [text("a"), Part::Refusal("no".into())]);
    let calls =
        json!([{"function": {"name": "f", "arguments": {"x": 1}}}, {"custom": {"name": "g", "input": "\"q\""}}]);
    let called = message(json!({"content": null, "tool_calls": calls}));
    assert_eq!(called.parts, [call("call_GW1", "f", r#"{"x":1}"#), call("call_GW2", "g", r#"{"input":"\"q\""}"#)]);
    assert_eq!(called.finish, Finish::ToolCalls);
    let legacy = message(json!({"content": null, "function_call": {"name": "f", "arguments": "{}"}}));
    assert_eq!(legacy.parts, [call("call_GW1", "f", "{}")]);
}

#[test]
fn what_is_no_answer() {
    for body in [
        "",
        "<html>",
        "[]",
        "{}",
        r#"{"choices":[]}"#,
        r#"{"choices":[{}]}"#,
        r#"{"choices":[{"message":{"content":5}}]}"#,
        r#"{"choices":[{"message":{"tool_calls":[{"id":"a"}]}}]}"#,
        r#"{"choices":[{"message":{"tool_calls":[{"id":"a","function":{"name":""}}]}}]}"#,
        r#"{"choices":[{"message":{"content":"x"},"finish_reason":"error"}]}"#,
    ] {
        assert_eq!(read(body.as_bytes(), &stamp()).unwrap_err().class, Class::Malformed, "{body}");
    }
}
