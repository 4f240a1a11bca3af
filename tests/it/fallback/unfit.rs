//! Links that cannot serve what is asked.

use super::*;

/// A chat that shows a picture.
fn picture(model: &str, fallbacks: &[&str]) -> Value {
    let picture = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}});
    let content = json!([{"type": "text", "text": "what is this?"}, picture]);
    json!({"model": model, "messages": [{"role": "user", "content": content}], "fallbacks": fallbacks})
}

#[tokio::test]
async fn a_model_that_sees_no_pictures_is_passed_over() {
    let openai = openai().start().await;
    let anthropic = anthropic().start().await;
    let gateway = gateway().with(&openai).with(&anthropic).start().await;
    let answer = gateway.post("/v1/chat/completions", picture("gpt-3.5-turbo", &["claude-sonnet-4-5"])).await;
    check(&answer, "hello from anthropic", "openai:unfit", [&anthropic]);
    assert_eq!(answer.attempts(), Some(1));
    check_not_called([&openai]);
    // The same model is fit for text.
    assert_eq!(gateway.chat("gpt-3.5-turbo", "hello").await.provider(), Some("openai"));
}

#[tokio::test]
async fn where_nobody_seems_fit_the_provider_is_to_say_so() {
    let refusal = r#"{"error":{"message":"Invalid content type. image_url is only supported by certain models.","type":"invalid_request_error","param":"messages","code":null}}"#;
    let openai = openai().always(json(refusal).status(400)).start().await;
    let gateway = gateway().with(&openai).start().await;
    let answer = gateway.post("/v1/chat/completions", picture("gpt-3.5-turbo", &[])).await;
    assert_eq!((answer.status, answer.body.as_slice()), (400, refusal.as_bytes()));
    // And what is known may be wrong.
    openai.switch(ok());
    let answer = gateway.post("/v1/chat/completions", picture("gpt-3.5-turbo", &[])).await;
    assert_eq!((answer.status, answer.fallback()), (200, None));
}

#[tokio::test]
async fn a_model_that_calls_no_tools_is_passed_over() {
    let openai = openai().start().await;
    let openrouter = openrouter().start().await;
    let known = r#"{"models": {"tiny-1": {"tools": false}}}"#;
    let gateway = gateway().with(&openai).with(&openrouter).file("models.json", known);
    let gateway = gateway.env("MODEL_PRICES_FILE", "models.json").start().await;
    let mut body = chat("openai/tiny-1", "hello");
    body["fallbacks"] = json!(["x-ai/grok-beta"]);
    let tool = json!({"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}});
    body["tools"] = json!([tool]);
    let answer = gateway.post("/v1/chat/completions", body).await;
    check(&answer, "hello from openrouter", "openai:unfit", [&openrouter]);
    check_not_called([&openai]);
}

#[tokio::test]
async fn an_unfit_link_is_told_with_its_reason() {
    let openai = openai().start().await;
    let openrouter = openrouter().always(status(500)).start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await;
    let answer = gateway.post("/v1/chat/completions", picture("gpt-3.5-turbo", &["x-ai/grok-beta"])).await;
    check_error(&answer, 502, "all_providers_failed");
    let told = &answer.error()["attempts"];
    assert_eq!((&told[0]["outcome"], &told[0]["provider"]), (&json!("skipped"), &json!("openai")));
    assert!(told[0]["reason"].as_str().unwrap().contains("does not see pictures"), "{told}");
    assert!(told[0]["status"].is_null());
    assert_eq!(told[1]["outcome"], "server_error");
    check_not_called([&openai]);
}
