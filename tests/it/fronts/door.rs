//! What is refused at the door, and what is said of it.

use super::*;

async fn started() -> (Upstream, Gateway) {
    let mock = upstream::openai().start().await;
    let gateway = gateway().with(&mock).start().await;
    (mock, gateway)
}

#[tokio::test]
async fn a_key_is_asked_for() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).env("GATEWAY_API_KEYS", "alpha-key, beta-key").start().await;
    let bad: [&[(&str, &str)]; 6] = [
        &[],
        &[("authorization", "Bearer wrong")],
        &[("authorization", "alpha-key")],
        &[("x-api-key", "wrong")],
        &[("x-api-key", "")],
        &[("x-api-key", "alpha-key, beta-key")],
    ];
    for front in NEW {
        let body = front.body("gpt-4o-mini", "hi").to_string();
        for headers in bad {
            let answer = gateway.post_raw(front.path(), body.clone(), headers).await;
            check_refused(front, "key", &answer, 401, "invalid_api_key");
            let words = answer.error()["message"].as_str().unwrap_or_default().to_owned();
            assert!(!words.contains("wrong") && !words.contains("alpha"), "{words}");
            assert_eq!(answer.header("x-should-retry"), None);
        }
    }
    for path in ["/v1/messages/count_tokens", "/v1/messages/nowhere"] {
        let answer = gateway.post_raw(path, "{}", &[]).await;
        check_refused(Front::Messages, path, &answer, 401, "invalid_api_key");
    }
    check_not_called([&openai]);
}

#[tokio::test]
async fn paths_and_methods_below_messages_are_told_in_anthropics_form() {
    let (openai, gateway) = started().await;
    for path in [
        "/v1/messages/",
        "/v1/messages/x",
        "/v1/messages/batches",
        "/v1/messages/batches/msgbatch_1/results",
        "/v1/messages/count_tokens/",
        "/v1/messages//count_tokens",
        "/v1/messages/%00",
        "/v1/messages/%ff",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = gateway.request(method, path).body("{}").send().await;
            check_refused(Front::Messages, path, &answer, 404, "not_found");
            assert!(answer.error()["message"].to_string().contains(path), "{}", answer.json);
        }
    }
    for path in ["/v1/messages", "/v1/messages/count_tokens"] {
        for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let answer = gateway.request(method, path).body("{}").send().await;
            check_refused(Front::Messages, path, &answer, 405, "method_not_allowed");
            let allow = answer.header("allow").unwrap_or_default();
            assert!(allow.split(',').any(|method| method.trim() == "POST"), "{method} {path} allow: {allow}");
        }
    }
    // What keeps state lives at OpenAI alone; this gateway has none.
    for (method, path) in [
        ("GET", "/v1/responses/resp_1"),
        ("DELETE", "/v1/responses/resp_1"),
        ("POST", "/v1/responses/resp_1/cancel"),
        ("GET", "/v1/responses/resp_1/input_items"),
    ] {
        let answer = gateway.request(method, path).body("{}").send().await;
        check_refused(Front::Responses, path, &answer, 404, "not_found");
    }
    let answer = gateway.get("/v1/responses").await;
    check_refused(Front::Responses, "GET", &answer, 405, "method_not_allowed");
    check_not_called([&openai]);
}

#[tokio::test]
async fn a_body_that_is_too_large() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).env("MAX_BODY_BYTES", 1000).start().await;
    for front in NEW {
        let large = front.body("gpt-4o-mini", &"x".repeat(2000));
        let answer = front.send(&gateway, &large).await;
        check_refused(front, "large", &answer, 413, "request_too_large");
        assert!(answer.error()["message"].to_string().contains("MAX_BODY_BYTES"), "{}", answer.json);
        let empty = front.body("gpt-4o-mini", "").to_string().len();
        let fits = front.body("gpt-4o-mini", &"x".repeat(1000 - empty));
        assert_eq!(front.send(&gateway, &fits).await.status, 200, "{front:?}");
    }
    let count = gateway.post("/v1/messages/count_tokens", messages("gpt-4o-mini", &"x".repeat(2000))).await;
    check_refused(Front::Messages, "count", &count, 413, "request_too_large");
    assert_eq!(openai.calls().len(), 2);
}

#[tokio::test]
async fn a_body_that_is_compressed_and_a_deadline_that_is_none() {
    let (openai, gateway) = started().await;
    for front in NEW {
        let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let answer = gateway.post_raw(front.path(), gzip, &[("content-encoding", "gzip")]).await;
        check_refused(front, "gzip", &answer, 415, "");
        for value in ["0", "soon", "-1", "1.5"] {
            let body = front.body("gpt-4o-mini", "hi").to_string();
            let answer = gateway.post_raw(front.path(), body, &[("x-gateway-timeout-ms", value)]).await;
            check_refused(front, value, &answer, 400, "");
            assert_eq!(front.param(&answer).as_deref(), Some("x-gateway-timeout-ms"));
        }
    }
    check_not_called([&openai]);
}

#[tokio::test]
async fn too_many_at_once() {
    let openai = upstream::openai().say(ok().held()).then(ok()).start().await;
    let gateway = gateway().with(&openai).env("MAX_CONCURRENT_REQUESTS", 1).start().await;
    let caller = gateway.caller();
    let first = tokio::spawn(async move { caller.chat("gpt-4o-mini", "hi").await });
    openai.wait_for_calls(1).await;
    for front in NEW {
        let answer = front.whole(&gateway, "gpt-4o-mini").await;
        check_refused(front, "overload", &answer, 503, "overloaded");
        assert_eq!((answer.header("retry-after"), answer.header("x-should-retry")), (Some("1"), None));
    }
    openai.release();
    assert_eq!(first.await.unwrap().status, 200);
}
