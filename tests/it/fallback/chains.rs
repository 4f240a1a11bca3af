//! Chains that a request brings along, and routes.

use super::*;

/// A chat with a field of its own chain.
fn with_chain(model: &str, field: &str, chain: Value) -> Value {
    let mut body = chat(model, "hello");
    body[field] = chain;
    body
}

#[tokio::test]
async fn a_request_brings_its_own_chain() {
    for (field, stream) in [("fallbacks", false), ("models", false), ("fallbacks", true), ("models", true)] {
        let openai = openai().always(status(500)).start().await;
        let anthropic = anthropic().always(overloaded()).start().await;
        let openrouter = openrouter().start().await;
        let ollama = ollama().start().await;
        let gateway = gateway().with(&openai).with(&anthropic).with(&openrouter).with(&ollama).start().await;
        let body = with_chain("gpt-4o", field, json!(["claude-sonnet-4-5", "oss-local/qwen3:8b"]));
        let body = if stream { streamed(body) } else { body };
        let answer = gateway.post("/v1/chat/completions", body).await;
        check(&answer, "hello from ollama", "openai:server_error", [&openai, &anthropic, &ollama]);
        check_not_called([&openrouter]);
        assert_eq!(models(&ollama), ["qwen3:8b"]);
        for upstream in [&openai, &anthropic, &ollama] {
            let sent = upstream.last_call().json;
            assert!(sent["fallbacks"].is_null() && sent["models"].is_null(), "{sent}");
        }
    }
}

#[tokio::test]
async fn each_entry_is_one_link() {
    let openai = openai().always(status(500)).start().await;
    let openrouter = openrouter().always(status(500)).start().await;
    let ollama = ollama().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).with(&ollama).start().await;
    let chain = json!(["gpt-4o-mini", "x-ai/grok-beta", "gpt-4o", "claude-sonnet-4-5"]);
    let answer = gateway.post("/v1/chat/completions", with_chain("gpt-4o", "fallbacks", chain)).await;
    check_error(&answer, 502, "all_providers_failed");
    assert_eq!(models(&openai), ["gpt-4o", "gpt-4o-mini"], "no link twice");
    assert_eq!(models(&openrouter), ["x-ai/grok-beta"], "no link brings a chain of its own");
    check_not_called([&ollama]);
}

#[tokio::test]
async fn an_empty_chain_means_no_fallback() {
    let openai = openai().always(status(500)).start().await;
    let openrouter = openrouter().start().await;
    let ollama = ollama().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).with(&ollama).start().await;
    for field in ["fallbacks", "models"] {
        let answer = gateway.post("/v1/chat/completions", with_chain("gpt-4o", field, json!([]))).await;
        check_error(&answer, 502, "all_providers_failed");
        assert_eq!(answer.attempts(), Some(1));
    }
    check_not_called([&openrouter, &ollama]);
    let routed = json!({"prompt": "hello", "model": "gpt-4o", "fallbacks": []});
    check_error(&gateway.post("/v1/route", routed).await, 502, "all_providers_failed");
    check_not_called([&openrouter, &ollama]);
}

#[tokio::test]
async fn a_chain_that_is_no_list_of_names_is_refused() {
    let openai = openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    for chain in [json!("gpt-4o"), json!([1]), json!({"a": 1})] {
        let answer = gateway.post("/v1/chat/completions", with_chain("gpt-4o", "fallbacks", chain)).await;
        assert_eq!((answer.status, &answer.error()["param"]), (400, &json!("fallbacks")));
        assert_eq!(answer.error()["type"], "invalid_request_error");
    }
    check_not_called([&openai]);
}

#[tokio::test]
async fn a_first_link_that_is_not_configured_is_left_out() {
    let anthropic = anthropic().start().await;
    let gateway = gateway().with(&anthropic).start().await;
    let answer =
        gateway.post("/v1/chat/completions", with_chain("gpt-4o", "fallbacks", json!(["claude-sonnet-4-5"]))).await;
    assert_eq!((answer.status, answer.provider()), (200, Some("anthropic")));
}

