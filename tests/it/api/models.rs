//! `GET /v1/models` and `GET /v1/models/{id}`.

use crate::kit::*;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Id and owner of every model of a list, whose form is checked.
fn listed(answer: &Answer) -> BTreeMap<String, String> {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert!(answer.header("x-request-id").is_some());
    assert_eq!(answer.json["object"], "list");
    let data = answer.json["data"].as_array().expect("a list");
    let mut found = BTreeMap::new();
    for model in data {
        assert_eq!(model["object"], "model", "{model}");
        assert!(model["created"].is_u64(), "{model}");
        let text = |key: &str| model[key].as_str().expect("text").to_owned();
        let twice = found.insert(text("id"), text("owned_by"));
        assert_eq!(twice, None, "{model} is listed twice");
    }
    found
}

#[tokio::test]
async fn what_each_provider_offers_and_the_routes() {
    let openai = upstream::openai().start().await;
    let anthropic = upstream::anthropic().start().await;
    let openrouter = upstream::openrouter().lists(["openai/gpt-4o-mini", "x-ai/grok-beta"]).start().await;
    let ollama = upstream::ollama().lists(["llama3:8b", "qwen3:8b"]).start().await;
    let gateway = gateway().with(&openai).with(&anthropic).with(&openrouter).with(&ollama).start().await;
    let found = listed(&gateway.get("/v1/models").await);
    for (id, owner) in [
        ("gpt-4o", "openai"),
        ("gpt-4o-mini", "openai"),
        ("claude-opus-4-5-20251101", "anthropic"),
        ("openrouter/openai/gpt-4o-mini", "openrouter"),
        ("x-ai/grok-beta", "openrouter"),
        ("llama3:8b", "oss-local"),
        ("general", "gateway"),
        ("code", "gateway"),
        ("L0", "gateway"),
    ] {
        assert_eq!(found.get(id).map(String::as_str), Some(owner), "{id} in {found:?}");
    }
    for upstream in [&openai, &anthropic, &openrouter, &ollama] {
        assert_eq!(upstream.calls().len(), 0, "a list costs no token");
    }
}

#[tokio::test]
async fn every_name_on_the_list_can_be_asked_for_and_goes_to_its_owner() {
    let openai = upstream::openai().start().await;
    let openrouter = upstream::openrouter().start().await;
    let ollama = upstream::ollama().lists(["llama3:8b", "gpt-oss:20b", "hf.co/some/model"]).start().await;
    let gateway = gateway().with(&openai).with(&openrouter).with(&ollama).start().await;
    for upstream in [&openai, &openrouter, &ollama] {
        upstream.wait_for_probes(1).await;
    }
    gateway.wait_for_log("oss-local: ✅").await;
    let found = listed(&gateway.get("/v1/models").await);
    assert!(found.len() >= 9, "{found:?}");
    for (id, owner) in found {
        let answer = gateway.chat(&id, "hi").await;
        assert_eq!(answer.status, 200, "{id}: {}", answer.json);
        if owner != "gateway" {
            assert_eq!(answer.provider(), Some(owner.as_str()), "{id}");
        }
    }
}

