//! Streams that fail: before their first content the next link answers, later the client is told in the stream.

use super::*;
use std::time::Duration;

/// Anthropic first, OpenAI behind it.
struct Pair {
    gateway: Gateway,
    anthropic: Upstream,
    openai: Upstream,
}

impl Pair {
    async fn start(reply: impl Into<Reply>) -> Self {
        let anthropic = upstream::anthropic().say(reply).then(ok()).start().await;
        let openai = upstream::openai().start().await;
        let gateway = gateway().with(&anthropic).with(&openai).start().await;
        Self { gateway, anthropic, openai }
    }

    fn body() -> Value {
        with(streamed(messages(CLAUDE, "hi")), json!({"fallbacks": ["gpt-4o-mini"]}))
    }

    async fn stream(&self) -> Answer {
        send(&self.gateway, &Self::body()).await
    }
}

/// Anthropic's stream ends as `outcome` before any content: OpenAI answers, and the client sees nothing of it.
async fn falls_over(what: &str, outcome: &str, reply: Reply) {
    let pair = Pair::start(reply).await;
    let answer = pair.stream().await;
    let fallback = format!("anthropic:{outcome}");
    assert_eq!((answer.status, answer.fallback()), (200, Some(fallback.as_str())), "{what}: {}", answer.json);
    check(&answer, "hello from openai", fallback.as_str(), [&pair.anthropic, &pair.openai]);
    message_of(&answer.events).unwrap_or_else(|fault| panic!("{what}: {fault}"));
    assert_eq!(answer.attempts(), Some(2));
}

