//! `POST /v1/route`.

use super::timing;
use crate::kit::*;
use serde_json::{Value, json};

async fn route(gateway: &Gateway, body: Value) -> Answer {
    gateway.post("/v1/route", body).await
}

/// Keys of an object, in order.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
}

#[tokio::test]
async fn the_answer_and_how_it_came_about() {
    let openai = upstream::openai().say(Say::Text("Hello back")).start().await;
    let gateway = gateway().with(&openai).start().await;
    let answer = route(&gateway, json!({"prompt": "Hello world", "taskType": "general"})).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    assert_eq!(keys(&answer.json), ["result", "routing", "performance"]);
    assert_eq!(answer.json["result"], json!({"response": "Hello back", "model": "gpt-4o-mini", "provider": "openai"}));
    let routing = &answer.json["routing"];
    assert_eq!(keys(routing), ["summary", "taskType", "fallback", "fromCache", "attempts"]);
    assert_eq!(routing["summary"], "openai:gpt-4o-mini");
    assert_eq!(routing["taskType"], "general");
    assert_eq!((&routing["fallback"], &routing["fromCache"]), (&json!(false), &json!(false)));
    let attempt = &routing["attempts"][0];
    assert_eq!(keys(attempt), ["provider", "model", "outcome", "status", "durationMs"]);
    assert_eq!((&attempt["outcome"], &attempt["status"]), (&json!("ok"), &json!(200)));
    let performance = &answer.json["performance"];
    assert_eq!(keys(performance), ["durationMs", "tokens", "cost"]);
    assert_eq!(performance["tokens"], json!({"input": 9, "output": 12}));
    assert!(performance["cost"].as_f64().is_some_and(|cost| (cost - 0.000_008_55).abs() < 1e-12), "{performance}");
    assert!(performance["durationMs"].is_u64());
    assert_eq!((answer.provider(), answer.model(), answer.attempts()), (Some("openai"), Some("gpt-4o-mini"), Some(1)));
    assert_eq!(answer.header("x-gateway-cost-usd"), Some("0.00000855"));
    assert!(timing(&answer, "upstream") >= 0.0);
    let sent = openai.last_call().json;
    assert_eq!(sent, json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello world"}]}));
}

#[tokio::test]
async fn a_fallback_is_told_link_by_link_and_in_the_log() {
    let openai = upstream::openai().always(invalid_key()).start().await;
    let openrouter = upstream::openrouter().say(Say::Text("hi")).start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await;
    gateway.wait_for_log("openai: ✅").await;
    let answer = route(&gateway, json!({"prompt": "Hello world"})).await;
    let routing = &answer.json["routing"];
    assert_eq!(routing["summary"], "openai (auth) -> openrouter:openai/gpt-4o-mini");
    assert_eq!(routing["fallback"], json!(true));
    let attempts = routing["attempts"].as_array().expect("a list");
    assert_eq!(attempts.len(), 2, "{routing}");
    assert_eq!(keys(&attempts[0]), ["provider", "model", "outcome", "status", "durationMs", "message"]);
    assert_eq!((&attempts[0]["outcome"], &attempts[0]["status"]), (&json!("auth"), &json!(401)));
    assert_eq!((&attempts[1]["outcome"], &attempts[1]["status"]), (&json!("ok"), &json!(200)));
    assert_eq!(answer.json["result"]["provider"], "openrouter");
    assert_eq!(answer.fallback(), Some("openai:auth"));
    gateway.wait_for_log("Provider openai is not healthy, attempting fallback").await;
    gateway.wait_for_log("Falling back to OpenRouter model: openai/gpt-4o-mini").await;
    // Now it is known, and passed over without a call.
    openai.forget();
    let answer = route(&gateway, json!({"prompt": "Hello world"})).await;
    let routing = &answer.json["routing"];
    assert_eq!(routing["summary"], "openai (unhealthy) -> openrouter:openai/gpt-4o-mini");
    let passed = &routing["attempts"][0];
    assert_eq!((&passed["outcome"], &passed["reason"]), (&json!("skipped"), &json!("unhealthy")));
    assert_eq!((answer.attempts(), answer.fallback()), (Some(1), Some("openai:unhealthy")));
    check_not_called([&openai]);
    gateway.assert_no_secrets();
}

#[tokio::test]
async fn every_form_of_the_question_and_every_option_goes_along() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let user = json!([{"role": "user", "content": "hi"}]);
    for (body, messages) in [
        (json!({"prompt": "hi"}), user.clone()),
        (json!({"message": "hi"}), user.clone()),
        (json!({"messages": [{"role": "user", "content": "hi"}]}), user.clone()),
        (json!({"prompt": "hi", "system": "be brief"}), json!([{"role": "system", "content": "be brief"}, user[0]])),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}], "system": "s"}),
            json!([{"role": "system", "content": "s"}, {"role": "user", "content": [{"type": "text", "text": "hi"}]}]),
        ),
        (json!({"prompt": "hi", "message": null, "layer": null, "stream": null, "maxTokens": null}), user.clone()),
    ] {
        let answer = route(&gateway, body.clone()).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.json);
        assert_eq!(openai.last_call().json["messages"], messages, "{body}");
    }
    let all = json!({"prompt": "hi", "maxTokens": 100, "temperature": 0.5, "conversationId": "c-1", "userId": "u-1", "unknown": 1});
    assert_eq!(route(&gateway, all).await.status, 200);
    let sent = openai.last_call().json;
    assert_eq!((&sent["max_completion_tokens"], &sent["temperature"]), (&json!(100), &json!(0.5)));
    assert_eq!(keys(&sent), ["model", "messages", "max_completion_tokens", "temperature"], "nothing else goes out");
}

