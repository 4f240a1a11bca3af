//! What takes part, what is kept, and for how long.

use super::*;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn the_same_request_is_answered_once() {
    let upstream = counting().start().await;
    let gateway = keeping(&upstream).await;
    let first = gateway.chat("gpt-4o-mini", "hi").await;
    said(&first, "one", Some("miss"));
    assert_eq!(first.attempts(), Some(1));
    for _ in 0..3 {
        let again = gateway.chat("gpt-4o-mini", "hi").await;
        said(&again, "one", Some("hit"));
        assert_eq!(again.body, first.body);
        assert_eq!((again.provider(), again.model()), (first.provider(), first.model()));
        assert_eq!((again.attempts(), again.fallback()), (Some(0), None));
        assert_eq!(again.header("x-gateway-cost-usd"), Some("0"));
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
        assert_eq!(again.header("content-type"), first.header("content-type"));
        assert!(again.header("server-timing").is_some());
    }
    assert_eq!(upstream.calls().len(), 1);
    gateway.assert_no_secrets();
}

#[tokio::test]
async fn order_of_names_and_white_space_do_not_matter_and_all_else_does() {
    let upstream = counting().start().await;
    let gateway = keeping(&upstream).await;
    let ask = async |body: &str| gateway.post_raw(CHAT, body, &[("content-type", "application/json")]).await;
    let plain = r#"{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}],"temperature":1}"#;
    said(&ask(plain).await, "one", Some("miss"));
    let same = "{\"temperature\": 1.0,\n \"messages\": [ {\"content\": \"\\u0068i\", \"role\":\"user\"} ], \"model\":\"gpt-4o-mini\"}";
    said(&ask(same).await, "one", Some("hit"));
    said(&ask(&plain.replace("\"temperature\":1", "\"temperature\":0.9")).await, "two", Some("miss"));
    said(&ask(&plain.replace("hi", "Hi")).await, "three", Some("miss"));
    said(&ask(&plain.replace("gpt-4o-mini", "gpt-4o")).await, "four", Some("miss"));
    said(&ask(&plain.replace("\"temperature\":1", "\"temperature\":1,\"user\":\"u\"")).await, "five", Some("miss"));
    said(&ask(plain).await, "one", Some("hit"));
}

#[tokio::test]
async fn whole_and_stream_are_kept_apart() {
    let upstream = counting().start().await;
    let gateway = keeping(&upstream).await;
    said(&gateway.chat("gpt-4o-mini", "hi").await, "one", Some("miss"));
    said(&gateway.stream("gpt-4o-mini", "hi").await, "two", Some("miss"));
    said(&gateway.chat("gpt-4o-mini", "hi").await, "one", Some("hit"));
    said(&gateway.stream("gpt-4o-mini", "hi").await, "two", Some("hit"));
}

#[tokio::test]
async fn without_a_time_to_keep_it_is_off_unless_a_request_asks() {
    let upstream = counting().start().await;
    let gateway = gateway().with(&upstream).start().await.checked().await;
    let body = chat("gpt-4o-mini", "hi");
    said(&gateway.post(CHAT, body.clone()).await, "one", None);
    said(&gateway.post(CHAT, body.clone()).await, "two", None);
    said(&with(&gateway, "on", &body).await, "three", Some("miss"));
    said(&with(&gateway, "on", &body).await, "three", Some("hit"));
    said(&gateway.post(CHAT, body.clone()).await, "four", None);
    said(&with(&gateway, "refresh", &body).await, "five", Some("miss"));
    said(&with(&gateway, "On", &body).await, "five", Some("hit"));
    gateway.advance(Duration::from_secs(299)).await;
    said(&with(&gateway, "on", &body).await, "five", Some("hit"));
    gateway.advance(Duration::from_secs(2)).await;
    said(&with(&gateway, "on", &body).await, "six", Some("miss"));
}

#[tokio::test]
async fn off_takes_no_part_and_refresh_only_writes() {
    let upstream = counting().start().await;
    let gateway = keeping(&upstream).await;
    let body = chat("gpt-4o-mini", "hi");
    said(&with(&gateway, "off", &body).await, "one", None);
    said(&with(&gateway, "on", &body).await, "two", Some("miss"));
    said(&with(&gateway, "off", &body).await, "three", None);
    said(&gateway.post(CHAT, body.clone()).await, "two", Some("hit"));
    said(&with(&gateway, "refresh", &body).await, "four", Some("miss"));
    said(&gateway.post(CHAT, body.clone()).await, "four", Some("hit"));
    assert_eq!(counted(&gateway, "refresh").await, 1);
}

