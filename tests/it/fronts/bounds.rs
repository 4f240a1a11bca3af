//! Answers without end: what a protocol makes the gateway keep of them is bounded.

use super::*;
use crate::stream::{model, of};

/// What a gateway may hold in the end, in KiB: what it holds at rest, and a few times the most that is kept.
const MOST_KIB: u64 = 220 * 1024;

/// The stream is broken off, told of in the caller's form, and the provider is let go.
async fn check_broken_off(what: &str, front: Front, kind: Kind, pieces: &[Say]) {
    let upstream = of(kind).stream(pieces.to_vec()).start().await;
    let gateway = gateway().with(&upstream).start().await;
    let mut live = front.request(&gateway, &streamed(front.body(model(kind), "hi"))).open().await;
    let mut last = live.event().await;
    while let Some(event) = live.next().await {
        last = event.unwrap_or_else(|error| panic!("{what}: {error}"));
    }
    let error = if last.name == "error" { &last.json["error"] } else { &last.json["response"]["error"] };
    assert!(error["message"].as_str().is_some_and(|words| words.contains("bytes")), "{what}: {}", last.name);
    upstream.wait_for_disconnects(1).await;
    gateway.wait_for_log("outcome=\"malformed\"").await;
    assert!(gateway.rss_kib() < MOST_KIB, "{what}: {} KiB", gateway.rss_kib());
}

#[tokio::test]
async fn text_behind_a_call_that_does_not_end() {
    let pieces = [Say::ToolStart(0, "call_1", "now"), Say::ToolArgs(0, "{\"a\":"), Say::Endless];
    check_broken_off("text behind a call", Front::Messages, Kind::OpenAi, &pieces).await;
}

#[tokio::test]
async fn arguments_beside_a_call_that_does_not_end() {
    let pieces = [
        Say::ToolStart(0, "call_1", "now"),
        Say::ToolArgs(0, "{\"a\":"),
        Say::ToolStart(1, "call_2", "then"),
        Say::EndlessArgs(1),
    ];
    check_broken_off("arguments beside a call", Front::Messages, Kind::OpenAi, &pieces).await;
}

#[tokio::test]
async fn a_response_that_could_not_be_repeated() {
    check_broken_off("text", Front::Responses, Kind::Ollama, &[Say::Text("begun"), Say::Endless]).await;
    let pieces = [Say::ToolStart(0, "call_1", "now"), Say::EndlessArgs(0)];
    check_broken_off("arguments", Front::Responses, Kind::OpenRouter, &pieces).await;
}
