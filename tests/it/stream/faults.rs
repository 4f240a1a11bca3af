//! Streams that fail before their first content: the next link answers, and the client sees nothing of it.

use super::*;

/// Each kind of provider says `reply` to a stream: its link ends as `outcome`, and the second provider answers.
async fn falls_over(what: &str, outcome: &str, builders: impl IntoIterator<Item = UpstreamBuilder>, reply: Reply) {
    for builder in builders {
        let pair = Pair::start(builder.say(reply.clone())).await;
        let answer = pair.stream().await;
        let seen = (answer.status, answer.text(), answer.fallback().map(str::to_owned));
        let kind = pair.first.kind();
        let greeting = pair.second.kind().greeting().to_owned();
        assert_eq!(seen, (200, greeting, Some(pair.fallback(outcome))), "{what}, {kind:?}");
        pair.check_second(&answer, outcome);
        assert_eq!(answer.attempts(), Some(2));
    }
}

fn exactly<const N: usize>(pieces: [Say; N]) -> Reply {
    Reply::exactly(pieces)
}

#[tokio::test]
async fn the_connection_breaks() {
    falls_over("reset before the head", "network", every(), reset_before_head()).await;
    falls_over("closed before the head", "network", every(), close_before_head()).await;
    falls_over("no HTTP", "network", every(), raw("nonsense\r\n\r\n")).await;
    falls_over("reset after the head", "network", every(), reset_after_head()).await;
    falls_over("reset after the role", "network", every(), exactly([Say::Role, Say::Reset])).await;
    falls_over("cut after the head", "malformed", every(), exactly([Say::Cut])).await;
    falls_over("cut after the role", "malformed", every(), exactly([Say::Role, Say::Cut])).await;
}

#[tokio::test]
async fn the_stream_ends_before_it_says_anything() {
    falls_over("empty", "malformed", every(), exactly([])).await;
    falls_over("role only", "malformed", every(), exactly([Say::Role])).await;
    falls_over("comments only", "malformed", every(), exactly([Say::Comment("x"), Say::Ping])).await;
    falls_over("half a line", "malformed", every(), exactly([Say::Bytes(b"data: {\"cho".to_vec())])).await;
    falls_over("empty, framed by length", "malformed", every(), empty_stream()).await;
    falls_over("[DONE] alone", "malformed", direct(), exactly([Say::Event("[DONE]")])).await;
    falls_over("[DONE] after the role", "malformed", direct(), exactly([Say::Role, Say::Event("[DONE]")])).await;
}

#[tokio::test]
async fn an_error_instead_of_content() {
    let [openai, openrouter, compatible, anthropic, ollama] = every();
    falls_over("error event", "server_error", every(), exactly([Say::Error("server")])).await;
    falls_over("error after the role", "server_error", every(), exactly([Say::Role, Say::Error("overloaded")])).await;
    let limited = exactly([Say::Role, Say::Error("rate_limit")]);
    falls_over("rate limit", "rate_limited", [openai, openrouter, compatible, anthropic], limited).await;
    falls_over("error and more", "server_error", [ollama], exactly([Say::Error("x"), Say::Text("no")])).await;
}

#[tokio::test]
async fn json_where_a_stream_was_asked_for() {
    let error = r#"{"error":{"message":"The server is on fire","type":"server_error","code":null}}"#;
    falls_over("an error with 200", "server_error", every(), json(error)).await;
    let quota = r#"{"error":{"message":"No money","type":"insufficient_quota","code":"insufficient_quota"}}"#;
    falls_over("a quota error with 200", "quota", every(), json(quota)).await;
    let answer = r#"{"choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}]}"#;
    falls_over("an answer that is no stream", "malformed", every(), json(answer)).await;
    falls_over("nothing, called JSON", "malformed", every(), empty()).await;
}

#[tokio::test]
async fn not_a_stream_at_all() {
    falls_over("a web page", "malformed", every(), html()).await;
    let plain = Reply::from(Say::Text("hi")).content_type("text/plain");
    falls_over("another content type", "malformed", every(), plain).await;
    let page = body_of("text/event-stream", "<!DOCTYPE html><html><body>hi</body></html>");
    falls_over("a web page called a stream", "malformed", direct(), page).await;
    let noise: Vec<u8> = (0..=255).cycle().take(5000).collect();
    falls_over("noise", "malformed", every(), exactly([Say::Bytes(noise)])).await;
}

#[tokio::test]
async fn broken_events_before_content() {
    falls_over("two broken", "malformed", every(), exactly([Say::BrokenJson, Say::BrokenJson, Say::Text("no")])).await;
    let invalid = exactly([Say::Role, Say::InvalidUtf8, Say::InvalidUtf8, Say::Text("no")]);
    falls_over("two that are no UTF-8", "malformed", every(), invalid).await;
    let text = r#""not an object""#;
    falls_over("strings", "malformed", every(), exactly([Say::Event(text), Say::Event(text), Say::Text("no")])).await;
}

#[tokio::test]
async fn endless_beginnings() {
    let line = vec![b'x'; (16 << 20) + 1];
    falls_over("a line without end", "malformed", every(), exactly([Say::Bytes(line), Say::Stall])).await;
    let comments = b": PROCESSING\n\n".repeat(80_000);
    falls_over("comments without end", "malformed", direct(), exactly([Say::Bytes(comments), Say::Stall])).await;
}

#[tokio::test]
async fn the_callers_own_fault_in_a_stream_is_told_as_an_error() {
    let error = r#"{"error":{"message":"Invalid prompt","type":"invalid_request_error","param":"messages","code":"content_policy_violation"}}"#;
    for builder in direct() {
        let pair = Pair::start(builder.stream([Say::Role, Say::Event(error)])).await;
        let answer = pair.stream().await;
        check_error(&answer, 400, "content_policy_violation");
        check_not_called([&pair.second]);
    }
    let error = r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages: wrong"}}"#;
    let pair = Pair::start(upstream::anthropic().stream([Say::Role, Say::Event(error)])).await;
    let answer = pair.stream().await;
    assert_eq!((answer.status, &answer.error()["type"]), (400, &json!("invalid_request_error")), "{answer:?}");
    // The error is in the caller's form, not in the provider's.
    assert!(answer.json["type"].is_null() && answer.error()["message"] == "messages: wrong", "{:?}", answer.json);
}

#[tokio::test]
async fn every_link_fails_before_content() {
    for builder in every() {
        let pair = Pair::start(builder.stream([Say::Role, Say::Error("overloaded")])).await;
        pair.second.switch(Reply::exactly([Say::Role, Say::Cut]));
        let answer = pair.stream().await;
        check_error(&answer, 502, "all_providers_failed");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("x-should-retry"), Some("false"));
        let attempts = answer.error()["attempts"].clone();
        let outcomes = [&attempts[0]["outcome"], &attempts[1]["outcome"]];
        assert_eq!(outcomes, [&json!("server_error"), &json!("malformed")], "{:?}", pair.first.kind());
    }
}
