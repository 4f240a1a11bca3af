//! Chains: who is asked in which order, and what the caller and the operator learn of it.

/// Chains that a request brings along, and routes.
mod chains;
/// The local model.
mod local;
/// Streams.
mod streams;
/// Links that cannot serve what is asked.
mod unfit;

use serde_json::{Value, json};

use crate::kit::upstream::{anthropic, ollama, openai, openrouter};
use crate::kit::*;

/// The models that an upstream was asked for, oldest first.
fn models(upstream: &Upstream) -> Vec<String> {
    upstream.calls().iter().map(|call| call.model().to_owned()).collect()
}

#[tokio::test]
async fn openrouter_alone_serves_every_model() {
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openrouter).start().await;
    let asked = [
        ("gpt-4o", "openai/gpt-4o"),
        ("openai/gpt-4o-mini", "openai/gpt-4o-mini"),
        ("claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4.5"),
        ("anthropic/claude-3.5-sonnet", "anthropic/claude-3.5-sonnet"),
        ("x-ai/grok-beta", "x-ai/grok-beta"),
        ("openrouter/x-ai/grok-beta", "x-ai/grok-beta"),
        ("openrouter/auto", "openrouter/auto"),
        ("whatever", "openrouter/auto"),
        ("auto", "openai/gpt-4o-mini"),
    ];
    for (asked, sent) in asked {
        openrouter.forget();
        let answer = gateway.chat(asked, "hello").await;
        check(&answer, "hello from openrouter", None, [&openrouter]);
        assert_eq!((models(&openrouter), answer.model()), (vec![sent.to_owned()], Some(sent)), "{asked}");
    }
    openrouter.forget();
    let answer = gateway.post("/v1/route", json!({"prompt": "Hello world", "taskType": "general"})).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello from openrouter"));
    assert_eq!(answer.json["routing"]["fallback"], false);
}

#[tokio::test]
async fn openai_with_openrouter_behind_it() {
    let openai = openai().start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).env("OPENROUTER_REPLACE_OPENAI", "openai/gpt-4o-mini");
    let gateway = gateway.start().await;
    check(&gateway.chat("gpt-4o", "hello").await, "hello from openai", None, [&openai]);
    check_not_called([&openrouter]);
    openai.forget();
    openai.switch(overloaded());
    let answer = gateway.chat("openai/gpt-4o", "hello").await;
    check(&answer, "hello from openrouter", "openai:server_error", [&openai, &openrouter]);
    assert_eq!((models(&openai), models(&openrouter)), (vec!["gpt-4o".into()], vec!["openai/gpt-4o-mini".into()]));
    assert_eq!(
        (answer.provider(), answer.model(), answer.attempts()),
        (Some("openrouter"), Some("openai/gpt-4o-mini"), Some(2))
    );
    assert_eq!(answer.json["model"], "openai/gpt-4o-mini", "what the provider reported");
    // Each provider got its own key, and none of the gateway's headers.
    assert_eq!(openai.last_call().key(), Some("sk-test-openai-SECRET"));
    assert_eq!(openrouter.last_call().key(), Some("sk-or-test-openrouter-SECRET"));
    gateway.assert_no_secrets();
}

#[tokio::test]
async fn every_provider_with_the_local_model_last() {
    for (model, first_down) in [("gpt-4o", true), ("claude-sonnet-4-5", false)] {
        let openai = openai().always(status(503)).start().await;
        let anthropic = anthropic().always(overloaded()).start().await;
        let openrouter = openrouter().always(insufficient_quota()).start().await;
        let ollama = ollama().start().await;
        let gateway = gateway().with(&openai).with(&anthropic).with(&openrouter).with(&ollama);
        let gateway = gateway.env("OPENROUTER_REPLACE_CLAUDE", "anthropic/claude-3.5-sonnet").start().await;
        let answer = gateway.chat(model, "hello").await;
        if first_down {
            check(&answer, "hello from ollama", "openai:server_error", [&openai, &openrouter, &ollama]);
            check_not_called([&anthropic]);
        } else {
            check(&answer, "hello from ollama", "anthropic:server_error", [&anthropic, &openrouter, &ollama]);
            check_not_called([&openai]);
            assert_eq!(models(&openrouter), ["anthropic/claude-3.5-sonnet"]);
        }
        assert_eq!(
            (answer.provider(), answer.model(), answer.attempts()),
            (Some("oss-local"), Some("llama3:8b"), Some(3))
        );
        gateway.wait_for_log("Falling back to OSS model: llama3:8b").await;
    }
}

