//! Streams that are read.

use super::*;
use crate::domain::chat::{Finish, OPENAI_THOUGHT, Usage};
use crate::domain::failure::{Class, Failure};

fn created(model: &str) -> Value {
    json!({"type": "response.created", "response": {"id": "resp_1", "model": model, "status": "in_progress", "error": null}})
}

fn completed(response: Value) -> Value {
    let mut whole = json!({"id": "resp_1", "model": "gpt-5", "status": "completed", "error": null, "output": []});
    whole.as_object_mut().unwrap().extend(response.as_object().unwrap().clone());
    json!({"type": "response.completed", "response": whole})
}

fn item(stage: &str, index: u32, item: Value) -> Value {
    json!({"type": format!("response.output_item.{stage}"), "output_index": index, "item": item})
}

fn piece(name: &str, index: u32, part: u32, field: &str, words: &str) -> Value {
    let part_name = if name.contains("summary") { "summary_index" } else { "content_index" };
    json!({"type": format!("response.{name}"), "item_id": "x", "output_index": index, part_name: part, field: words})
}

fn message(words: &str) -> Value {
    json!({"type": "message", "id": "msg_1", "content": [{"type": "output_text", "text": words}]})
}

fn function(arguments: &str) -> Value {
    json!({"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": arguments})
}

fn openai(index: u32, text: &str, sealed: Option<&str>) -> Event {
    let (sealed, format) = (sealed.map(Into::into), Some(OPENAI_THOUGHT.into()));
    Event::Thought { index, piece: Thought { text: text.into(), signature: None, sealed, format } }
}

#[track_caller]
fn check(events: &[Value], expected: &[Event]) {
    assert_eq!(format!("{:#?}", read(events)), format!("{expected:#?}"));
}

