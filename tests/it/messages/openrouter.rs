//! OpenRouter: Claude by its own Messages as bytes, every other model by chat completions.

use super::*;

const OVER: &str = "anthropic/claude-sonnet-4.5";

#[tokio::test]
async fn claude_there_is_asked_in_its_own_language() {
    let openrouter = upstream::openrouter().start().await;
    let gateway = gateway().with(&openrouter).start().await;
    let odd =
        r#"{ "max_tokens":1000,"x":[1.0] ,"model":"MODEL","messages":[{"role":"user","content":"a"}],"top_k" : 5}"#;
    for asked in [OVER, "openrouter/anthropic/claude-sonnet-4.5", CLAUDE, "claude-sonnet-4-5-20250929"] {
        let answer = send_raw(&gateway, odd.replace("MODEL", asked)).await;
        assert_eq!(
            (answer.status, answer.provider(), answer.model()),
            (200, Some("openrouter"), Some(OVER)),
            "{asked}"
        );
        assert_eq!(sent(&openrouter), odd.replace("MODEL", OVER), "{asked}");
        let call = openrouter.last_call();
        assert_eq!(call.path, "/api/v1/messages", "{asked}");
        assert_eq!(call.header("authorization"), Some("Bearer sk-or-test-openrouter-SECRET"), "{asked}");
        assert_eq!(call.header("x-api-key"), None, "{asked}");
        assert_eq!(answer.header("x-gateway-warnings"), None, "{asked}");
    }
    // Its bytes come back as they are, and what it names its id is passed on.
    let stream = golden("09-stream-thinking/anthropic.stream.sse");
    openrouter.switch(body_of("text/event-stream", stream.clone()).trickle(7));
    let answer = gateway.stream_messages(CLAUDE, "hi").await;
    assert_eq!((answer.status, String::from_utf8_lossy(&answer.body).as_ref()), (200, stream.as_str()));
}

#[tokio::test]
async fn every_other_model_there_is_asked_by_chat_completions() {
    let openrouter = upstream::openrouter().start().await;
    let gateway = gateway().with(&openrouter).start().await;
    for model in ["x-ai/grok-beta", "openai/gpt-4o-mini", "deepseek/deepseek-chat", "openrouter/auto"] {
        openrouter.forget();
        for body in [messages(model, "hi"), streamed(messages(model, "hi"))] {
            let answer = send(&gateway, &body).await;
            assert_eq!((answer.status, answer.text().as_str()), (200, "hello from openrouter"), "{}", answer.json);
            assert_eq!(openrouter.last_call().path, "/api/v1/chat/completions", "{model}");
        }
        assert_eq!(openrouter.strays().len(), 0);
    }
}

