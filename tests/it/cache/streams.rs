//! Streams: replayed, broken, gone on with.

use super::*;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_long_stream_is_replayed_byte_for_byte_and_in_pieces() {
    let words: Vec<Say> = (0..3000).map(|_| Say::Text("some words and some more of them ")).collect();
    let upstream = upstream::openai().say(words).start().await;
    let gateway = keeping(&upstream).await;
    let first = gateway.stream("gpt-4o-mini", "hi").await;
    assert!(first.body.len() > 300_000 && first.done());
    let second = gateway.stream("gpt-4o-mini", "hi").await;
    assert_eq!(part(&second), Some("hit"));
    assert!(second.body == first.body, "the same bytes");
    assert_eq!(second.events, first.events);
    // A reader that goes slowly gets them all too.
    let mut live = gateway.open("gpt-4o-mini", "hi").await;
    assert_eq!(live.headers["x-gateway-cache"], "hit");
    let mut events = vec![live.event().await];
    tokio::time::sleep(Duration::from_millis(20)).await;
    events.extend(live.rest().await);
    assert_eq!(events, first.events);
}

#[tokio::test]
async fn a_stream_that_broke_is_not_kept() {
    let ends = [Say::Cut, Say::Reset, Say::Error("overloaded")];
    for end in ends {
        let upstream = upstream::openai().stream([Say::Role, Say::Text("begun"), end.clone()]).start().await;
        let gateway = keeping(&upstream).await.checked().await;
        let broken = gateway.stream("gpt-4o-mini", "hi").await;
        assert_eq!((broken.text().as_str(), part(&broken), broken.done()), ("begun", Some("miss"), false), "{end:?}");
        assert!(!broken.error().is_null(), "{end:?}");
        upstream.switch([Say::Text("fine")]);
        gateway.recover(Duration::from_secs(61)).await;
        said(&gateway.stream("gpt-4o-mini", "hi").await, "fine", Some("miss"));
        said(&gateway.stream("gpt-4o-mini", "hi").await, "fine", Some("hit"));
    }
}

#[tokio::test]
async fn a_stream_that_lost_an_event_is_not_kept() {
    let torn = [Say::Role, Say::Text("one"), Say::BrokenJson, Say::Text("two"), Say::Done];
    let upstream = upstream::openai().stream(torn).then([Say::Text("fine")]).start().await;
    let gateway = keeping(&upstream).await;
    said(&gateway.stream("gpt-4o-mini", "hi").await, "onetwo", Some("miss"));
    said(&gateway.stream("gpt-4o-mini", "hi").await, "fine", Some("miss"));
    said(&gateway.stream("gpt-4o-mini", "hi").await, "fine", Some("hit"));
}

#[tokio::test]
async fn a_stream_that_another_link_went_on_with_is_not_kept() {
    let openai = upstream::openai().stream([Say::Role, Say::Text("One, "), Say::Cut]).start().await;
    let anthropic = upstream::anthropic().say([Say::Text("One, two, three")]).start().await;
    let builder = gateway().with(&openai).with(&anthropic).env("LLM_STREAM_RESUME", "auto");
    let gateway = builder.env("CACHE_TTL_SECONDS", 60).start().await;
    let mut body = streamed(chat("gpt-4o", "Count."));
    body["fallbacks"] = json!(["claude-opus-4-6"]);
    let first = gateway.post(CHAT, body.clone()).await;
    said(&first, "One, two, three", Some("miss"));
    let again = gateway.post(CHAT, body.clone()).await;
    said(&again, "One, two, three", Some("miss"));
    assert_eq!(again.provider(), Some("anthropic"), "it was got anew");
    // What one link says from its beginning to its end is kept.
    said(&gateway.post(CHAT, body).await, "One, two, three", Some("hit"));
}

#[tokio::test]
async fn who_went_on_with_a_stream_is_told_by_the_gateways_own_way_to_ask() {
    let openai = upstream::openai().stream([Say::Role, Say::Text("One, "), Say::Cut]).start().await;
    let anthropic = upstream::anthropic().say([Say::Text("One, two, three")]).start().await;
    let builder = gateway().with(&openai).with(&anthropic).env("LLM_STREAM_RESUME", "auto");
    let gateway = builder.env("CACHE_TTL_SECONDS", 60).start().await;
    let body = json!({"model": "gpt-4o", "prompt": "Count.", "stream": true, "fallbacks": ["claude-opus-4-6"]});
    let answer = gateway.post("/v1/route", body).await;
    let done = &answer.events.last().unwrap().json;
    assert_eq!(done["result"]["response"], "One, two, three");
    assert_eq!(done["result"]["provider"], "anthropic", "{done}");
    assert_eq!(done["routing"]["fromCache"], false);
}

#[tokio::test]
async fn each_piece_is_passed_on_at_once_all_the_same() {
    let pieces = [Say::Role, Say::Text("one"), Say::Wait, Say::Text("two"), Say::Wait, Say::Text("three"), Say::Done];
    let upstream = upstream::openai().stream(pieces).start().await;
    let gateway = keeping(&upstream).await;
    let mut live = gateway.open("gpt-4o-mini", "hi").await;
    for (text, last) in [("one", false), ("two", false), ("three", true)] {
        assert_eq!(live.text().await, text);
        if !last {
            upstream.release();
        }
    }
    assert_eq!(live.rest().await.last().unwrap().data, "[DONE]");
}
