//! Too much of something: requests at once, long bodies, long heads, and what is no HTTP.

use crate::kit::*;
use crate::stream::alone;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Checks that this is the answer to one request too many.
fn check_overloaded(answer: &Answer) {
    check_error(answer, 503, "overloaded");
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    // The gateway has not tried anything: the client may well try again.
    assert_eq!(answer.header("x-should-retry"), None);
    assert!(answer.header("x-request-id").is_some());
}

#[tokio::test]
async fn one_request_too_many_is_refused_at_once() {
    let pieces = [Say::Text("begun"), Say::Wait, Say::Done];
    let upstream = upstream::openai().stream(pieces).then(ok().held()).then(ok()).start().await;
    let gateway = gateway().with(&upstream).env("MAX_CONCURRENT_REQUESTS", 2).start().await;
    let mut live = gateway.open("gpt-4o", "hi").await;
    live.text().await;
    let caller = gateway.caller();
    let whole = tokio::spawn(async move { caller.chat("gpt-4o", "hi").await });
    upstream.wait_for_calls(2).await;
    let since = Instant::now();
    for _ in 0..3 {
        check_overloaded(&gateway.chat("gpt-4o", "hi").await);
        check_overloaded(&gateway.stream("gpt-4o", "hi").await);
    }
    check_overloaded(&gateway.get("/v1/models").await);
    check_overloaded(&gateway.post("/v1/route", serde_json::json!({"prompt": "hi"})).await);
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    assert_eq!(upstream.calls().len(), 2, "nobody else was called");
    for path in ["/health", "/health/live", "/health/ready", "/healthz", "/readyz", "/metrics"] {
        assert_eq!(gateway.get(path).await.status, 200, "{path}");
    }
    // A stream counts until its end, a whole answer too; then their places are free again.
    upstream.release_many(2);
    assert_eq!(in_time("the whole answer", whole).await.unwrap().status, 200);
    assert_eq!(live.rest().await.last().unwrap().data, "[DONE]");
    gateway.wait_for_log("outcome=\"ok\" status=200 stream=true").await;
    for _ in 0..3 {
        assert_eq!(gateway.chat("gpt-4o", "hi").await.status, 200);
    }
}

#[tokio::test]
async fn places_are_given_back_however_a_request_ends() {
    let upstream = upstream::openai().start().await;
    let gateway = gateway().with(&upstream).env("MAX_CONCURRENT_REQUESTS", 1).start().await;
    let broken = || Reply::exactly([Say::Text("begun"), Say::Cut]);
    for reply in [invalid_request(), Reply::exactly([Say::Text("x"), Say::Error("server")]), broken(), ok()] {
        upstream.switch(reply);
        let answer = gateway.stream("gpt-4o", "hi").await;
        assert_ne!(answer.code(), "overloaded");
    }
    assert_eq!(gateway.post("/v1/chat/completions", Value::Null).await.status, 400);
    assert_eq!(gateway.get("/v1/nowhere").await.status, 404);
    let mut connection = gateway.bare().await;
    connection.send("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{").await;
    eventually("the sender's place to be taken", || gateway.log().contains("API server")).await;
    drop(connection);
    upstream.switch(ok());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(gateway.get("/v1/nowhere").await.status, 404);
    assert_eq!(metric_inflight(&gateway).await, "0");
}

async fn metric_inflight(gateway: &Gateway) -> String {
    let text = String::from_utf8(gateway.get("/metrics").await.body).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("gateway_inflight_requests "));
    line.unwrap().to_owned()
}

#[tokio::test]
async fn a_body_that_says_that_it_is_too_long() {
    let upstream = upstream::openai().start().await;
    let gateway = gateway().with(&upstream).env("MAX_BODY_BYTES", 100_000).start().await;
    for length in [100_001, 5_000_000, 60_000_000] {
        let body = chat("gpt-4o", &"x".repeat(length));
        let answer = gateway.post("/v1/chat/completions", body).await;
        check_error(&answer, 413, "request_too_large");
    }
    let answer = gateway.post("/v1/chat/completions", chat("gpt-4o", &"x".repeat(99_000))).await;
    assert_eq!(answer.status, 200);
    assert_eq!(upstream.calls().len(), 1);
}

