//! What callers of other protocols send, written for models of every kind.

use serde_json::{Value, json};

use super::super::write;
use super::{card, thinker};
use crate::domain::chat::{
    ANTHROPIC_THOUGHT, Chat, Function, Message, Part, Sampling, Text, Thought, Tool, ToolCall, ToolResult,
};
use crate::models::{Card, Models};
use crate::protocol::Written;

fn text(words: &str) -> Part {
    Part::Text(Text { text: words.into(), cache: false })
}

fn plain(words: &str) -> Part {
    Part::Thought(Thought { text: words.into(), ..Thought::default() })
}

fn signed(words: &str) -> Part {
    let format = Some(ANTHROPIC_THOUGHT.into());
    Part::Thought(Thought { text: words.into(), signature: Some("s".into()), sealed: None, format })
}

fn call() -> Part {
    Part::Call(ToolCall { id: "a".into(), name: "f".into(), arguments: "{}".into() })
}

fn user() -> Message {
    Message::User(vec![text("hi")])
}

fn function(name: &str, schema: Value, strict: Option<bool>) -> Tool {
    Tool::Function(Function { name: name.into(), parameters: Some(schema), strict, ..Function::default() })
}

#[track_caller]
fn body(written: &Written) -> Value {
    serde_json::from_slice(&written.body).unwrap()
}

/// What becomes of a turn of the assistant.
#[track_caller]
fn turn(parts: Vec<Part>, model: &str, card: &Card) -> Value {
    let calls = parts.iter().any(|part| matches!(part, Part::Call(_)));
    let answer = Message::Tool(ToolResult { id: "a".into(), parts: vec![], plain: true, is_error: false });
    let messages = [Message::Assistant(parts)].into_iter().chain(calls.then_some(answer)).collect();
    let mut body = body(&write(&Chat { messages, ..Chat::default() }, model, card).unwrap());
    let mut turn = body["messages"][0].take();
    if let Some(turn) = turn.as_object_mut() {
        turn.shift_remove("role");
        turn.shift_remove("tool_calls");
    }
    turn
}

#[test]
fn each_model_gets_the_thoughts_that_it_takes() {
    let parts = |parts: &[Part]| parts.iter().cloned().chain([text("x")]).collect();
    let alone = json!({"content": "x"});
    let entry = |index: u32| json!({"type": "reasoning.text", "text": "b", "signature": "s", "format": ANTHROPIC_THOUGHT, "index": index});
    let mixed = [plain("a"), signed("b")];
    assert_eq!(turn(parts(&mixed), "gpt-6-sol", &thinker()), alone);
    assert_eq!(turn(parts(&mixed), "qwen", &card()), json!({"content": "x", "reasoning": "a"}));
    let claude = json!({"content": "x", "reasoning_details": [entry(0)]});
    assert_eq!(turn(parts(&mixed), "anthropic/claude-sonnet-4.5", &card()), claude);
    assert_eq!(turn(parts(&[plain("a")]), "anthropic/claude-sonnet-4.5", &card()), alone);
    assert_eq!(turn(parts(&[signed("b")]), "qwen", &card()), alone);
    let several = json!([
        {"type": "reasoning.text", "text": "a", "index": 0}, {"type": "reasoning.text", "text": "c", "index": 1},
    ]);
    let expected = json!({"content": "x", "reasoning_details": several});
    assert_eq!(turn(parts(&[plain("a"), plain("c")]), "qwen", &card()), expected);
}

#[test]
fn deepseek_hears_again_what_led_to_its_calls() {
    for model in ["deepseek-chat", "deepseek/deepseek-v3.2", "deepseek-reasoner"] {
        let card = Models::builtin().card(model);
        let turn = |parts| turn(parts, model, &card);
        assert_eq!(turn(vec![plain("a"), call()]), json!({"content": null, "reasoning_content": "a"}));
        assert_eq!(
            turn(vec![plain("a"), signed("b"), text("x"), call()]),
            json!({"content": "x", "reasoning_content": "a\nb"}),
        );
        assert_eq!(turn(vec![plain("a"), text("x")]), json!({"content": "x"}), "no call, no echo");
        assert_eq!(turn(vec![text("x"), call()]), json!({"content": "x"}));
    }
}