#[tokio::test]
async fn an_error_event_before_content_falls_over() {
    for (kind, outcome) in [("overloaded", "server_error"), ("server", "server_error"), ("rate_limit", "rate_limited")]
    {
        for prelude in [&[][..], &[Say::Role], &[Say::Role, Say::Ping, Say::Comment("x")]] {
            let pieces = [prelude, &[Say::Error(kind)]].concat();
            falls_over(kind, outcome, Reply::exactly(pieces)).await;
        }
    }
    let opened = Say::Bytes(
        event(r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#).into(),
    );
    falls_over("an open block", "server_error", Reply::exactly([Say::Role, opened, Say::Error("server")])).await;
    let money = event(r#"{"type":"error","error":{"type":"billing_error","message":"no credit"}}"#);
    falls_over("no money", "quota", Reply::exactly([Say::Role, Say::Bytes(money.into())])).await;
    let key = event(r#"{"type":"error","error":{"type":"authentication_error","message":"bad key"}}"#);
    falls_over("a bad key", "auth", Reply::exactly([Say::Bytes(key.into())])).await;
}

#[tokio::test]
async fn a_stream_that_breaks_before_content_falls_over() {
    for (what, outcome, reply) in [
        ("reset before the head", "network", reset_before_head()),
        ("reset after the head", "network", reset_after_head()),
        ("reset after the start", "network", Reply::exactly([Say::Role, Say::Reset])),
        ("cut after the start", "malformed", Reply::exactly([Say::Role, Say::Cut])),
        ("empty", "malformed", empty_stream()),
        ("the start alone", "malformed", Reply::exactly([Say::Role])),
        ("pings alone", "malformed", Reply::exactly([Say::Ping, Say::Ping])),
        ("two broken events", "malformed", Reply::exactly([Say::Role, Say::BrokenJson, Say::BrokenJson])),
        ("a web page", "malformed", html()),
        ("an answer that is no stream", "malformed", json(r#"{"type":"message","content":[]}"#)),
        ("overloaded", "server_error", overloaded()),
        ("a bad key", "auth", invalid_key()),
        ("no credit, said with 400", "quota", credit_exhausted_400()),
    ] {
        falls_over(what, outcome, reply).await;
    }
}

#[tokio::test]
async fn the_callers_own_fault_is_told_as_an_error() {
    let said = r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages: wrong"}}"#;
    let pair = Pair::start(Reply::exactly([Say::Role, Say::Bytes(event(said).into())])).await;
    let answer = pair.stream().await;
    assert_eq!((answer.status, answer.header("content-type")), (400, Some("application/json")));
    let error = answer.error();
    assert_eq!((&error["type"], &error["message"]), (&json!("invalid_request_error"), &json!("messages: wrong")));
    check_not_called([&pair.openai]);
}

/// The stream has begun, and then comes `fault`: it ends with an error event of this type; the link rests.
async fn breaks_off(what: &str, class: &str, kind: &str, fault: &[Say]) {
    let pieces = [&[Say::Role, Say::Text("begun"), Say::Wait], fault].concat();
    let pair = Pair::start(Reply::exactly(pieces)).await;
    let mut live = Front::Messages.request(&pair.gateway, &Pair::body()).open().await;
    assert_eq!((live.status, live.text().await.as_str()), (200, "begun"), "{what}");
    pair.anthropic.release();
    let mut events = Vec::new();
    while let Some(event) = live.next().await {
        events.push(event.unwrap_or_else(|error| panic!("{what}: {error}")));
    }
    let last = events.pop().unwrap_or_else(|| panic!("{what}: nothing came"));
    assert_eq!((last.name.as_str(), &last.json["type"]), ("error", &json!("error")), "{what}: {}", last.data);
    assert_eq!(last.json["error"]["type"], kind, "{what}: {}", last.data);
    assert!(last.json["error"]["message"].as_str().is_some_and(|words| !words.is_empty()), "{what}: {}", last.data);
    assert!(events.iter().all(|event| event.name != "error" && event.name != "message_stop"), "{what}: {events:?}");
    check_not_called([&pair.openai]);
    pair.gateway.wait_for_log(&format!("outcome=\"{class}\"")).await;
    pair.gateway.wait_for_log("link rests provider=\"anthropic\"").await;
    let answer = pair.stream().await;
    check(&answer, "hello from openai", "anthropic:resting", [&pair.anthropic, &pair.openai]);
}

#[tokio::test]
async fn an_error_event_after_content_ends_the_stream() {
    breaks_off("overloaded", "server_error", "overloaded_error", &[Say::Error("overloaded")]).await;
    breaks_off("server", "server_error", "api_error", &[Say::Text(" on"), Say::Error("server"), Say::Done]).await;
    breaks_off("rate limit", "rate_limited", "rate_limit_error", &[Say::Error("rate_limit")]).await;
}

#[tokio::test]
async fn an_end_without_message_stop_is_an_error() {
    let stopped = r#"{"type":"content_block_stop","index":0}"#;
    breaks_off("cut", "malformed", "api_error", &[Say::Text(" on"), Say::Cut]).await;
    breaks_off("reset", "network", "api_error", &[Say::Reset]).await;
    breaks_off("a clean end", "malformed", "api_error", &[Say::Text(" on")]).await;
    breaks_off("a closed block", "malformed", "api_error", &[Say::Bytes(event(stopped).into())]).await;
    breaks_off("a stop reason alone", "malformed", "api_error", &[Say::Finish("stop")]).await;
    breaks_off("a stop reason and a cut", "malformed", "api_error", &[Say::Finish("stop"), Say::Cut]).await;
    breaks_off("half an event", "malformed", "api_error", &[Say::Bytes(b"event: message_stop\ndata: {\"ty".into())])
        .await;
}

#[tokio::test]
async fn one_event_that_is_no_json_is_forgiven_and_two_are_not() {
    let broken = [Say::BrokenJson, Say::Text(" on"), Say::BrokenJson, Say::Text("never"), Say::Done];
    breaks_off("two broken", "malformed", "api_error", &broken).await;
    breaks_off("two that are no UTF-8", "malformed", "api_error", &[Say::InvalidUtf8, Say::InvalidUtf8]).await;
    for broken in [Say::BrokenJson, Say::InvalidUtf8] {
        let pair = Pair::start(Reply::exactly([Say::Role, Say::Text("a"), broken, Say::Text("b"), Say::Done])).await;
        let answer = pair.stream().await;
        check(&answer, "ab", None, [&pair.anthropic]);
        message_of(&answer.events).unwrap();
        pair.gateway.wait_for_log("is not valid JSON was dropped").await;
    }
}

#[tokio::test]
async fn one_inside_a_tool_call_is_not_forgiven() {
    for broken in [Say::BrokenJson, Say::InvalidUtf8] {
        let pieces = [Say::ToolStart(0, "toolu_1", "now"), Say::ToolArgs(0, "{\"a\":"), broken, Say::ToolArgs(0, "1}")];
        breaks_off("inside a tool call", "malformed", "api_error", &pieces).await;
    }
}

#[tokio::test]
async fn silence_ends_a_stream() {
    let pair = Pair::start(Reply::exactly([Say::Role, Say::Text("begun"), Say::Stall])).await;
    let mut live = Front::Messages.request(&pair.gateway, &Pair::body()).open().await;
    live.text().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    pair.gateway.advance(Duration::from_secs(31)).await;
    let rest = live.rest().await;
    let last = rest.last().unwrap();
    assert_eq!(last.name, "error", "{rest:?}");
    pair.gateway.wait_for_log("outcome=\"timeout\"").await;
    pair.anthropic.wait_for_disconnects(1).await;
}

#[tokio::test]
async fn the_operators_key_is_taken_out_of_the_providers_words() {
    let said = r#"{"type":"error","error":{"type":"api_error","message":"you sent sk-ant-test-anthropic-SECRET"}}"#;
    let pieces = [Say::Role, Say::Text("begun"), Say::Bytes(event(said).into())];
    let anthropic = upstream::anthropic().say(Reply::exactly(pieces)).then(json(said).status(400)).start().await;
    let gateway = gateway().with(&anthropic).start().await;
    let broken = gateway.stream_messages(CLAUDE, "hi").await;
    assert!(broken.error()["message"].as_str().is_some_and(|words| words.contains("you sent")), "{broken:?}");
    let refused = gateway.messages("claude-haiku-4-5", "hi").await;
    assert_eq!(refused.status, 400, "{}", refused.json);
    gateway.assert_no_secrets();
}
