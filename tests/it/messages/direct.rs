//! Anthropic in, Anthropic out: the caller's bytes, and the provider's.

use super::*;

/// A request with everything that a rewrite would spoil, and fields that this gateway has never heard of.
const ODD: &str = concat!(
    "{ \"max_tokens\" : 1000,\n\t\"x-unknown\":{\"b\":1,\"a\":[1.0,1e2,-0,0.1000,12345678901234567890123]},\r\n",
    " \"system\":[ {\"type\":\"text\",\"text\":\"h\\u00e9llo \\/\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}} ],",
    "\"messages\":[ {\"content\":[{\"type\":\"text\",\"text\":\" \\ud83d\\ude00 \"},{\"type\":\"hologram\",\"z\":0}],\"role\":\"user\"},",
    "{\"role\":\"system\",\"content\":\"mid\"}, {\"role\":\"assistant\",\"content\":[{\"signature\":\"c2ln\",\"type\":\"thinking\",\"thinking\":\"\"},",
    "{\"type\":\"redacted_thinking\",\"data\":\"AAAA\"},{\"type\":\"server_tool_use\",\"id\":\"srvtoolu_1\",\"name\":\"web_search\",\"input\":{}}]} ] ,",
    "\"model\" :\"MODEL\",\"mcp_servers\":[{\"type\":\"url\"}],\"context_management\":{\"edits\":[ ]},\"container\":null,",
    "\"tools\":[{\"type\":\"web_search_20260318\",\"name\":\"web_search\"}],\"thinking\":{\"type\":\"adaptive\",\"display\":\"omitted\"},",
    "\"metadata\":{ \"user_id\" : null }, \"speed\":\"fast\", \"zzz\":\"ünïcödé\"  }  \n",
);

async fn started() -> (Gateway, Upstream) {
    let anthropic = upstream::anthropic().start().await;
    (gateway().with(&anthropic).start().await, anthropic)
}