/// The two lines of the log for this request, in order.
async fn two_lines(gateway: &Gateway) {
    let lines =
        ["Provider openai is not healthy, attempting fallback", "Falling back to OpenRouter model: openai/gpt-4o-mini"];
    for line in lines {
        gateway.wait_for_log(line).await;
    }
    let log = gateway.log();
    let found = lines.map(|line| log.lines().position(|other| other.contains(line)).unwrap());
    assert!(found[0] < found[1], "{log}");
    let id = |at: usize| {
        log.lines().nth(at).unwrap().split("request_id=").nth(1).unwrap().split(' ').next().unwrap().to_owned()
    };
    assert_eq!(id(found[0]), id(found[1]));
}

#[tokio::test]
async fn an_invalid_key_falls_back_and_says_so() {
    for (probe, word) in [(ok(), "auth"), (invalid_key(), "unhealthy")] {
        let openai = openai().probe(probe).always(invalid_key()).start().await;
        let openrouter = openrouter().start().await;
        let gateway = gateway().with(&openai).with(&openrouter);
        let gateway =
            gateway.env("OPENAI_API_KEY", "invalid_key").env("OPENROUTER_REPLACE_OPENAI", "openai/gpt-4o-mini");
        let gateway = gateway.start().await.checked().await;
        let answer = gateway.post("/v1/route", json!({"prompt": "Hello world", "taskType": "general"})).await;
        assert_eq!(answer.status, 200, "{:?}", answer.json);
        assert_eq!(answer.fallback(), Some(format!("openai:{word}").as_str()));
        two_lines(&gateway).await;
        let result =
            json!({"response": "hello from openrouter", "model": "openai/gpt-4o-mini", "provider": "openrouter"});
        assert_eq!(answer.json["result"], result);
        let routing = &answer.json["routing"];
        assert_eq!(routing["summary"], format!("openai ({word}) -> openrouter:openai/gpt-4o-mini"));
        assert_eq!(
            (&routing["taskType"], &routing["fallback"], &routing["fromCache"]),
            (&json!("general"), &json!(true), &json!(false))
        );
        let attempts = routing["attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), 2);
        let first = &attempts[0];
        assert_eq!((&first["provider"], &first["model"]), (&json!("openai"), &json!("gpt-4o-mini")));
        if word == "auth" {
            assert_eq!((&first["outcome"], &first["status"]), (&json!("auth"), &json!(401)));
            assert_eq!(openai.last_call().key(), Some("invalid_key"));
        } else {
            assert_eq!((&first["outcome"], &first["reason"]), (&json!("skipped"), &json!("unhealthy")));
            check_not_called([&openai]);
            gateway.wait_for_log("openai: ❌ Unavailable (401 Incorrect API key provided").await;
        }
        let second = &attempts[1];
        assert_eq!(
            (&second["outcome"], &second["status"], &second["provider"]),
            (&json!("ok"), &json!(200), &json!("openrouter"))
        );
        assert!(second["durationMs"].is_u64() && first["durationMs"].is_u64());
        assert!(answer.json["performance"]["durationMs"].is_u64());
        assert_eq!(answer.json["performance"]["tokens"], json!({"input": 9, "output": 12}));
    }
}

#[tokio::test]
async fn a_placeholder_is_no_key() {
    let openai = openai().start().await;
    let openrouter = openrouter().start().await;
    for placeholder in ["your_openai_key_here", "sk-xxx", "changeme", "<your key>", "placeholder", "xxx"] {
        openrouter.forget();
        let gateway = gateway().with(&openai).with(&openrouter).env("OPENAI_API_KEY", placeholder).start().await;
        check(&gateway.chat("gpt-4o", "hello").await, "hello from openrouter", None, [&openrouter]);
        assert_eq!(gateway.get("/health").await.json["providers"]["openai"]["status"], "unconfigured");
        let warning = gateway
            .log()
            .lines()
            .find(|line| line.contains("OPENAI_API_KEY") && line.contains("placeholder"))
            .map(str::to_owned);
        assert!(warning.is_some_and(|line| line.contains("WARN")), "{}", gateway.log());
    }
    assert!(openai.calls().is_empty() && openai.probes().is_empty());
}

#[tokio::test]
async fn fallback_models_are_tried_in_order() {
    let list = "x-ai/grok-beta,qwen/qwen-2.5-coder-32b-instruct,meta-llama/llama-3.1-8b-instruct:free";
    let openrouter = openrouter().say(model_not_found()).then(status(502)).then(ok()).start().await;
    let gateway = gateway().with(&openrouter).env("OPENROUTER_FALLBACK_MODELS", list).start().await;
    let answer = gateway.chat("whatever", "hello").await;
    assert_eq!((answer.status, answer.attempts()), (200, Some(3)));
    assert_eq!(models(&openrouter), list.split(',').collect::<Vec<_>>());
    assert_eq!(answer.fallback(), Some("openrouter:model_unavailable"));
    // OpenRouter's own model first, and no link twice.
    let gateway = gateway_with(&openrouter, list).await;
    openrouter.switch(status(500));
    openrouter.forget();
    let answer = gateway.chat("qwen/qwen-2.5-coder-32b-instruct", "hello").await;
    check_error(&answer, 502, "all_providers_failed");
    let expected = ["qwen/qwen-2.5-coder-32b-instruct", "x-ai/grok-beta", "meta-llama/llama-3.1-8b-instruct:free"];
    assert_eq!(models(&openrouter), expected);
}

async fn gateway_with(openrouter: &Upstream, list: &str) -> Gateway {
    gateway().with(openrouter).env("OPENROUTER_FALLBACK_MODELS", list).start().await
}

#[tokio::test]
async fn same_keeps_the_model() {
    let openai = openai().always(status(500)).start().await;
    let anthropic = anthropic().always(status(500)).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&anthropic).with(&openrouter);
    let gateway =
        gateway.env("OPENROUTER_REPLACE_OPENAI", "same").env("OPENROUTER_REPLACE_CLAUDE", "same").start().await;
    gateway.chat("gpt-4.1-mini", "hello").await;
    gateway.chat("claude-opus-4-5-20251101", "hello").await;
    gateway.chat("claude-3-5-haiku-latest", "hello").await;
    assert_eq!(models(&openrouter), ["openai/gpt-4.1-mini", "anthropic/claude-opus-4.5", "anthropic/claude-3.5-haiku"]);
}

