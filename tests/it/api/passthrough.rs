//! Same protocol in and out: the caller's bytes, and the provider's.

use crate::kit::*;

/// A request with everything that a rewrite would spoil.
const ODD: &str = concat!(
    "{ \"temperature\" : 1.50e0,\n\t\"x-unknown\":{\"b\":1,\"a\":[1.0,1e2,-0,0.1000,12345678901234567890123]},\r\n",
    "  \"messages\":[ {\"content\":\"h\\u00e9llo \\/ \\ud83d\\ude00\",\"role\":\"user\",\"name\":\"x\"} ] ,\"model\" :\"MODEL\",",
    "\"stop\":null , \"metadata\":{}, \"zzz\":\"ünïcödé\"  }  \n",
);

#[tokio::test]
async fn a_request_goes_out_byte_for_byte() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let body = ODD.replace("MODEL", "gpt-4o-mini");
    let answer = gateway.post_raw("/v1/chat/completions", body.clone(), &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    assert_eq!(String::from_utf8_lossy(&openai.last_call().body), body);
}

#[tokio::test]
async fn another_model_changes_the_model_alone() {
    let openai = upstream::openai().always(status(500)).start().await;
    let openrouter = upstream::openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await;
    for (asked, sent) in [
        ("gpt-4o-mini", "openai/gpt-4o-mini"),
        ("general", "openai/gpt-4o-mini"),
        ("openrouter/x-ai/grok-beta", "x-ai/grok-beta"),
    ] {
        let answer = gateway.post_raw("/v1/chat/completions", ODD.replace("MODEL", asked), &[]).await;
        assert_eq!((answer.status, answer.provider()), (200, Some("openrouter")), "{asked}: {}", answer.json);
        assert_eq!(String::from_utf8_lossy(&openrouter.last_call().body), ODD.replace("MODEL", sent), "{asked}");
    }
}

#[tokio::test]
async fn the_gateways_own_fields_stay_here() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    for (body, sent) in [
        (
            r#"{"model":"gpt-4o", "fallbacks" : [] ,"messages":[{"role":"user","content":"a"}] }"#,
            r#"{"model":"gpt-4o","messages":[{"role":"user","content":"a"}] }"#,
        ),
        (
            r#"{"fallbacks":["gpt-4o-mini"],"model":"gpt-4o","messages":[{"role":"user","content":"a"}]}"#,
            r#"{"model":"gpt-4o","messages":[{"role":"user","content":"a"}]}"#,
        ),
        (
            r#"{"model":"gpt-4o","messages":[{"role":"user","content":"a"}],"models":["x"]}"#,
            r#"{"model":"gpt-4o","messages":[{"role":"user","content":"a"}]}"#,
        ),
        (
            r#"{"model":"gpt-4o","messages":[{"role":"user","content":"a"}],"models":null,"fallbacks":null}"#,
            r#"{"model":"gpt-4o","messages":[{"role":"user","content":"a"}]}"#,
        ),
    ] {
        let answer = gateway.post_raw("/v1/chat/completions", body, &[]).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.json);
        assert_eq!(String::from_utf8_lossy(&openai.last_call().body), sent, "{body}");
    }
}

#[tokio::test]
async fn a_stream_is_asked_for_its_usage_and_nothing_else_changes() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let ask = r#"{"stream" : true,"model":"gpt-4o", "messages":[{"role":"user","content":"a"}],"n":1}"#;
    gateway.post_raw("/v1/chat/completions", ask, &[]).await;
    let sent = String::from_utf8_lossy(&openai.last_call().body).into_owned();
    assert_eq!(sent, ask.replace(r#""n":1}"#, r#""n":1,"stream_options":{"include_usage":true}}"#));
    let with_usage = ask.replace(r#""n":1"#, r#""stream_options" : { "include_usage":true }"#);
    gateway.post_raw("/v1/chat/completions", with_usage.clone(), &[]).await;
    assert_eq!(String::from_utf8_lossy(&openai.last_call().body), with_usage);
}

#[tokio::test]
async fn an_answer_comes_back_byte_for_byte() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let body = concat!(
        "{ \"id\":\"x\" ,\n \"object\":\"chat.completion\",\"model\":\"gpt-4o-2024-08-06\",\"x_unknown\":{\"n\":1.0e0,\"m\":12345678901234567890123},",
        "\"choices\":[{\"finish_reason\":\"stop\",\"index\":0,\"message\":{\"content\":\"h\\u00e9 \\/\",\"role\":\"assistant\",\"x\":[ ]}}],\n",
        "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":12,\"total_tokens\":21} }\n",
    );
    openai.switch(json(body));
    let answer = gateway.chat("gpt-4o", "hi").await;
    assert_eq!(String::from_utf8_lossy(&answer.body), body);
}

#[tokio::test]
async fn a_stream_comes_back_byte_for_byte() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let stream = concat!(
        ": a comment\n\nid: 7\nevent: message\ndata: { \"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}] , \"odd\" : 1.50 }\n\n",
        "data:{\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"h\\u00e9llo\"},\"x\":null}]}\n\n",
        "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"id\":\"x\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":12,\"total_tokens\":21}}\n\n",
        "data: [DONE]\n\n",
    );
    openai.switch(body_of("text/event-stream", stream));
    let mut ask = streamed(chat("gpt-4o", "hi"));
    ask["stream_options"] = serde_json::json!({"include_usage": true});
    let answer = gateway.post("/v1/chat/completions", ask).await;
    assert_eq!(String::from_utf8_lossy(&answer.body), stream);
}

