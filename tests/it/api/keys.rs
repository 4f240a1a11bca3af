//! Client keys.

use crate::kit::*;
use serde_json::json;

const GUARDED: [(&str, &str); 5] = [
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/route"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/gpt-4o"),
    ("GET", "/nowhere"),
];

#[tokio::test]
async fn every_endpoint_but_health_and_metrics_needs_one() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).env("GATEWAY_API_KEYS", "alpha-key, beta-key").start().await;
    let bad: [&[(&str, &str)]; 12] = [
        &[],
        &[("authorization", "Bearer wrong")],
        &[("authorization", "Bearer ")],
        &[("authorization", "Bearer")],
        &[("authorization", "alpha-key")],
        &[("authorization", "Basic alpha-key")],
        &[("authorization", "Bearer alpha-key, beta-key")],
        &[("authorization", "Bearer alpha-ke")],
        &[("authorization", "Bearer alpha-keyy")],
        &[("authorization", "Bearer ALPHA-KEY")],
        &[("x-api-key", "wrong")],
        &[("x-api-key", "")],
    ];
    for (method, path) in GUARDED {
        for headers in bad {
            let mut request = gateway.request(method, path).body(chat("gpt-4o-mini", "hi").to_string());
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let answer = request.send().await;
            check_error(&answer, 401, "invalid_api_key");
            let error = answer.error();
            assert_eq!((&error["type"], &error["param"]), (&json!("invalid_request_error"), &json!(null)), "{error}");
            assert!(answer.header("x-request-id").is_some());
            let words = error["message"].as_str().unwrap_or_default().to_owned();
            assert!(!words.contains("wrong") && !words.contains("alpha"), "{words}");
        }
    }
    check_not_called([&openai]);
    for path in [
        "/health",
        "/health/live",
        "/healthz",
        "/health/liveliness",
        "/health/ready",
        "/readyz",
        "/health/readiness",
        "/metrics",
    ] {
        assert_eq!(gateway.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_good_one_is_taken_from_either_header() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).env("GATEWAY_API_KEYS", "alpha-key,beta-key").start().await;
    let good: [&[(&str, &str)]; 7] = [
        &[("authorization", "Bearer alpha-key")],
        &[("authorization", "bearer beta-key")],
        &[("authorization", "BEARER  beta-key ")],
        &[("x-api-key", "alpha-key")],
        &[("X-Api-Key", "beta-key")],
        // An SDK that always sends its own header beside the one that the operator asked for.
        &[("x-api-key", "not-mine"), ("authorization", "Bearer alpha-key")],
        &[("x-api-key", "alpha-key"), ("authorization", "Bearer not-mine")],
    ];
    for headers in good {
        for (method, path) in &GUARDED[..3] {
            let mut request = gateway.request(method, path).body(match *path {
                "/v1/route" => r#"{"prompt":"hi"}"#.to_owned(),
                _ => chat("gpt-4o-mini", "hi").to_string(),
            });
            for (name, value) in headers {
                request = request.header(name, value);
            }
            assert_eq!(request.send().await.status, 200, "{headers:?} {path}");
        }
    }
    for call in openai.calls() {
        assert_eq!(call.header("authorization"), Some("Bearer sk-test-openai-SECRET"));
        assert_eq!(call.header("x-api-key"), None);
    }
}

#[tokio::test]
async fn without_keys_everybody_may_ask_and_what_they_show_stays_here() {
    let openai = upstream::openai().start().await;
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&openai).with(&anthropic).start().await;
    for model in ["gpt-4o-mini", "claude-sonnet-4-5"] {
        let request = gateway.request("POST", "/v1/chat/completions").bearer("sk-the-callers-own");
        let request = request.header("x-api-key", "sk-the-callers-own").json(&chat(model, "hi"));
        assert_eq!(request.send().await.status, 200, "{model}");
    }
    for call in [openai.last_call(), anthropic.last_call()] {
        assert!(!call.headers.iter().any(|(_, value)| value.contains("sk-the-callers-own")), "{:?}", call.headers);
    }
}

#[tokio::test]
async fn the_log_names_the_key_and_never_shows_it() {
    let openai = upstream::openai().start().await;
    let gateway =
        gateway().with(&openai).env("GATEWAY_API_KEYS", "alpha-SECRET-1,beta-SECRET-2").env("LOG_LEVEL", "trace");
    let gateway = gateway.start().await;
    let request = gateway.request("POST", "/v1/chat/completions").bearer("beta-SECRET-2");
    request.json(&chat("gpt-4o-mini", "hi")).send().await;
    gateway.request("GET", "/v1/models").bearer("gamma-SECRET-3").send().await;
    gateway.wait_for_log("key=\"key-2\"").await;
    gateway.wait_for_log("outcome=\"invalid_api_key\"").await;
    assert!(!gateway.log().contains("SECRET"), "{}", gateway.log());
}
