//! Clients that hang up: the provider's call is cancelled, and nobody is blamed for it.

use crate::kit::*;
use crate::stream::{KINDS, alone, every, model, of};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How soon the provider's call must be cancelled; a busy machine is given a little more than the second.
const SOON: Duration = Duration::from_millis(1500);

/// A chat's bytes.
fn bytes_of(body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let length = body.len();
    let head = format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
    (head + &body).into_bytes()
}

/// Sends the body on a bare connection.
async fn call(gateway: &Gateway, body: &Value) -> TcpStream {
    let mut connection = gateway.connect().await;
    connection.write_all(&bytes_of(body)).await.unwrap();
    connection
}

/// Checks that the upstream is let go soon, and that nothing is held against it.
async fn check_cancelled(gateway: &Gateway, upstream: &Upstream, since: Instant) {
    upstream.wait_for_disconnects(1).await;
    assert!(since.elapsed() < SOON, "cancelled after {:?} only", since.elapsed());
    gateway.wait_for_log("outcome=\"client_gone\"").await;
    check_nobody_blamed(gateway);
    assert_eq!(upstream.under_way(), 0);
}

fn check_nobody_blamed(gateway: &Gateway) {
    let log = gateway.log();
    assert!(!["link rests", "upstream failed", "is unhealthy"].iter().any(|words| log.contains(words)), "{log}");
}

#[tokio::test]
async fn before_the_head() {
    for builder in every() {
        let (gateway, upstream) = alone(builder.say(stall_before_head())).await;
        for body in [chat(model(upstream.kind()), "hi"), streamed(chat(model(upstream.kind()), "hi"))] {
            upstream.forget();
            let connection = call(&gateway, &body).await;
            upstream.wait_for_calls(1).await;
            let since = Instant::now();
            drop(connection);
            check_cancelled(&gateway, &upstream, since).await;
        }
    }
}

#[tokio::test]
async fn before_the_content() {
    for builder in every() {
        let (gateway, upstream) = alone(builder.stream([Say::Role, Say::Comment("x"), Say::Stall])).await;
        let connection = call(&gateway, &streamed(chat(model(upstream.kind()), "hi"))).await;
        upstream.wait_for_calls(1).await;
        // Long enough for what came first to be read.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let since = Instant::now();
        drop(connection);
        check_cancelled(&gateway, &upstream, since).await;
    }
}

#[tokio::test]
async fn inside_a_whole_answer() {
    for builder in every() {
        let (gateway, upstream) = alone(builder.say([Say::Text("begun"), Say::Stall])).await;
        let connection = call(&gateway, &chat(model(upstream.kind()), "hi")).await;
        upstream.wait_for_calls(1).await;
        // Long enough for what came first to be read.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let since = Instant::now();
        drop(connection);
        check_cancelled(&gateway, &upstream, since).await;
    }
}

#[tokio::test]
async fn in_mid_stream() {
    for silent in [true, false] {
        for builder in every() {
            let last = if silent { Say::Stall } else { Say::Endless };
            let (gateway, upstream) = alone(builder.stream([Say::Role, Say::Text("begun"), last])).await;
            let mut live = gateway.open(model(upstream.kind()), "hi").await;
            live.text().await;
            let since = Instant::now();
            drop(live);
            check_cancelled(&gateway, &upstream, since).await;
            let health = gateway.get("/health").await;
            assert_eq!(health.json["status"], "ok", "{:?}", health.json);
        }
    }
}

#[tokio::test]
async fn during_a_fallback() {
    for kind in KINDS {
        let openai = upstream::openai().say(status(500)).start().await;
        let second = of(kind).say(stall_after_head()).start().await;
        if kind == Kind::OpenAi {
            continue;
        }
        let gateway = gateway().with(&openai).with(&second).start().await;
        let mut body = streamed(chat("gpt-4o", "hi"));
        body["fallbacks"] = json!([model(kind)]);
        let connection = call(&gateway, &body).await;
        second.wait_for_calls(1).await;
        let since = Instant::now();
        drop(connection);
        second.wait_for_disconnects(1).await;
        assert!(since.elapsed() < SOON, "{kind:?}: cancelled after {:?} only", since.elapsed());
        gateway.wait_for_log("outcome=\"client_gone\"").await;
        // What the first link did is held against it all the same, what the second did is not.
        let log = gateway.log();
        assert_eq!(log.matches("link rests").count(), 1, "{log}");
    }
}

#[tokio::test]
async fn while_a_retry_waits() {
    let openai = upstream::openai().say(rate_limited(3)).start().await;
    let gateway = gateway().with(&openai).start().await;
    let connection = call(&gateway, &chat("gpt-4o", "hi")).await;
    openai.wait_for_calls(1).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(connection);
    gateway.wait_for_log("outcome=\"client_gone\"").await;
    gateway.advance(Duration::from_secs(10)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(openai.calls().len(), 1, "nobody waits for the answer of a retry");
}

#[tokio::test]
async fn while_the_request_is_sent() {
    let (gateway, upstream) = alone(upstream::openai()).await;
    let mut connection = gateway.connect().await;
    let bytes = bytes_of(&chat("gpt-4o", "hi"));
    connection.write_all(&bytes[..bytes.len() - 5]).await.unwrap();
    drop(connection);
    tokio::time::sleep(Duration::from_millis(100)).await;
    check_not_called([&upstream]);
    assert_eq!(gateway.chat("gpt-4o", "hi").await.status, 200);
    check_nobody_blamed(&gateway);
}

#[tokio::test]
async fn a_client_that_closes_its_half_has_hung_up() {
    let (gateway, upstream) = alone(upstream::openai().stream([Say::Text("begun"), Say::Stall])).await;
    let mut connection = call(&gateway, &streamed(chat("gpt-4o", "hi"))).await;
    let mut head = [0; 12];
    in_time("a head", connection.read_exact(&mut head)).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    let since = Instant::now();
    connection.shutdown().await.unwrap();
    check_cancelled(&gateway, &upstream, since).await;
}

#[tokio::test]
async fn many_at_once_give_all_their_places_back() {
    let upstream = upstream::openai().stream([Say::Text("begun"), Say::Stall]).start().await;
    let gateway = gateway().with(&upstream).env("MAX_CONCURRENT_REQUESTS", 30).start().await;
    let mut lives = Vec::new();
    for _ in 0..30 {
        lives.push(gateway.open("gpt-4o", "hi").await);
    }
    check_error(&gateway.chat("gpt-4o", "hi").await, 503, "overloaded");
    drop(lives);
    upstream.wait_for_disconnects(30).await;
    upstream.switch(ok());
    for _ in 0..30 {
        assert_eq!(gateway.chat("gpt-4o", "hi").await.status, 200);
    }
    check_nobody_blamed(&gateway);
}

#[tokio::test]
async fn a_cancelled_trial_leaves_the_link_to_be_tried() {
    let upstream = upstream::openai().say(status(500)).then(stall_before_head()).then(ok()).start().await;
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&upstream).with(&anthropic).start().await;
    let mut body = chat("gpt-4o", "hi");
    body["fallbacks"] = json!(["claude-sonnet-4-5"]);
    assert_eq!(gateway.post("/v1/chat/completions", body.clone()).await.fallback(), Some("openai:server_error"));
    gateway.advance(Duration::from_secs(16)).await;
    let connection = call(&gateway, &body).await;
    upstream.wait_for_calls(2).await;
    drop(connection);
    upstream.wait_for_disconnects(1).await;
    gateway.wait_for_log("outcome=\"client_gone\"").await;
    assert_eq!(gateway.post("/v1/chat/completions", body).await.fallback(), None);
}
