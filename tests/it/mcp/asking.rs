//! Tools that ask a model.

use super::*;
use crate::kit::upstream::{anthropic, openai, openrouter};

#[tokio::test]
async fn route_answers_with_who_and_how_and_what_it_cost() {
    let openai = openai().start().await;
    let everywhere = everywhere(|| gateway().with(&openai)).await;
    for client in &everywhere.clients {
        openai.forget();
        let arguments = json!({
            "prompt": "why?", "taskType": "general", "model": "gpt-4o-mini", "system": "Be brief.", "maxTokens": 50,
            "temperature": 0.5,
        });
        let told = good(client, "route", arguments).await;
        assert_eq!(told["result"]["provider"], "openai");
        assert_eq!(told["result"]["finishReason"], "stop");
        assert!(!told["result"]["response"].as_str().unwrap().is_empty());
        assert_eq!(told["routing"]["taskType"], "general");
        assert_eq!(told["routing"]["attempts"][0]["outcome"], "ok");
        assert!(told["performance"]["cost"].as_f64().unwrap() > 0.0);
        assert!(told["performance"]["tokens"]["input"].as_u64().unwrap() > 0);
        let body = openai.last_call().json;
        assert_eq!(body["messages"][0], json!({"role": "system", "content": "Be brief."}));
        assert_eq!(body["messages"][1], json!({"role": "user", "content": "why?"}));
        assert_eq!((&body["max_completion_tokens"], &body["temperature"]), (&json!(50), &json!(0.5)));
    }
    // It says what POST /v1/route says.
    let body = json!({"prompt": "why?", "model": "gpt-4o-mini"});
    let answer = everywhere.gateway.post("/v1/route", body.clone()).await.json;
    let told = good(&everywhere.clients[0], "route", body).await;
    let but_time = |mut told: Value| {
        told["result"].as_object_mut().unwrap().remove("finishReason");
        told["performance"]["durationMs"] = Value::Null;
        told["routing"]["attempts"][0]["durationMs"] = Value::Null;
        told
    };
    assert_eq!(but_time(told), but_time(answer));
}

#[tokio::test]
async fn without_a_model_the_general_route_decides() {
    let openai = openai().start().await;
    let everywhere = everywhere(|| gateway().with(&openai)).await;
    for client in &everywhere.clients {
        let messages = json!([{"role": "user", "content": "hi"}]);
        for (tool, arguments) in [("route", json!({"prompt": "hi"})), ("chat", json!({"messages": messages}))] {
            let told = good(client, tool, arguments).await;
            assert_eq!(told["routing"]["taskType"], "general");
            assert_eq!(told["result"]["provider"], "openai");
        }
    }
}

#[tokio::test]
async fn chat_takes_a_conversation_as_openai_has_it() {
    let openai = openai().start().await;
    let everywhere = everywhere(|| gateway().with(&openai)).await;
    let picture = "data:image/png;base64,iVBORw0KGgo=";
    let messages = json!([
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [
            {"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": picture}},
        ]},
        {"role": "assistant", "content": "A picture."},
        {"role": "user", "content": "Of what?"},
    ]);
    for client in &everywhere.clients {
        openai.forget();
        let arguments = json!({"messages": messages, "model": "gpt-4o", "maxTokens": 9, "temperature": 1});
        let told = good(client, "chat", arguments).await;
        assert_eq!(told["routing"]["fallback"], json!(false));
        assert_eq!(openai.last_call().json["messages"], messages);
    }
}

#[tokio::test]
async fn an_answer_that_was_cut_says_so() {
    let openai = openai().say([Say::Text("Once upon"), Say::Finish("length")]).start().await;
    let gateway = gateway().with(&openai).start().await;
    let client = mcp(&gateway).connect().await;
    let told = good(&client, "route", json!({"prompt": "a tale", "model": "gpt-4o"})).await;
    assert_eq!((&told["result"]["response"], &told["result"]["finishReason"]), (&json!("Once upon"), &json!("length")));
}

