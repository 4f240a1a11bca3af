//! The local model: an Ollama, or a server with OpenAI's form only.

use super::*;

#[tokio::test]
async fn an_ollama_is_asked_in_its_own_form() {
    let ollama = ollama().start().await;
    let gateway = gateway().with(&ollama).start().await;
    for answer in [gateway.chat("llama3:8b", "hello").await, gateway.stream("ollama/llama3:8b", "hello").await] {
        assert_eq!((answer.text().as_str(), answer.provider()), ("hello from ollama", Some("oss-local")));
    }
    assert!(ollama.calls().iter().all(|call| call.path == "/api/chat"));
}

#[tokio::test]
async fn a_server_with_openais_form_is_asked_in_that() {
    for before_the_check in [false, true] {
        let probe = if before_the_check { ok().held() } else { ok() };
        let server = upstream::openai_compatible().probe(probe).start().await;
        let gateway = gateway().with(&server).start().await;
        if !before_the_check {
            gateway.wait_for_log("oss-local: ✅ Available").await;
        }
        for round in 0..2 {
            check(&gateway.chat("llama3:8b", "hello").await, "hello from compatible", None, [&server]);
            server.forget();
            check(&gateway.stream("llama3:8b", "hello").await, "hello from compatible", None, [&server]);
            assert_eq!(server.last_call().path, "/v1/chat/completions");
            // It is not asked for what it does not have again and again.
            assert!(round == 0 || server.strays().is_empty(), "{:?}", server.strays());
            server.forget();
        }
        assert_eq!(gateway.get("/health").await.json["status"], "ok");
    }
}

#[tokio::test]
async fn a_model_that_the_local_server_lists_is_local() {
    let ollama = ollama().lists(["llama3:8b", "qwen3:8b", "mistral:latest"]).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&ollama).with(&openrouter).start().await.checked().await;
    for (asked, model) in
        [("qwen3:8b", "qwen3:8b"), ("mistral", "mistral"), ("oss-local/other", "other"), ("llama3:8b", "llama3:8b")]
    {
        let answer = gateway.chat(asked, "hello").await;
        assert_eq!((answer.provider(), answer.model()), (Some("oss-local"), Some(model)), "{asked}");
    }
    assert_eq!(gateway.chat("phi4", "hello").await.provider(), Some("openrouter"), "nobody's in particular");
}

#[tokio::test]
async fn a_local_model_falls_back_as_others_do() {
    let ollama = ollama().always(model_not_found()).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&ollama).with(&openrouter).env("OPENROUTER_FALLBACK_MODELS", "x-ai/grok-beta");
    let gateway = gateway.start().await;
    let answer = gateway.chat("llama3:8b", "hello").await;
    check(&answer, "hello from openrouter", "oss-local:model_unavailable", [&ollama, &openrouter]);
    assert_eq!(models(&openrouter), ["x-ai/grok-beta"]);
}

#[tokio::test]
async fn a_missing_model_of_a_compatible_server_is_not_a_missing_endpoint() {
    let server = upstream::openai_compatible().always(model_not_found()).start().await;
    let gateway = gateway().with(&server).start().await;
    let answer = gateway.chat("llama3:8b", "hello").await;
    check_error(&answer, 404, "model_not_found");
    assert_eq!(server.calls().len(), 1);
}

#[tokio::test]
async fn a_local_model_that_is_switched_off_is_left_out() {
    let ollama = ollama().start().await;
    let gateway = gateway().with(&ollama).env("OSS_MODEL_ENABLED", false).start().await;
    check_error(&gateway.chat("llama3:8b", "hello").await, 503, "no_provider_configured");
    assert!(ollama.calls().is_empty() && ollama.probes().is_empty());
}