#[test]
fn a_stream_with_everything_in_it() {
    let reasoning = json!({
        "type": "reasoning", "id": "rs_1", "encrypted_content": "gAAAA",
        "summary": [{"type": "summary_text", "text": "One."}, {"type": "summary_text", "text": "Two."}],
    });
    let custom = |input: &str| json!({"type": "custom_tool_call", "call_id": "call_2", "name": "g", "input": input});
    check(
        &[
            created("gpt-5"),
            json!({"type": "response.in_progress", "response": {"model": "gpt-5"}}),
            item("added", 0, json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gA"})),
            json!({"type": "response.reasoning_summary_part.added", "output_index": 0, "part": {"text": ""}}),
            piece("reasoning_summary_text.delta", 0, 0, "delta", "One"),
            piece("reasoning_summary_text.delta", 0, 0, "delta", "."),
            piece("reasoning_summary_text.done", 0, 0, "text", "One."),
            piece("reasoning_summary_text.delta", 0, 1, "delta", "Two."),
            item("done", 0, reasoning),
            item("added", 1, json!({"type": "web_search_call", "id": "ws_1"})),
            json!({"type": "response.web_search_call.searching", "output_index": 1, "item_id": "ws_1"}),
            item("done", 1, json!({"type": "web_search_call", "id": "ws_1"})),
            item("added", 2, json!({"type": "message", "id": "msg_1", "content": []})),
            json!({"type": "response.content_part.added", "output_index": 2, "part": {"type": "output_text", "text": ""}}),
            piece("output_text.delta", 2, 0, "delta", "He"),
            piece("output_text.delta", 2, 0, "delta", "y"),
            piece("output_text.done", 2, 0, "text", "Hey"),
            piece("refusal.delta", 2, 1, "delta", "No."),
            item("done", 2, message("Hey")),
            item("added", 3, function("")),
            item("added", 4, custom("")),
            piece("function_call_arguments.delta", 3, 0, "delta", "{\"a\""),
            piece("custom_tool_call_input.delta", 4, 0, "delta", "a\n"),
            piece("function_call_arguments.delta", 3, 0, "delta", ":1}"),
            piece("custom_tool_call_input.delta", 4, 0, "delta", "b"),
            piece("function_call_arguments.done", 3, 0, "arguments", "{\"a\":1}"),
            item("done", 3, function("{\"a\":1}")),
            item("done", 4, custom("a\nb")),
            completed(json!({"output": [message("Hey")], "usage": {"input_tokens": 3, "output_tokens": 2}})),
            json!({"type": "response.output_text.delta", "delta": "too late"}),
        ],
        &[
            start("gpt-5"),
            openai(0, "One", None),
            openai(0, ".", None),
            openai(0, "\n\nTwo.", None),
            openai(0, "", Some("gAAAA")),
            text("He"),
            text("y"),
            Event::Refusal("No.".into()),
            call(0, "call_1", "f", ""),
            call(1, "call_2", "g", "{\"input\":\""),
            more(0, "{\"a\""),
            more(1, "a\\n"),
            more(0, ":1}"),
            more(1, "b"),
            more(1, "\"}"),
            Event::Finish(Finish::ToolCalls),
            Event::Usage(Usage { input: 3, output: 2, ..Usage::default() }),
            Event::End,
        ],
    );
}

#[test]
fn what_deltas_did_not_bring_is_filled_in() {
    let reasoning =
        json!({"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "Raw."}]});
    check(
        &[
            created("m"),
            piece("reasoning_text.delta", 0, 0, "delta", "Ra"),
            item("done", 0, reasoning),
            piece("output_text.done", 1, 0, "text", "Hé"),
            item("done", 1, message("Héy")),
            item("added", 2, function("")),
            piece("function_call_arguments.delta", 2, 0, "delta", "{"),
            piece("function_call_arguments.done", 2, 0, "arguments", "{}"),
            item("done", 2, function("{}")),
            item("done", 3, json!({"type": "function_call", "call_id": "", "name": "g", "arguments": "[]"})),
            item("done", 4, json!({"type": "custom_tool_call", "call_id": "call_3", "name": "h", "input": "x"})),
            completed(json!({})),
        ],
        &[
            start("m"),
            openai(0, "Ra", None),
            openai(0, "w.", None),
            text("Hé"),
            text("y"),
            call(0, "call_1", "f", ""),
            more(0, "{"),
            more(0, "}"),
            call(1, "call_GW1", "g", ""),
            more(1, "[]"),
            call(2, "call_3", "h", "{\"input\":\""),
            more(2, "x"),
            more(2, "\"}"),
            Event::Finish(Finish::ToolCalls),
            Event::End,
        ],
    );
}

#[test]
fn a_server_that_streams_no_items_tells_them_at_the_end() {
    check(
        &[created("m"), completed(json!({"output": [message("Hey"), function("{}")]}))],
        &[
            start("m"),
            text("Hey"),
            call(0, "call_1", "f", ""),
            more(0, "{}"),
            Event::Finish(Finish::ToolCalls),
            Event::End,
        ],
    );
}

#[test]
fn thoughts_that_are_told_twice_are_heard_once() {
    let both = json!({
        "type": "reasoning", "summary": [{"text": "Short."}], "content": [{"text": "The whole of it."}],
    });
    check(
        &[
            created("m"),
            piece("reasoning_summary_text.delta", 0, 0, "delta", "Short."),
            piece("reasoning_text.delta", 0, 0, "delta", "The whole of it."),
            item("done", 0, both),
            completed(json!({})),
        ],
        &[start("m"), openai(0, "Short.", None), Event::Finish(Finish::Stop), Event::End],
    );
}

#[test]
fn items_without_a_place_are_told_apart_by_their_ids() {
    let placeless = |mut event: Value, id: &str| {
        event.as_object_mut().unwrap().shift_remove("output_index");
        if event.get("item").is_some() {
            event["item"]["id"] = id.into();
        } else {
            event["item_id"] = id.into();
        }
        event
    };
    check(
        &[
            placeless(item("added", 0, function("")), "fc_1"),
            placeless(item("added", 0, function("")), "fc_2"),
            placeless(piece("function_call_arguments.delta", 0, 0, "delta", "2"), "fc_2"),
            placeless(piece("function_call_arguments.delta", 0, 0, "delta", "1"), "fc_1"),
            placeless(item("done", 0, function("1")), "fc_1"),
            placeless(item("done", 0, function("2")), "fc_2"),
            completed(json!({})),
        ],
        &[
            call(0, "call_1", "f", ""),
            call(1, "call_1", "f", ""),
            more(1, "2"),
            more(0, "1"),
            start("gpt-5"),
            Event::Finish(Finish::ToolCalls),
            Event::End,
        ],
    );
}

#[test]
fn an_answer_that_was_cut_off_says_so_and_one_without_an_end_says_nothing() {
    let mut cut = completed(json!({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}));
    cut["type"] = "response.incomplete".into();
    check(&[created("m"), cut], &[start("m"), Event::Finish(Finish::Length), Event::End]);
    check(
        &[created("m"), piece("output_text.delta", 0, 0, "delta", "Hey"), item("done", 0, message("Hey"))],
        &[start("m"), text("Hey")],
    );
}

fn failure(event: &Value) -> Failure {
    let events = read(&[created("m"), event.clone(), completed(json!({}))]);
    match &events[..] {
        [Event::Start { .. }, Event::Error(failure)] => (**failure).clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn errors_end_the_stream_in_the_words_of_the_provider() {
    for event in [
        json!({"type": "error", "code": "rate_limit_exceeded", "message": "slow", "param": null}),
        json!({"type": "response.failed", "response": {"error": {"code": "rate_limit_exceeded", "message": "slow"}}}),
        json!({"error": {"code": "rate_limit_exceeded", "message": "slow"}}),
    ] {
        let failure = failure(&event);
        let said = failure.said.unwrap();
        assert_eq!((failure.message.as_str(), said.code.as_deref()), ("slow", Some("rate_limit_exceeded")));
        assert_eq!(said.body, event.to_string());
    }
    assert_eq!(failure(&completed(json!({"status": "in_progress"}))).class, Class::Malformed);
}

#[test]
fn a_call_whose_name_never_came_is_not_lost_in_silence() {
    let nameless = json!({"type": "function_call", "call_id": "c", "arguments": "{}"});
    for lost in [
        item("added", 0, nameless.clone()),
        item("done", 0, nameless),
        piece("function_call_arguments.delta", 0, 0, "delta", "{}"),
        piece("custom_tool_call_input.delta", 0, 0, "delta", "{}"),
    ] {
        assert_eq!(failure(&lost).class, Class::Malformed);
    }
    // The beginning of this one was lost, and its end tells all of it.
    check(
        &[
            piece("function_call_arguments.delta", 0, 0, "delta", "{\""),
            item("done", 0, function("{\"a\":1}")),
            completed(json!({})),
        ],
        &[
            call(0, "call_1", "f", ""),
            more(0, "{\"a\":1}"),
            start("gpt-5"),
            Event::Finish(Finish::ToolCalls),
            Event::End,
        ],
    );
}

#[test]
fn a_call_is_under_way_from_its_beginning_to_its_end() {
    let mut reader = Reader::new(&stamp());
    let mut out = Vec::new();
    let mut states = |event: Value| {
        reader.read(None, event.to_string().as_bytes(), &mut out).unwrap();
        reader.in_tool_call()
    };
    assert!(!states(created("m")));
    assert!(states(item("added", 0, function(""))));
    assert!(states(item("added", 1, function(""))));
    assert!(states(item("done", 0, function("{}"))));
    assert!(!states(item("done", 1, function("{}"))));
    assert!(states(item("added", 2, function(""))));
    assert!(!states(completed(json!({}))));
}

#[test]
fn what_is_no_event_takes_nothing() {
    let mut reader = Reader::new(&stamp());
    let mut out = Vec::new();
    for broken in
        ["", "[]", "{", "\"x\"", r#"{"type":"response.output_item.done","item":{"type":"message","content":7}}"#]
    {
        assert!(reader.read(None, broken.as_bytes(), &mut out).is_err(), "{broken}");
    }
    assert!(reader.read(None, b"{\"delta\":\"\xff\"}", &mut out).is_err());
    for passing in ["[DONE]", "{}", r#"{"type":"response.later","delta":{"a":1}}"#, r#"{"type":"keepalive"}"#] {
        assert!(reader.read(None, passing.as_bytes(), &mut out).is_ok(), "{passing}");
    }
    assert!(out.is_empty());
    // Where the data does not tell its type, the event's name does.
    reader.read(Some("response.output_text.delta"), br#"{"output_index":0,"delta":"x"}"#, &mut out).unwrap();
    assert!(matches!(&out[..], [Event::Text(text)] if text == "x"));
}