#[tokio::test]
async fn another_provider_answers_where_one_fails() {
    let (openai, openrouter) = (openai().always(invalid_key()).start().await, openrouter().start().await);
    let everywhere = everywhere(|| gateway().with(&openai).with(&openrouter)).await;
    for client in &everywhere.clients {
        let told = good(client, "route", json!({"prompt": "hi", "model": "gpt-4o"})).await;
        assert_eq!(told["routing"]["fallback"], json!(true), "{told}");
        let attempts = told["routing"]["attempts"].as_array().unwrap();
        let outcomes: Vec<_> = attempts.iter().map(|one| (one["provider"].clone(), one["outcome"].clone())).collect();
        // The second request finds the first provider resting.
        assert!(outcomes[0].0 == "openai" && (outcomes[0].1 == "auth" || outcomes[0].1 == "skipped"), "{told}");
        assert_eq!(outcomes[1], (json!("openrouter"), json!("ok")));
        assert_eq!(told["result"]["provider"], "openrouter");
    }
    everywhere.gateway.assert_no_secrets();
}

#[tokio::test]
async fn where_nobody_answers_every_attempt_is_told_and_what_to_change() {
    let (openai, anthropic) =
        (openai().always(status(500)).start().await, anthropic().always(overloaded()).start().await);
    let routes = r#"{"general":["gpt-4o","claude-sonnet-4-5"]}"#;
    let everywhere = everywhere(|| gateway().with(&openai).with(&anthropic).env("ROUTE_MODELS", routes)).await;
    for client in &everywhere.clients {
        let result = bad(client, "route", json!({"prompt": "hi"})).await;
        let content = &result["structuredContent"];
        assert_eq!(content["error"]["code"], "all_providers_failed", "{result}");
        let attempts: Vec<_> = content["attempts"].as_array().unwrap().iter().map(|one| &one["provider"]).collect();
        assert_eq!(attempts, ["openai", "anthropic"]);
        assert!(text(&result).contains("provider_health") && text(&result).contains("openai"), "{result}");
        // It never ends the session.
        good(client, "list_models", json!({})).await;
    }
}

#[tokio::test]
async fn what_a_provider_refuses_is_told_in_its_words() {
    let openai = openai().always(context_length()).start().await;
    let gateway = gateway().with(&openai).start().await;
    let client = mcp(&gateway).modern().connect().await;
    let result = bad(&client, "route", json!({"prompt": "hi", "model": "gpt-4o"})).await;
    let error = &result["structuredContent"]["error"];
    assert_eq!((&error["code"], &error["type"]), (&json!("context_length_exceeded"), &json!("invalid_request_error")));
    let result = bad(&client, "route", json!({"prompt": "hi", "model": "claude-sonnet-4-5"})).await;
    assert_eq!(result["structuredContent"]["error"]["code"], "model_not_found", "{result}");
    assert!(text(&result).contains("`list_models` lists"), "{result}");
}

#[tokio::test]
async fn without_a_provider_the_variable_to_set_is_named() {
    let client = over_stdio(gateway()).connect().await;
    let result = bad(&client, "chat", json!({"messages": [{"role": "user", "content": "hi"}]})).await;
    assert_eq!(result["structuredContent"]["error"]["code"], "no_provider_configured");
    assert!(text(&result).contains("OPENAI_API_KEY"), "{result}");
}

#[tokio::test]
async fn the_mock_answers_where_it_is_wanted() {
    let client = mcp_over_stdio(gateway().command(["mcp", "--mock"])).modern().connect().await;
    assert_eq!(good(&client, "route", json!({"prompt": "hi"})).await["result"]["provider"], "mock");
}

#[tokio::test]
async fn the_gateways_own_headers_hold_for_calls_too() {
    let openai = openai().always(stall_before_head()).start().await;
    let gateway = gateway().with(&openai).start().await;
    for era in Era::ALL {
        let client = mcp(&gateway).era(era).header("x-gateway-timeout-ms", "200");
        let client = client.header("x-request-id", "mine-1").connect().await;
        let result = bad(&client, "route", json!({"prompt": "hi", "model": "gpt-4o"})).await;
        let error = &result["structuredContent"]["error"];
        assert_eq!((&error["code"], &error["requestId"]), (&json!("deadline_exceeded"), &json!("mine-1")), "{result}");
    }
}

#[tokio::test]
async fn an_answer_is_kept_where_the_operator_keeps_answers() {
    let openai = openai().start().await;
    let gateway = gateway().with(&openai).env("CACHE_TTL_SECONDS", 60).start().await;
    let client = mcp(&gateway).connect().await;
    for from_cache in [false, true] {
        let told = good(&client, "route", json!({"prompt": "hi", "model": "gpt-4o"})).await;
        assert_eq!(told["routing"]["fromCache"], json!(from_cache), "{told}");
    }
    check_called([&openai]);
}
