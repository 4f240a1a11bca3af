//! Answers of those who speak another protocol, as a caller of Responses gets them, whole and streamed.

use super::*;
use crate::stream::{model, of, provider};

/// Those whose answers are translated.
const KINDS: [Kind; 4] = [Kind::Anthropic, Kind::OpenRouter, Kind::Compatible, Kind::Ollama];

/// One answer and what must come of it: each item's type and what is in it.
struct Row {
    name: &'static str,
    said: Vec<Say>,
    items: Vec<(&'static str, Value)>,
    /// Why it is incomplete.
    reason: Option<&'static str>,
    /// Not every provider can say it.
    not: &'static [Kind],
}

fn rows() -> Vec<Row> {
    const WEATHER: Say = Say::Tool("call_1", "weather", r#"{"city":"Zürich"}"#);
    const TIME: Say = Say::Tool("call_2", "time", "{}");
    let call = |id: &str, name: &str, arguments: &str| {
        ("function_call", json!({"call_id": id, "name": name, "arguments": arguments}))
    };
    let weather = || call("call_1", "weather", r#"{"city":"Zürich"}"#);
    let text = |text: &str| ("message", json!([{"type": "output_text", "text": text}]));
    let row = |name, said: &[Say], items| Row { name, said: said.to_vec(), items, reason: None, not: &[] };
    let refused = ("message", json!([{"type": "refusal", "refusal": "I will not."}]));
    vec![
        row("text", &[Say::Text("one two thrée 🙂\n")], vec![text("one two thrée 🙂\n")]),
        row(
            "reasoning",
            &[Say::Reasoning("let me "), Say::Reasoning("see"), Say::Text("four")],
            vec![("reasoning", json!("let me see")), text("four")],
        ),
        row("a tool", &[WEATHER], vec![weather()]),
        row("a tool without arguments", &[TIME], vec![call("call_2", "time", "{}")]),
        row(
            "text and parallel tools",
            &[Say::Text("I look."), WEATHER, TIME],
            vec![text("I look."), weather(), call("call_2", "time", "{}")],
        ),
        Row {
            not: &[Kind::Anthropic],
            ..row(
                "interleaved tools",
                &[
                    Say::ToolStart(0, "call_1", "weather"),
                    Say::ToolStart(1, "call_2", "time"),
                    Say::ToolArgs(1, r#"{"zone":"#),
                    Say::ToolArgs(0, r#"{"city":"Zürich"}"#),
                    Say::ToolArgs(1, r#""CET"}"#),
                ],
                vec![weather(), call("call_2", "time", r#"{"zone":"CET"}"#)],
            )
        },
        Row {
            reason: Some("max_output_tokens"),
            ..row("cut at its longest", &[Say::Text("and th"), Say::Finish("length")], vec![text("and th")])
        },
        Row {
            not: &[Kind::Ollama],
            reason: Some("content_filter"),
            ..row("filtered", &[Say::Text("and"), Say::Finish("content_filter")], vec![text("and")])
        },
        Row {
            not: &[Kind::Ollama, Kind::Anthropic],
            ..row("a refusal", &[Say::Refusal("I will not.")], vec![refused])
        },
        row("a reason of nobody", &[Say::Text("x"), Say::Finish("eureka")], vec![text("x")]),
    ]
}

/// The pieces with the reason and the tokens where the provider tells them.
fn script(row: &Row, kind: Kind) -> Vec<Say> {
    let (mut said, mut ends): (Vec<Say>, Vec<Say>) =
        row.said.iter().cloned().partition(|piece| !matches!(piece, Say::Finish(_)));
    if ends.is_empty() && !matches!(said[0], Say::Refusal(_)) {
        let tools = said.iter().any(|piece| matches!(piece, Say::Tool(..) | Say::ToolStart(..)));
        ends.push(Say::Finish(if tools { "tool_calls" } else { "stop" }));
    }
    let late = !matches!(kind, Kind::Ollama | Kind::Anthropic);
    ends.insert(if late { ends.len() } else { 0 }, Say::Usage(7, 3));
    said.extend(ends);
    said.push(Say::Done);
    said
}

/// An item without its id, its status and what is empty in it.
fn gist(item: &Value) -> (String, Value) {
    let kind = item["type"].as_str().unwrap_or_default().to_owned();
    let gist = match kind.as_str() {
        "message" => {
            let part = |part: &Value| match part["type"].as_str() {
                Some("refusal") => json!({"type": "refusal", "refusal": part["refusal"]}),
                _ => json!({"type": part["type"], "text": part["text"]}),
            };
            item["content"].as_array().unwrap().iter().map(part).collect()
        }
        "reasoning" => json!(
            item["summary"].as_array().unwrap().iter().map(|part| part["text"].as_str().unwrap()).collect::<String>()
        ),
        _ => json!({"call_id": item["call_id"], "name": item["name"], "arguments": item["arguments"]}),
    };
    (kind, gist)
}

async fn check_row(gateway: &Gateway, upstream: &Upstream, row: &Row, stream: bool) {
    let kind = upstream.kind();
    let what = format!("{}, {kind:?}, {}", row.name, if stream { "streamed" } else { "whole" });
    upstream.switch(script(row, kind));
    let mut body = responses(model(kind), "hi");
    body["stream"] = json!(stream);
    let answer = send(gateway, &body).await;
    assert_eq!(answer.status, 200, "{what}: {}", answer.json);
    let response = match stream {
        true => response_of(&answer.events).unwrap_or_else(|fault| panic!("{what}: {fault}\n{:#?}", answer.events)),
        false => answer.json.clone(),
    };
    let items: Vec<(String, Value)> = response["output"].as_array().unwrap().iter().map(gist).collect();
    let expected: Vec<(String, Value)> =
        row.items.iter().map(|(kind, gist)| ((*kind).to_owned(), gist.clone())).collect();
    assert_eq!(items, expected, "{what}");
    let status = if row.reason.is_some() { "incomplete" } else { "completed" };
    assert_eq!((&response["status"], &response["error"]), (&json!(status), &Value::Null), "{what}");
    assert_eq!(response["incomplete_details"]["reason"].as_str(), row.reason, "{what}");
    assert_eq!((&response["model"], &response["object"]), (&json!(model(kind)), &json!("response")), "{what}");
    assert_eq!((&response["store"], &response["previous_response_id"]), (&json!(false), &Value::Null), "{what}");
    let usage = &response["usage"];
    let counts = [&usage["input_tokens"], &usage["output_tokens"], &usage["total_tokens"]];
    assert_eq!(counts, [&json!(7), &json!(3), &json!(10)], "{what}: {usage}");
    assert!(usage["input_tokens_details"]["cached_tokens"].is_u64(), "{what}: {usage}");
    assert!(usage["output_tokens_details"]["reasoning_tokens"].is_u64(), "{what}: {usage}");
    assert_eq!((answer.provider(), answer.model()), (Some(provider(kind)), Some(model(kind))), "{what}");
}

#[tokio::test]
async fn every_kind_of_answer_whole_and_streamed() {
    for kind in KINDS {
        let upstream = of(kind).start().await;
        let gateway = gateway().with(&upstream).start().await;
        for row in rows().iter().filter(|row| !row.not.contains(&kind)) {
            check_row(&gateway, &upstream, row, false).await;
            check_row(&gateway, &upstream, row, true).await;
        }
    }
}

#[tokio::test]
async fn a_refusal_of_claudes() {
    let anthropic = upstream::anthropic().always([Say::Refusal("I will not.")]).start().await;
    let gateway = gateway().with(&anthropic).start().await;
    let whole = gateway.responses("claude-sonnet-4-5", "hi").await;
    let stream = gateway.stream_responses("claude-sonnet-4-5", "hi").await;
    let streamed = response_of(&stream.events).unwrap();
    for response in [&whole.json, &streamed] {
        let said = response["output"].to_string().contains("I will not.");
        let filtered = response["incomplete_details"]["reason"] == "content_filter";
        assert!(said || filtered, "the caller learns that it was refused: {response}");
    }
}

#[tokio::test]
async fn the_events_of_an_answer_with_everything_one_by_one() {
    let said = [
        Say::Reasoning("hm"),
        Say::Text("I look."),
        Say::ToolStart(0, "call_1", "weather"),
        Say::ToolArgs(0, r#"{"city":"#),
        Say::ToolArgs(0, r#""Oslo"}"#),
        Say::Finish("tool_calls"),
        Say::Done,
    ];
    let expected = [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ];
    for kind in KINDS {
        let upstream = of(kind).say(Reply::exactly(said.clone())).start().await;
        let gateway = gateway().with(&upstream).start().await;
        let answer = gateway.stream_responses(model(kind), "hi").await;
        let mut names: Vec<&str> =
            answer.events.iter().map(|event| event.name.trim_start_matches("response.")).collect();
        // As many pieces as the provider made of it.
        names.dedup();
        assert_eq!(names, expected, "{kind:?}");
    }
}

#[tokio::test]
async fn settings_of_the_request_are_told_back() {
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&anthropic).start().await;
    let tool = json!({"type": "function", "name": "now", "parameters": {"type": "object", "properties": {}}, "strict": false, "description": "d"});
    let settings = json!({
        "instructions": "Be kind.", "max_output_tokens": 300, "metadata": {"a": "b"}, "tools": [tool],
        "tool_choice": "required", "parallel_tool_calls": false, "temperature": 0.5,
    });
    let body = with(responses("claude-sonnet-4-5", "hi"), settings.clone());
    let whole = send(&gateway, &body).await;
    let stream = send(&gateway, &streamed(body)).await;
    let streamed = response_of(&stream.events).unwrap();
    for response in [&whole.json, &streamed] {
        for (name, value) in settings.as_object().unwrap() {
            assert_eq!(&response[name], value, "{name} of {response}");
        }
    }
    assert!(streamed["completed_at"].is_number() && streamed["created_at"].is_number(), "{streamed}");
}

#[tokio::test]
async fn nothing_is_sent_before_the_first_content_and_each_piece_at_once() {
    for kind in KINDS {
        let pieces = [Say::Role, Say::Wait, Say::Text("a"), Say::Wait, Say::Text("b"), Say::Wait, Say::Done];
        let upstream = of(kind).stream(pieces).start().await;
        let gateway = gateway().with(&upstream).start().await;
        let caller = gateway.caller();
        let body = streamed(responses(model(kind), "hi"));
        let head = tokio::spawn(async move { Front::Responses.request(&caller, &body).open().await });
        upstream.wait_for_calls(1).await;
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        assert!(!head.is_finished(), "{kind:?}");
        upstream.release();
        let mut live = in_time("the head", head).await.unwrap();
        assert_eq!(live.text().await, "a", "{kind:?}");
        upstream.release();
        assert_eq!(live.text().await, "b", "{kind:?}");
        upstream.release();
        assert_eq!(live.rest().await.last().unwrap().name, "response.completed", "{kind:?}");
    }
}