#[tokio::test]
async fn a_length_reaches_providers_that_know_it_by_another_name() {
    let anthropic = upstream::anthropic().start().await;
    let local = upstream::openai_compatible().start().await;
    let gateway = gateway().with(&anthropic).with(&local).start().await;
    route(&gateway, json!({"prompt": "hi", "model": "claude-haiku-4-5", "maxTokens": 77})).await;
    assert_eq!(anthropic.last_call().json["max_tokens"], 77);
    route(&gateway, json!({"prompt": "hi", "model": "llama3:8b", "maxTokens": 77})).await;
    assert_eq!(local.last_call().json["max_tokens"], 77, "{}", local.last_call().json);
    let mut body = chat("llama3:8b", "hi");
    body["max_completion_tokens"] = json!(78);
    gateway.post("/v1/chat/completions", body.clone()).await;
    assert_eq!(local.last_call().json["max_tokens"], 78, "{}", local.last_call().json);
    assert!(local.last_call().json["max_completion_tokens"].is_null());
}

#[tokio::test]
async fn task_layer_and_model() {
    let openai = upstream::openai().start().await;
    let anthropic = upstream::anthropic().start().await;
    let routes = r#"{"general":["gpt-4o-mini"],"code":["claude-sonnet-4-5"],"L0":["gpt-4o"]}"#;
    let gateway = gateway().with(&openai).with(&anthropic).env("ROUTE_MODELS", routes).start().await;
    for (body, task, model) in [
        (json!({"prompt": "hi"}), "general", "gpt-4o-mini"),
        (json!({"prompt": "hi", "taskType": "code"}), "code", "claude-sonnet-4-5"),
        (json!({"prompt": "hi", "layer": "L0"}), "L0", "gpt-4o"),
        (json!({"prompt": "hi", "layer": "L0", "taskType": "code"}), "L0", "gpt-4o"),
        (json!({"prompt": "hi", "layer": "L0", "taskType": "no such route"}), "L0", "gpt-4o"),
        (json!({"prompt": "hi", "model": "claude-opus-4-5"}), "general", "claude-opus-4-5"),
        (json!({"prompt": "hi", "model": "code"}), "general", "claude-sonnet-4-5"),
        (json!({"prompt": "hi", "model": "auto"}), "general", "gpt-4o-mini"),
    ] {
        let answer = route(&gateway, body.clone()).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.json);
        assert_eq!((answer.json["routing"]["taskType"].as_str(), answer.model()), (Some(task), Some(model)), "{body}");
    }
    let unknown = route(&gateway, json!({"prompt": "hi", "taskType": "poetry"})).await;
    assert_eq!((unknown.status, unknown.error()["param"].as_str()), (400, Some("taskType")));
    let words = unknown.error()["message"].as_str().unwrap_or_default().to_owned();
    for name in ["general", "code", "L0", "poetry"] {
        assert!(words.contains(name), "{words}");
    }
}

