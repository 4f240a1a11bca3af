//! Who is let in over HTTP, and how sessions end.

use super::*;
use crate::kit::upstream::openai;
use nix::sys::signal::Signal;

fn initialize() -> Value {
    let params =
        json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}});
    json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
}

async fn knock(gateway: &Caller, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = gateway.request("POST", path).header("accept", "application/json, text/event-stream");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.json(&initialize()).send().await
}

#[tokio::test]
async fn a_client_without_its_key_learns_how_to_show_one() {
    let gateway = gateway().env("GATEWAY_API_KEYS", "alpha-SECRET-1").start().await;
    for headers in [&[][..], &[("authorization", "Bearer wrong")][..]] {
        let answer = knock(&gateway, "/mcp", headers).await;
        check_error(&answer, 401, "invalid_api_key");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    // Who is not let in does not learn which servers there are.
    check_error(&knock(&gateway, "/mcp/nobodys", &[]).await, 401, "invalid_api_key");
    assert_eq!(knock(&gateway, "/mcp", &[("authorization", "Bearer alpha-SECRET-1")]).await.status, 200);
    // A key is shown with each request, not with the first alone.
    let client = mcp(&gateway).key("alpha-SECRET-1").connect().await;
    let session = client.session().unwrap();
    let request = gateway.request("POST", "/mcp").header("accept", "application/json, text/event-stream");
    let request = request.header("mcp-session-id", session).header("mcp-protocol-version", "2025-11-25");
    let answer = request.json(&json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"})).send().await;
    check_error(&answer, 401, "invalid_api_key");
}

#[tokio::test]
async fn names_and_pages_that_are_not_this_servers_are_refused() {
    let gateway = gateway().env("API_CORS_ORIGIN", "https://app.example").start().await;
    for (name, value, status, code) in [
        ("host", "evil.example", 403, "host_not_allowed"),
        ("host", "localhost.evil.example:80", 403, "host_not_allowed"),
        ("origin", "http://evil.example", 403, "origin_not_allowed"),
        ("origin", "null", 403, "origin_not_allowed"),
        ("host", "localhost:3000", 200, ""),
        ("origin", "https://app.example", 200, ""),
        ("origin", "http://localhost:5173", 200, ""),
        ("origin", "http://127.0.0.1:1", 200, ""),
    ] {
        let answer = knock(&gateway, "/mcp", &[(name, value)]).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{name}: {value}");
    }
}

#[tokio::test]
async fn a_server_that_nobody_has_is_not_found() {
    let gateway = gateway().start().await;
    for path in ["/mcp/nobodys", "/mcp/..%2f", "/mcp/a/b"] {
        assert_eq!(knock(&gateway, path, &[]).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_session_ends_once() {
    let gateway = gateway().start().await;
    let client = mcp(&gateway).connect().await;
    assert_eq!(client.end_session().await, 204);
    assert_eq!(client.request("tools/list", json!({})).await.status, Some(404));
    // One that never was is as good as ended.
    let answer = gateway.request("POST", "/mcp").header("accept", "application/json, text/event-stream");
    let answer = answer.header("mcp-session-id", "nobodys").header("mcp-protocol-version", "2025-11-25");
    let answer = answer.json(&json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"})).send().await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn a_client_that_says_it_wrongly_is_told_so() {
    let gateway = gateway().start().await;
    let client = mcp(&gateway).modern().version("2031-01-01").connect().await;
    assert_eq!(client.request("tools/list", json!({})).await.status, Some(400));
    let accept = ("accept", "application/json, text/event-stream");
    let json = ("content-type", "application/json");
    for (body, headers, status) in [
        ("{", &[accept, json][..], 400..=499),
        ("{}", &[accept, json][..], 400..=499),
        ("[]", &[accept, json][..], 400..=499),
        ("{}", &[accept, ("content-type", "text/plain")][..], 415..=415),
        ("{}", &[json][..], 406..=406),
    ] {
        let answer = gateway.post_raw("/mcp", body, headers).await;
        assert!(status.contains(&answer.status), "{body} {headers:?}: {}", answer.status);
    }
    good(&mcp(&gateway).connect().await, "list_models", json!({})).await;
}

#[tokio::test]
async fn bounds_hold_for_calls_as_for_all_requests() {
    let openai = openai().always(ok().held()).start().await;
    let gateway =
        gateway().with(&openai).env("MAX_CONCURRENT_REQUESTS", 1).env("MAX_BODY_BYTES", 100_000).start().await;
    for era in Era::ALL {
        openai.forget();
        let client = mcp(&gateway).era(era).connect().await;
        let calling = client.calling("route", json!({"prompt": "hi", "model": "gpt-4o"}));
        openai.wait_for_calls(1).await;
        let refused = client.request("tools/list", json!({})).await;
        assert_eq!((refused.status, &refused.body["error"]["code"]), (Some(503), &json!("overloaded")));
        openai.release();
        calling.result().await;
        let long = "x".repeat(200_000);
        let refused = client.request("tools/call", json!({"name": "route", "arguments": {"prompt": long}})).await;
        assert_eq!(refused.status, Some(413));
        assert!(refused.headers.contains_key("x-request-id"), "{refused:?}");
    }
}

#[tokio::test]
async fn calls_under_way_are_finished_before_the_end_and_listeners_are_not_waited_for() {
    for era in Era::ALL {
        let openai = openai().always(ok().held()).start().await;
        let mut gateway = gateway().with(&openai).start().await;
        let client = mcp(&gateway).era(era).connect().await;
        let listening = match era {
            Era::Legacy => {
                client.open_stream().await;
                None
            }
            Era::Modern => {
                let listening = client.listen(json!({"toolsListChanged": true}));
                listening.wait_for_notes(1).await;
                Some(listening)
            }
        };
        let calling = client.calling("route", json!({"prompt": "hi", "model": "gpt-4o"}));
        openai.wait_for_calls(1).await;
        gateway.signal(Signal::SIGTERM);
        gateway.wait_for_log("draining").await;
        openai.release();
        assert_eq!(calling.result().await["isError"], json!(false));
        let since = std::time::Instant::now();
        assert!(gateway.exit().await.success());
        assert!(since.elapsed() < PATIENCE / 2, "it ended after {:?} only", since.elapsed());
        drop(listening);
    }
}
