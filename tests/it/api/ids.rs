//! `x-request-id`.

use crate::kit::*;
use std::collections::HashSet;

const PATHS: [(&str, &str); 4] =
    [("POST", "/v1/chat/completions"), ("POST", "/v1/route"), ("GET", "/v1/models"), ("GET", "/nowhere")];

async fn ask(gateway: &Gateway, method: &str, path: &str, id: Option<&str>) -> Answer {
    let body = match path {
        "/v1/route" => r#"{"prompt":"hi"}"#.to_owned(),
        _ => chat("gpt-4o-mini", "hi").to_string(),
    };
    let request = gateway.request(method, path).body(body);
    match id {
        Some(id) => request.header("x-request-id", id).send().await,
        None => request.send().await,
    }
}

#[tokio::test]
async fn a_sane_one_is_kept() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let long = "x".repeat(128);
    for id in ["my-id", "req_123", "0b8c6a3e-4f5d-4c39-9d57-0a5c1a9d2f11", "a.b:c/d", &long] {
        for (method, path) in PATHS {
            assert_eq!(ask(&gateway, method, path, Some(id)).await.header("x-request-id"), Some(id), "{path}");
        }
    }
    gateway.wait_for_log("request_id=\"0b8c6a3e-4f5d-4c39-9d57-0a5c1a9d2f11\"").await;
}

#[tokio::test]
async fn an_insane_one_is_replaced() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let long = "x".repeat(129);
    let mut seen = HashSet::new();
    for id in [None, Some(""), Some("two words"), Some("tab\tin it"), Some("ключ"), Some(&*long)] {
        for (method, path) in PATHS {
            let answer = ask(&gateway, method, path, id).await;
            let new = answer.header("x-request-id").expect("an id").to_owned();
            assert!(Some(new.as_str()) != id && new.starts_with("req_") && new.len() == 36, "{path} {id:?}: {new}");
            assert!(seen.insert(new), "an id came twice");
        }
    }
}

#[tokio::test]
async fn it_is_on_every_answer_streams_and_errors_included() {
    let openai = upstream::openai().say(ok()).then(status(500)).start().await;
    let gateway = gateway().with(&openai).start().await;
    let ask = |body: serde_json::Value| {
        gateway.request("POST", "/v1/chat/completions").header("x-request-id", "mine").json(&body).send()
    };
    for (body, status) in [
        (streamed(chat("gpt-4o-mini", "hi")), 200),
        (chat("gpt-4o-mini", "hi"), 502),
        (chat("claude-sonnet-4-5", "hi"), 404),
        (serde_json::json!({}), 400),
    ] {
        let answer = ask(body).await;
        assert_eq!((answer.status, answer.header("x-request-id")), (status, Some("mine")));
    }
}

#[tokio::test]
async fn it_never_reaches_a_provider_whose_own_is_told_beside_it() {
    let openai = upstream::openai().start().await;
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&openai).with(&anthropic).start().await;
    for (model, upstream) in [("gpt-4o-mini", &openai), ("claude-sonnet-4-5", &anthropic)] {
        for body in [chat(model, "hi"), streamed(chat(model, "hi"))] {
            let request = gateway.request("POST", "/v1/chat/completions").header("x-request-id", "mine");
            let answer = request.json(&body).send().await;
            assert_eq!(answer.header("x-request-id"), Some("mine"));
            let theirs = answer.header("x-provider-request-id").expect("the provider's own").to_owned();
            assert!(theirs.starts_with(&format!("req_{}_", upstream.kind().name())), "{theirs}");
            assert_eq!(upstream.last_call().header("x-request-id"), None);
        }
    }
}