#[tokio::test]
async fn a_dry_run_tells_the_chain_and_calls_nobody() {
    let openai = upstream::openai().start().await;
    let openrouter = upstream::openrouter().start().await;
    let ollama = upstream::ollama().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).with(&ollama).start().await;
    gateway.wait_for_log("openai: ✅").await;
    gateway.wait_for_log("openrouter: ✅").await;
    gateway.wait_for_log("oss-local: ✅").await;
    for body in [json!({"dryRun": true}), json!({"dryRun": true, "prompt": "hi", "stream": true})] {
        let answer = route(&gateway, body).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        assert_eq!(keys(&answer.json), ["routing"]);
        let routing = &answer.json["routing"];
        assert_eq!(routing["taskType"], "general");
        let links: Vec<(&str, &str, &str)> = routing["attempts"].as_array().expect("a list").iter().map(link).collect();
        let expected = [
            ("openai", "gpt-4o-mini", "healthy"),
            ("openrouter", "openai/gpt-4o-mini", "healthy"),
            ("oss-local", "llama3:8b", "healthy"),
        ];
        assert_eq!(links, expected);
        assert!(answer.header("x-request-id").is_some());
    }
    check_not_called([&openai, &openrouter, &ollama]);
    openai.switch(invalid_key());
    openrouter.switch(status(500));
    route(&gateway, json!({"prompt": "hi"})).await;
    let routing = route(&gateway, json!({"dryRun": true})).await.json["routing"].clone();
    let state: Vec<(&str, Option<&str>)> = routing["attempts"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|attempt| (link(attempt).2, attempt["reason"].as_str()))
        .collect();
    assert_eq!(state, [("unhealthy", Some("unhealthy")), ("degraded", Some("resting")), ("healthy", None)]);
    let own = route(&gateway, json!({"dryRun": true, "model": "gpt-4o", "fallbacks": []})).await;
    assert_eq!(own.json["routing"]["attempts"].as_array().map(Vec::len), Some(1), "{}", own.json);
}

fn link(attempt: &Value) -> (&str, &str, &str) {
    let text = |key: &str| attempt[key].as_str().unwrap_or_default();
    (text("provider"), text("model"), text("health"))
}

#[tokio::test]
async fn a_stream_in_its_own_events() {
    for simulated in [upstream::openai(), upstream::anthropic(), upstream::ollama()] {
        let upstream = simulated.say([Say::Text("Hello "), Say::Text("back")]).start().await;
        let gateway = gateway().with(&upstream).start().await;
        let answer = route(&gateway, json!({"prompt": "hi", "stream": true})).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("text/event-stream; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert_eq!(answer.header("x-accel-buffering"), Some("no"));
        let (done, deltas) = answer.events.split_last().expect("events");
        assert!(deltas.iter().all(|event| event.name == "delta" && keys(&event.json) == ["text"]), "{deltas:?}");
        let text: String = deltas.iter().filter_map(|event| event.json["text"].as_str()).collect();
        assert_eq!(text, "Hello back");
        assert_eq!((done.name.as_str(), keys(&done.json)), ("done", vec!["result", "routing", "performance"]));
        assert_eq!(done.json["result"]["response"], "Hello back");
        assert_eq!(done.json["result"]["provider"].as_str(), answer.provider());
        assert_eq!(done.json["performance"]["tokens"], json!({"input": 9, "output": 12}), "{}", done.json);
        assert_eq!(done.json["routing"]["attempts"].as_array().map(Vec::len), Some(1));
    }
}

#[tokio::test]
async fn a_stream_that_breaks_ends_in_an_error() {
    let openai = upstream::openai().stream([Say::Role, Say::Text("Hello "), Say::Error("server")]).start().await;
    let gateway = gateway().with(&openai).start().await;
    let answer = route(&gateway, json!({"prompt": "hi", "stream": true})).await;
    let names: Vec<&str> = answer.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!((names.first(), names.last()), (Some(&"delta"), Some(&"error")), "{names:?}");
    assert!(!names.contains(&"done"), "{names:?}");
    assert!(answer.error()["message"].is_string());
}

#[tokio::test]
async fn a_chain_that_fails_is_told_like_everywhere() {
    let openai = upstream::openai().always(status(500)).start().await;
    let gateway = gateway().with(&openai).start().await;
    for stream in [false, true] {
        let answer = route(&gateway, json!({"prompt": "hi", "stream": stream})).await;
        check_error(&answer, 502, "all_providers_failed");
        let attempt = &answer.error()["attempts"][0];
        assert_eq!(keys(attempt), ["provider", "model", "outcome", "status", "durationMs", "message"]);
        assert_eq!((&attempt["outcome"], &attempt["status"]), (&json!("server_error"), &json!(500)));
    }
    let nobody = route(&gateway, json!({"prompt": "hi", "model": "claude-opus-4-5"})).await;
    check_error(&nobody, 404, "model_not_found");
}
