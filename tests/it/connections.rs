//! Connections: kept and used again on both sides, and no harm done by those that are not.

use crate::kit::*;
use crate::stream::{KINDS, alone, every, model, of};
use futures_util::future::join_all;
use std::time::Duration;
use tokio::time::sleep;

#[tokio::test]
async fn a_client_keeps_its_connection() {
    let (gateway, upstream) = alone(upstream::openai()).await;
    let mut connection = gateway.bare().await;
    for round in 0..20 {
        let answer = connection.post("/v1/chat/completions", chat("gpt-4o", "hi")).await;
        assert_eq!(answer.status, 200, "{round}");
        assert!(!answer.head.contains("connection: close"), "{answer:?}");
        assert_eq!(connection.get("/health/live").await.status, 200);
        assert_eq!(connection.post("/v1/chat/completions", "{}").await.status, 400);
        assert_eq!(connection.get("/v1/nowhere").await.status, 404);
    }
    assert_eq!(upstream.calls().len(), 20);
}

#[tokio::test]
async fn a_client_that_wants_it_closed() {
    let (gateway, _upstream) = alone(upstream::openai()).await;
    for request in
        ["GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "GET /health/live HTTP/1.0\r\n\r\n"]
    {
        let mut connection = gateway.bare().await;
        connection.send(request).await;
        assert_eq!(connection.answer().await.status, 200);
        assert_eq!(connection.closed().await, b"");
    }
}

#[tokio::test]
async fn requests_that_are_sent_ahead_are_answered_in_order() {
    let (gateway, upstream) = alone(upstream::openai()).await;
    let mut all = Vec::new();
    for at in 0..10 {
        let body = chat("gpt-4o", "hi").to_string();
        let length = body.len();
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-request-id: r{at}\r\ncontent-length: {length}\r\n\r\n"
        );
        all.extend_from_slice((head + &body).as_bytes());
    }
    let mut connection = gateway.bare().await;
    connection.send(all).await;
    for at in 0..10 {
        let answer = connection.answer().await;
        assert_eq!(answer.status, 200);
        assert!(answer.head.contains(&format!("x-request-id: r{at}\r\n")), "{answer:?}");
    }
    assert_eq!((upstream.calls().len(), upstream.most_under_way()), (10, 1));
}

