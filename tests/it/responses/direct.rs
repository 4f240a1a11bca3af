//! Responses in, Responses out: the caller's bytes, and OpenAI's.

use super::*;

/// A request with everything that a rewrite would spoil, state at OpenAI, and fields that this gateway does not know.
const ODD: &str = concat!(
    "{ \"store\" : true,\n\t\"previous_response_id\":\"resp_0\", \"x-unknown\":{\"b\":1,\"a\":[1.0,1e2,-0,12345678901234567890123]},\r\n",
    " \"input\":[ {\"content\":[{\"type\":\"input_text\",\"text\":\" h\\u00e9llo \\/ \\ud83d\\ude00 \"},{\"type\":\"hologram\",\"z\":0}],\"role\":\"user\"},",
    "{\"type\":\"item_reference\",\"id\":\"msg_1\"}, {\"type\":\"computer_call_output\",\"call_id\":\"c\"},",
    "{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[],\"encrypted_content\":\"gAAA\"} ] ,",
    "\"model\" :\"MODEL\",\"background\":false,\"include\":[ \"reasoning.encrypted_content\" ],\"truncation\":\"auto\",",
    "\"tools\":[{\"type\":\"web_search\"},{\"type\":\"mcp\",\"server_label\":\"m\"}],\"reasoning\":{\"effort\":\"low\",\"summary\":\"auto\"},",
    "\"conversation\":null,\"metadata\":{ }, \"prompt_cache_key\":\"k\", \"zzz\":\"ünïcödé\"  }  \n",
);

async fn started() -> (Gateway, Upstream) {
    let openai = upstream::openai().start().await;
    (gateway().with(&openai).start().await, openai)
}

#[tokio::test]
async fn a_request_goes_out_byte_for_byte() {
    let (gateway, openai) = started().await;
    for stream in ["", r#""stream" : true ,"#] {
        let body = ODD.replacen('{', &format!("{{{stream}"), 1).replace("MODEL", "gpt-4o-mini");
        let answer = gateway.post_raw("/v1/responses?x=y", body.clone(), &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        assert_eq!(sent(&openai), body);
        let call = openai.last_call();
        assert_eq!((call.path.as_str(), call.query.as_str()), (PATH, ""));
        assert_eq!(call.header("authorization"), Some("Bearer sk-test-openai-SECRET"));
    }
}

#[tokio::test]
async fn another_name_changes_the_model_alone() {
    let openai = upstream::openai().start().await;
    let routes = r#"{"fast":["openai/gpt-4.1-nano"]}"#;
    let gateway = gateway().with(&openai).env("ROUTE_MODELS", routes).start().await;
    for (asked, goes_out) in [("openai/gpt-4o-mini", "gpt-4o-mini"), ("fast", "gpt-4.1-nano"), ("o9-odd", "o9-odd")] {
        let answer = gateway.post_raw(PATH, ODD.replace("MODEL", asked), &[]).await;
        assert_eq!((answer.status, answer.model()), (200, Some(goes_out)), "{}", answer.json);
        assert_eq!(sent(&openai), ODD.replace("MODEL", goes_out), "{asked}");
    }
}

#[tokio::test]
async fn the_gateways_own_fields_stay_here() {
    let (gateway, openai) = started().await;
    let plain = r#"{"model":"gpt-4o-mini","input":"a"}"#;
    for own in [r#""fallbacks" : [] ,"#, r#""fallbacks":["claude-sonnet-4-5"],"#, r#""models":["x"],"#] {
        let answer = gateway.post_raw(PATH, plain.replacen('{', &format!("{{{own}"), 1), &[]).await;
        assert_eq!((answer.status, sent(&openai).as_str()), (200, plain), "{own}");
    }
}

#[tokio::test]
async fn no_header_of_the_client_goes_out() {
    let (gateway, openai) = started().await;
    let mut request = gateway.request("POST", PATH).json(&responses("gpt-4o-mini", "hi"));
    for name in [
        "authorization",
        "x-api-key",
        "cookie",
        "openai-organization",
        "openai-project",
        "openai-beta",
        "x-stainless-lang",
        "x-stainless-retry-count",
        "idempotency-key",
        "anthropic-version",
        "anthropic-beta",
        "accept-encoding",
    ] {
        request = request.header(name, "from-the-client");
    }
    assert_eq!(request.send().await.status, 200);
    let call = openai.last_call();
    let mut names: Vec<&str> = call.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "authorization", "content-length", "content-type", "host", "user-agent"]);
}

