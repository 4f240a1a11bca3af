//! Refusals, and answers that are none.

use super::*;
use std::time::Duration;

/// A gateway with the OpenAI that answers so, and what it makes of two texts.
async fn answered(reply: impl Into<Reply>) -> (Upstream, Gateway, Answer) {
    let openai = openai().always(reply).start().await;
    let gateway = gateway().with(&openai).start().await;
    let answer = gateway.post(PATH, ask(SMALL, &["a", "b"])).await;
    (openai, gateway, answer)
}

#[tokio::test]
async fn answers_that_are_none_are_malformed() {
    let list = |data: &str| json(format!(r#"{{"object":"list","data":{data},"model":"m"}}"#));
    for reply in [
        vectors(Odd::AllFirst),
        vectors(Odd::OneMissing),
        vectors(Odd::OneTooMany),
        vectors(Odd::OneEmpty),
        list("null"),
        list(r#"[{"index":0,"embedding":null},{"index":1,"embedding":[1]}]"#),
        list(r#"[{"index":0,"embedding":"!"},{"index":1,"embedding":"AACAPw=="}]"#),
        json("{}"),
        json("[]"),
        ok().truncated(),
        html(),
        empty(),
    ] {
        let (openai, _gateway, answer) = answered(reply).await;
        check_error(&answer, 502, "all_providers_failed");
        let attempt = &answer.error()["attempts"][0];
        assert_eq!((&attempt["outcome"], &attempt["provider"]), (&json!("malformed"), &json!("openai")));
        assert_eq!(openai.calls().len(), 1);
    }
}

#[tokio::test]
async fn ollamas_answers_that_are_none_are_malformed() {
    for odd in [Odd::OneMissing, Odd::OneTooMany, Odd::OneEmpty] {
        let ollama = ollama().always(vectors(odd)).start().await;
        let gateway = gateway().with(&ollama).start().await;
        let answer = gateway.post(PATH, ask("ollama/nomic-embed-text", &["a", "b"])).await;
        check_error(&answer, 502, "all_providers_failed");
        assert_eq!(answer.error()["attempts"][0]["outcome"], "malformed", "{odd:?}");
        assert_eq!(ollama.calls().len(), 1);
    }
}

#[tokio::test]
async fn an_error_inside_an_answer_of_200_is_an_error() {
    let said = r#"{"error":{"code":429,"message":"slow down"},"data":[{"index":0,"embedding":[1]}]}"#;
    let openrouter = openrouter().always(json(said)).start().await;
    let gateway = gateway().with(&openrouter).start().await;
    let answer = gateway.post(PATH, ask("qwen/qwen3-embedding-8b", &["a"])).await;
    check_error(&answer, 429, "all_providers_rate_limited");
    let ollama = ollama().always(json(r#"{"error":"model runner has unexpectedly stopped"}"#)).start().await;
    let gateway = crate::kit::gateway().with(&ollama).start().await;
    let answer = gateway.post(PATH, ask("ollama/nomic-embed-text", &["a"])).await;
    check_error(&answer, 502, "all_providers_failed");
    assert_eq!(answer.error()["attempts"][0]["outcome"], "server_error");
}

#[tokio::test]
async fn the_callers_own_fault_comes_back_as_the_provider_said_it() {
    let said = "{ \"error\": {\"message\": \"too many tokens\", \"type\":\"invalid_request_error\",\"param\":null, \"code\":\"max_tokens_per_request\"} }\n";
    let (openai, _gateway, answer) = answered(json(said).status(400)).await;
    assert_eq!((answer.status, String::from_utf8_lossy(&answer.body).as_ref()), (400, said));
    assert_eq!((answer.provider(), openai.calls().len()), (Some("openai"), 1));
    let (_openai, _gateway, answer) = answered(context_length()).await;
    check_error(&answer, 400, "context_length_exceeded");
    let (_openai, _gateway, answer) = answered(model_not_found()).await;
    check_error(&answer, 404, "model_not_found");
    let (_openai, _gateway, answer) = answered(rate_limited(7)).await;
    check_error(&answer, 429, "all_providers_rate_limited");
    assert_eq!((answer.header("retry-after"), answer.header("x-should-retry")), (Some("7"), Some("false")));
}

#[tokio::test]
async fn a_chat_model_that_is_asked_for_vectors_marks_nobody() {
    let words = "You are not allowed to generate embeddings from this model";
    let error = json!({"message": words, "type": "invalid_request_error", "param": null, "code": null});
    let said = json(json!({ "error": error })).status(403);
    let openai = openai().say(said).then(ok()).start().await;
    let gateway = gateway().with(&openai).start().await.checked().await;
    let answer = gateway.post(PATH, ask("gpt-4o", &["a"])).await;
    assert_eq!((answer.status, &answer.error()["message"]), (403, &json!(words)));
    let chat = gateway.chat("gpt-4o", "hello").await;
    assert_eq!((chat.text().as_str(), chat.fallback()), ("hello from openai", None));
    assert_eq!(gateway.get("/health").await.json["providers"]["openai"]["status"], "healthy");
}

#[tokio::test]
async fn the_operators_key_is_shown_to_its_provider_and_to_nobody_else() {
    let (openai, gateway, answer) = answered(invalid_key()).await;
    check_error(&answer, 502, "all_providers_failed");
    assert_eq!(openai.last_call().header("authorization"), Some("Bearer sk-test-openai-SECRET"));
    let request = gateway.request("POST", PATH).bearer("CLIENT-key").header("x-api-key", "CLIENT-key");
    request.header("openai-organization", "CLIENT-org").json(&ask(SMALL, &["a"])).send().await;
    let call = openai.last_call();
    assert!(call.headers.iter().all(|(_, value)| !value.contains("CLIENT")), "{:?}", call.headers);
    gateway.assert_no_secrets();
}

#[tokio::test]
async fn a_deadline_is_kept() {
    let openai = openai().always(stall_before_head()).start().await;
    let gateway = gateway().with(&openai).start().await;
    let request = gateway.request("POST", PATH).header("x-gateway-timeout-ms", 50).json(&ask(SMALL, &["a"]));
    let task = tokio::spawn(request.send());
    openai.wait_for_calls(1).await;
    gateway.advance(Duration::from_millis(60)).await;
    check_error(&task.await.expect("the caller's task"), 504, "deadline_exceeded");
    openai.wait_for_disconnects(1).await;
}
