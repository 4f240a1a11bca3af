//! Whole answers, read and written.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::super::scan::scan;
use super::super::Responses;
use super::super::sealed::unseal;
use super::*;
use crate::domain::chat::{ANTHROPIC_THOUGHT, Answer, Finish, OPENAI_THOUGHT, Part, Text, Thought, ToolCall, Usage};
use crate::domain::failure::Class;
use crate::protocol::Stamp;

fn stamp() -> Stamp {
    Stamp { id: "GW".into(), created: 1_700_000_000 }
}

fn text(words: &str) -> Part {
    Part::Text(Text { text: words.into(), cache: false })
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    Part::Call(ToolCall { id: id.into(), name: name.into(), arguments: arguments.into() })
}

fn claude(text: &str, signature: Option<&str>, sealed: Option<&str>) -> Thought {
    let given = |word: Option<&str>| word.map(str::to_owned);
    Thought {
        text: text.into(),
        signature: given(signature),
        sealed: given(sealed),
        format: given(Some(ANTHROPIC_THOUGHT)),
    }
}

fn answer(parts: Vec<Part>, finish: Finish) -> Answer {
    Answer { model: "m".into(), parts, finish, usage: None }
}

/// What the caller of a request with these fields gets.
fn written(answer: &Answer, fields: Value) -> Value {
    let mut body = json!({"model": "m", "input": "hi"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let call = scan(&Responses, Bytes::from(body.to_string())).unwrap();
    serde_json::from_slice(&write(answer, &call, &stamp())).unwrap()
}

fn output(parts: Vec<Part>, finish: Finish, fields: Value) -> Value {
    written(&answer(parts, finish), fields)["output"].take()
}

fn message(id: &str, status: &str, content: Value) -> Value {
    json!({"type": "message", "id": id, "status": status, "role": "assistant", "content": content})
}

fn output_text(words: &str) -> Value {
    json!({"type": "output_text", "text": words, "annotations": [], "logprobs": []})
}

#[test]
fn the_whole_object() {
    let usage = Usage { input: 5, output: 2, ..Usage::default() };
    let answer = Answer { usage: Some(usage), ..answer(vec![text("Hey")], Finish::Stop) };
    let expected = json!({
        "id": "resp_GW", "object": "response", "created_at": 1_700_000_000, "completed_at": 1_700_000_000,
        "status": "completed", "background": false, "error": null, "incomplete_details": null,
        "instructions": "Be kind.", "max_output_tokens": null, "metadata": {}, "model": "m",
        "output": [message("msg_GW", "completed", json!([output_text("Hey")]))],
        "parallel_tool_calls": true, "previous_response_id": null, "store": false, "temperature": null,
        "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_p": null,
        "truncation": "disabled",
        "usage": {
            "input_tokens": 5, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 2, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 7,
        },
    });
    assert_eq!(written(&answer, json!({"instructions": "Be kind."})), expected);
}

#[test]
fn items_stand_in_their_order_and_have_ids_of_their_own() {
    let parts = vec![
        Part::Thought(Thought { text: "Hm.".into(), ..Thought::default() }),
        text("a"),
        text("b"),
        Part::Refusal("No.".into()),
        call("call_1", "f", "{\"x\":1}"),
        call("call_2", "g", ""),
        text(""),
        text("c"),
    ];
    let call = |id: &str, call: &str, name: &str, arguments: &str| {
        json!({
            "type": "function_call", "id": id, "call_id": call, "name": name, "arguments": arguments,
            "status": "completed",
        })
    };
    let expected = json!([
        {
            "type": "reasoning", "id": "rs_GW", "status": "completed",
            "summary": [{"type": "summary_text", "text": "Hm."}],
        },
        message("msg_GW", "completed", json!([output_text("ab"), {"type": "refusal", "refusal": "No."}])),
        call("fc_GW", "call_1", "f", "{\"x\":1}"),
        call("fc_GW_2", "call_2", "g", "{}"),
        message("msg_GW_2", "completed", json!([output_text("c")])),
    ]);
    assert_eq!(output(parts, Finish::ToolCalls, json!({})), expected);
}

#[test]
fn an_answer_that_was_cut_off_says_by_what() {
    for (finish, status, reason, last) in [
        (Finish::Stop, "completed", None, "completed"),
        (Finish::StopSequence("x".into()), "completed", None, "completed"),
        (Finish::Other("pause_turn".into()), "completed", None, "completed"),
        (Finish::Length, "incomplete", Some("max_output_tokens"), "incomplete"),
        (Finish::Filtered(None), "incomplete", Some("content_filter"), "incomplete"),
    ] {
        let thought = Part::Thought(Thought { text: "Hm.".into(), ..Thought::default() });
        let written = written(&answer(vec![thought, text("a")], finish.clone()), json!({}));
        assert_eq!(written["status"], status, "{finish:?}");
        assert_eq!(written["incomplete_details"].get("reason").and_then(Value::as_str), reason, "{finish:?}");
        assert_eq!(written.get("completed_at").is_some(), reason.is_none(), "{finish:?}");
        assert_eq!(
            (&written["output"][0]["status"], &written["output"][1]["status"]),
            (&json!("completed"), &json!(last))
        );
    }
}

#[test]
fn a_refusal_has_words_where_there_are_any() {
    let content = |parts, words: Option<&str>| {
        output(parts, Finish::Filtered(words.map(str::to_owned)), json!({}))[0]["content"].take()
    };
    assert_eq!(
        content(vec![text("Well,")], Some("No.")),
        json!([output_text("Well,"), {"type": "refusal", "refusal": "No."}])
    );
    assert_eq!(content(vec![], Some("No.")), json!([{"type": "refusal", "refusal": "No."}]));
    assert_eq!(
        content(vec![Part::Refusal("Nope".into())], Some("No.")),
        json!([{"type": "refusal", "refusal": "Nope"}])
    );
    assert_eq!(output(vec![], Finish::Filtered(None), json!({})), json!([]));
}

#[test]
fn thoughts_are_sealed_where_that_is_asked_for() {
    let include = json!({"include": ["reasoning.encrypted_content"]});
    let signed = claude("Hm.", Some("c2ln"), None);
    let redacted = claude("", None, Some("ZW5j"));
    let openai = Thought { sealed: Some("gAAAA".into()), format: Some(OPENAI_THOUGHT.into()), ..Thought::default() };
    let plain = Thought { text: "Well.".into(), ..Thought::default() };
    let thoughts = [&signed, &redacted, &openai, &plain].map(|thought| Part::Thought(thought.clone()));
    let items = output(thoughts.to_vec(), Finish::Stop, include);
    let items = items.as_array().unwrap();
    let sealed: Vec<Option<&str>> = items.iter().map(|item| item.get("encrypted_content")?.as_str()).collect();
    assert_eq!(unseal(sealed[0].unwrap()), Some(signed));
    assert_eq!(unseal(sealed[1].unwrap()), Some(redacted));
    assert_eq!(sealed[2], Some("gAAAA"));
    assert_eq!(unseal(sealed[3].unwrap()), Some(plain));
    assert_eq!(items[1]["summary"], json!([]));
    // Elsewhere nothing is left of those that cannot be read.
    let shown = output(thoughts.to_vec(), Finish::Stop, json!({}));
    let texts: Vec<&Value> = shown.as_array().unwrap().iter().map(|item| &item["summary"][0]["text"]).collect();
    assert_eq!(texts, ["Hm.", "Well."]);
    assert!(shown.as_array().unwrap().iter().all(|item| item.get("encrypted_content").is_none()));
}

#[test]
fn a_tool_that_takes_free_text_gets_it() {
    let tools = json!({"tools": [{"type": "custom", "name": "patch"}, {"type": "function", "name": "f"}]});
    let parts = vec![
        call("call_1", "patch", "{\"input\": \"*** \\\"a\\\"\\n\"}"),
        call("call_2", "patch", "{\"input\":\"x\",\"more\":1}"),
        call("call_3", "f", "{\"input\":\"y\"}"),
    ];
    let items = output(parts, Finish::ToolCalls, tools);
    let custom = json!({
        "type": "custom_tool_call", "id": "ctc_GW", "call_id": "call_1", "name": "patch", "input": "*** \"a\"\n",
        "status": "completed",
    });
    assert_eq!(items[0], custom);
    assert_eq!((&items[1]["id"], &items[1]["input"]), (&json!("ctc_GW_2"), &json!("{\"input\":\"x\",\"more\":1}")));
    assert_eq!((&items[2]["type"], &items[2]["arguments"]), (&json!("function_call"), &json!("{\"input\":\"y\"}")));
}

fn of(body: Value) -> Answer {
    read(body.to_string().as_bytes(), &stamp()).unwrap()
}

#[test]
fn every_item_is_read_in_its_order() {
    let answer = of(json!({
        "object": "response", "status": "completed", "model": "gpt-5", "error": null, "incomplete_details": null,
        "output": [
            {
                "type": "reasoning", "id": "rs_1", "encrypted_content": "gAAAA",
                "summary": [{"type": "summary_text", "text": "One."}, {"type": "summary_text", "text": "Two."}],
            },
            {"type": "reasoning", "id": "rs_2", "summary": [], "content": [{"type": "reasoning_text", "text": "Raw."}]},
            {"type": "reasoning", "id": "rs_3", "summary": []},
            {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "x"}},
            message("msg_1", "completed", json!([
                output_text("Hey"), output_text(""), {"type": "refusal", "refusal": "No."}, {"type": "later"},
            ])),
            {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{\"a\": 1}"},
            {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_2", "name": "g", "input": "\"free\""},
            {"type": "function_call", "name": "h", "arguments": ""},
        ],
        "usage": {"input_tokens": 3, "output_tokens": 4, "output_tokens_details": {"reasoning_tokens": 1}},
    }));
    let thought = |text: &str, sealed: Option<&str>| {
        let (sealed, format) = (sealed.map(Into::into), Some(OPENAI_THOUGHT.into()));
        Part::Thought(Thought { text: text.into(), signature: None, sealed, format })
    };
    let expected = [
        thought("One.\n\nTwo.", Some("gAAAA")),
        thought("Raw.", None),
        text("Hey"),
        Part::Refusal("No.".into()),
        call("call_1", "f", "{\"a\": 1}"),
        call("call_2", "g", "{\"input\":\"\\\"free\\\"\"}"),
        call("call_GW1", "h", ""),
    ];
    assert_eq!(answer.parts, expected);
    assert_eq!((answer.model.as_str(), answer.finish), ("gpt-5", Finish::ToolCalls));
    assert_eq!(answer.usage.unwrap().reasoning, Some(1));
}

#[test]
fn an_answer_that_is_cut_off_or_says_nothing_is_an_answer() {
    let cut = of(json!({
        "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"},
        "output": [{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{\"a"}],
    }));
    assert_eq!((cut.parts, cut.finish), (vec![call("c", "f", "{\"a")], Finish::Length));
    let silent = of(json!({"object": "response", "status": "completed", "output": []}));
    assert_eq!((silent.parts.len(), silent.finish, silent.usage), (0, Finish::Stop, None));
}

#[test]
fn what_is_no_answer_is_malformed() {
    for body in [
        "",
        "<html>",
        "[]",
        "{}",
        r#"{"choices":[{"message":{"content":"x"}}]}"#,
        r#"{"object":"response","status":"queued","output":[]}"#,
        r#"{"output":[{"type":"function_call","call_id":"c"}]}"#,
        r#"{"output":[{"type":"message","content":"x"}]}"#,
    ] {
        let failure = read(body.as_bytes(), &stamp()).unwrap_err();
        assert_eq!((failure.class, failure.sent), (Class::Malformed, true), "{body}");
    }
}

#[test]
fn what_is_written_is_read_again() {
    let parts = vec![
        Part::Thought(Thought { text: "Hm.".into(), format: Some(OPENAI_THOUGHT.into()), ..Thought::default() }),
        text("a\n\"b\""),
        Part::Refusal("No.".into()),
        call("call_1", "f", "{\"x\":1}"),
        call("call_2", "patch", "{\"input\":\"é\\n\"}"),
    ];
    let usage = Usage { input: 9, cache_read: 4, tells_cache: true, output: 2, reasoning: Some(1), ..Usage::default() };
    let answer = Answer { usage: Some(usage), ..answer(parts, Finish::ToolCalls) };
    let body = written(&answer, json!({"tools": [{"type": "custom", "name": "patch"}]}));
    assert_eq!(of(body), answer);
}
