//! The headers of answers and of errors, one by one.

use super::timing;
use crate::kit::*;
use serde_json::{Value, json};
use std::time::Duration;

fn with(model: &str, fields: Value) -> Value {
    let mut body = chat(model, "hi");
    for (name, value) in fields.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn who_served_and_why() {
    let openai = upstream::openai().say(status(500)).then(ok()).start().await;
    let openrouter = upstream::openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await;
    for body in [chat("gpt-4o-mini", "hi"), streamed(chat("gpt-4o", "hi"))] {
        openai.switch(status(500));
        let answer = gateway.post("/v1/chat/completions", body.clone()).await;
        assert_eq!(answer.provider(), Some("openrouter"));
        assert_eq!(answer.model(), Some(format!("openai/{}", body["model"].as_str().unwrap_or_default()).as_str()));
        assert_eq!((answer.attempts(), answer.fallback()), (Some(2), Some("openai:server_error")));
        let again = gateway.post("/v1/chat/completions", body.clone()).await;
        assert_eq!((again.attempts(), again.fallback()), (Some(1), Some("openai:resting")), "{body}");
    }
    openai.switch(ok());
    gateway.advance(Duration::from_secs(61)).await;
    let well = gateway.chat("gpt-4o-mini", "hi").await;
    assert_eq!((well.provider(), well.attempts(), well.fallback()), (Some("openai"), Some(1), None));
    assert_eq!(well.header("x-gateway-cache"), None, "no cache took part");
}

#[tokio::test]
async fn the_time_it_took_and_whose() {
    let openai = upstream::openai().say(ok().held()).start().await;
    let gateway = gateway().with(&openai).start().await;
    let caller = gateway.caller();
    let request = tokio::spawn(async move { caller.chat("gpt-4o-mini", "hi").await });
    openai.wait_for_calls(1).await;
    gateway.advance(Duration::from_secs(2)).await;
    openai.release();
    let answer = request.await.expect("the caller's task");
    assert!(timing(&answer, "upstream") >= 2000.0, "{:?}", answer.header("server-timing"));
    assert!(timing(&answer, "gateway") < 1000.0, "{:?}", answer.header("server-timing"));
    openai.switch(status(500));
    let failed = gateway.chat("gpt-4o-mini", "hi").await;
    assert_eq!(failed.status, 502);
    assert!(timing(&failed, "gateway") >= 0.0 && timing(&failed, "upstream") >= 0.0, "errors carry it too");
    openai.switch(ok());
    let streamed = gateway.stream("gpt-4o", "hi").await;
    assert!(timing(&streamed, "upstream") > 0.0, "streams carry the time to their head");
}

#[tokio::test]
async fn what_it_cost() {
    let openai = upstream::openai().always([Say::Text("hi"), Say::Usage(1_000_000, 100_000)]).start().await;
    let openrouter = upstream::openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await;
    let known = gateway.chat("gpt-4o-mini", "hi").await;
    assert_eq!(known.header("x-gateway-cost-usd"), Some("0.21"), "0.15 a million in, 0.60 a million out");
    assert_eq!(gateway.chat("gpt-nobody-knows", "hi").await.header("x-gateway-cost-usd"), None);
    let streamed = gateway.stream("gpt-4o-mini", "hi").await;
    assert_eq!((streamed.status, streamed.header("x-gateway-cost-usd")), (200, None), "not known when a stream begins");
    let told = r#"{"id":"x","object":"chat.completion","model":"x-ai/grok-beta","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2,"cost":0.0000001}}"#;
    openrouter.switch(json(told));
    let answer = gateway.chat("x-ai/grok-beta", "hi").await;
    assert_eq!(answer.header("x-gateway-cost-usd"), Some("0.0000001"), "what the provider says, and never as 1e-7");
}

#[tokio::test]
async fn what_a_translation_left_out() {
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&anthropic).start().await;
    let body = with("claude-sonnet-4-5", json!({"seed": 1, "logit_bias": {"1": 1}, "frequency_penalty": 0.5}));
    for body in [body.clone(), streamed(body)] {
        let answer = gateway.post("/v1/chat/completions", body).await;
        let warnings = answer.header("x-gateway-warnings").expect("a warning").to_owned();
        let mut dropped: Vec<&str> = warnings.strip_prefix("dropped=").expect("what was dropped").split(',').collect();
        dropped.sort_unstable();
        assert_eq!(dropped, ["frequency_penalty", "logit_bias", "seed"]);
        for name in dropped {
            assert!(anthropic.last_call().json[name].is_null(), "{name} went out");
        }
    }
    let clean = gateway.chat("claude-sonnet-4-5", "hi").await;
    assert_eq!(clean.header("x-gateway-warnings"), None);
}

#[tokio::test]
async fn what_a_direct_call_left_out() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let body = with("gpt-4o-mini", json!({"top_k": 5, "provider": {"order": ["x"]}, "seed": 1}));
    let answer = gateway.post("/v1/chat/completions", body).await;
    assert_eq!(answer.header("x-gateway-warnings"), Some("dropped=provider,top_k"));
    let sent = openai.last_call().json;
    assert!(sent["top_k"].is_null() && sent["provider"].is_null() && sent["seed"] == 1, "{sent}");
}