#[tokio::test]
async fn an_answer_comes_back_byte_for_byte_whatever_its_state() {
    let (gateway, openai) = started().await;
    let usage = r#""usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":0},"output_tokens":12,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":21}"#;
    let odd = "{ \"odd\":1.0, \"a\" : [ ] }";
    for (what, body) in [
        (
            "completed",
            response(
                "completed",
                "[{\"type\":\"hologram\", \"n\":1.50}]",
                &format!("\"error\":null,{usage},\"x\":{odd}"),
            ),
        ),
        (
            "incomplete",
            response(
                "incomplete",
                "[ ]",
                &format!("\"incomplete_details\":{{\"reason\":\"max_output_tokens\"}},{usage}"),
            ),
        ),
        ("queued", response("queued", "[]", "\"background\":true,\"usage\":null")),
        ("in progress", response("in_progress", "[]", "\"background\":true,\"usage\":null")),
    ] {
        openai.switch(json(format!("{body}\n")));
        let answer = gateway.responses("gpt-4o-mini", "hi").await;
        assert_eq!((answer.status, String::from_utf8_lossy(&answer.body).trim_end()), (200, body.as_str()), "{what}");
    }
}

#[tokio::test]
async fn limits_and_ids_come_back() {
    let (gateway, openai) = started().await;
    for body in [responses("gpt-4o-mini", "hi"), streamed(responses("gpt-4o-mini", "hi"))] {
        let answer = Front::Responses.request(&gateway, &body).header("x-request-id", "mine-1").send().await;
        check_text(&answer, "hello from openai");
        assert_eq!((answer.header("x-request-id"), answer.header("request-id")), (Some("mine-1"), None));
        assert!(answer.header("x-provider-request-id").is_some_and(|id| id.starts_with("req_openai_")));
        let limits = answer.headers.keys().filter(|name| name.as_str().starts_with("x-ratelimit-")).count();
        assert_eq!((limits, answer.header("openai-organization")), (6, None));
        assert_eq!(
            (answer.provider(), answer.model(), answer.attempts()),
            (Some("openai"), Some("gpt-4o-mini"), Some(1))
        );
    }
    assert_eq!(openai.calls().len(), 2);
}

#[track_caller]
fn check_text(answer: &Answer, text: &str) {
    assert_eq!((answer.status, answer.text().as_str()), (200, text), "{}", answer.json);
}

#[tokio::test]
async fn a_refusal_comes_back_as_openai_said_it() {
    let said = "{\n  \"error\" : { \"message\": \"Previous response with id 'resp_0' not found.\", \"type\":\"invalid_request_error\",\"param\":\"previous_response_id\", \"code\":\"previous_response_not_found\", \"x\": 1.0 } }\n";
    for status in [400, 409, 413, 415, 422] {
        for stream in [false, true] {
            let openai = upstream::openai().always(json(said).status(status)).start().await;
            let anthropic = upstream::anthropic().start().await;
            let gateway = gateway().with(&openai).with(&anthropic).start().await;
            let body = with(responses("gpt-4o-mini", "hi"), json!({"fallbacks": ["claude-sonnet-4-5"]}));
            let answer = send(&gateway, &if stream { streamed(body) } else { body }).await;
            assert_eq!((answer.status, String::from_utf8_lossy(&answer.body).as_ref()), (status, said));
            check_not_called([&anthropic]);
        }
    }
}

#[tokio::test]
async fn a_response_that_failed_falls_over() {
    let failed = |code: &str| {
        json(response(
            "failed",
            "[]",
            &format!("\"error\":{{\"code\":\"{code}\",\"message\":\"The server had an error\"}}"),
        ))
    };
    for (reply, outcome) in [
        (failed("server_error"), "server_error"),
        (failed("rate_limit_exceeded"), "rate_limited"),
        (json(r#"{"error":{"message":"on fire","type":"server_error","code":null}}"#), "server_error"),
        (html(), "malformed"),
        (empty(), "malformed"),
        (json(r#"{"id":"x","choices":[]}"#), "malformed"),
        (status(500), "server_error"),
        (insufficient_quota(), "quota"),
    ] {
        let openai = upstream::openai().always(reply).start().await;
        let anthropic = upstream::anthropic().start().await;
        let gateway = gateway().with(&openai).with(&anthropic).start().await;
        let body = with(responses("gpt-4o-mini", "hi"), json!({"fallbacks": ["claude-sonnet-4-5"]}));
        let answer = send(&gateway, &body).await;
        check(&answer, "hello from anthropic", format!("openai:{outcome}").as_str(), [&openai, &anthropic]);
    }
}
