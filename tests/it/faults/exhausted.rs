//! How a chain ends that nobody answers.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kit::upstream::{anthropic, ollama, openai, openrouter};
use crate::kit::*;

/// A gateway with OpenAI and OpenRouter, which answer this.
async fn two(first: Reply, second: Reply) -> (Gateway, Upstream, Upstream) {
    let openai = openai().always(first).start().await;
    let openrouter = openrouter().always(second).start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await.checked().await;
    (gateway, openai, openrouter)
}

/// The outcomes of the attempts.
fn outcomes(answer: &Answer) -> Vec<Value> {
    answer.error()["attempts"].as_array().into_iter().flatten().map(|attempt| attempt["outcome"].clone()).collect()
}

#[tokio::test]
async fn all_rate_limited_is_429_with_the_least_wait() {
    let (gateway, openai, openrouter) = two(rate_limited(40), rate_limited(20)).await;
    let answer = gateway.chat("gpt-4o", "hello").await;
    check_error(&answer, 429, "all_providers_rate_limited");
    assert_eq!((answer.header("retry-after"), answer.header("x-should-retry")), (Some("20"), Some("false")));
    assert_eq!(answer.error()["type"], "rate_limit_error");
    assert_eq!(outcomes(&answer), ["rate_limited", "rate_limited"]);
    check_called([&openai, &openrouter]);
    // What was asked for is kept: nobody is called, and the answer comes at once.
    let again = gateway.stream("gpt-4o", "hello").await;
    check_error(&again, 429, "all_providers_rate_limited");
    assert_eq!((outcomes(&again), again.attempts()), (vec![json!("skipped"), json!("skipped")], Some(0)));
    assert_eq!(again.error()["attempts"][0]["reason"], "resting");
    let wait: u64 = again.header("retry-after").unwrap().parse().unwrap();
    assert!((15..=20).contains(&wait), "{wait}");
    check_called([&openai, &openrouter]);
    // The one that asked for less is free first.
    gateway.advance(Duration::from_secs(20)).await;
    openrouter.switch(ok());
    let later = gateway.chat("gpt-4o", "hello").await;
    assert_eq!((later.provider(), later.fallback()), (Some("openrouter"), Some("openai:resting")));
}

#[tokio::test]
async fn nobody_is_asked_to_wait_longer_than_a_minute() {
    let (gateway, _openai, _openrouter) = two(rate_limited(3600), rate_limited(90)).await;
    assert_eq!(gateway.chat("gpt-4o", "hello").await.header("retry-after"), Some("60"));
    let date = "Thu, 01 Jan 2099 00:00:00 GMT";
    let (gateway, _openai, _openrouter) = two(status(429).header("retry-after", date), rate_limited(90)).await;
    assert_eq!(gateway.chat("gpt-4o", "hello").await.header("retry-after"), Some("60"));
}

#[tokio::test]
async fn an_unsaid_wait_is_a_second_and_is_not_kept() {
    let (gateway, openai, openrouter) = two(rate_limited_unsaid(), rate_limited_unsaid()).await;
    let answer = gateway.chat("gpt-4o", "hello").await;
    check_error(&answer, 429, "all_providers_rate_limited");
    assert_eq!(answer.header("retry-after"), Some("1"));
    check_called([&openai, &openrouter]);
    openai.switch(ok());
    assert_eq!(gateway.chat("gpt-4o", "hello").await.status, 200, "a rest that nobody asked for is not kept");
}

#[tokio::test]
async fn all_timed_out_is_504() {
    let (gateway, openai, openrouter) = two(stall_before_head(), stall_after_head()).await;
    let caller = gateway.caller();
    let answer = tokio::spawn(async move { caller.stream("gpt-4o", "hello").await });
    openai.wait_for_calls(1).await;
    gateway.advance(Duration::from_secs(12)).await;
    openrouter.wait_for_calls(1).await;
    gateway.advance(Duration::from_secs(120)).await;
    let answer = answer.await.unwrap();
    check_error(&answer, 504, "all_providers_failed");
    assert_eq!((outcomes(&answer), answer.header("x-should-retry")), (vec![json!("timeout"); 2], Some("false")));
}

#[tokio::test]
async fn failed_in_several_ways_is_502() {
    let (gateway, openai, openrouter) = two(overloaded(), invalid_key()).await;
    let request = gateway.request("POST", "/v1/chat/completions").header("x-request-id", "mine-1");
    let answer = request.json(&chat("gpt-4o", "hello")).send().await;
    check_error(&answer, 502, "all_providers_failed");
    assert_eq!(answer.error()["type"], "server_error");
    assert_eq!(answer.error()["param"], Value::Null);
    let summary = answer.error()["message"].as_str().unwrap().to_owned();
    assert!(summary.contains("openai (server_error) -> openrouter (auth)"), "{summary}");
    assert_eq!((answer.header("x-request-id"), answer.attempts()), (Some("mine-1"), Some(2)));
    assert_eq!((answer.header("x-should-retry"), answer.header("retry-after")), (Some("false"), None));
    assert!(answer.header("server-timing").is_some_and(|timing| timing.starts_with("gateway;dur=")));
    let attempts = answer.error()["attempts"].clone();
    assert_eq!(attempts[0]["status"], 503);
    assert_eq!(attempts[0]["message"], "The engine is currently overloaded.");
    assert_eq!((&attempts[1]["provider"], &attempts[1]["model"]), (&json!("openrouter"), &json!("openai/gpt-4o")));
    check_called([&openai, &openrouter]);
    gateway.assert_no_secrets();
}

