//! Streams that fail: before their first content the next link answers, later the client is told in the stream.

use super::*;
use crate::stream::of;

/// A provider first, Anthropic behind it.
struct Pair {
    gateway: Gateway,
    first: Upstream,
    anthropic: Upstream,
    body: Value,
}

impl Pair {
    async fn start(kind: Kind, reply: impl Into<Reply>) -> Self {
        let first = of(kind).say(reply).then(ok()).start().await;
        let anthropic = upstream::anthropic().start().await;
        let gateway = gateway().with(&first).with(&anthropic).start().await;
        let body = streamed(responses(crate::stream::model(kind), "hi"));
        let body = with(body, json!({"fallbacks": ["claude-sonnet-4-5"]}));
        Self { gateway, first, anthropic, body }
    }
}

/// The first provider's stream ends as `outcome` before any content: Anthropic answers, and the client sees nothing of it.
async fn falls_over(what: &str, outcome: &str, reply: Reply) {
    let pair = Pair::start(Kind::OpenAi, reply).await;
    let answer = send(&pair.gateway, &pair.body).await;
    let fallback = format!("openai:{outcome}");
    assert_eq!((answer.status, answer.fallback()), (200, Some(fallback.as_str())), "{what}: {}", answer.json);
    check(&answer, "hello from anthropic", fallback.as_str(), [&pair.first, &pair.anthropic]);
    response_of(&answer.events).unwrap_or_else(|fault| panic!("{what}: {fault}"));
}

fn failed(code: &str) -> Say {
    let response = response("failed", "[]", &format!(r#""error":{{"code":"{code}","message":"It broke"}}"#));
    Say::Bytes(event(&format!(r#"{{"type":"response.failed","response":{response},"sequence_number":2}}"#)).into())
}

fn flat(code: &str) -> Say {
    Say::Bytes(
        event(&format!(r#"{{"type":"error","code":"{code}","message":"It broke","param":null,"sequence_number":2}}"#))
            .into(),
    )
}

#[tokio::test]
async fn before_the_first_content_the_next_link_answers() {
    for (what, outcome, reply) in [
        ("failed", "server_error", Reply::exactly([Say::Role, failed("server_error")])),
        ("rate limited", "rate_limited", Reply::exactly([Say::Role, failed("rate_limit_exceeded")])),
        ("no money", "quota", Reply::exactly([Say::Role, flat("insufficient_quota")])),
        ("a flat error", "server_error", Reply::exactly([Say::Role, flat("server_error")])),
        ("a flat error at once", "server_error", Reply::exactly([flat("server_error")])),
        ("reset", "network", Reply::exactly([Say::Role, Say::Reset])),
        ("cut", "malformed", Reply::exactly([Say::Role, Say::Cut])),
        ("the beginning alone", "malformed", Reply::exactly([Say::Role])),
        ("empty", "malformed", empty_stream()),
        ("two broken", "malformed", Reply::exactly([Say::Role, Say::BrokenJson, Say::BrokenJson])),
        ("a web page", "malformed", html()),
        ("overloaded", "server_error", overloaded()),
    ] {
        falls_over(what, outcome, reply).await;
    }
}

#[tokio::test]
async fn the_callers_own_fault_is_told_as_an_error() {
    for fault in [failed("invalid_prompt"), flat("context_length_exceeded")] {
        let pair = Pair::start(Kind::OpenAi, Reply::exactly([Say::Role, fault])).await;
        let body = with(pair.body.clone(), json!({"fallbacks": []}));
        let answer = send(&pair.gateway, &body).await;
        assert_eq!((answer.status, answer.header("content-type")), (400, Some("application/json")), "{}", answer.json);
        assert_eq!(answer.error()["type"], "invalid_request_error", "{}", answer.json);
        assert_eq!(Front::Responses.fault_of_error(&answer), None);
    }
}

/// The stream has begun, and then comes `fault`: it ends with one event that tells of it; the link rests.
async fn breaks_off(what: &str, class: &str, kind: Kind, fault: &[Say]) {
    let pieces = [&[Say::Role, Say::Text("begun"), Say::Wait], fault].concat();
    let pair = Pair::start(kind, Reply::exactly(pieces)).await;
    let mut live = Front::Responses.request(&pair.gateway, &pair.body).open().await;
    let mut events = vec![live.event().await];
    while events.last().unwrap().text().is_empty() {
        events.push(live.event().await);
    }
    pair.first.release();
    while let Some(event) = live.next().await {
        events.push(event.unwrap_or_else(|error| panic!("{what}: {error}")));
    }
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event.json["sequence_number"], at, "{what}, {kind:?}: {}", event.data);
        assert_eq!(event.json["type"], event.name, "{what}, {kind:?}");
        assert_eq!(event.json["error"], Value::Null, "SDKs' parsers take any top-level `error` for an exception");
    }
    let last = events.pop().unwrap();
    let error = if last.name == "error" { &last.json } else { &last.json["response"]["error"] };
    assert!(["error", "response.failed"].contains(&last.name.as_str()), "{what}, {kind:?}: {}", last.data);
    assert!(error["message"].as_str().is_some_and(|words| !words.is_empty()), "{what}, {kind:?}: {}", last.data);
    assert!(error["code"].is_string(), "{what}, {kind:?}: {}", last.data);
    let ends = ["error", "response.failed", "response.completed", "response.incomplete"];
    assert!(events.iter().all(|event| !ends.contains(&event.name.as_str())), "{what}, {kind:?}: {events:?}");
    check_not_called([&pair.anthropic]);
    pair.gateway.wait_for_log(&format!("outcome=\"{class}\"")).await;
    pair.gateway.wait_for_log("link rests").await;
    let answer = send(&pair.gateway, &pair.body).await;
    assert_eq!(answer.provider(), Some("anthropic"), "{what}, {kind:?}");
}

#[tokio::test]
async fn after_it_the_stream_ends_with_an_error() {
    // The kit numbers its events itself; these two come with the number that is due.
    let numbered = |say: Say| match say {
        Say::Bytes(bytes) => Say::Bytes(
            String::from_utf8(bytes).unwrap().replace("\"sequence_number\":2", "\"sequence_number\":5").into(),
        ),
        other => other,
    };
    breaks_off("failed", "server_error", Kind::OpenAi, &[numbered(failed("server_error"))]).await;
    breaks_off("a flat error", "server_error", Kind::OpenAi, &[numbered(flat("server_error"))]).await;
    for kind in [Kind::OpenAi, Kind::OpenRouter, Kind::Ollama] {
        breaks_off("cut", "malformed", kind, &[Say::Text(" on"), Say::Cut]).await;
        breaks_off("a clean end", "malformed", kind, &[Say::Text(" on")]).await;
        breaks_off("reset", "network", kind, &[Say::Reset]).await;
        breaks_off("an error", "server_error", kind, &[Say::Error("server")]).await;
        breaks_off("two broken", "malformed", kind, &[Say::BrokenJson, Say::BrokenJson, Say::Done]).await;
    }
}

#[tokio::test]
async fn one_event_that_is_no_json_is_forgiven() {
    let pieces = [Say::Role, Say::Text("a"), Say::BrokenJson, Say::Text("b"), Say::Done];
    let pair = Pair::start(Kind::OpenAi, Reply::exactly(pieces)).await;
    let answer = send(&pair.gateway, &pair.body).await;
    check(&answer, "ab", None, [&pair.first]);
    response_of(&answer.events).unwrap();
    pair.gateway.wait_for_log("is not valid JSON was dropped").await;
}
