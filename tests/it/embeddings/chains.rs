//! Chains: none but those that somebody named.

use super::*;

#[tokio::test]
async fn nobody_stands_in_for_a_model() {
    for reply in [status(500), status(503), insufficient_quota(), invalid_key(), html(), reset_before_head()] {
        let openai = openai().always(reply).start().await;
        let (openrouter, ollama) = (openrouter().start().await, ollama().start().await);
        let gateway = gateway().with(&openai).with(&openrouter).with(&ollama).start().await;
        for round in 0..2 {
            let answer = gateway.post(PATH, ask(SMALL, &["a"])).await;
            check_error(&answer, 502, "all_providers_failed");
            assert_eq!(answer.attempts(), Some(1), "round {round}");
            assert_eq!(answer.error()["attempts"].as_array().map(Vec::len), Some(1), "{}", answer.json);
            assert_eq!(openai.calls().len(), round + 1);
        }
        check_not_called([&openrouter, &ollama]);
    }
}

#[tokio::test]
async fn a_transient_failure_is_tried_again_at_the_same_model() {
    let openai = openai().say(status(500)).then(ok()).start().await;
    let gateway = gateway().with(&openai).env("LLM_RETRY", 1).start().await;
    let answer = gateway.post(PATH, ask(SMALL, &["a"])).await;
    assert_eq!(vectors_of(&answer, false), [vector(0)]);
    assert_eq!((answer.attempts(), openai.calls().len()), (Some(1), 2));
}

#[tokio::test]
async fn a_route_names_equals() {
    let openai = openai().always(status(500)).start().await;
    let (openrouter, ollama) = (openrouter().start().await, ollama().start().await);
    let routes = r#"{"small":["text-embedding-3-small","openrouter/openai/text-embedding-3-small","ollama/copy"]}"#;
    let gateway = gateway().with(&openai).with(&openrouter).with(&ollama).env("ROUTE_MODELS", routes).start().await;
    let answer = gateway.post(PATH, with(ask("small", &["a", "b"]), "encoding_format", json!("base64"))).await;
    assert_eq!(vectors_of(&answer, true), [vector(0), vector(1)]);
    assert_eq!((answer.provider(), answer.model()), (Some("openrouter"), Some("openai/text-embedding-3-small")));
    assert_eq!((answer.attempts(), answer.fallback()), (Some(2), Some("openai:server_error")));
    check_called([&openai, &openrouter]);
    assert_eq!(openai.last_call().model(), SMALL);
    check_not_called([&ollama]);
    openrouter.switch(insufficient_quota());
    let answer = gateway.post(PATH, ask("small", &["a"])).await;
    assert_eq!((answer.provider(), answer.fallback()), (Some("oss-local"), Some("openai:resting")));
    assert_eq!(ollama.last_call().model(), "copy");
    ollama.switch(status(500));
    let answer = gateway.post(PATH, ask("small", &["a"])).await;
    check_error(&answer, 502, "all_providers_failed");
}

#[tokio::test]
async fn a_request_names_equals() {
    let openai = openai().always(overloaded()).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await;
    for field in ["fallbacks", "models"] {
        let body = with(ask(SMALL, &["a"]), field, json!(["openrouter/openai/text-embedding-3-small"]));
        let answer = gateway.post(PATH, body).await;
        assert_eq!(vectors_of(&answer, false), [vector(0)]);
        assert!(answer.fallback().is_some_and(|fallback| fallback.starts_with("openai:")), "{:?}", answer.fallback());
        let sent = openrouter.last_call().json;
        assert_eq!((&sent["model"], &sent[field]), (&json!("openai/text-embedding-3-small"), &Value::Null));
    }
}

#[tokio::test]
async fn an_equal_that_cannot_take_the_request_is_passed_over() {
    let ollama = ollama().start().await;
    let openai = openai().start().await;
    let gateway = gateway().with(&ollama).with(&openai).start().await;
    let body = json!({"model": "ollama/copy", "input": [1, 2], "fallbacks": [SMALL]});
    let answer = gateway.post(PATH, body).await;
    assert_eq!((answer.provider(), answer.fallback()), (Some("openai"), Some("oss-local:unfit")));
    check_not_called([&ollama]);
}

#[tokio::test]
async fn the_mock_ends_the_chain_where_it_is_wanted() {
    let openai = openai().always(status(500)).start().await;
    let gateway = gateway().with(&openai).arg("--mock").start().await;
    let answer = gateway.post(PATH, ask(SMALL, &["a"])).await;
    assert_eq!((answer.status, answer.provider(), answer.fallback()), (200, Some("mock"), Some("openai:server_error")));
    let outspoken = gateway.post(PATH, with(ask("text-embedding-3-large", &["a"]), "fallbacks", json!([]))).await;
    check_error(&outspoken, 502, "all_providers_failed");
}

#[tokio::test]
async fn a_name_that_nobody_has_vectors_for_says_what_would_help() {
    let (openai, anthropic) = (openai().start().await, anthropic().start().await);
    let (openrouter, ollama) = (openrouter().start().await, ollama().start().await);
    let gateway =
        gateway().with(&openai).with(&anthropic).with(&openrouter).with(&ollama).start().await.checked().await;
    for model in ["claude-sonnet-4-5", "anthropic/claude-sonnet-4.5", "whatever"] {
        let answer = gateway.post(PATH, ask(model, &["a"])).await;
        check_error(&answer, 404, "model_not_found");
        let error = answer.error();
        assert_eq!((&error["type"], &error["param"]), (&json!("invalid_request_error"), &json!("model")));
        let words = error["message"].as_str().unwrap_or_default();
        assert!(words.contains(model) && words.contains("OSS_EMBEDDING_MODEL"), "{words}");
    }
    check_not_called([&openai, &anthropic, &openrouter, &ollama]);
}

#[tokio::test]
async fn a_provider_that_is_not_configured_is_named_by_its_variable() {
    let anthropic = anthropic().start().await;
    let claude = gateway().with(&anthropic).start().await;
    let answer = claude.post(PATH, ask(SMALL, &["a"])).await;
    check_error(&answer, 404, "model_not_found");
    assert!(answer.error()["message"].as_str().unwrap().contains("OPENAI_API_KEY"), "{}", answer.json);
    check_not_called([&anthropic]);
    let nobody = gateway().start().await;
    check_error(&nobody.post(PATH, ask(SMALL, &["a"])).await, 503, "no_provider_configured");
}
