//! Whole answers: how long they may be, and how slowly they may come.

use crate::kit::*;
use std::time::Duration;
use tokio::time::sleep;

#[tokio::test]
async fn a_long_answer_is_given_whole() {
    let openai = upstream::openai().say(Say::Long(20 << 20)).start().await;
    let gateway = gateway().with(&openai).start().await;
    let answer = gateway.chat("gpt-4o", "hi").await;
    assert_eq!((answer.status, answer.text().len()), (200, 20 << 20));
}

#[tokio::test]
async fn an_answer_over_the_bound_falls_over() {
    for builder in [upstream::openai(), upstream::openai_compatible()] {
        let first = builder.say(Say::Long(65 << 20)).start().await;
        let anthropic = upstream::anthropic().start().await;
        let gateway = gateway().with(&first).with(&anthropic).start().await;
        let own = if first.kind() == Kind::OpenAi { "gpt-4o" } else { "llama3:8b" };
        let mut body = chat(own, "hi");
        body["fallbacks"] = serde_json::json!(["claude-sonnet-4-5"]);
        let answer = gateway.post("/v1/chat/completions", body).await;
        let name = if first.kind() == Kind::OpenAi { "openai" } else { "oss-local" };
        check(&answer, "hello from anthropic", &*format!("{name}:malformed"), [&first, &anthropic]);
        // Memory holds the answer while it grows, and not many times over.
        assert!(gateway.rss_kib() < 400 << 10, "{} KiB", gateway.rss_kib());
    }
}

#[tokio::test]
async fn pauses_are_bounded_one_by_one_and_not_together() {
    // What a provider that is still thinking sends to keep the connection alive.
    let blanks = " ".repeat(100);
    let body = format!(
        "{blanks}{{\"model\":\"m\",\"choices\":[{{\"index\":0,\"message\":{{\"role\":\"assistant\",\"content\":\"at last\"}},\"finish_reason\":\"stop\"}}]}}"
    );
    let openai = upstream::openai().say(json(body).paced(50)).start().await;
    let gateway = gateway().with(&openai).start().await;
    let caller = gateway.caller();
    let answer = tokio::spawn(async move { caller.chat("gpt-4o", "hi").await });
    openai.wait_for_calls(1).await;
    for _ in 0..4 {
        sleep(Duration::from_millis(200)).await;
        gateway.advance(Duration::from_secs(100)).await;
        sleep(Duration::from_millis(50)).await;
        openai.release();
    }
    check(&in_time("the answer", answer).await.unwrap(), "at last", None, [&openai]);
}

#[tokio::test]
async fn an_answer_that_stops_in_its_middle_falls_over() {
    let openai = upstream::openai().say([Say::Text("begun"), Say::Stall]).start().await;
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&openai).with(&anthropic).start().await;
    let caller = gateway.caller();
    let mut body = chat("gpt-4o", "hi");
    body["fallbacks"] = serde_json::json!(["claude-sonnet-4-5"]);
    let answer = tokio::spawn(async move { caller.post("/v1/chat/completions", body).await });
    openai.wait_for_bytes(100).await;
    sleep(Duration::from_millis(200)).await;
    gateway.advance(Duration::from_secs(121)).await;
    let answer = in_time("the answer", answer).await.unwrap();
    check(&answer, "hello from anthropic", "openai:timeout", [&openai, &anthropic]);
    openai.wait_for_disconnects(1).await;
}