#[tokio::test]
async fn the_mock_ends_every_chain() {
    let openai = openai().always(status(500)).start().await;
    let gateway = gateway().with(&openai).arg("--mock").start().await;
    for answer in [gateway.chat("gpt-4o", "hello").await, gateway.stream("gpt-4o", "hello").await] {
        assert_eq!((answer.status, answer.provider()), (200, Some("mock")));
        assert!(!answer.text().is_empty());
    }
    let mut body = chat("gpt-4o-mini", "hello");
    body["fallbacks"] = json!([]);
    check_error(&gateway.post("/v1/chat/completions", body).await, 502, "all_providers_failed");
    // And without any key it is all there is.
    let gateway = gateway_of_mocks().await;
    for model in ["gpt-4o", "claude-sonnet-4-5", "whatever", "auto"] {
        let answer = gateway.chat(model, "hello").await;
        assert_eq!((answer.status, answer.provider(), answer.fallback()), (200, Some("mock"), None), "{model}");
    }
    assert_eq!(gateway.get("/health/ready").await.status, 200);
}

async fn gateway_of_mocks() -> Gateway {
    gateway().arg("--mock").start().await
}

#[tokio::test]
async fn the_first_link_that_is_passed_over_says_why() {
    let openai = openai().always(status(500)).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await.checked().await;
    let fallback = async |model: &str| gateway.chat(model, "hello").await.fallback().map(str::to_owned);
    assert_eq!(fallback("gpt-4o").await.as_deref(), Some("openai:server_error"));
    assert_eq!(fallback("gpt-4o").await.as_deref(), Some("openai:resting"));
    openai.switch(insufficient_quota());
    assert_eq!(fallback("gpt-4o-mini").await.as_deref(), Some("openai:quota"));
    assert_eq!(fallback("gpt-4o-mini").await.as_deref(), Some("openai:unhealthy"));
    // A fallback further down the chain is told by the first link all the same.
    assert_eq!(openrouter.calls().len(), 4);
    let health: Value = gateway.get("/health").await.json;
    assert_eq!(health["providers"]["openrouter"]["status"], "healthy");
}