#[tokio::test]
async fn a_timeout_and_another_failure_are_502() {
    let (gateway, openai, _openrouter) = two(stall_before_head(), status(500)).await;
    let caller = gateway.caller();
    let answer = tokio::spawn(async move { caller.stream("gpt-4o", "hello").await });
    openai.wait_for_calls(1).await;
    gateway.advance(Duration::from_secs(12)).await;
    check_error(&answer.await.unwrap(), 502, "all_providers_failed");
}

#[tokio::test]
async fn nobody_has_the_model_is_404_in_the_last_ones_words() {
    let (gateway, _openai, _openrouter) = two(model_not_found(), model_not_found()).await;
    let answer = gateway.chat("gpt-4o", "hello").await;
    check_error(&answer, 404, "model_not_found");
    assert_eq!(answer.error()["message"], "No endpoints found for openai/gpt-4o.");
    assert_eq!((answer.provider(), answer.fallback()), (Some("openrouter"), Some("openai:model_unavailable")));
    assert_eq!(answer.header("x-should-retry"), None);
}

#[tokio::test]
async fn too_long_for_everybody_is_400_in_the_last_ones_words() {
    let (gateway, _openai, _openrouter) = two(context_length(), context_length()).await;
    let answer = gateway.stream("gpt-4o", "hello").await;
    check_error(&answer, 400, "context_length_exceeded");
    assert_eq!(answer.error()["message"], "This endpoint's maximum context length is 128000 tokens.");
}

#[tokio::test]
async fn a_callers_fault_on_one_link_and_a_failure_on_another_is_502() {
    for (first, second) in
        [(model_not_found(), status(500)), (status(500), model_not_found()), (invalid_key(), context_length())]
    {
        let (gateway, _openai, _openrouter) = two(first, second).await;
        let answer = gateway.chat("gpt-4o", "hello").await;
        check_error(&answer, 502, "all_providers_failed");
        assert_eq!(outcomes(&answer).len(), 2);
    }
}

#[tokio::test]
async fn a_failure_beside_a_rest_that_was_asked_for_is_502_with_that_wait() {
    let (gateway, openai, openrouter) = two(rate_limited(30), ok()).await;
    assert_eq!(gateway.chat("gpt-4o", "hello").await.fallback(), Some("openai:rate_limited"));
    for failure in [status(500), model_not_found()] {
        openrouter.switch(failure);
        let answer = gateway.chat("gpt-4o", "hello").await;
        check_error(&answer, 502, "all_providers_failed");
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((20..=30).contains(&wait), "{wait}");
        assert_eq!((&outcomes(&answer)[0], answer.attempts()), (&json!("skipped"), Some(1)));
    }
    assert_eq!(openai.calls().len(), 1);
}

#[tokio::test]
async fn nothing_configured_is_503_and_names_what_to_set() {
    let gateway = gateway().start().await.checked().await;
    let mut asked = vec![gateway.chat("gpt-4o", "hello").await, gateway.stream("auto", "hello").await];
    asked.push(gateway.post("/v1/route", json!({"prompt": "hello"})).await);
    for answer in asked {
        check_error(&answer, 503, "no_provider_configured");
        let message = answer.error()["message"].as_str().unwrap().to_owned();
        for name in ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENROUTER_API_KEY", "OSS_MODEL_ENABLED"] {
            assert!(message.contains(name), "{name} in {message}");
        }
        assert_eq!(answer.header("x-should-retry"), Some("false"));
    }
}

#[tokio::test]
async fn a_model_that_nobody_takes_is_404_and_names_what_would_help() {
    let anthropic = anthropic().start().await;
    let gateway = gateway().with(&anthropic).start().await.checked().await;
    let cases = [
        ("gpt-4o", &["OPENAI_API_KEY", "OPENROUTER_API_KEY", "OSS_MODEL_ENABLED"][..]),
        ("x-ai/grok-beta", &["OPENROUTER_API_KEY", "OSS_MODEL_ENABLED"]),
        ("whatever", &["OPENROUTER_API_KEY", "OSS_MODEL_ENABLED"]),
        ("oss-local/llama3:8b", &["OSS_MODEL_ENABLED"]),
    ];
    for (model, names) in cases {
        let answer = gateway.chat(model, "hello").await;
        check_error(&answer, 404, "model_not_found");
        assert_eq!(
            (&answer.error()["type"], &answer.error()["param"]),
            (&json!("invalid_request_error"), &json!("model"))
        );
        let message = answer.error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(model) && names.iter().all(|name| message.contains(name)), "{message}");
        assert!(!message.contains("ANTHROPIC_API_KEY"), "{message}");
    }
    check_not_called([&anthropic]);
}

#[tokio::test]
async fn three_links_are_told_in_order() {
    let openai = openai().always(status(500)).start().await;
    let openrouter = openrouter().always(html()).start().await;
    let ollama = ollama().always(overloaded()).start().await;
    let gateway = gateway().with(&openai).with(&openrouter).with(&ollama).start().await.checked().await;
    let answer = gateway.chat("gpt-4o", "hello").await;
    check_error(&answer, 502, "all_providers_failed");
    let told = answer.error()["attempts"].clone();
    let names: Vec<_> = told.as_array().unwrap().iter().map(|attempt| attempt["provider"].clone()).collect();
    assert_eq!(names, ["openai", "openrouter", "oss-local"]);
    assert_eq!(outcomes(&answer), ["server_error", "malformed", "server_error"]);
    assert_eq!(answer.attempts(), Some(3));
    check_called([&openai, &openrouter, &ollama]);
}
