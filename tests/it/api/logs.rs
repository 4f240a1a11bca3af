//! What the log says of a request, and what it never says.

use crate::kit::*;
use serde_json::{Value, json};

/// The one line of each request with this id, in JSON.
fn lines_of(log: &str, id: &str) -> Vec<Value> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["message"] == "request" && line["request_id"] == id).collect()
}

async fn ask(gateway: &Gateway, id: &str, body: &Value) -> Answer {
    let request = gateway.request("POST", "/v1/chat/completions").header("x-request-id", id).bearer("client-two");
    let answer = request.json(body).send().await;
    gateway.wait_for_log(&format!("\"message\":\"request\",\"request_id\":\"{id}\"")).await;
    answer
}

#[tokio::test]
async fn one_line_for_each_request() {
    let openai = upstream::openai().say(ok()).then(ok()).then(status(500)).start().await;
    let openrouter = upstream::openrouter().say(ok()).then(status(503)).start().await;
    let gateway = gateway().with(&openai).with(&openrouter).env("LOG_FORMAT", "json");
    let gateway = gateway.env("GATEWAY_API_KEYS", "client-one,client-two").start().await;
    ask(&gateway, "whole", &chat("gpt-4o-mini", "hi")).await;
    ask(&gateway, "stream", &streamed(chat("gpt-4o-mini", "hi"))).await;
    ask(&gateway, "fallback", &chat("gpt-4o-mini", "hi")).await;
    ask(&gateway, "failed", &chat("gpt-4o", "hi")).await;
    ask(&gateway, "bad", &json!({"model": "gpt-4o"})).await;
    ask(&gateway, "nobody", &chat("claude-sonnet-4-5", "hi")).await;
    let log = gateway.log();
    let line = |id: &str| {
        let lines = lines_of(&log, id);
        assert_eq!(lines.len(), 1, "{id}: {lines:?}");
        lines[0].clone()
    };
    let whole = line("whole");
    assert_eq!(whole["level"], "INFO");
    for (key, expected) in [
        ("endpoint", json!("/v1/chat/completions")),
        ("key", json!("key-2")),
        ("asked", json!("gpt-4o-mini")),
        ("chain", json!("openai:gpt-4o-mini")),
        ("outcome", json!("ok")),
        ("status", json!(200)),
        ("stream", json!(false)),
        ("input_tokens", json!(9)),
        ("output_tokens", json!(12)),
    ] {
        assert_eq!(whole[key], expected, "{key} of {whole}");
    }
    assert!(whole["duration_ms"].is_u64() && whole["upstream_ms"].is_u64(), "{whole}");
    assert!(whole["cost_usd"].as_f64().is_some_and(|cost| cost > 0.0), "{whole}");
    let stream = line("stream");
    assert_eq!(
        (&stream["stream"], &stream["status"], &stream["output_tokens"]),
        (&json!(true), &json!(200), &json!(12))
    );
    assert!(stream["ttft_ms"].is_u64() && stream["cost_usd"].is_number(), "{stream}");
    let fallback = line("fallback");
    assert_eq!(fallback["chain"], "openai (server_error) -> openrouter:openai/gpt-4o-mini");
    let failed = line("failed");
    assert_eq!((&failed["outcome"], &failed["status"]), (&json!("all_providers_failed"), &json!(502)));
    assert_eq!(failed["chain"], "openai (server_error) -> openrouter (server_error)");
    let bad = line("bad");
    assert_eq!((&bad["outcome"], &bad["status"], &bad["chain"]), (&json!("invalid_request"), &json!(400), &json!("")));
    let nobody = line("nobody");
    assert_eq!((&nobody["status"], &nobody["asked"]), (&json!(502), &json!("claude-sonnet-4-5")), "{nobody}");
}

#[tokio::test]
async fn failures_upstream_are_told_with_class_and_words() {
    let openai = upstream::openai().always(invalid_key()).start().await;
    let gateway = gateway().with(&openai).arg("--mock").env("LOG_FORMAT", "json").start().await;
    gateway.chat("gpt-4o-mini", "hi").await;
    gateway.wait_for_log("upstream failed").await;
    let log = gateway.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let line = lines.into_iter().find(|line| line["message"] == "upstream failed").expect("the line");
    assert_eq!((&line["level"], &line["class"], &line["status"]), (&json!("WARN"), &json!("auth"), &json!(401)));
    assert_eq!((&line["provider"], &line["model"]), (&json!("openai"), &json!("gpt-4o-mini")));
    assert_eq!(line["error"], "Incorrect API key provided: ***.", "{line}");
}

#[tokio::test]
async fn keys_prompts_and_answers_are_never_told() {
    let secret = |kind: &'static str| {
        [
            Say::Text("ANSWER-"),
            Say::Text("MARKER"),
            Say::Reasoning("THOUGHT-MARKER"),
            Say::Tool("call_1", kind, r#"{"x":"ARGUMENT-MARKER"}"#),
        ]
    };
    for level in ["trace", "debug", "info", "ai_mcp_gateway=trace,hyper=trace"] {
        let openai = upstream::openai().say(secret("f")).then(secret("f")).then(status(500)).start().await;
        let anthropic = upstream::anthropic().always(secret("f")).start().await;
        let ollama = upstream::ollama().always(secret("f")).start().await;
        let port = crate::config::free_port();
        let gateway = gateway().with(&openai).with(&anthropic).with(&ollama).env("LOG_LEVEL", level);
        let gateway = gateway.env("LOG_FORMAT", if level == "debug" { "json" } else { "text" });
        let gateway = gateway.env("GATEWAY_API_KEYS", "CLIENT-SECRET-KEY").env("API_PORT", port).spawn();
        let caller = crate::config::listening(port).await;
        let mut id = 0;
        for model in ["gpt-4o-mini", "claude-sonnet-4-5", "llama3:8b"] {
            let mut body = chat(model, "PROMPT-MARKER");
            body["messages"][0]["name"] = json!("NAME-MARKER");
            body["user"] = json!("USER-MARKER");
            body["tools"] = json!([{"type": "function", "function": {"name": "f", "description": "TOOL-MARKER", "parameters": {"type": "object"}}}]);
            let mut bad = body.clone();
            bad["messages"][0]["role"] = json!("wizard");
            let mut number = body.clone();
            number["temperature"] = json!("TEMPERATURE-MARKER");
            for body in [body.clone(), streamed(body), bad, number] {
                id += 1;
                let request = caller.request("POST", "/v1/chat/completions").bearer("CLIENT-SECRET-KEY");
                request.header("x-request-id", format!("id-{id}")).json(&body).send().await;
                gateway.wait_for_stderr("the request's line", |log| log.contains(&format!("id-{id}"))).await;
            }
        }
        let request = caller.request("POST", "/v1/route").bearer("CLIENT-SECRET-KEY").header("x-request-id", "last");
        request
            .json(&json!({"prompt": "PROMPT-MARKER", "system": "SYSTEM-MARKER", "userId": "USER-MARKER"}))
            .send()
            .await;
        gateway.wait_for_stderr("the last line", |log| log.contains("last")).await;
        let log = gateway.stderr();
        for marker in ["MARKER", "SECRET"] {
            let line = log.lines().find(|line| line.contains(marker));
            assert_eq!(line, None, "at {level}");
        }
    }
}