#[tokio::test]
async fn one_model_by_its_id() {
    let openrouter = upstream::openrouter().lists(["x-ai/grok-beta", "a/b:free"]).start().await;
    let gateway = gateway().with(&openrouter).env("ROUTE_MODELS", r#"{"my route":["x-ai/grok-beta"]}"#).start().await;
    for (path, id, owner) in [
        ("x-ai/grok-beta", "x-ai/grok-beta", "openrouter"),
        ("x-ai%2Fgrok-beta", "x-ai/grok-beta", "openrouter"),
        ("x-ai%2fgrok%2Dbeta", "x-ai/grok-beta", "openrouter"),
        ("a/b:free", "a/b:free", "openrouter"),
        ("a%2Fb%3Afree", "a/b:free", "openrouter"),
        ("general", "general", "gateway"),
        ("my%20route", "my route", "gateway"),
    ] {
        let answer = gateway.get(&format!("/v1/models/{path}")).await;
        let expected =
            serde_json::json!({"id": id, "object": "model", "created": answer.json["created"], "owned_by": owner});
        assert_eq!((answer.status, &answer.json), (200, &expected), "{path}");
        assert!(answer.header("x-request-id").is_some());
    }
    check_error(&gateway.get("/v1/models/x-ai").await, 404, "model_not_found");
}

#[tokio::test]
async fn an_unhealthy_provider_is_left_out() {
    let openai = upstream::openai().start().await;
    let anthropic = upstream::anthropic().probe(invalid_key()).start().await;
    let gateway = gateway().with(&openai).with(&anthropic).start().await;
    gateway.wait_for_log("anthropic: ❌").await;
    let found = listed(&gateway.get("/v1/models").await);
    assert!(found.values().any(|owner| owner == "openai"), "{found:?}");
    assert!(!found.values().any(|owner| owner == "anthropic"), "{found:?}");
    anthropic.switch_probe(ok());
    gateway.advance(Duration::from_secs(61)).await;
    anthropic.wait_for_probes(2).await;
    let mut back = false;
    for _ in 0..200 {
        let found = listed(&gateway.get("/v1/models").await);
        back = found.values().any(|owner| owner == "anthropic");
        if back {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(back, "a provider that is well again is listed again");
}

#[tokio::test]
async fn slow_ones_do_not_hold_the_list() {
    let openai = upstream::openai().start().await;
    let anthropic = upstream::anthropic().probe(stall_before_head()).start().await;
    let openrouter = upstream::openrouter().probe(stall_before_head()).start().await;
    let ollama = upstream::ollama().probe(stall_before_head()).start().await;
    let gateway = gateway().with(&openai).with(&anthropic).with(&openrouter).with(&ollama);
    let gateway = gateway.env("HEALTH_PROBE_TIMEOUT_MS", 1500).start().await;
    openai.wait_for_probes(1).await;
    let began = Instant::now();
    let found = listed(&gateway.get("/v1/models").await);
    assert!(began.elapsed() < Duration::from_millis(4000), "one after the other: {:?}", began.elapsed());
    assert!(found.values().any(|owner| owner == "openai"), "{found:?}");
    assert!(!found.values().any(|owner| owner == "anthropic"), "{found:?}");
}

#[tokio::test]
async fn the_list_is_kept_for_a_while() {
    let openrouter = upstream::openrouter().start().await;
    let gateway = gateway().with(&openrouter).start().await;
    openrouter.wait_for_probes(1).await;
    for _ in 0..5 {
        listed(&gateway.get("/v1/models").await);
    }
    let lists = openrouter.probes().iter().filter(|probe| probe.path == "/api/v1/models").count();
    assert_eq!(lists, 1, "five requests, one look");
}

#[tokio::test]
async fn nothing_configured_lists_the_routes_alone() {
    let gateway = gateway().start().await;
    let found = listed(&gateway.get("/v1/models").await);
    assert!(!found.is_empty() && found.values().all(|owner| owner == "gateway"), "{found:?}");
}

#[tokio::test]
async fn a_route_that_bears_a_models_name_stands_for_it() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).env("ROUTE_MODELS", r#"{"gpt-4o":["gpt-4o","gpt-4o-mini"]}"#).start().await;
    let found = listed(&gateway.get("/v1/models").await);
    assert_eq!(found["gpt-4o"], "gateway");
}

#[tokio::test]
async fn a_client_of_anthropics_gets_the_list_in_its_own_form_page_by_page() {
    let anthropic = upstream::anthropic().start().await;
    let openai = upstream::openai().lists(["gpt-4o", "gpt-4o-mini"]).start().await;
    let gateway = gateway().with(&anthropic).with(&openai).start().await;
    let page = |path: String| {
        let gateway = &gateway;
        async move { gateway.request("GET", &path).header("anthropic-version", "2023-06-01").send().await }
    };
    let all = page("/v1/models?limit=1000".into()).await;
    assert_eq!((all.status, all.json["has_more"].clone()), (200, serde_json::json!(false)));
    assert_eq!(all.header("request-id"), all.header("x-request-id"));
    let ids = |answer: &Answer| -> Vec<String> {
        let data = answer.json["data"].as_array().expect("a list");
        data.iter().map(|model| model["id"].as_str().expect("an id").to_owned()).collect()
    };
    let everything = ids(&all);
    let mut walked = Vec::new();
    let mut path = "/v1/models?limit=2".to_owned();
    loop {
        let answer = page(path).await;
        walked.extend(ids(&answer));
        assert_eq!(answer.json["last_id"].as_str(), walked.last().map(String::as_str));
        if answer.json["has_more"] != true {
            break;
        }
        path = format!("/v1/models?limit=2&after_id={}", walked.last().expect("a page is not empty"));
    }
    assert_eq!(walked, everything);
    let claude = page("/v1/models/claude-opus-4-5-20251101".into()).await;
    assert_eq!((claude.json["type"].as_str(), claude.json["max_tokens"].as_u64()), (Some("model"), Some(64_000)));
    let missing = page("/v1/models/nobody".into()).await;
    assert_eq!((missing.status, missing.json["error"]["type"].as_str()), (404, Some("not_found_error")));
    let bad = page("/v1/models?limit=0".into()).await;
    assert_eq!((bad.status, bad.json["error"]["type"].as_str()), (400, Some("invalid_request_error")));
}