#[tokio::test]
async fn a_request_goes_out_byte_for_byte() {
    let (gateway, anthropic) = started().await;
    for path in [PATH, "/v1/messages?beta=true"] {
        let answer = gateway.post_raw(path, ODD.replace("MODEL", CLAUDE), &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        assert_eq!(sent(&anthropic), ODD.replace("MODEL", CLAUDE));
        let call = anthropic.last_call();
        assert_eq!((call.path.as_str(), call.query.as_str()), (PATH, ""));
    }
}

#[tokio::test]
async fn another_name_changes_the_model_alone() {
    let anthropic = upstream::anthropic().start().await;
    let routes = r#"{"fast":["anthropic/claude-haiku-4-5"]}"#;
    let gateway = gateway().with(&anthropic).env("ROUTE_MODELS", routes).start().await;
    for (asked, goes_out) in [
        ("anthropic/claude-sonnet-4-5", CLAUDE),
        ("fast", "claude-haiku-4-5"),
        ("claude-never-heard-of", "claude-never-heard-of"),
    ] {
        let answer = send_raw(&gateway, ODD.replace("MODEL", asked)).await;
        assert_eq!((answer.status, answer.model()), (200, Some(goes_out)), "{}", answer.json);
        assert_eq!(sent(&anthropic), ODD.replace("MODEL", goes_out), "{asked}");
    }
    // The key itself may be written with escapes.
    let escaped = ODD.replace("\"model\"", "\"m\\u006fdel\"");
    send_raw(&gateway, escaped.replace("MODEL", "fast")).await;
    assert_eq!(sent(&anthropic), escaped.replace("MODEL", "claude-haiku-4-5"));
}

#[tokio::test]
async fn the_gateways_own_fields_stay_here() {
    let (gateway, anthropic) = started().await;
    let plain = r#"{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"a"}]}"#;
    for own in [
        r#""fallbacks" : [] ,"#,
        r#""fallbacks":["gpt-4o","oss-local/x"],"#,
        r#""models":["x"],"#,
        r#""models":null,"fallbacks":null,"#,
    ] {
        let answer = send_raw(&gateway, plain.replacen('{', &format!("{{{own}"), 1)).await;
        assert_eq!(answer.status, 200, "{own}: {}", answer.json);
        assert_eq!(sent(&anthropic), plain, "{own}");
    }
    // Anthropic has a field of that name too, and its entries are objects.
    let theirs = plain.replacen('{', r#"{"fallbacks":[{"model":"claude-haiku-4-5"}],"#, 1);
    assert_eq!(send_raw(&gateway, theirs.clone()).await.status, 200);
    assert_eq!(sent(&anthropic), theirs);
}

#[tokio::test]
async fn a_stream_is_asked_for_as_the_caller_wrote_it() {
    let (gateway, anthropic) = started().await;
    let ask =
        r#"{"stream" : true,"model":"claude-sonnet-4-5", "max_tokens":9,"messages":[{"role":"user","content":"a"}]}"#;
    let answer = send_raw(&gateway, ask).await;
    assert_eq!((answer.status, answer.done(), sent(&anthropic).as_str()), (200, true, ask));
    assert_eq!(anthropic.last_call().header("accept"), Some("text/event-stream"));
}

#[tokio::test]
async fn an_answer_comes_back_byte_for_byte() {
    let (gateway, anthropic) = started().await;
    let body = concat!(
        "{ \"id\":\"msg_x\" ,\n \"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5-20250929\",\"x_unknown\":{\"n\":1.0e0},",
        "\"content\":[{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"c2ln\"},{\"type\":\"hologram\"},{\"citations\":null,\"text\":\"h\\u00e9 \\/\",\"type\":\"text\"}],\n",
        "\"container\":{\"id\":\"c\"},\"stop_reason\":\"pause_turn\",\"stop_sequence\":null,",
        "\"usage\":{\"output_tokens\":12,\"input_tokens\":9,\"server_tool_use\":{\"web_search_requests\":1},\"service_tier\":\"batch\"} }\n",
    );
    anthropic.switch(json(body));
    let answer = gateway.messages(CLAUDE, "hi").await;
    assert_eq!((answer.status, String::from_utf8_lossy(&answer.body).as_ref()), (200, body));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    // `model` in the answer is what the provider reported, the header what was asked of it.
    assert_eq!(answer.model(), Some(CLAUDE));
}

#[tokio::test]
async fn answers_that_are_none() {
    for (what, reply) in [
        ("a web page", html()),
        ("nothing", empty()),
        ("half an answer", ok().truncated()),
        ("another protocol's", json(r#"{"id":"x","choices":[{"index":0,"message":{"content":"hi"}}]}"#)),
        ("an array", json("[]")),
    ] {
        let anthropic = upstream::anthropic().always(reply).start().await;
        let gateway = gateway().with(&anthropic).start().await;
        let answer = gateway.messages(CLAUDE, "hi").await;
        assert_eq!((answer.status, answer.code().as_str()), (502, "all_providers_failed"), "{what}: {}", answer.json);
        assert_eq!(answer.error()["attempts"][0]["outcome"], "malformed", "{what}");
    }
}

#[tokio::test]
async fn an_error_inside_a_200_is_an_error() {
    let said = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#;
    let anthropic = upstream::anthropic().always(json(said)).start().await;
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&anthropic).with(&openai).start().await;
    let answer = send(&gateway, &with(messages(CLAUDE, "hi"), json!({"fallbacks": ["gpt-4o-mini"]}))).await;
    check(&answer, "hello from openai", "anthropic:server_error", [&anthropic, &openai]);
}

#[tokio::test]
async fn a_refusal_comes_back_as_the_provider_said_it() {
    let said = concat!(
        "{\n \"type\" : \"error\", \"error\" : { \"type\":\"TYPE\", \"message\": \"messages.3: `tool_use` ids were found \", ",
        "\"details\":{\"error_code\":\"odd\", \"n\":1.0 } },\"request_id\":\"req_theirs\" }\n",
    );
    for (status, kind) in [
        (400, "invalid_request_error"),
        (409, "conflict_error"),
        (413, "request_too_large"),
        (422, "invalid_request_error"),
        (404, "not_found_error"),
    ] {
        for stream in [false, true] {
            let said = said.replace("TYPE", kind);
            let anthropic = upstream::anthropic().always(json(&said).status(status)).start().await;
            let gateway = gateway().with(&anthropic).start().await;
            let body = messages(CLAUDE, "hi");
            let answer = send(&gateway, &if stream { streamed(body) } else { body }).await;
            assert_eq!((answer.status, String::from_utf8_lossy(&answer.body).as_ref()), (status, said.as_str()));
            assert!(answer.header("x-provider-request-id").is_some_and(|id| id.starts_with("req_anthropic")));
            assert_eq!(answer.header("request-id"), answer.header("x-request-id"));
            assert_eq!(answer.header("x-should-retry"), None);
        }
    }
}
