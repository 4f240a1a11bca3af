//! Whole answers.

use serde_json::{Value, json};

use super::*;
use crate::domain::chat::{ANTHROPIC_THOUGHT, Finish, OPENAI_THOUGHT, Text, ToolCall, Usage};

fn written(answer: &Answer) -> Value {
    let stamp = Stamp { id: "GW".into(), created: 1_700_000_000 };
    serde_json::from_slice(&write(answer, &stamp)).unwrap()
}

fn answer(parts: Vec<Part>, finish: Finish) -> Answer {
    Answer { model: "m".into(), parts, finish, usage: None }
}

fn content(parts: Vec<Part>) -> Value {
    written(&answer(parts, Finish::Stop))["content"].take()
}

fn text(words: &str) -> Part {
    Part::Text(Text { text: words.into(), cache: false })
}

fn call(arguments: &str) -> Part {
    Part::Call(ToolCall { id: "call_9".into(), name: "f".into(), arguments: arguments.into() })
}

fn thought(text: &str, signature: Option<&str>, sealed: Option<&str>, format: Option<&str>) -> Part {
    let [signature, sealed, format] = [signature, sealed, format].map(|word| word.map(str::to_owned));
    Part::Thought(Thought { text: text.into(), signature, sealed, format })
}

#[test]
fn a_message_says_who_speaks_what_and_for_how_much() {
    let usage = Usage { input: 1200, cache_read: 1000, cache_write: 128, output: 80, ..Usage::default() };
    let message = written(&Answer { usage: Some(usage), ..answer(vec![text("Hi."), call("{}")], Finish::Stop) });
    let expected = json!({
        "id": "msg_GW", "type": "message", "role": "assistant", "model": "m",
        "content": [
            {"type": "text", "text": "Hi."},
            {"type": "tool_use", "id": "call_9", "name": "f", "input": {}}
        ],
        "stop_reason": "tool_use", "stop_sequence": null,
        "usage": {
            "input_tokens": 72, "cache_creation_input_tokens": 128, "cache_read_input_tokens": 1000,
            "output_tokens": 80
        }
    });
    assert_eq!(message, expected);
}

#[test]
fn ids_are_ones_that_anthropic_takes_back() {
    let call = Part::Call(ToolCall { id: "functions.f:0".into(), name: "f".into(), arguments: String::new() });
    assert_eq!(content(vec![call])[0]["id"], "functions_f_0");
}

#[test]
fn parts_keep_their_order_and_empty_ones_are_left_out() {
    let parts = vec![text(""), call("{}"), text("b"), Part::Refusal(String::new()), Part::Refusal("No.".into())];
    let content = content(parts);
    let kinds: Vec<&str> = content.as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["tool_use", "text", "text"]);
    assert_eq!((&content[1]["text"], &content[2]["text"]), (&json!("b"), &json!("No.")));
    assert_eq!(written(&answer(Vec::new(), Finish::Stop))["content"], json!([]));
}

#[test]
fn thoughts_keep_only_anthropics_proofs() {
    let ours = Some(ANTHROPIC_THOUGHT);
    let content = content(vec![
        thought("a", Some("c2ln"), None, ours),
        thought("", Some("b2ly"), None, ours),
        thought("", None, Some("ZW5j"), ours),
        thought("b", None, None, None),
        thought("c", Some("c2ln"), None, None),
        thought("d", None, Some("c2VhbGVk"), Some(OPENAI_THOUGHT)),
        thought("", None, Some("c2VhbGVk"), Some(OPENAI_THOUGHT)),
        thought("", None, None, ours),
    ]);
    let expected = json!([
        {"type": "thinking", "thinking": "a", "signature": "c2ln"},
        {"type": "thinking", "thinking": "", "signature": "b2ly"},
        {"type": "redacted_thinking", "data": "ZW5j"},
        {"type": "thinking", "thinking": "b", "signature": ""},
        {"type": "thinking", "thinking": "c", "signature": ""},
        {"type": "thinking", "thinking": "d", "signature": ""}
    ]);
    assert_eq!(content, expected);
}

#[test]
fn arguments_are_an_object_and_keep_their_digits() {
    for (arguments, input) in [
        ("", "{}"),
        (" null ", "{}"),
        (r#" {"wei":123456789012345678901234567890,"f":1.50} "#, r#"{"wei":123456789012345678901234567890,"f":1.50}"#),
        (r#"{"city":"Os"#, r#"{"raw_arguments":"{\"city\":\"Os"}"#),
        (r#"["Oslo"]"#, r#"{"raw_arguments":"[\"Oslo\"]"}"#),
    ] {
        let message = write(&answer(vec![call(arguments)], Finish::ToolCalls), &Stamp::default());
        let message = std::str::from_utf8(&message).unwrap();
        assert!(message.contains(&format!(r#""input":{input}}}"#)), "{arguments}: {message}");
    }
}

#[test]
fn a_refusal_is_a_reason_to_stop() {
    let in_words = written(&answer(vec![Part::Refusal("No.".into())], Finish::Stop));
    assert_eq!((&in_words["stop_reason"], in_words.get("stop_details")), (&json!("refusal"), None));
    let explained = written(&answer(Vec::new(), Finish::Filtered(Some("No.".into()))));
    assert_eq!(explained["content"], json!([]));
    assert_eq!(explained["stop_details"], json!({"type": "refusal", "category": null, "explanation": "No."}));
}

#[test]
fn usage_is_always_told() {
    let usage = written(&answer(vec![text("x")], Finish::Stop))["usage"].take();
    assert_eq!((&usage["input_tokens"], &usage["output_tokens"]), (&json!(0), &json!(0)));
}
