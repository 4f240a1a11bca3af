//! Streams that fail after their first content: the client is told in the stream, and the link rests.

use super::*;

/// Each kind of provider says `fault` in mid-stream: the stream ends with an error of this class.
async fn breaks_off<const N: usize>(
    what: &str,
    class: &str,
    builders: impl IntoIterator<Item = UpstreamBuilder>,
    fault: [Say; N],
) {
    for builder in builders {
        let mut pieces = vec![Say::Role, Say::Text("begun"), Say::Wait];
        pieces.extend(fault.clone());
        check_broken_off(what, class, builder, pieces).await;
    }
}

async fn check_broken_off(what: &str, class: &str, builder: UpstreamBuilder, pieces: Vec<Say>) {
    let pair = Pair::start(builder.stream(pieces).then(ok())).await;
    let what = format!("{what}, {:?}", pair.first.kind());
    let mut live = pair.open().await;
    assert_eq!(live.status, 200, "{what}");
    pair.first.release();
    let mut last = live.event().await;
    while let Some(event) = live.next().await {
        last = event.unwrap_or_else(|error| panic!("{what}: {error}"));
    }
    assert_eq!(last.json["error"]["code"], class, "{what}: {last:?}");
    assert!(!last.json["error"]["message"].as_str().unwrap().is_empty(), "{what}: {last:?}");
    assert_eq!(last.name, "message", "{what}");
    check_not_called([&pair.second]);
    pair.gateway.wait_for_log(&format!("outcome=\"{class}\"")).await;
    let provider = provider(pair.first.kind());
    pair.gateway.wait_for_log(&format!("link rests provider=\"{provider}\"")).await;
    // The link alone rests; its provider is not held to be down.
    let health = pair.gateway.get("/health").await.json["providers"][provider]["status"].clone();
    assert_eq!(health, "degraded", "{what}");
    let answer = pair.stream().await;
    check(&answer, pair.second.kind().greeting(), &*pair.fallback("resting"), [&pair.first, &pair.second]);
}

#[tokio::test]
async fn the_connection_breaks() {
    breaks_off("reset", "network", every(), [Say::Text(" on"), Say::Reset]).await;
    breaks_off("cut", "malformed", every(), [Say::Text(" on"), Say::Cut]).await;
}

#[tokio::test]
async fn the_stream_ends_too_soon() {
    breaks_off("a clean end", "malformed", every(), [Say::Text(" on")]).await;
    breaks_off("half an event", "malformed", every(), [Say::Bytes(b"data: {\"choices\":[{\"in".to_vec())]).await;
    breaks_off("[DONE] without a finish", "malformed", direct(), [Say::Event("[DONE]")]).await;
    let empty_reason = r#"{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":""}]}"#;
    breaks_off("an empty finish reason", "malformed", direct(), [Say::Event(empty_reason)]).await;
    let stop = [Say::Finish("stop")];
    breaks_off("no message_stop", "malformed", [upstream::anthropic()], stop).await;
}

#[tokio::test]
async fn an_error_event() {
    let [openai, openrouter, compatible, anthropic, _] = every();
    breaks_off("server", "server_error", every(), [Say::Error("server")]).await;
    breaks_off("overloaded", "server_error", every(), [Say::Text(" on"), Say::Error("overloaded")]).await;
    let [limit] = [Say::Error("rate_limit")];
    breaks_off("rate limit", "rate_limited", [openai, openrouter, compatible, anthropic], [limit]).await;
}

#[tokio::test]
async fn two_broken_events() {
    let broken = [Say::BrokenJson, Say::Text(" on"), Say::BrokenJson, Say::Text("never"), Say::Done];
    breaks_off("two broken", "malformed", every(), broken).await;
    let invalid = [Say::InvalidUtf8, Say::InvalidUtf8, Say::Done];
    breaks_off("two that are no UTF-8", "malformed", every(), invalid).await;
}

#[tokio::test]
async fn a_broken_event_inside_a_tool_call() {
    let begun = [Say::Role, Say::ToolStart(0, "call_1", "now"), Say::ToolArgs(0, "{\"a\":"), Say::Wait];
    for kind in [Kind::OpenAi, Kind::OpenRouter, Kind::Compatible, Kind::Anthropic] {
        let invalid = b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\xff\"}}\n\n";
        for broken in [Say::BrokenJson, Say::Bytes(invalid.to_vec())] {
            let mut pieces = begun.to_vec();
            pieces.extend([broken, Say::ToolArgs(0, "1}"), Say::Done]);
            check_broken_off("broken in a tool call", "malformed", of(kind), pieces).await;
        }
    }
}

#[tokio::test]
async fn a_broken_event_inside_the_other_choices_tool_call() {
    for builder in direct() {
        let pieces = [
            Say::ToolStart(0, "call_1", "now"),
            Say::Choice(1),
            Say::ToolStart(0, "call_2", "now"),
            Say::Finish("tool_calls"),
            Say::Choice(0),
            Say::Wait,
            Say::BrokenJson,
            Say::Done,
        ];
        let (gateway, upstream) = alone_and_known(builder, Reply::exactly(pieces)).await;
        let mut body = streamed(chat(model(upstream.kind()), "hi"));
        body["n"] = json!(2);
        let live = gateway.request("POST", "/v1/chat/completions").json(&body).open().await;
        upstream.release();
        let events = live.rest().await;
        assert_eq!(events.last().unwrap().json["error"]["code"], "malformed", "{:?}", upstream.kind());
    }
}

#[tokio::test]
async fn an_event_without_end() {
    let line = vec![b'x'; (16 << 20) + 1];
    breaks_off("a line without end", "malformed", every(), [Say::Bytes(line), Say::Stall]).await;
}

#[tokio::test]
async fn the_upstream_is_let_go_when_the_stream_has_failed() {
    for builder in every() {
        let pieces = [Say::Role, Say::Text("begun"), Say::Wait, Say::Error("server"), Say::Stall];
        let (gateway, upstream) = alone(builder.stream(pieces)).await;
        let mut live = gateway.open(model(upstream.kind()), "hi").await;
        live.text().await;
        upstream.release();
        live.rest().await;
        upstream.wait_for_disconnects(1).await;
    }
}

#[tokio::test]
async fn secrets_in_the_providers_words_are_removed() {
    let error = r#"{"error":{"message":"Incorrect API key provided: sk-test-openai-SECRET.","type":"server_error"}}"#;
    let pieces = [Say::Text("begun"), Say::Wait, Say::Event(error)];
    let (gateway, upstream) = alone(upstream::openai().stream(pieces).stream([Say::Event(error)])).await;
    let mut live = gateway.open("gpt-4o", "hi").await;
    live.text().await;
    upstream.release();
    let last = live.rest().await.pop().unwrap();
    assert!(!last.data.contains("SECRET") && last.data.contains("Incorrect API key"), "{}", last.data);
    let answer = gateway.stream("gpt-4o", "hi").await;
    assert_eq!(answer.status, 502);
    gateway.assert_no_secrets();
}
