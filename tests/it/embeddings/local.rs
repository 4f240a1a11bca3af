//! The local server: Ollama in its own form, or one with OpenAI's form alone.

use super::*;

#[tokio::test]
async fn ollama_is_asked_in_its_own_form_and_told_not_to_cut() {
    let ollama = ollama().start().await;
    let gateway = gateway().with(&ollama).env("OSS_EMBEDDING_MODEL", "nomic-embed-text").start().await;
    let body = json!({
        "model": "nomic-embed-text", "input": ["a", "b"], "dimensions": 256, "encoding_format": "base64",
        "user": "u", "keep_alive": "5m",
    });
    let answer = gateway.post(PATH, body).await;
    assert_eq!(vectors_of(&answer, true), [vector(0), vector(1)]);
    assert_eq!(answer.json["usage"], json!({"prompt_tokens": 9, "total_tokens": 9}));
    assert_eq!(answer.header("x-gateway-warnings"), None, "nobody misses `user`");
    let call = ollama.last_call();
    let sent = json!({
        "model": "nomic-embed-text", "input": ["a", "b"], "truncate": false, "dimensions": 256, "keep_alive": "5m",
    });
    assert_eq!((call.path.as_str(), call.json), ("/api/embed", sent));
    assert!(ollama.strays().is_empty());
}

#[tokio::test]
async fn a_model_is_local_by_the_servers_list_or_by_its_prefix() {
    let ollama = ollama().lists(["bge-m3:latest"]).start().await;
    let gateway = gateway().with(&ollama).start().await.checked().await;
    for (asked, sent) in [("bge-m3", "bge-m3"), ("bge-m3:latest", "bge-m3:latest"), ("ollama/other", "other")] {
        let answer = gateway.post(PATH, ask(asked, &["a"])).await;
        assert_eq!((answer.provider(), ollama.last_call().model()), (Some("oss-local"), sent));
    }
    check_error(&gateway.post(PATH, ask("other", &["a"])).await, 404, "model_not_found");
}

#[tokio::test]
async fn before_its_first_check_the_server_itself_says_what_it_has() {
    let ollama = ollama().probe(ok().held()).say(ok()).then(model_not_found()).start().await;
    let gateway = gateway().with(&ollama).start().await;
    let answer = gateway.post(PATH, ask("bge-m3", &["a"])).await;
    assert_eq!((answer.provider(), ollama.last_call().model()), (Some("oss-local"), "bge-m3"));
    check_error(&gateway.post(PATH, ask("other", &["a"])).await, 404, "model_not_found");
    assert_eq!(ollama.calls().len(), 2);
}

#[tokio::test]
async fn tokens_are_refused_before_ollama_is_asked() {
    let ollama = ollama().start().await;
    let gateway = gateway().with(&ollama).start().await.checked().await;
    for input in [json!([1, 2]), json!([[1], [2]])] {
        let answer = gateway.post(PATH, json!({"model": "ollama/nomic-embed-text", "input": input})).await;
        let error = answer.error();
        assert_eq!((answer.status, &error["param"]), (400, &json!("input")), "{}", answer.json);
        assert_eq!(error["type"], "invalid_request_error");
        assert!(error["message"].as_str().unwrap().contains("send texts"), "{error}");
    }
    check_not_called([&ollama]);
}

#[tokio::test]
async fn what_ollama_does_not_know_is_told_or_refused() {
    let ollama = ollama().start().await;
    let body = with(ask("ollama/nomic-embed-text", &["a"]), "input_type", json!("query"));
    let drops = gateway().with(&ollama).start().await;
    let answer = drops.post(PATH, body.clone()).await;
    assert_eq!((answer.status, answer.header("x-gateway-warnings")), (200, Some("dropped=input_type")));
    ollama.forget();
    let rejects = gateway().with(&ollama).env("UNSUPPORTED_PARAMS", "reject").start().await;
    let answer = rejects.post(PATH, body).await;
    check_error(&answer, 400, "unsupported_parameter");
    assert_eq!(answer.error()["param"], "input_type");
    check_not_called([&ollama]);
}

#[tokio::test]
async fn a_text_that_is_too_long_is_the_callers_affair() {
    for words in ["the input length exceeds the context length", "input exceeds maximum context length"] {
        let said = json(json!({ "error": words })).status(400);
        let ollama = ollama().always(said).start().await;
        let gateway = gateway().with(&ollama).start().await;
        let answer = gateway.post(PATH, ask("ollama/nomic-embed-text", &["a"])).await;
        check_error(&answer, 400, "context_length_exceeded");
        assert_eq!(answer.error()["message"], words);
    }
}

#[tokio::test]
async fn a_server_with_openais_form_is_asked_in_that() {
    for before_the_check in [false, true] {
        let probe = if before_the_check { ok().held() } else { ok() };
        let server = openai_compatible().probe(probe).start().await;
        let gateway = gateway().with(&server).start().await;
        if !before_the_check {
            gateway.wait_for_log("oss-local: ✅ Available").await;
            server.forget();
        }
        for round in 0..2 {
            let answer = gateway.post(PATH, ask("oss-local/bge", &["a"])).await;
            assert_eq!(vectors_of(&answer, false), [vector(0)]);
            assert_eq!(server.last_call().path, "/v1/embeddings");
            // It is not asked for what it does not have again and again.
            let in_vain = server.strays().iter().filter(|call| call.path == "/api/embed").count();
            assert_eq!(in_vain, usize::from(before_the_check && round == 0));
            server.forget();
        }
        // What is known of its vectors says nothing of its chats, and the other way round.
        assert_eq!(gateway.chat("llama3:8b", "hello").await.text(), "hello from compatible");
        assert_eq!(gateway.post(PATH, ask("oss-local/bge", &["a"])).await.status, 200);
    }
}

#[tokio::test]
async fn a_missing_model_is_not_a_missing_endpoint() {
    let ollama = ollama().always(model_not_found()).start().await;
    let gateway = gateway().with(&ollama).start().await;
    check_error(&gateway.post(PATH, ask("ollama/none", &["a"])).await, 404, "model_not_found");
    assert_eq!(ollama.calls().len(), 1);
}

#[tokio::test]
async fn a_model_that_only_chats_goes_on_chatting() {
    let said = json(r#"{"error":"this model does not support embeddings"}"#).status(501);
    let ollama = ollama().say(said).then(ok()).start().await;
    let gateway = gateway().with(&ollama).start().await.checked().await;
    let answer = gateway.post(PATH, ask("llama3:8b", &["a"])).await;
    assert_eq!((answer.status, &answer.error()["type"]), (400, &json!("invalid_request_error")), "{}", answer.json);
    assert_eq!(ollama.calls().len(), 1, "the other form would say the same");
    let chat = gateway.chat("llama3:8b", "hello").await;
    assert_eq!((chat.text().as_str(), chat.fallback()), ("hello from ollama", None));
    assert_eq!(gateway.get("/health").await.json["providers"]["oss-local"]["status"], "healthy");
}