#[tokio::test]
async fn any_other_word_is_refused() {
    let upstream = upstream::openai().start().await;
    let gateway = gateway().with(&upstream).start().await;
    for word in ["yes", "", "1", "no-store"] {
        let answer = with(&gateway, word, &chat("gpt-4o-mini", "hi")).await;
        assert_eq!((answer.status, &answer.error()["param"]), (400, &json!("x-gateway-cache")), "{word}");
        let message = answer.error()["message"].as_str().unwrap().to_owned();
        assert!(["x-gateway-cache", "on", "off", "refresh"].iter().all(|word| message.contains(word)), "{message}");
    }
    check_not_called([&upstream]);
}

#[tokio::test]
async fn an_answer_ends_when_its_time_is_over() {
    let upstream = counting().start().await;
    let gateway = keeping(&upstream).await.checked().await;
    for streams in [false, true] {
        let ask = async || match streams {
            true => gateway.stream("gpt-4o-mini", "hi").await,
            false => gateway.chat("gpt-4o-mini", "hi").await,
        };
        let first = ask().await.text();
        gateway.advance(Duration::from_secs(59)).await;
        said(&ask().await, &first, Some("hit"));
        gateway.advance(Duration::from_secs(2)).await;
        let second = ask().await;
        assert_ne!(second.text(), first);
        assert_eq!(part(&second), Some("miss"));
    }
}

#[tokio::test]
async fn only_answers_are_kept() {
    let bad = [status(500), invalid_request(), content_policy(), json("{\"error\":{\"message\":\"no\"}}"), html()];
    for reply in bad {
        let upstream = upstream::openai().say(reply).then([Say::Text("fine")]).start().await;
        let gateway = keeping(&upstream).await;
        let answer = gateway.chat("gpt-4o-mini", "hi").await;
        assert_ne!(answer.status, 200);
        assert_eq!(part(&answer), Some("miss"), "errors carry the same headers as answers");
        let gateway = gateway.checked().await;
        // The link may rest after what it did.
        gateway.recover(Duration::from_secs(61)).await;
        said(&gateway.chat("gpt-4o-mini", "hi").await, "fine", Some("miss"));
        said(&gateway.chat("gpt-4o-mini", "hi").await, "fine", Some("hit"));
    }
}

#[tokio::test]
async fn what_hangs_on_something_that_the_provider_keeps_takes_no_part() {
    let upstream = upstream::openai().start().await;
    let gateway = keeping(&upstream).await;
    let mut stored = chat("gpt-4o-mini", "hi");
    stored["store"] = json!(true);
    let mut bound = responses("gpt-4o-mini", "hi");
    bound["previous_response_id"] = json!("resp_1");
    let mut conversation = responses("gpt-4o-mini", "hi");
    conversation["conversation"] = json!({"id": "conv_1"});
    for (path, body) in [(CHAT, stored), ("/v1/responses", bound), ("/v1/responses", conversation)] {
        for calls in 1..3 {
            let answer = with_at(&gateway, path, &body).await;
            assert_eq!((answer.status, part(&answer)), (200, None), "{body}");
            assert_eq!(upstream.calls().len(), calls);
        }
        upstream.forget();
    }
    let mut not_stored = chat("gpt-4o-mini", "hi");
    not_stored["store"] = json!(false);
    assert_eq!(part(&gateway.post(CHAT, not_stored).await), Some("miss"));
}

async fn with_at(gateway: &Gateway, path: &str, body: &Value) -> Answer {
    gateway.request("POST", path).header("x-gateway-cache", "on").json(body).send().await
}

#[tokio::test]
async fn what_is_too_long_for_the_cache_is_not_kept() {
    let upstream = upstream::openai().say([Say::Long(100_000)]).start().await;
    let small = gateway().with(&upstream).env("CACHE_TTL_SECONDS", 60).env("CACHE_MAX_BYTES", 400_000).start().await;
    let large = gateway().with(&upstream).env("CACHE_TTL_SECONDS", 60).env("CACHE_MAX_BYTES", 4_000_000).start().await;
    for (gateway, second) in [(&small, "miss"), (&large, "hit")] {
        for body in [chat("gpt-4o-mini", "hi"), streamed(chat("gpt-4o-mini", "hi"))] {
            assert_eq!(part(&gateway.post(CHAT, body.clone()).await), Some("miss"));
            let again = gateway.post(CHAT, body.clone()).await;
            assert_eq!((part(&again), again.text().len()), (Some(second), 100_000));
        }
    }
}
