//! Whose fault a refusal is, and how it comes back.

use serde_json::{Value, json};

use crate::kit::upstream::{anthropic, ollama, openai, openrouter};
use crate::kit::*;

/// Anthropic's 400 in these words.
fn anthropic_400(message: &str) -> Reply {
    json(json!({"type": "error", "error": {"type": "invalid_request_error", "message": message}})).status(400)
}

#[tokio::test]
async fn a_refusal_comes_back_byte_for_byte() {
    let odd = r#"{ "error" : {"type":"invalid_request_error","code":"unknown_url","message":"Ünknown","param":null,"more":[1]},"x":1}"#;
    let other =
        r#"{"error":{"message":"Your image was rejected","type":"image_user_error","param":null,"code":"bad_image"}}"#;
    for (body, status) in [(odd, 400), (other, 400), (odd, 422)] {
        for stream in [false, true] {
            let openai = openai().always(json(body).status(status)).start().await;
            let openrouter = openrouter().start().await;
            let gateway = gateway().with(&openai).with(&openrouter).env("LLM_RETRY", 1).start().await;
            let body_of = chat("gpt-4o", "hello");
            let asked = if stream { streamed(body_of) } else { body_of };
            let answer = gateway.post("/v1/chat/completions", asked).await;
            assert_eq!((answer.status, answer.body.as_slice()), (status, body.as_bytes()));
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!((answer.provider(), answer.attempts()), (Some("openai"), Some(1)));
            assert!(answer.header("x-provider-request-id").is_some_and(|id| id.starts_with("req_openai")));
            assert!(answer.header("x-ratelimit-limit-requests").is_some());
            assert_eq!(answer.header("x-should-retry"), None);
            check_called([&openai]);
            check_not_called([&openrouter]);
        }
    }
}

#[tokio::test]
async fn a_translated_refusal_comes_back_in_the_callers_form() {
    let anthropic = anthropic().always(anthropic_400("messages.0.content: Field required")).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&anthropic).with(&openrouter).start().await;
    for answer in [gateway.chat("claude-sonnet-4-5", "hello").await, gateway.stream("claude-sonnet-4-5", "hello").await]
    {
        let expected = json!({
            "message": "messages.0.content: Field required", "type": "invalid_request_error", "param": null, "code": null,
        });
        assert_eq!((answer.status, answer.error()), (400, expected));
    }
    check_not_called([&openrouter]);
    assert!(!gateway.log().contains("ERROR"), "{}", gateway.log());

    let ollama = ollama().always(invalid_request()).start().await;
    let gateway = gateway_of(&ollama).await;
    let answer = gateway.chat("llama3:8b", "hello").await;
    assert_eq!((answer.status, &answer.error()["message"]), (400, &json!("invalid value of temperature")));
}

async fn gateway_of(upstream: &Upstream) -> Gateway {
    gateway().with(upstream).start().await
}

#[tokio::test]
async fn a_refusal_of_what_the_gateway_wrote_is_the_gateways_fault() {
    // Nobody but the gateway chose `max_tokens` here.
    let anthropic = anthropic().always(anthropic_400("max_tokens: 64000 > 8192")).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&anthropic).with(&openrouter).env("LLM_RETRY", 1).start().await;
    let answer = gateway.chat("claude-sonnet-4-5", "hello").await;
    check(&answer, "hello from openrouter", "anthropic:invalid_request", [&anthropic, &openrouter]);
    gateway.wait_for_log("our translation was refused").await;
    let line = gateway.log().lines().find(|line| line.contains("our translation was refused")).unwrap().to_owned();
    assert!(line.contains("ERROR") && line.contains("claude-sonnet-4-5") && line.contains("max_tokens"), "{line}");
    // Nothing is held against the link.
    gateway.chat("claude-sonnet-4-5", "hello").await;
    assert_eq!(anthropic.calls().len(), 2);
}

#[tokio::test]
async fn a_refusal_of_what_the_caller_wrote_is_the_callers_fault() {
    let anthropic = anthropic().always(anthropic_400("max_tokens: 64000 > 8192")).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&anthropic).with(&openrouter).start().await;
    let mut body = chat("claude-sonnet-4-5", "hello");
    body["max_tokens"] = json!(64_000);
    let answer = gateway.post("/v1/chat/completions", body).await;
    assert_eq!((answer.status, &answer.error()["message"]), (400, &json!("max_tokens: 64000 > 8192")));
    check_not_called([&openrouter]);
}

#[tokio::test]
async fn a_direct_request_is_never_the_gateways_fault() {
    let body = r#"{"error":{"message":"Unsupported parameter: 'max_tokens'","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}"#;
    let openai = openai().always(json(body).status(400)).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await;
    let mut asked = chat("gpt-4o", "hello");
    asked["max_tokens"] = json!(5);
    let answer = gateway.post("/v1/chat/completions", asked).await;
    assert_eq!((answer.status, answer.body.as_slice()), (400, body.as_bytes()));
    check_not_called([&openrouter]);
}

#[tokio::test]
async fn the_callers_fault_inside_a_stream_or_a_200() {
    let policy = r#"{"error":{"message":"flagged","type":"invalid_request_error","param":null,"code":"content_policy_violation"}}"#;
    let openai = openai().always(json(policy)).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await;
    for answer in [gateway.chat("gpt-4o", "hello").await, gateway.stream("gpt-4o", "hello").await] {
        check_error(&answer, 400, "content_policy_violation");
    }
    openai.switch(Reply::exactly([Say::Role, Say::Event(policy)]));
    let answer = gateway.stream("gpt-4o", "hello").await;
    check_error(&answer, 400, "content_policy_violation");
    assert_eq!(answer.header("content-type"), Some("application/json"), "no stream has begun");
    check_not_called([&openrouter]);

    // An Anthropic stream's error is told in the caller's form.
    let event = r#"{"type":"error","error":{"type":"invalid_request_error","message":"no"}}"#;
    let anthropic = anthropic().always(Reply::exactly([Say::Role, Say::Event(event)])).start().await;
    let gateway = gateway_of(&anthropic).await;
    let answer = gateway.stream("claude-sonnet-4-5", "hello").await;
    let expected = json!({"message": "no", "type": "invalid_request_error", "param": null, "code": null});
    assert_eq!((answer.status, answer.json), (400, json!({"error": expected})));
}

#[tokio::test]
async fn no_answer_says_the_operators_key() {
    for reply in [invalid_key(), json(r#"{"error":{"message":"bad sk-test-openai-SECRET","type":"x"}}"#).status(500)] {
        let openai = openai().always(reply).start().await;
        let gateway = gateway_of(&openai).await;
        let answer = gateway.chat("gpt-4o", "hello").await;
        check_error(&answer, 502, "all_providers_failed");
        assert_ne!(answer.error()["attempts"][0]["message"], Value::Null);
        gateway.get("/health").await;
        gateway.assert_no_secrets();
    }
}