#[tokio::test]
async fn five_hundred_idle_clients_are_in_nobodys_way() {
    let (gateway, _upstream) = alone(upstream::openai()).await;
    let idle = join_all((0..500).map(|_| gateway.bare())).await;
    let answers = join_all((0..50).map(|_| gateway.chat("gpt-4o", "hi"))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(gateway.stream("gpt-4o", "hi").await.text(), "hello from openai");
    // They are served too, whenever they ask.
    for mut connection in idle.into_iter().step_by(50) {
        assert_eq!(connection.get("/health/live").await.status, 200);
    }
    assert!(gateway.rss_kib() < 150 << 10, "{} KiB", gateway.rss_kib());
}

/// Connections that the upstream saw while `rounds` requests were made one after another, checks aside.
async fn connections(gateway: &Gateway, upstream: &Upstream, stream: bool, rounds: usize) -> usize {
    upstream.wait_for_probes(1).await;
    sleep(Duration::from_millis(100)).await;
    upstream.forget();
    for _ in 0..rounds {
        let model = model(upstream.kind());
        match stream {
            true => gateway.stream(model, "hi").await,
            false => gateway.chat(model, "hi").await,
        };
        // As soon as one request is over, the next one may follow.
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(upstream.calls().len(), rounds);
    upstream.connections()
}

/// Each worker keeps connections of its own, and the kit's client spreads over the workers as it likes.
fn most_workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[tokio::test]
async fn connections_to_providers_are_kept() {
    for kind in KINDS {
        for stream in [false, true] {
            let (gateway, upstream) = alone(of(kind)).await;
            let seen = connections(&gateway, &upstream, stream, 20).await;
            assert!(seen <= most_workers(), "{:?}, stream {stream}: {seen} connections", upstream.kind());
        }
    }
}

#[tokio::test]
async fn they_are_kept_after_errors_too() {
    for reply in [invalid_request(), context_length(), rate_limited(7), status(500), model_not_found()] {
        let (gateway, upstream) = alone(upstream::openai().always(reply.clone())).await;
        upstream.wait_for_probes(1).await;
        sleep(Duration::from_millis(100)).await;
        upstream.forget();
        for _ in 0..10 {
            gateway.advance(Duration::from_secs(61)).await;
            gateway.chat("gpt-4o", "hi").await;
        }
        let checks = upstream.probes().len();
        let most = most_workers() + checks.min(1);
        assert!(upstream.connections() <= most, "{reply:?}: {} connections", upstream.connections());
    }
}

#[tokio::test]
async fn a_connection_that_the_provider_has_closed_is_no_failure() {
    for builder in every() {
        let (gateway, mut upstream) = alone(builder).await;
        let model = model(upstream.kind());
        for _ in 0..5 {
            assert_eq!(gateway.chat(model, "hi").await.status, 200);
            assert_eq!(gateway.stream(model, "hi").await.status, 200);
            // Closes every connection, and takes new ones.
            upstream.restart().await;
            assert_eq!(gateway.chat(model, "hi").await.status, 200, "{}", gateway.log());
        }
        assert!(!gateway.log().contains("upstream failed"), "{}", gateway.log());
    }
}

#[tokio::test]
async fn a_provider_that_closes_after_each_answer_without_saying_so() {
    let body =
        r#"{"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"#;
    let length = body.len();
    let whole = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}");
    let (gateway, upstream) = alone(upstream::openai().always(raw(whole))).await;
    for round in 0..50 {
        let answer = gateway.chat("gpt-4o", "hi").await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "hi"), "{round}: {}", gateway.log());
    }
    assert_eq!(upstream.calls().len(), 50, "nothing is asked twice");
}

#[tokio::test]
async fn a_connection_that_breaks_is_not_used_again() {
    for fault in
        [reset_before_head(), Reply::exactly([Say::Text("x"), Say::Reset]), Reply::exactly([Say::Text("x"), Say::Cut])]
    {
        let anthropic = upstream::anthropic().start().await;
        let upstream = upstream::openai().say(ok()).then(fault).then(ok()).start().await;
        let gateway = gateway().with(&upstream).with(&anthropic).start().await;
        assert_eq!(gateway.stream("gpt-4o", "hi").await.status, 200);
        gateway.stream("gpt-4o", "hi").await;
        gateway.advance(Duration::from_secs(61)).await;
        sleep(Duration::from_millis(200)).await;
        assert_eq!(gateway.stream("gpt-4o", "hi").await.provider(), Some("openai"), "{}", gateway.log());
    }
}

#[tokio::test]
async fn a_stream_whose_body_ends_a_little_after_its_answer_keeps_its_connection() {
    for kind in KINDS {
        let (gateway, upstream) = alone(of(kind).stream([Say::Text("hi"), Say::Done, Say::Wait])).await;
        upstream.wait_for_probes(1).await;
        sleep(Duration::from_millis(100)).await;
        upstream.forget();
        for _ in 0..10 {
            assert!(gateway.stream(model(kind), "hi").await.done());
            sleep(Duration::from_millis(20)).await;
            upstream.release();
            eventually("the answer to end", || upstream.under_way() == 0).await;
            sleep(Duration::from_millis(20)).await;
        }
        assert!(upstream.connections() <= most_workers(), "{kind:?}: {} connections", upstream.connections());
        assert_eq!(upstream.disconnects(), 0);
        // One that never ends is let go all the same.
        upstream.switch(Reply::exactly([Say::Text("hi"), Say::Done, Say::Stall]));
        assert!(gateway.stream(model(kind), "hi").await.done());
        upstream.wait_for_disconnects(1).await;
    }
}