const ROUTES: &str = r#"{"general":["gpt-4o-mini"],"code":["claude-sonnet-4-5","gpt-4o"],"L0":["llama3:8b"]}"#;

#[tokio::test]
async fn a_route_is_a_chain_of_chains() {
    let openai = openai().always(status(500)).start().await;
    let anthropic = anthropic().always(overloaded()).start().await;
    let openrouter = openrouter().always(status(500)).start().await;
    let ollama = ollama().always(status(500)).start().await;
    let gateway = gateway().with(&openai).with(&anthropic).with(&openrouter).with(&ollama).env("ROUTE_MODELS", ROUTES);
    let gateway = gateway.start().await;
    let answer = gateway.chat("code", "hello").await;
    check_error(&answer, 502, "all_providers_failed");
    let told = answer.error()["attempts"].clone();
    let links: Vec<String> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|link| format!("{}:{}", link["provider"].as_str().unwrap(), link["model"].as_str().unwrap()))
        .collect();
    let expected = [
        "anthropic:claude-sonnet-4-5",
        "openrouter:anthropic/claude-sonnet-4.5",
        "oss-local:llama3:8b",
        "openai:gpt-4o",
        "openrouter:openai/gpt-4o",
    ];
    assert_eq!(links, expected);
}

#[tokio::test]
async fn route_names_serve_as_models_tasks_and_layers() {
    let openai = openai().start().await;
    let anthropic = anthropic().start().await;
    let ollama = ollama().start().await;
    let gateway = gateway().with(&openai).with(&anthropic).with(&ollama).env("ROUTE_MODELS", ROUTES).start().await;
    assert_eq!(gateway.chat("code", "hello").await.provider(), Some("anthropic"));
    assert_eq!(gateway.chat("auto", "hello").await.model(), Some("gpt-4o-mini"));
    assert_eq!(gateway.chat("L0", "hello").await.provider(), Some("oss-local"));
    let cases = [
        (json!({"prompt": "hello"}), "general", "openai"),
        (json!({"prompt": "hello", "taskType": "code"}), "code", "anthropic"),
        (json!({"message": "hello", "taskType": "code", "layer": "L0"}), "L0", "oss-local"),
        (json!({"messages": [{"role": "user", "content": "hello"}], "model": "gpt-4o"}), "general", "openai"),
    ];
    for (body, task, provider) in cases {
        let answer = gateway.post("/v1/route", body.clone()).await;
        assert_eq!((&answer.json["routing"]["taskType"], answer.provider()), (&json!(task), Some(provider)), "{body}");
    }
    let answer = gateway.post("/v1/route", json!({"prompt": "hello", "taskType": "cooking"})).await;
    assert_eq!((answer.status, &answer.error()["param"]), (400, &json!("taskType")));
    assert!(answer.error()["message"].as_str().unwrap().contains("general"));
}

#[tokio::test]
async fn a_dry_run_tells_the_chain_and_calls_nobody() {
    let openai = openai().always(status(500)).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await.checked().await;
    gateway.chat("gpt-4o", "hello").await;
    openai.forget();
    openrouter.forget();
    let answer = gateway.post("/v1/route", json!({"prompt": "hello", "model": "gpt-4o", "dryRun": true})).await;
    assert_eq!((answer.status, answer.json.as_object().unwrap().len()), (200, 1), "routing alone");
    let attempts = &answer.json["routing"]["attempts"];
    let one = |at: usize| ["provider", "model", "health"].map(|field| attempts[at][field].clone());
    assert_eq!(one(0), ["openai", "gpt-4o", "degraded"]);
    assert_eq!(one(1), ["openrouter", "openai/gpt-4o", "healthy"]);
    assert_eq!((&attempts[0]["outcome"], &attempts[0]["reason"]), (&json!("skipped"), &json!("resting")));
    check_not_called([&openai, &openrouter]);
}