#[test]
fn a_turn_of_thoughts_alone_keeps_its_place() {
    assert_eq!(turn(vec![plain("a")], "gpt-6-sol", &thinker()), json!({"content": ""}));
    assert_eq!(turn(vec![signed("a"), call()], "gpt-6-sol", &thinker()), json!({"content": null}));
    assert_eq!(turn(vec![Part::Refusal("no".into())], "m", &card()), json!({"content": null, "refusal": "no"}));
}

#[test]
fn what_a_tool_gives_back_is_a_string_unless_a_mark_counts() {
    let with = |cache: bool, is_error: bool, card: &Card| {
        let parts = vec![text("a"), Part::Text(Text { text: "b".into(), cache })];
        let result = ToolResult { id: "a".into(), parts, plain: false, is_error };
        let messages = vec![user(), Message::Assistant(vec![call()]), Message::Tool(result)];
        body(&write(&Chat { messages, ..Chat::default() }, "m", card).unwrap())["messages"][2]["content"].take()
    };
    assert_eq!(with(false, false, &card()), "a\nb");
    assert_eq!(with(true, true, &card()), "Error: a\nb");
    assert_eq!(with(true, false, &thinker()), "a\nb");
    let mark = json!({"mode": "explicit"});
    let marked = json!([
        {"type": "text", "text": "a"}, {"type": "text", "text": "b", "prompt_cache_breakpoint": mark},
    ]);
    assert_eq!(with(true, false, &card()), marked);
}

#[test]
fn an_answer_is_no_longer_than_the_model_can_give() {
    let length = |max_tokens, card: &Card| {
        let chat = Chat { messages: vec![user()], max_tokens: Some(max_tokens), ..Chat::default() };
        let written = write(&chat, "m", card).unwrap();
        assert_eq!(written.ours, ["max_tokens"]);
        body(&written)["max_tokens"].take()
    };
    let short = Card { max_output: Some(16_384), ..card() };
    assert_eq!(length(32_000, &short), 16_384);
    assert_eq!(length(16_000, &short), 16_000);
    assert_eq!(length(1_000_000, &card()), 1_000_000);
}

#[test]
fn models_that_take_no_stop_strings_get_none() {
    for (model, sent) in
        [("gpt-4o", json!(["a"])), ("gpt-5", json!(["a"])), ("o4-mini", Value::Null), ("o3", Value::Null)]
    {
        let sampling = Sampling { stop: vec!["a".into()], ..Sampling::default() };
        let chat = Chat { messages: vec![user()], sampling, ..Chat::default() };
        let written = write(&chat, model, &Models::builtin().card(model)).unwrap();
        assert_eq!(body(&written)["stop"], sent, "{model}");
        assert_eq!(written.dropped.is_empty(), !sent.is_null(), "{model}");
    }
}

#[test]
fn strictness_is_asked_for_where_the_schema_allows_it() {
    let closed = json!({"type": "object", "properties": {"a": {}}, "required": ["a"], "additionalProperties": false});
    let open = json!({"type": "object", "properties": {"a": {}}});
    for (schema, strict, sent, dropped) in [
        (&closed, Some(true), json!(true), &[][..]),
        (&open, Some(true), Value::Null, &["strict"][..]),
        (&open, Some(false), json!(false), &[]),
        (&open, None, Value::Null, &[]),
    ] {
        let tools = vec![function("f", schema.clone(), strict), function("g", closed.clone(), None)];
        let written = write(&Chat { messages: vec![user()], tools, ..Chat::default() }, "m", &card()).unwrap();
        assert_eq!(body(&written)["tools"][0]["function"]["strict"], sent, "{schema} {strict:?}");
        assert_eq!(written.dropped, dropped);
    }
}

#[test]
fn a_name_that_is_too_long_is_refused_by_name() {
    let named = |name: &str| {
        let tools = vec![function("f", json!({}), None), function(name, json!({}), None)];
        write(&Chat { messages: vec![user()], tools, ..Chat::default() }, "m", &card())
    };
    assert!(named(&"n".repeat(64)).is_ok());
    let error = named(&format!("mcp__{}", "n".repeat(60))).unwrap_err();
    assert_eq!(error.param, "tools[1].function.name");
    assert!(error.message.contains("mcp__nnn") && error.message.contains("64"), "{}", error.message);
    assert!(named(&"é".repeat(1000)).unwrap_err().message.len() < 300);
}
