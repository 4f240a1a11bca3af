//! Every endpoint that asks a model, from every provider.

use super::*;
use crate::stream::{every, model};
use serde_json::json;

/// Asks twice: the second answer must be the first one's, and nobody called for it.
async fn check_twice(gateway: &Gateway, upstream: &Upstream, path: &str, body: &Value) -> (Answer, Answer) {
    upstream.forget();
    let ask = async || gateway.request("POST", path).anthropic().json(body).send().await;
    let (first, second) = (ask().await, ask().await);
    assert_eq!((first.status, part(&first)), (200, Some("miss")), "{path} {body}");
    assert_eq!((second.status, part(&second)), (200, Some("hit")), "{path} {body}");
    assert_eq!(second.header("content-type"), first.header("content-type"));
    assert_eq!((second.provider(), second.model()), (first.provider(), first.model()));
    assert_eq!(upstream.calls().len(), 1, "{path} {body}");
    (first, second)
}

#[tokio::test]
async fn every_protocol_from_every_provider() {
    for builder in every() {
        let upstream = builder.start().await;
        let gateway = keeping(&upstream).await;
        let model = model(upstream.kind());
        let bodies = [
            (CHAT, chat(model, "hi")),
            ("/v1/messages", messages(model, "hi")),
            ("/v1/responses", responses(model, "hi")),
        ];
        for (path, body) in bodies {
            let (first, second) = check_twice(&gateway, &upstream, path, &body).await;
            assert_eq!(second.body, first.body, "{path}");
            let (first, second) = check_twice(&gateway, &upstream, path, &streamed(body)).await;
            assert_eq!(second.body, first.body, "{path}");
            assert_eq!((second.text(), second.done()), (first.text(), true), "{path}");
            for header in ["cache-control", "x-accel-buffering"] {
                assert_eq!(second.header(header), first.header(header), "{path}");
            }
        }
    }
}

#[tokio::test]
async fn warnings_are_told_again() {
    let upstream = upstream::anthropic().start().await;
    let gateway = keeping(&upstream).await;
    let mut body = chat("claude-sonnet-4-5", "hi");
    body["seed"] = json!(7);
    let (first, second) = check_twice(&gateway, &upstream, CHAT, &body).await;
    assert_eq!(first.header("x-gateway-warnings"), Some("dropped=seed"));
    assert_eq!(second.header("x-gateway-warnings"), Some("dropped=seed"));
}

#[tokio::test]
async fn rate_limits_of_the_first_time_are_not() {
    let reply = ok().header("x-ratelimit-remaining-requests", 7).header("x-request-id", "req_provider");
    let upstream = upstream::openai().say(reply).start().await;
    let gateway = keeping(&upstream).await;
    let (first, second) = check_twice(&gateway, &upstream, CHAT, &chat("gpt-4o-mini", "hi")).await;
    assert_eq!(first.header("x-ratelimit-remaining-requests"), Some("7"));
    assert_eq!(second.header("x-ratelimit-remaining-requests"), None);
    assert_eq!(second.header("x-provider-request-id"), Some("req_provider"));
}

#[tokio::test]
async fn headers_that_pass_make_another_request() {
    let upstream = upstream::anthropic().start().await;
    let gateway = keeping(&upstream).await;
    let ask = async |beta: &str| {
        let request = gateway.request("POST", "/v1/messages").anthropic().header("anthropic-beta", beta);
        request.json(&messages("claude-sonnet-4-5", "hi")).send().await
    };
    assert_eq!(part(&ask("one-2025").await), Some("miss"));
    assert_eq!(part(&ask("two-2025").await), Some("miss"));
    assert_eq!(part(&ask("one-2025").await), Some("hit"));
}

#[tokio::test]
async fn vectors() {
    let upstream = upstream::openai().start().await;
    let gateway = keeping(&upstream).await;
    let body = json!({"model": "text-embedding-3-small", "input": ["one", "two"]});
    let (first, second) = check_twice(&gateway, &upstream, "/v1/embeddings", &body).await;
    assert_eq!(second.body, first.body);
    let based = json!({"model": "text-embedding-3-small", "input": ["one", "two"], "encoding_format": "base64"});
    let (based, _) = check_twice(&gateway, &upstream, "/v1/embeddings", &based).await;
    assert_ne!(based.body, first.body);
    let bad = json!({"model": "text-embedding-3-small"});
    assert_eq!(gateway.post("/v1/embeddings", bad).await.status, 400);
}

#[tokio::test]
async fn counting_tokens_takes_no_part() {
    let upstream = upstream::anthropic().start().await;
    let gateway = keeping(&upstream).await;
    for calls in 1..3 {
        let request = gateway.request("POST", "/v1/messages/count_tokens").anthropic();
        let answer = request.json(&messages("claude-sonnet-4-5", "hi")).send().await;
        assert_eq!((answer.status, part(&answer)), (200, None));
        assert_eq!(upstream.calls().len(), calls);
    }
}

#[tokio::test]
async fn the_gateways_own_way_to_ask() {
    let openai = upstream::openai().probe(invalid_key()).say(invalid_key()).start().await;
    let openrouter = upstream::openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).env("CACHE_TTL_SECONDS", 60).start().await;
    let body = json!({"model": "gpt-4o-mini", "prompt": "hi"});
    let (first, second) = check_twice(&gateway, &openrouter, "/v1/route", &body).await;
    assert_eq!(first.json["routing"]["fromCache"], false);
    assert_eq!(second.json["routing"]["fromCache"], true);
    assert_eq!(second.json["result"], first.json["result"]);
    assert_eq!(second.json["routing"]["attempts"], first.json["routing"]["attempts"]);
    assert_eq!(second.json["routing"]["summary"], first.json["routing"]["summary"]);
    assert_eq!(second.json["performance"]["tokens"], first.json["performance"]["tokens"]);
    assert_eq!(second.json["performance"]["cost"], 0.0);
    assert_eq!((second.attempts(), second.fallback()), (Some(0), None));

    let (first, second) = check_twice(&gateway, &openrouter, "/v1/route", &streamed(body)).await;
    let done = |answer: &Answer| answer.events.iter().find(|event| event.name == "done").unwrap().json.clone();
    assert_eq!(second.text(), first.text());
    let (first, second) = (done(&first), done(&second));
    assert_eq!((&first["routing"]["fromCache"], &second["routing"]["fromCache"]), (&json!(false), &json!(true)));
    assert_eq!(second["result"], first["result"]);
    assert_eq!(second["performance"]["tokens"], first["performance"]["tokens"]);
    assert_eq!(second["performance"]["cost"], 0.0);
}

#[tokio::test]
async fn the_same_words_at_another_endpoint_are_another_request() {
    let upstream = counting().start().await;
    let gateway = keeping(&upstream).await;
    said(&gateway.chat("gpt-4o-mini", "hi").await, "one", Some("miss"));
    let routed = gateway.post("/v1/route", json!({"model": "gpt-4o-mini", "prompt": "hi"})).await;
    assert_eq!((routed.text().as_str(), part(&routed)), ("two", Some("miss")));
    let other = gateway.post("/v1/route", json!({"model": "gpt-4o-mini", "prompt": "hi", "userId": "u"})).await;
    assert_eq!((other.text().as_str(), part(&other)), ("three", Some("miss")));
}