#[tokio::test]
async fn a_server_without_messages_gets_chat_completions_and_is_not_asked_again() {
    let missing = [
        ("a web page", html().status(404)),
        ("nothing", empty().status(404)),
        ("FastAPI's", json(r#"{"detail":"Not Found"}"#).status(404)),
        ("its own form", json(r#"{"error":{"message":"Not Found","code":404}}"#).status(404)),
        ("a method that is not taken", json(r#"{"detail":"Method Not Allowed"}"#).status(405)),
        ("not implemented", empty().status(501)),
    ];
    for (what, reply) in missing {
        let openrouter = upstream::openrouter().without("/api/v1/messages").strays(reply).start().await;
        let gateway = gateway().with(&openrouter).start().await;
        for at in 0..3 {
            let body = messages(OVER, "hi");
            let answer = send(&gateway, &if at == 1 { streamed(body) } else { body }).await;
            assert_eq!(
                (answer.status, answer.text().as_str()),
                (200, "hello from openrouter"),
                "{what}: {}",
                answer.json
            );
            assert_eq!((answer.attempts(), answer.fallback()), (Some(1), None), "{what}");
            assert_eq!(openrouter.last_call().path, "/api/v1/chat/completions", "{what}");
        }
        assert_eq!(openrouter.strays().len(), 1, "{what}: what is not there is asked for once");
    }
}

#[tokio::test]
async fn a_model_that_is_not_there_is_no_missing_endpoint() {
    let said = r#"{"type":"error","error":{"type":"not_found_error","message":"No endpoints found for anthropic/claude-sonnet-4.5."}}"#;
    let openrouter = upstream::openrouter().always(json(said).status(404)).start().await;
    let gateway = gateway().with(&openrouter).start().await;
    let answer = send(&gateway, &with(messages(OVER, "hi"), json!({"fallbacks": []}))).await;
    assert_eq!((answer.status, answer.error()["type"].as_str()), (404, Some("not_found_error")), "{}", answer.json);
    assert_eq!(openrouter.calls().len(), 1);
    assert_eq!(openrouter.last_call().path, "/api/v1/messages");
}

#[tokio::test]
async fn what_claude_has_thought_by_chat_completions_comes_back_signed() {
    let detail =
        r#"{"type":"reasoning.text","text":"a clock","signature":"c2ln","format":"anthropic-claude-v1","index":0}"#;
    let whole = format!(
        r#"{{"id":"x","model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"noon","reasoning":"a clock","reasoning_details":[{detail}]}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":9,"completion_tokens":3}}}}"#
    );
    let halves = [r#""text":"a clock","#, r#""signature":"c2ln","#]
        .map(|half| format!(r#"{{"type":"reasoning.text",{half}"format":"anthropic-claude-v1","index":0}}"#));
    let chunk = |delta: &str, finish: &str| {
        format!(
            "data: {{\"id\":\"x\",\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{{{delta}}},\"finish_reason\":{finish}}}]}}\n\n"
        )
    };
    let stream = [
        chunk(&format!(r#""reasoning":"a clock","reasoning_details":[{}]"#, halves[0]), "null"),
        chunk(&format!(r#""reasoning_details":[{}]"#, halves[1]), "null"),
        chunk(r#""content":"noon""#, "null"),
        chunk("", "\"stop\""),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat();
    let openrouter = upstream::openrouter().without("/api/v1/messages").strays(html().status(404));
    let openrouter = openrouter.say(json(&whole)).then(body_of("text/event-stream", stream)).start().await;
    let gateway = gateway().with(&openrouter).start().await;
    let expected = json!([
        {"type": "thinking", "thinking": "a clock", "signature": "c2ln"}, {"type": "text", "text": "noon"},
    ]);
    assert_eq!(gateway.messages(OVER, "hi").await.json["content"], expected);
    assert_eq!(message_of(&gateway.stream_messages(OVER, "hi").await.events).unwrap()["content"], expected);
}

#[tokio::test]
async fn its_error_in_a_stream_is_told_in_anthropics_form() {
    let stream =
        golden("14-stream-error-openrouter-to-anthropic/openai.stream.sse").replace("gpt-6-sol", "x-ai/grok-beta");
    // What comes along with the error is not sent yet, and would fall over with it.
    let fault = stream.find(r#""finish_reason":"error""#).and_then(|at| stream[..at].rfind("data: ")).unwrap();
    let [begun, fault] = [&stream[..fault], &stream[fault..]].map(|part| Say::Bytes(part.into()));
    let openrouter = upstream::openrouter().stream([begun, Say::Wait, fault]).start().await;
    let gateway = gateway().with(&openrouter).start().await;
    let body = streamed(messages("x-ai/grok-beta", "hi"));
    let live = Front::Messages.request(&gateway, &body).open().await;
    openrouter.release();
    let events = live.rest().await;
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["message_start", "content_block_start", "content_block_delta", "error"], "{events:?}");
    let error = &events[3].json["error"];
    assert_eq!((&error["type"], &error["message"]), (&json!("api_error"), &json!("Provider disconnected")));
}
