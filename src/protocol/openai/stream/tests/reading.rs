//! Streams that are read.

use serde_json::{Value, json};

use super::super::super::super::ReadStream;
use super::super::Reader;
use super::{data, read, stamp};
use crate::domain::chat::{Event, Thought};
use crate::domain::failure::{Class, Failure};

macro_rules! golden {
    ($path:literal) => {
        include_str!(concat!("../../../../../tests/golden/", $path))
    };
}

/// Events, each in a short line.
fn told(events: &[Event]) -> Vec<String> {
    let line = |event: &Event| match event {
        Event::Start { model } => format!("start {model}"),
        Event::Text(text) => format!("text {text}"),
        Event::Refusal(words) => format!("refusal {words}"),
        Event::Thought { index, piece } => format!("thought {index} {}", thought(piece)),
        Event::CallStart { index, call } => format!("call {index} {} {} {}", call.id, call.name, call.arguments),
        Event::CallDelta { index, arguments } => format!("more {index} {arguments}"),
        Event::Finish(reason) => format!("finish {reason:?}"),
        Event::Usage(usage) => format!("usage {}+{}", usage.input, usage.output),
        Event::End => "end".into(),
        Event::Error(failure) => format!("error {}", failure.message),
    };
    events.iter().map(line).collect()
}

fn thought(piece: &Thought) -> String {
    let part = |name: &str, part: &Option<String>| part.as_ref().map(|part| format!("{name}={part}"));
    let parts = [part("signature", &piece.signature), part("sealed", &piece.sealed), part("format", &piece.format)];
    let text = Some(piece.text.clone()).filter(|text| !text.is_empty());
    text.into_iter().chain(parts.into_iter().flatten()).collect::<Vec<_>>().join(" ")
}

/// Chunks with these deltas, and then a finish and `[DONE]`.
fn deltas(deltas: &[Value]) -> Vec<String> {
    let chunk = |delta: &Value| json!({"model": "m", "choices": [{"index": 0, "delta": delta}]}).to_string();
    let mut chunks: Vec<String> = deltas.iter().map(chunk).collect();
    chunks.push(finish("stop"));
    chunks.push("[DONE]".into());
    chunks
}