#[tokio::test]
async fn a_refusal_comes_back_as_the_provider_said_it() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let said = "{\n  \"error\" : { \"message\": \"Invalid value.\", \"type\":\"invalid_request_error\",\"param\":\"temperature\", \"code\":\"invalid_value\", \"extra\": 1.0 } }\n";
    for status in [400, 413, 415, 422] {
        openai.switch(json(said).status(status));
        let answer = gateway.chat("gpt-4o", "hi").await;
        assert_eq!((answer.status, String::from_utf8_lossy(&answer.body).as_ref()), (status, said));
    }
}

#[tokio::test]
async fn headers_are_built_and_never_copied() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let mut request = gateway.request("POST", "/v1/chat/completions?api-key=query").json(&chat("gpt-4o", "hi"));
    for name in [
        "authorization",
        "x-api-key",
        "cookie",
        "openai-organization",
        "openai-project",
        "openai-beta",
        "x-stainless-lang",
        "x-forwarded-for",
        "forwarded",
        "referer",
        "origin",
        "accept-encoding",
        "accept-language",
        "x-gateway-anything",
        "x-custom",
        "via",
    ] {
        request = request.header(name, "from-the-client");
    }
    assert_eq!(request.send().await.status, 200);
    let call = openai.last_call();
    let mut names: Vec<&str> = call.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "authorization", "content-length", "content-type", "host", "user-agent"]);
    assert_eq!(call.header("authorization"), Some("Bearer sk-test-openai-SECRET"));
    assert_eq!(call.header("accept"), Some("application/json"));
    assert_eq!(call.query, "", "the caller's query stays here");
    gateway.stream("gpt-4o", "hi").await;
    assert_eq!(openai.last_call().header("accept"), Some("text/event-stream"));
}

#[tokio::test]
async fn openrouter_is_told_who_calls() {
    let openrouter = upstream::openrouter().start().await;
    let gateway = gateway()
        .with(&openrouter)
        .env("OPENROUTER_SITE_URL", "https://my.example")
        .env("OPENROUTER_APP_NAME", "My App");
    let gateway = gateway.start().await;
    gateway.chat("x-ai/grok-beta", "hi").await;
    let call = openrouter.last_call();
    assert_eq!(call.header("http-referer"), Some("https://my.example"));
    assert_eq!((call.header("x-openrouter-title"), call.header("x-title")), (Some("My App"), Some("My App")));
}

#[tokio::test]
async fn the_model_is_what_the_provider_reported() {
    let openai = upstream::openai().start().await;
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&openai).with(&anthropic).start().await;
    openai.switch(json(r#"{"id":"x","model":"gpt-4o-2024-08-06","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"#));
    let answer = gateway.chat("gpt-4o", "hi").await;
    assert_eq!((answer.json["model"].as_str(), answer.model()), (Some("gpt-4o-2024-08-06"), Some("gpt-4o")));
    anthropic.switch(json(r#"{"id":"m","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}"#));
    let answer = gateway.chat("claude-sonnet-4-5", "hi").await;
    assert_eq!(
        (answer.json["model"].as_str(), answer.model()),
        (Some("claude-sonnet-4-5-20250929"), Some("claude-sonnet-4-5"))
    );
}
