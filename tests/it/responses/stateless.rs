//! What leans on state that OpenAI alone has: refused by name where only others could serve, and never silently lost.

use super::*;
use crate::stream::of;

/// What nobody but OpenAI can do, and the field that says so.
fn bound() -> Vec<(&'static str, Value)> {
    vec![
        ("previous_response_id", json!({"previous_response_id": "resp_1"})),
        ("conversation", json!({"conversation": "conv_1"})),
        ("conversation", json!({"conversation": {"id": "conv_1"}})),
        ("store", json!({"store": true})),
        ("background", json!({"background": true})),
        ("prompt", json!({"prompt": {"id": "pmpt_1"}})),
        ("input[1]", json!({"input": [{"role": "user", "content": "a"}, {"type": "item_reference", "id": "msg_1"}]})),
        ("input[0]", json!({"input": [{"type": "computer_call_output", "call_id": "c", "output": {}}]})),
        ("input[0]", json!({"input": [{"type": "hologram"}]})),
        ("tools[0]", json!({"tools": [{"type": "web_search"}]})),
        ("tools[0]", json!({"tools": [{"type": "mcp", "server_label": "m", "server_url": "https://m.example"}]})),
        (
            "input[0].content[0]",
            json!({"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "file_1"}]}]}),
        ),
        (
            "input[0].content[0]",
            json!({"input": [{"role": "user", "content": [{"type": "input_file", "file_url": "https://a.example/b.pdf"}]}]}),
        ),
    ]
}

#[tokio::test]
async fn where_only_others_could_serve_it_is_refused_by_name() {
    for (kind, model) in
        [(Kind::Anthropic, "claude-sonnet-4-5"), (Kind::OpenRouter, "x-ai/grok-beta"), (Kind::Ollama, "llama3:8b")]
    {
        let upstream = of(kind).start().await;
        let gateway = gateway().with(&upstream).start().await;
        for (param, fields) in bound() {
            for stream in [false, true] {
                let mut body = with(responses(model, "hi"), fields.clone());
                body["stream"] = json!(stream);
                let answer = send(&gateway, &body).await;
                assert_eq!(
                    (answer.status, answer.code().as_str()),
                    (400, "unsupported_parameter"),
                    "{kind:?}, {fields}: {}",
                    answer.json
                );
                let named = Front::Responses.param(&answer).unwrap_or_default();
                assert!(named.starts_with(param), "{kind:?}, {fields}: {named}");
                assert_eq!(answer.error()["type"], "invalid_request_error", "{kind:?}, {fields}");
                assert_eq!(Front::Responses.fault_of_error(&answer), None, "{kind:?}, {fields}");
            }
        }
        check_not_called([&upstream]);
    }
}

#[tokio::test]
async fn openai_gets_it_all_as_it_is() {
    let openai = upstream::openai().start().await;
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&openai).with(&anthropic).start().await;
    for (_, fields) in bound() {
        let body = with(responses("gpt-4o-mini", "hi"), fields);
        let answer = send(&gateway, &with(body.clone(), json!({"fallbacks": ["claude-sonnet-4-5"]}))).await;
        assert_eq!((answer.status, answer.provider()), (200, Some("openai")), "{}", answer.json);
        assert_eq!(openai.last_call().json, body);
    }
    check_not_called([&anthropic]);
}

#[tokio::test]
async fn where_openai_failed_first_that_is_what_is_told() {
    for (_, fields) in bound() {
        let openai = upstream::openai().always(overloaded()).start().await;
        let anthropic = upstream::anthropic().start().await;
        let gateway = gateway().with(&openai).with(&anthropic).start().await;
        let body = with(responses("gpt-4o-mini", "hi"), fields.clone());
        let answer = send(&gateway, &with(body, json!({"fallbacks": ["claude-sonnet-4-5"]}))).await;
        assert_eq!((answer.status, answer.code().as_str()), (502, "all_providers_failed"), "{fields}: {}", answer.json);
        let attempts = answer.error()["attempts"].clone();
        let outcomes = [&attempts[0]["outcome"], &attempts[1]["outcome"]];
        assert_eq!(outcomes, ["server_error", "skipped"], "{fields}: {attempts}");
        assert!(attempts[1]["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{attempts}");
        assert_eq!(answer.attempts(), Some(1), "{fields}");
        check_not_called([&anthropic]);
    }
}

#[tokio::test]
async fn what_only_looks_like_state_is_fine() {
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&anthropic).start().await;
    for fields in [
        json!({}),
        json!({"store": false}),
        json!({"store": null, "previous_response_id": null, "conversation": null, "prompt": null, "background": null}),
        json!({"background": false, "include": []}),
        json!({"include": ["reasoning.encrypted_content"]}),
        json!({"metadata": {"a": "b"}, "user": "u", "safety_identifier": "s", "prompt_cache_key": "k"}),
        json!({"service_tier": "auto", "truncation": "disabled", "text": {"format": {"type": "text"}}}),
    ] {
        let answer = send(&gateway, &with(responses("claude-sonnet-4-5", "hi"), fields.clone())).await;
        assert_eq!(answer.status, 200, "{fields}: {}", answer.json);
        assert_eq!(answer.json["store"], false, "{fields}");
    }
    let answer = send(&gateway, &with(responses("claude-sonnet-4-5", "hi"), json!({"truncation": "auto"}))).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    assert!(answer.header("x-gateway-warnings").is_some_and(|warnings| warnings.contains("truncation")));
}