#[tokio::test]
async fn a_body_in_chunks_that_becomes_too_long() {
    let upstream = upstream::openai().start().await;
    let gateway = gateway().with(&upstream).env("MAX_BODY_BYTES", 100_000).start().await;
    for length in [100_001, 5_000_000] {
        let mut connection = gateway.bare().await;
        connection.send("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n").await;
        let body = chat("gpt-4o", &"x".repeat(length)).to_string();
        for piece in body.as_bytes().chunks(50_000) {
            let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
            connection.send(chunk).await;
        }
        connection.send("0\r\n\r\n").await;
        let answer = connection.answer().await;
        assert_eq!(answer.status, 413, "{answer:?}");
        assert!(answer.body.contains("request_too_large"), "{answer:?}");
    }
    check_not_called([&upstream]);
}

#[tokio::test]
async fn a_client_that_waits_for_leave_to_send_is_told_before_it_sends() {
    let upstream = upstream::openai().start().await;
    let gateway = gateway().with(&upstream).env("MAX_BODY_BYTES", 1000).start().await;
    let head = |length: usize| {
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let mut connection = gateway.bare().await;
    connection.send(head(1001)).await;
    assert_eq!(connection.answer().await.status, 413);
    let mut connection = gateway.bare().await;
    let body = chat("gpt-4o", "hi").to_string();
    connection.send(head(body.len())).await;
    let leave = connection.read_some().await;
    assert!(leave.starts_with(b"HTTP/1.1 100"), "{}", String::from_utf8_lossy(&leave));
    connection.send(body).await;
    assert_eq!(connection.answer().await.status, 200);
}

#[tokio::test]
async fn long_heads() {
    let (gateway, upstream) = alone(upstream::openai()).await;
    for (lines, status) in [(1, 200), (60, 200), (200, 431)] {
        let mut connection = gateway.bare().await;
        let headers: String = (0..lines).map(|at| format!("x-{at}: y\r\n")).collect();
        connection.send(format!("GET /health/live HTTP/1.1\r\nhost: x\r\n{headers}\r\n")).await;
        assert_eq!(connection.answer().await.status, status, "{lines} headers");
    }
    for (length, status) in [(8_000, 200), (40_000, 200), (200_000, 431)] {
        let mut connection = gateway.bare().await;
        let head = format!("GET /health/live HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "y".repeat(length));
        connection.try_send(head).await.ok();
        assert_eq!(connection.answer().await.status, status, "a header of {length} bytes");
    }
    let mut connection = gateway.bare().await;
    connection.try_send(format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "y".repeat(200_000))).await.ok();
    let status = connection.answer().await.status;
    assert!(matches!(status, 414 | 431), "{status}");
    check_not_called([&upstream]);
}

#[tokio::test]
async fn what_is_no_http() {
    let (gateway, upstream) = alone(upstream::openai()).await;
    let faults: [&[u8]; 8] = [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ten\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nhost: x\r\nx: \x01\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello from TLS \r\n\r\n",
        b"\x00\x00\x00\x00\r\n\r\n",
    ];
    for fault in faults {
        let mut connection = gateway.bare().await;
        connection.send(fault).await;
        let answer = connection.try_answer().await;
        let said = String::from_utf8_lossy(fault);
        assert!(answer.is_none_or(|answer| (400..500).contains(&answer.status)), "{said}");
        connection.closed().await;
    }
    let mut connection = gateway.bare().await;
    let broken = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
    connection.send(broken).await;
    assert_eq!(connection.answer().await.status, 400, "a broken chunk");
    check_not_called([&upstream]);
    assert_eq!(gateway.chat("gpt-4o", "hi").await.status, 200);
}

#[tokio::test]
async fn a_refusal_reaches_a_client_that_is_still_sending() {
    let upstream = upstream::openai().start().await;
    let gateway = gateway().with(&upstream).env("GATEWAY_API_KEYS", "sk-one-client-key").start().await;
    let body = chat("gpt-4o", &"x".repeat(8_000_000));
    for path in ["/v1/chat/completions", "/v1/route", "/v1/nowhere"] {
        for _ in 0..5 {
            check_error(&gateway.post(path, body.clone()).await, 401, "invalid_api_key");
        }
    }
    check_not_called([&upstream]);
}
