//! Tool calls, reasoning, refusals, errors inside a 200, pieces and choices, in every form.

use super::*;

const FIRST: Say = Say::Tool("call_1", "weather", r#"{"city":"Paris"}"#);
const SECOND: Say = Say::Tool("call_2", "time", r#"{"zone":"CET"}"#);

/// The usual two tool calls.
fn expected() -> Vec<ToolCall> {
    let call = |id: &str, name: &str, arguments: &str| ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    };
    vec![call("call_1", "weather", r#"{"city":"Paris"}"#), call("call_2", "time", r#"{"zone":"CET"}"#)]
}

#[tokio::test]
async fn parallel_tool_calls() {
    for builder in every() {
        let upstream = builder.say([Say::Text("I look."), FIRST, SECOND]).start().await;
        for answer in [whole(&upstream).await, stream(&upstream).await] {
            assert_eq!(answer.text(), "I look.", "{:?}", upstream.kind());
            assert_eq!(answer.tools(), expected(), "{:?}", upstream.kind());
        }
    }
}

#[tokio::test]
async fn interleaved_fragments_of_tool_calls() {
    let pieces = [
        Say::ToolStart(0, "call_1", "weather"),
        Say::ToolStart(1, "call_2", "time"),
        Say::ToolArgs(0, r#"{"city":"#),
        Say::ToolArgs(1, r#"{"zone":"#),
        Say::ToolArgs(0, r#""Paris"}"#),
        Say::ToolArgs(1, r#""CET"}"#),
        Say::Done,
    ];
    for builder in every() {
        let upstream = builder.stream(pieces.clone()).start().await;
        for answer in [whole(&upstream).await, stream(&upstream).await] {
            assert_eq!(answer.tools(), expected(), "{:?}", upstream.kind());
        }
    }
}

#[tokio::test]
async fn every_kind_of_item_in_responses() {
    let said = [Say::Reasoning("hm"), Say::Text("I look."), Say::Refusal("No."), FIRST, SECOND];
    let openai = upstream::openai().say(said).start().await;
    let caller = Caller::new(&openai.url());
    for body in [json!({"model": "m", "input": "hi"}), json!({"model": "m", "input": "hi", "stream": true})] {
        let answer = caller.request("POST", "/v1/responses").bearer("k").json(&body).send().await;
        let mut tools = answer.tools();
        // The last event of a stream repeats them all.
        tools.truncate(2);
        assert_eq!((answer.text().as_str(), tools), ("I look.", expected()));
        let output =
            answer.json.pointer("/output").or(answer.events.last().and_then(|e| e.json.pointer("/response/output")));
        let kinds: Vec<_> = output.and_then(Value::as_array).into_iter().flatten().map(|item| &item["type"]).collect();
        assert_eq!(kinds, ["reasoning", "message", "message", "function_call", "function_call"]);
    }
}

#[tokio::test]
async fn an_error_in_responses() {
    let openai = upstream::openai().say([Say::Text("hi"), Say::Error("overloaded")]).start().await;
    let caller = Caller::new(&openai.url());
    for body in [json!({"model": "m", "input": "hi"}), json!({"model": "m", "input": "hi", "stream": true})] {
        let answer = caller.request("POST", "/v1/responses").bearer("k").json(&body).send().await;
        assert_eq!((answer.code().as_str(), answer.done()), ("server_error", false));
    }
}

#[tokio::test]
async fn reasoning_and_refusal() {
    for builder in every() {
        let upstream = builder.say([Say::Reasoning("hm"), Say::Text("yes")]).start().await;
        for answer in [whole(&upstream).await, stream(&upstream).await] {
            assert!(answer.text().ends_with("yes"), "{answer:?}");
            assert_eq!(answer.reasoning(), "hm", "{answer:?}");
        }
        upstream.switch([Say::Refusal("I will not.")]);
        for answer in [whole(&upstream).await, stream(&upstream).await] {
            assert!(String::from_utf8_lossy(&answer.body).contains("I will not."));
        }
    }
}

#[tokio::test]
async fn an_error_inside_a_200() {
    for builder in every() {
        let upstream = builder.say([Say::Error("overloaded")]).start().await;
        assert_eq!(whole(&upstream).await.status, 200);
        assert_ne!(whole(&upstream).await.error(), Value::Null, "{:?}", upstream.kind());
        upstream.switch(Reply::exactly([Say::Role, Say::Text("hi"), Say::Error("rate_limit")]));
        let answer = stream(&upstream).await;
        assert_eq!((answer.status, answer.text().as_str(), answer.done()), (200, "hi", false));
        assert_ne!(answer.error(), Value::Null, "{:?}", upstream.kind());
    }
}

#[tokio::test]
async fn an_exact_stream_is_not_completed() {
    for builder in every() {
        let upstream = builder.stream([Say::Role, Say::Text("hi")]).start().await;
        let answer = stream(&upstream).await;
        assert_eq!((answer.text().as_str(), answer.done(), answer.finish().len()), ("hi", false, 0));
        assert_eq!(answer.broken, None);
        upstream.switch(Reply::exactly([Say::Role, Say::Text("hi"), Say::Finish("length")]));
        assert_eq!(stream(&upstream).await.finish().len(), 1);
    }
}

#[tokio::test]
async fn several_choices() {
    let pieces = [Say::Text("a"), Say::Choice(1), Say::Text("b"), Say::Choice(0), Say::Text("c"), Say::Done];
    let openai = upstream::openai().stream(pieces).start().await;
    let answer = whole(&openai).await;
    assert_eq!(answer.json["choices"][0]["message"]["content"], "ac");
    assert_eq!(answer.json["choices"][1]["message"]["content"], "b");
    assert_eq!(stream(&openai).await.finish(), ["stop", "stop"]);
}

#[tokio::test]
async fn comments_pings_and_events_of_ones_own() {
    for builder in every() {
        let said = [Say::Comment("still here"), Say::Text("hi"), Say::Ping, Say::Event(r#"{"new":1}"#), Say::Done];
        let upstream = builder.say(Reply::from(said).comments("PROCESSING").crlf()).start().await;
        let answer = stream(&upstream).await;
        assert_eq!((answer.text().as_str(), answer.done()), ("hi", true), "{:?}", upstream.kind());
        assert!(answer.events.iter().any(|event| event.json["new"] == 1));
        assert!(answer.body.windows(2).any(|pair| pair == b"\r\n"));
    }
}