#[tokio::test]
async fn reject_refuses_instead_before_any_call() {
    let openai = upstream::openai().start().await;
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&openai).with(&anthropic).env("UNSUPPORTED_PARAMS", "reject").start().await;
    for (model, field) in [("claude-sonnet-4-5", "seed"), ("gpt-4o-mini", "top_k")] {
        for body in [with(model, json!({field: 1})), streamed(with(model, json!({field: 1})))] {
            let answer = gateway.post("/v1/chat/completions", body).await;
            check_error(&answer, 400, "unsupported_parameter");
            assert_eq!(answer.error()["param"], field);
            assert_eq!(answer.error()["type"], "invalid_request_error");
            assert_eq!((answer.provider(), answer.header("x-gateway-warnings")), (None, None));
        }
    }
    check_not_called([&openai, &anthropic]);
    assert_eq!(gateway.chat("claude-sonnet-4-5", "hi").await.status, 200);
}

#[tokio::test]
async fn the_providers_own_limits_and_id_are_passed_on() {
    let openai = upstream::openai().start().await;
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&openai).with(&anthropic).start().await;
    let names =
        |prefix: &str, answer: &Answer| answer.headers.keys().filter(|name| name.as_str().starts_with(prefix)).count();
    for body in [chat("gpt-4o-mini", "hi"), streamed(chat("gpt-4o-mini", "hi"))] {
        let answer = gateway.post("/v1/chat/completions", body).await;
        assert_eq!(names("x-ratelimit-", &answer), 6, "{:?}", answer.headers);
        assert_eq!(answer.header("x-ratelimit-remaining-requests"), Some("9999"));
        assert!(answer.header("x-provider-request-id").is_some_and(|id| id.starts_with("req_openai_")));
        assert_eq!(answer.header("openai-organization"), None, "whose account it is stays here");
        assert_eq!(answer.header("server"), None);
    }
    let answer = gateway.chat("claude-sonnet-4-5", "hi").await;
    assert_eq!(names("anthropic-ratelimit-", &answer), 6, "{:?}", answer.headers);
    assert!(answer.header("x-provider-request-id").is_some_and(|id| id.starts_with("req_anthropic_")));
    assert_eq!(answer.header("anthropic-organization-id"), None);
}

#[tokio::test]
async fn an_error_that_is_the_providers_word_carries_its_headers() {
    for (simulated, model) in [(upstream::openai(), "gpt-4o-mini"), (upstream::anthropic(), "claude-sonnet-4-5")] {
        let upstream = simulated.always(invalid_request()).start().await;
        let gateway = gateway().with(&upstream).start().await;
        let answer = gateway.chat(model, "hi").await;
        assert_eq!((answer.status, answer.attempts(), answer.model()), (400, Some(1), Some(model)));
        let id = format!("req_{}_", upstream.kind().name());
        assert!(
            answer.header("x-provider-request-id").is_some_and(|theirs| theirs.starts_with(&id)),
            "{:?}",
            answer.headers
        );
        let limits = answer.headers.keys().filter(|name| name.as_str().contains("ratelimit-")).count();
        assert_eq!(limits, 6, "{:?}", answer.headers);
        assert!(timing(&answer, "upstream") >= 0.0);
        assert_eq!((answer.header("x-should-retry"), answer.header("retry-after")), (None, None));
    }
}

#[tokio::test]
async fn when_to_come_back() {
    let openai = upstream::openai().always(rate_limited(17)).start().await;
    let gateway = gateway().with(&openai).start().await;
    let answer = gateway.chat("gpt-4o-mini", "hi").await;
    check_error(&answer, 429, "all_providers_rate_limited");
    assert_eq!((answer.header("retry-after"), answer.header("x-should-retry")), (Some("17"), Some("false")));
    openai.switch(rate_limited(4000));
    let answer = gateway.chat("gpt-4o", "hi").await;
    assert_eq!(answer.header("retry-after"), Some("60"), "at most 60");
    openai.switch(status(500));
    let answer = gateway.chat("gpt-4.1", "hi").await;
    assert_eq!((answer.status, answer.header("x-should-retry")), (502, Some("false")));
}

#[tokio::test]
async fn a_full_house_says_when_to_come_back() {
    let openai = upstream::openai().say(ok().held()).then(ok()).start().await;
    let gateway = gateway().with(&openai).env("MAX_CONCURRENT_REQUESTS", 1).start().await;
    let caller = gateway.caller();
    let request = tokio::spawn(async move { caller.chat("gpt-4o-mini", "hi").await });
    openai.wait_for_calls(1).await;
    let answer = gateway.chat("gpt-4o-mini", "hi").await;
    check_error(&answer, 503, "overloaded");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.header("x-should-retry"), None, "nothing was tried yet: an SDK may");
    for path in ["/health", "/health/live", "/health/ready", "/metrics"] {
        assert_eq!(gateway.get(path).await.status, 200, "{path} is exempt");
    }
    openai.release();
    assert_eq!(request.await.expect("the caller's task").status, 200);
    assert_eq!(gateway.chat("gpt-4o-mini", "hi").await.status, 200);
}

#[tokio::test]
async fn streams_are_not_to_be_kept_or_held_back() {
    let openai = upstream::openai().start().await;
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&openai).with(&anthropic).start().await;
    for model in ["gpt-4o-mini", "claude-sonnet-4-5"] {
        let answer = gateway.stream(model, "hi").await;
        assert_eq!(answer.header("content-type"), Some("text/event-stream; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert_eq!(answer.header("x-accel-buffering"), Some("no"));
        assert_eq!(answer.header("content-length"), None);
        let whole = gateway.chat(model, "hi").await;
        assert_eq!(whole.header("content-type"), Some("application/json"));
        assert_eq!(whole.header("content-length"), Some(whole.body.len().to_string().as_str()));
    }
}
