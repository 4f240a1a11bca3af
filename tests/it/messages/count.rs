//! `count_tokens`: counted by Anthropic, else estimated, and said to be.

use super::*;

const COUNT: &str = "/v1/messages/count_tokens";
const ESTIMATED: Option<&str> = Some("estimated=input_tokens");

async fn count(gateway: &Gateway, body: &Value) -> Answer {
    gateway.request("POST", COUNT).header("anthropic-version", "2023-06-01").json(body).send().await
}

/// A request to count: the same as one to answer, but that it needs no `max_tokens`.
fn body(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "How many tokens are these words here?"}]})
}

#[tokio::test]
async fn anthropic_counts_the_callers_own_bytes() {
    let said = "{ \"input_tokens\" : 2095, \"odd\":1.0 }\n";
    let anthropic = upstream::anthropic().always(json(said)).start().await;
    let gateway = gateway().with(&anthropic).start().await;
    let odd = r#"{"model":"anthropic/claude-sonnet-4-5", "fallbacks":["gpt-4o"],"messages" :[{"role":"user","content":"a"}],"x":[1.0],"tools":[{"type":"web_search_20260318","name":"w"}]}"#;
    let headers = [("anthropic-version", "2026-10-21"), ("anthropic-beta", "b-1,b-2"), ("x-api-key", "sk-client")];
    let answer = gateway.post_raw(COUNT, odd, &headers).await;
    assert_eq!((answer.status, String::from_utf8_lossy(&answer.body).as_ref()), (200, said));
    let call = anthropic.last_call();
    assert_eq!((call.path.as_str(), call.method.as_str()), (COUNT, "POST"));
    let plain = odd.replace("anthropic/", "").replace(r#" "fallbacks":["gpt-4o"],"#, "");
    assert_eq!(String::from_utf8_lossy(&call.body), plain);
    assert_eq!(call.header("anthropic-version"), Some("2026-10-21"));
    assert_eq!(call.header("anthropic-beta"), Some("b-1,b-2"));
    assert_eq!((call.header("x-api-key"), call.header("authorization")), (Some("sk-ant-test-anthropic-SECRET"), None));
    assert_eq!((answer.provider(), answer.header("x-gateway-warnings")), (Some("anthropic"), None));
    assert_eq!(answer.header("request-id"), answer.header("x-request-id"));
    assert_eq!(answer.header("x-gateway-cost-usd"), None, "counting costs nothing");
}

#[tokio::test]
async fn an_estimate_where_no_link_can_count() {
    let openai = upstream::openai().start().await;
    let openrouter = upstream::openrouter().start().await;
    let ollama = upstream::ollama().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).with(&ollama).start().await;
    for model in ["gpt-4o-mini", CLAUDE, "x-ai/grok-beta", "llama3:8b"] {
        let answer = count(&gateway, &body(model)).await;
        assert_eq!((answer.status, answer.header("x-gateway-warnings")), (200, ESTIMATED), "{model}: {}", answer.json);
        let tokens = answer.json["input_tokens"].as_u64().unwrap();
        assert!((5..=30).contains(&tokens), "{model}: {tokens}");
        assert_eq!(answer.json, json!({"input_tokens": tokens}), "{model}");
        assert_eq!(answer.header("request-id"), answer.header("x-request-id"));
    }
    check_not_called([&openai, &openrouter, &ollama]);
}

#[tokio::test]
async fn an_estimate_grows_with_what_is_sent() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let tokens = async |body: Value| count(&gateway, &body).await.json["input_tokens"].as_u64().unwrap();
    let plain = tokens(body("gpt-4o-mini")).await;
    let instructed = tokens(with(body("gpt-4o-mini"), json!({"system": "x".repeat(4000)}))).await;
    assert!((1000..1100).contains(&(instructed - plain)), "{plain}, {instructed}");
    let tool = json!({"name": "f", "description": "y".repeat(2000), "input_schema": {"type": "object"}});
    let with_tool = tokens(with(body("gpt-4o-mini"), json!({"tools": [tool]}))).await;
    assert!((500..600).contains(&(with_tool - plain)), "{plain}, {with_tool}");
    // A picture costs a flat figure, however many bytes it has.
    let picture = |bytes: usize| {
        let source = json!({"type": "base64", "media_type": "image/png", "data": "A".repeat(bytes)});
        asking("gpt-4o-mini", json!([{"type": "text", "text": "see"}, {"type": "image", "source": source}]))
    };
    let (small, large) = (tokens(picture(1000)).await, tokens(picture(1_000_000)).await);
    assert!(small == large && (1000..3000).contains(&small), "{small}, {large}");
}

#[tokio::test]
async fn an_estimate_where_anthropic_is_down() {
    for reply in [overloaded(), invalid_key(), html(), reset_before_head(), rate_limited(9), insufficient_quota()] {
        let anthropic = upstream::anthropic().always(reply).start().await;
        let openai = upstream::openai().start().await;
        let gateway = gateway().with(&anthropic).with(&openai).start().await;
        for _ in 0..2 {
            let answer = count(&gateway, &with(body(CLAUDE), json!({"fallbacks": ["gpt-4o-mini"]}))).await;
            assert_eq!((answer.status, answer.header("x-gateway-warnings")), (200, ESTIMATED), "{}", answer.json);
            assert!(answer.json["input_tokens"].as_u64().is_some_and(|tokens| tokens > 0));
        }
        check_not_called([&openai]);
    }
}

#[tokio::test]
async fn what_anthropic_refuses_is_refused() {
    let said =
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages.0: odd"},"request_id":"req_1"}"#;
    let anthropic = upstream::anthropic().always(json(said).status(400)).start().await;
    let gateway = gateway().with(&anthropic).start().await;
    let answer = count(&gateway, &body(CLAUDE)).await;
    assert_eq!((answer.status, String::from_utf8_lossy(&answer.body).as_ref()), (400, said));
}

#[tokio::test]
async fn bad_requests_are_refused_and_nobody_is_called() {
    let anthropic = upstream::anthropic().start().await;
    let gateway_of_anthropic = gateway().with(&anthropic).start().await;
    let openai = upstream::openai().start().await;
    let gateway_of_openai = gateway().with(&openai).start().await;
    for (gateway, model) in [(&gateway_of_anthropic, CLAUDE), (&gateway_of_openai, "gpt-4o-mini")] {
        for (raw, param) in [
            ("", None),
            ("{", None),
            ("[]", None),
            (r#"{"messages":[{"role":"user","content":"a"}]}"#, Some("model")),
            (r#"{"model":5,"messages":[{"role":"user","content":"a"}]}"#, Some("model")),
            (r#"{"model":"M"}"#, Some("messages")),
            (r#"{"model":"M","messages":{}}"#, Some("messages")),
            (r#"{"model":"M","messages":[]}"#, Some("messages")),
            (r#"{"model":"M","messages":[{"role":"user","content":"a"}],"tools":{}}"#, Some("tools")),
        ] {
            let answer = gateway.post_raw(COUNT, raw.replace('M', model), &[]).await;
            assert_eq!(answer.status, 400, "{raw}: {}", answer.json);
            assert_eq!(Front::Messages.fault_of_error(&answer), None, "{raw}");
            assert_eq!(Front::Messages.param(&answer).as_deref(), param, "{raw}: {}", answer.json);
        }
    }
    check_not_called([&anthropic, &openai]);
    let nobody = count(&gateway_of_openai, &body("claude-sonnet-4-5")).await;
    assert_eq!((nobody.status, nobody.code().as_str()), (404, "model_not_found"), "{}", nobody.json);
    assert_eq!(nobody.error()["type"], "not_found_error");
}