fn finish(reason: &str) -> String {
    json!({"model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}).to_string()
}

#[track_caller]
fn check(chunks: &[String], expected: &[&str]) {
    assert_eq!(told(&read(chunks)), expected);
}

/// The same between the start and the finish.
#[track_caller]
fn check_deltas(list: &[Value], expected: &[&str]) {
    let lines = told(&read(&deltas(list)));
    assert_eq!(lines.first().map(String::as_str), Some("start m"));
    assert_eq!(lines[1..lines.len() - 2], *expected);
}

fn tool(fragments: Value) -> Value {
    json!({ "tool_calls": fragments })
}

#[test]
fn golden_12_interleaved_tools() {
    check(
        &data(
            golden!("12-openai-stream-to-anthropic/openai.stream.sse")
                .trim_start_matches(": OPENROUTER PROCESSING\n\n"),
        ),
        &[
            "start gpt-6-sol",
            "text Looking",
            "text  up.",
            "call 0 call_a get_weather ",
            "call 1 call_b get_time ",
            "more 0 {\"city\":",
            "more 1 {\"tz\":",
            "more 0 \"Paris\"}",
            "more 1 \"CET\"}",
            "finish ToolCalls",
            "usage 90+33",
            "end",
        ],
    );
}

#[test]
fn golden_14_an_error_ends_it() {
    let chunks = data(golden!("14-stream-error-openrouter-to-anthropic/openai.stream.sse"));
    let events = read(&chunks);
    assert_eq!(told(&events), ["start gpt-6-sol", "text The", "error Provider disconnected"]);
    let Some(Event::Error(failure)) = events.last() else { panic!("an error") };
    assert_eq!(failure.class, Class::ServerError);
    let said = failure.said.as_ref().unwrap();
    assert_eq!(said.body, chunks[2].as_bytes());
}

#[test]
fn golden_09_thoughts_come_back() {
    check(
        &data(golden!("09-stream-thinking/openai.stream.include_usage.sse")),
        &[
            "start claude-opus-5-5",
            "thought 0 Let me think format=anthropic-claude-v1",
            "thought 0 signature=EqQBCg== format=anthropic-claude-v1",
            "thought 1 sealed=ZW5j format=anthropic-claude-v1",
            "text 42",
            "finish Length",
            "usage 30+40",
            "end",
        ],
    );
}

#[test]
fn thoughts_in_every_spelling() {
    let detail = |index: u32, text: &str| json!({"type": "reasoning.text", "text": text, "index": index});
    check_deltas(
        &[
            json!({"reasoning": "a"}),
            json!({"reasoning_content": "b", "content": ""}),
            json!({"content": "x"}),
            json!({"reasoning": "c", "reasoning_content": "c"}),
            json!({"reasoning": "d", "reasoning_details": [detail(0, "d")]}),
            json!({"reasoning_details": [detail(0, "e"), detail(3, "f")]}),
            json!({"reasoning": "g", "reasoning_details": []}),
            json!({"reasoning_details": [{"type": "reasoning.summary", "summary": "h", "index": 4}, {"type": "new"}]}),
        ],
        &[
            "thought 0 a",
            "thought 0 b",
            "text x",
            "thought 1 c",
            "thought 2 d",
            "thought 2 e",
            "thought 3 f",
            "thought 4 g",
            "thought 5 h",
        ],
    );
}

#[test]
fn tools_without_index_id_or_name() {
    let call =
        |id: &str, name: &str, arguments: &str| json!({"id": id, "function": {"name": name, "arguments": arguments}});
    // No index: the place in the array.
    check_deltas(
        &[
            tool(json!([call("a", "f", "{"), call("b", "g", "")])),
            tool(json!([{"function": {"arguments": "}"}}, {"function": {"arguments": "{}"}}])),
        ],
        &["call 0 a f {", "call 1 b g ", "more 0 }", "more 1 {}"],
    );
    // The same index with another id: another call. The same id, said again, is the same call.
    check_deltas(
        &[tool(json!([call("a", "f", "{")])), tool(json!([call("a", "f", "}")])), tool(json!([call("b", "f", "{}")]))],
        &["call 0 a f {", "more 0 }", "call 1 b f {}"],
    );
    // No ids: a name begins a call.
    check_deltas(
        &[tool(json!([call("", "f", "{}")])), tool(json!([call("", "g", "{")])), tool(json!([call("", "", "}")]))],
        &["call 0 call_GW1 f {}", "call 1 call_GW2 g {", "more 1 }"],
    );
    // The name comes late.
    check_deltas(
        &[
            tool(json!([{"index": 0, "id": "a"}])),
            tool(json!([{"index": 0, "function": {"arguments": "{\"x\""}}])),
            tool(json!([{"index": 0, "function": {"name": "f", "arguments": ":1}"}}])),
        ],
        &["call 0 a f {\"x\":1}"],
    );
    // Arguments that are no string, and a fragment of nothing.
    check_deltas(
        &[tool(json!([{"id": "a", "function": {"name": "f", "arguments": {"x": 1}}}, {"index": 5}]))],
        &["call 0 a f {\"x\":1}"],
    );
}

#[test]
fn the_deprecated_call() {
    check_deltas(
        &[json!({"function_call": {"name": "f", "arguments": ""}}), json!({"function_call": {"arguments": "{}"}})],
        &["call 0 call_GW1 f ", "more 0 {}"],
    );
}

#[test]
fn a_call_that_is_never_named_is_no_answer() {
    let lines = told(&read(&deltas(&[tool(json!([{"index": 0, "id": "a", "function": {"arguments": "{}"}}]))])));
    assert_eq!(lines, ["start m", "error the answer calls a tool without naming it"]);
}

#[test]
fn it_ends_only_where_it_finished() {
    let content = json!({"model": "m", "choices": [{"index": 0, "delta": {"content": "x"}}]}).to_string();
    let done = "[DONE]".to_owned();
    let start = ["start m", "text x"];
    check(std::slice::from_ref(&content), &start);
    check(&[content.clone(), done.clone()], &start);
    check(&[content.clone(), finish("")], &start);
    check(std::slice::from_ref(&done), &[]);
    let whole = [&start[..], &["finish Length", "end"]].concat();
    check(&[content.clone(), finish("length")], &whole);
    check(&[content.clone(), finish("length"), finish("stop"), done.clone(), done.clone(), content], &whole);
}

#[test]
fn of_several_choices_the_first_is_read_and_all_must_finish() {
    let chunk = |index: u32, text: &str, reason: Option<&str>| {
        json!({"model": "m", "choices": [{"index": index, "delta": {"content": text}, "finish_reason": reason}]})
            .to_string()
    };
    let two = [chunk(0, "a", None), chunk(1, "b", None), chunk(0, "c", Some("stop"))];
    check(&two, &["start m", "text a", "text c", "finish Stop"]);
    let all = [&two[..], &[chunk(1, "", Some("length")), "[DONE]".into()]].concat();
    check(&all, &["start m", "text a", "text c", "finish Stop", "end"]);
}

#[test]
fn usage_may_come_anywhere() {
    let riding = json!({
        "model": "m",
        "choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    });
    let empty = json!({"model": "", "choices": [], "prompt_filter_results": []}).to_string();
    check(&[empty, riding.to_string()], &["start m", "text x", "finish Stop", "usage 3+2", "end"]);
}

#[test]
fn every_way_to_report_an_error() {
    let failure = |chunk: Value| -> Failure {
        let Some(Event::Error(failure)) = read(&[chunk.to_string(), finish("stop")]).pop() else { panic!("{chunk}") };
        *failure
    };
    let told = failure(json!({"error": {"message": "no", "type": "t", "code": "c", "param": "p"}}));
    let said = told.said.unwrap();
    assert_eq!((told.message.as_str(), told.sent), ("no", true));
    assert_eq!([said.kind, said.code, said.param].map(Option::unwrap), ["t", "c", "p"]);
    assert_eq!(failure(json!({"error": "no"})).message, "no");
    assert_eq!(failure(json!({"error": {"message": "no", "code": 502}})).said.unwrap().code, None);
    assert_eq!(failure(json!({"choices": [{"error": {"message": "no"}}]})).message, "no");
    let bare = failure(json!({"choices": [{"delta": {}, "finish_reason": "error"}]}));
    assert_eq!(bare.message, "the provider broke the stream off with an error");
    let none = json!({"model": "m", "error": null, "choices": [{"delta": {"content": "x"}, "error": {}}]}).to_string();
    check(&[none], &["start m", "text x"]);
}

#[test]
fn a_broken_event_changes_nothing() {
    let mut reader = Reader::new(&stamp());
    let mut events = Vec::new();
    for broken in [&b"{"[..], b"[]", b"{\"choices\":5}", b"{\"choices\":[{\"delta\":{\"content\":\"\xff\"}}]}"] {
        assert!(reader.read(None, broken, &mut events).is_err(), "{broken:?}");
    }
    assert!(events.is_empty());
    for chunk in deltas(&[json!({"content": "x"})]) {
        reader.read(None, chunk.as_bytes(), &mut events).unwrap();
    }
    assert_eq!(told(&events), ["start m", "text x", "finish Stop", "end"]);
}

#[test]
fn a_tool_call_is_under_way_until_the_finish() {
    let mut reader = Reader::new(&stamp());
    let mut events = Vec::new();
    let chunks = deltas(&[json!({"content": "x"}), tool(json!([{"index": 0, "id": "a", "function": {"name": "f"}}]))]);
    let mut under_way = Vec::new();
    for chunk in chunks {
        reader.read(None, chunk.as_bytes(), &mut events).unwrap();
        under_way.push(reader.in_tool_call());
    }
    assert_eq!(under_way, [false, true, false, false]);
}
