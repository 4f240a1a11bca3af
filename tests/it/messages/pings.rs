//! Signs of life: a translated stream that is silent for fifteen seconds gets one; Anthropic's own are left to it.

use super::*;
use crate::stream::{alone, model, of};
use futures_util::future::join_all;
use std::time::Duration;

/// Long enough for the gateway to have read what was sent to it just now.
async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(120)).await;
}

async fn open(gateway: &Gateway, model: &str) -> Live {
    Front::Messages.request(gateway, &streamed(messages(model, "hi"))).open().await
}

const TRANSLATED: [Kind; 4] = [Kind::OpenAi, Kind::OpenRouter, Kind::Compatible, Kind::Ollama];

#[tokio::test]
async fn a_translated_stream_that_is_silent_gets_pings() {
    join_all(TRANSLATED.map(|kind| async move {
        // What a provider says to keep its own side alive is nothing to the client.
        let pieces = [Say::Text("a"), Say::Wait, Say::Comment("PROCESSING"), Say::Wait, Say::Text("b"), Say::Done];
        let (gateway, upstream) = alone(of(kind).stream(pieces)).await;
        let mut live = open(&gateway, model(kind)).await;
        assert_eq!(live.text().await, "a", "{kind:?}");
        a_moment().await;
        gateway.advance(Duration::from_secs(16)).await;
        let ping = live.event().await;
        assert_eq!((ping.name.as_str(), &ping.json), ("ping", &json!({"type": "ping"})), "{kind:?}");
        upstream.release();
        a_moment().await;
        gateway.advance(Duration::from_secs(16)).await;
        assert_eq!(live.event().await.name, "ping", "{kind:?}: one each fifteen seconds");
        upstream.release();
        assert_eq!(live.text().await, "b", "{kind:?}");
        assert_eq!(live.rest().await.last().unwrap().name, "message_stop", "{kind:?}");
    }))
    .await;
}

#[tokio::test]
async fn pings_do_not_prolong_the_silence_that_is_borne() {
    let (gateway, openai) = alone(upstream::openai().stream([Say::Text("a"), Say::Stall])).await;
    let mut live = open(&gateway, "gpt-4o-mini").await;
    live.text().await;
    a_moment().await;
    gateway.advance(Duration::from_secs(16)).await;
    assert_eq!(live.event().await.name, "ping");
    a_moment().await;
    gateway.advance(Duration::from_secs(15)).await;
    let rest = live.rest().await;
    assert_eq!(rest.last().map(|event| event.name.as_str()), Some("error"), "{rest:?}");
    openai.wait_for_disconnects(1).await;
}

#[tokio::test]
async fn none_before_the_first_content_and_none_while_there_is_something_to_say() {
    let pieces = [Say::Role, Say::Wait, Say::Text("a"), Say::Wait, Say::Text("b"), Say::Done];
    let (gateway, openai) = alone(upstream::openai().stream(pieces)).await;
    let caller = gateway.caller();
    let body = streamed(messages("gpt-4o-mini", "hi"));
    let head = tokio::spawn(async move { Front::Messages.request(&caller, &body).open().await });
    openai.wait_for_calls(1).await;
    a_moment().await;
    gateway.advance(Duration::from_secs(40)).await;
    a_moment().await;
    assert!(!head.is_finished(), "a ping is no content, and nothing is sent before that");
    openai.release();
    let mut live = in_time("the head", head).await.unwrap();
    assert_eq!(live.text().await, "a");
    a_moment().await;
    gateway.advance(Duration::from_secs(14)).await;
    a_moment().await;
    openai.release();
    assert_eq!(live.text().await, "b");
    let rest = live.rest().await;
    assert!(rest.iter().all(|event| event.name != "ping"), "{rest:?}");
}

#[tokio::test]
async fn in_the_direct_lane_only_those_of_the_provider() {
    let pieces = [Say::Text("a"), Say::Wait, Say::Ping, Say::Wait, Say::Text("b"), Say::Done];
    let (gateway, anthropic) = alone(upstream::anthropic().stream(pieces)).await;
    let mut live = open(&gateway, CLAUDE).await;
    live.text().await;
    for _ in 0..2 {
        a_moment().await;
        gateway.advance(Duration::from_secs(20)).await;
        a_moment().await;
        anthropic.release();
    }
    let rest = live.rest().await;
    assert_eq!(rest.iter().filter(|event| event.name == "ping").count(), 1, "{rest:?}");
    assert_eq!(rest.last().unwrap().name, "message_stop");
}

#[tokio::test]
async fn other_protocols_have_none() {
    for front in [Front::Chat, Front::Responses] {
        let pieces = [Say::Role, Say::Text("a"), Say::Wait, Say::Text("b"), Say::Done];
        let (gateway, anthropic) = alone(upstream::anthropic().stream(pieces)).await;
        let mut live = front.request(&gateway, &streamed(front.body(CLAUDE, "hi"))).open().await;
        assert_eq!(live.text().await, "a", "{front:?}");
        a_moment().await;
        gateway.advance(Duration::from_secs(20)).await;
        a_moment().await;
        anthropic.release();
        assert_eq!(live.text().await, "b", "{front:?}");
        let rest = live.rest().await;
        assert!(rest.iter().all(|event| event.name != "ping"), "{front:?}: {rest:?}");
    }
}
