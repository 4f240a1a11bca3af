//! The process's end: no new connections, what runs is finished, then it closes.

use crate::kit::*;
use crate::stream::{alone, every, model};
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::time::sleep;

/// Signals the gateway and waits until it drains.
async fn drain(gateway: &Gateway, signal: Signal) {
    gateway.signal(signal);
    gateway.wait_for_log("draining").await;
}

/// Waits until new connections are refused.
async fn refused(gateway: &Gateway, address: std::net::SocketAddr) {
    eventually("connections to be refused", || std::net::TcpStream::connect(address).is_err()).await;
    assert!(TcpStream::connect(address).await.is_err(), "{}", gateway.log());
}

async fn address(gateway: &Gateway) -> std::net::SocketAddr {
    gateway.connect().await.peer_addr().unwrap()
}

/// Checks that it ends well, and sooner than its grace would have it.
async fn check_ends(mut gateway: Gateway) {
    let since = Instant::now();
    assert_eq!(gateway.exit().await.code(), Some(0), "{}", gateway.log());
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
}

#[tokio::test]
async fn with_nothing_to_finish_it_ends_at_once() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let (gateway, _upstream) = alone(upstream::openai()).await;
        assert_eq!(gateway.chat("gpt-4o", "hi").await.status, 200);
        // A connection that was used and is kept, one that never was, and one that has sent half of its first request.
        let mut kept = gateway.bare().await;
        assert_eq!(kept.get("/health/live").await.status, 200);
        let _silent = gateway.bare().await;
        let mut half = gateway.bare().await;
        half.send("GET /health/li").await;
        drain(&gateway, signal).await;
        assert_eq!(kept.closed().await, b"");
        check_ends(gateway).await;
    }
}

#[tokio::test]
async fn open_streams_are_finished() {
    for (builder, signal) in every().into_iter().zip([Signal::SIGTERM, Signal::SIGINT].into_iter().cycle()) {
        let pieces = [Say::Text("one"), Say::Wait, Say::Text("two"), Say::Wait, Say::Text("three"), Say::Done];
        let (gateway, upstream) = alone(builder.stream(pieces)).await;
        let address = address(&gateway).await;
        let mut live = gateway.open(model(upstream.kind()), "hi").await;
        live.text().await;
        drain(&gateway, signal).await;
        refused(&gateway, address).await;
        upstream.release();
        assert_eq!(live.text().await, "two", "{:?}", upstream.kind());
        upstream.release();
        let rest = live.rest().await;
        assert_eq!((rest[0].text().as_str(), rest.last().unwrap().data.as_str()), ("three", "[DONE]"));
        gateway.wait_for_log("outcome=\"ok\"").await;
        check_ends(gateway).await;
    }
}

#[tokio::test]
async fn whole_answers_under_way_are_finished() {
    let (gateway, upstream) = alone(upstream::openai().say(ok().held())).await;
    let caller = gateway.caller();
    let answer = tokio::spawn(async move { caller.chat("gpt-4o", "hi").await });
    upstream.wait_for_calls(1).await;
    drain(&gateway, Signal::SIGTERM).await;
    upstream.release();
    let answer = in_time("the answer", answer).await.unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello from openai"));
    check_ends(gateway).await;
}

#[tokio::test]
async fn kept_connections_are_answered_once_more_and_told_that_it_is_not_ready() {
    let pieces = [Say::Text("one"), Say::Wait, Say::Done];
    let (gateway, upstream) = alone(upstream::openai().stream(pieces).then(ok())).await;
    let mut live = gateway.open("gpt-4o", "hi").await;
    live.text().await;
    let mut kept = Vec::new();
    for _ in 0..8 {
        let mut connection = gateway.bare().await;
        assert_eq!(connection.get("/health/ready").await.status, 200);
        kept.push(connection);
    }
    drain(&gateway, Signal::SIGTERM).await;
    sleep(Duration::from_millis(100)).await;
    for (at, path) in ["/health/ready", "/readyz", "/health/readiness"].into_iter().enumerate() {
        let answer = kept[at].get(path).await;
        assert_eq!(answer.status, 503, "{path}: {answer:?}");
        assert!(answer.head.contains("connection: close"), "{answer:?}");
        kept[at].closed().await;
    }
    for (at, path) in [(3, "/health/live"), (4, "/health"), (5, "/metrics")] {
        assert_eq!(kept[at].get(path).await.status, 200, "{path}");
    }
    let answer = kept[6].post("/v1/chat/completions", chat("gpt-4o", "hi")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.head.contains("connection: close"), "{answer:?}");
    upstream.release();
    assert_eq!(live.rest().await.last().unwrap().data, "[DONE]");
    kept[7].closed().await;
    check_ends(gateway).await;
}

#[tokio::test]
async fn what_outlasts_the_grace_is_closed() {
    for reply in [Reply::exactly([Say::Text("begun"), Say::Stall]), stall_before_head()] {
        let upstream = upstream::openai().say(reply).start().await;
        let mut gateway = gateway().with(&upstream).env("SHUTDOWN_GRACE_MS", 400).start().await;
        let caller = gateway.caller();
        let request = caller.request("POST", "/v1/chat/completions").json(&streamed(chat("gpt-4o", "hi")));
        let answer = tokio::spawn(request.try_send());
        upstream.wait_for_calls(1).await;
        sleep(Duration::from_millis(100)).await;
        let since = Instant::now();
        drain(&gateway, Signal::SIGTERM).await;
        assert_eq!(gateway.exit().await.code(), Some(0), "{}", gateway.log());
        assert!(since.elapsed() >= Duration::from_millis(300), "{:?}", since.elapsed());
        assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
        upstream.wait_for_disconnects(1).await;
        // The client learns that this is not the end of the answer.
        let answer = in_time("the client to be let go", answer).await.unwrap();
        assert!(answer.is_err() || answer.is_ok_and(|answer| answer.broken.is_some() && !answer.done()));
    }
}

#[tokio::test]
async fn a_second_signal_closes_at_once() {
    for signals in [[Signal::SIGTERM, Signal::SIGTERM], [Signal::SIGINT, Signal::SIGINT]] {
        let (gateway, upstream) = alone(upstream::openai().stream([Say::Text("begun"), Say::Stall])).await;
        let mut live = gateway.open("gpt-4o", "hi").await;
        live.text().await;
        drain(&gateway, signals[0]).await;
        sleep(Duration::from_millis(200)).await;
        assert_eq!(upstream.disconnects(), 0);
        gateway.signal(signals[1]);
        upstream.wait_for_disconnects(1).await;
        check_ends(gateway).await;
    }
}

#[tokio::test]
async fn a_request_that_came_just_before_the_signal_is_answered() {
    for _ in 0..5 {
        let (gateway, _upstream) = alone(upstream::openai()).await;
        let mut connections = Vec::new();
        for _ in 0..20 {
            connections.push(gateway.bare().await);
        }
        for connection in &mut connections {
            connection.send("GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await;
        }
        // Each worker has taken its connections by the time that the last ones are answered.
        let mut last = connections.split_off(16);
        for connection in &mut last {
            assert_eq!(connection.try_answer().await.map(|answer| answer.status), Some(200));
        }
        sleep(Duration::from_millis(30)).await;
        gateway.signal(Signal::SIGTERM);
        for connection in &mut connections {
            assert_eq!(connection.try_answer().await.map(|answer| answer.status), Some(200));
        }
        check_ends(gateway).await;
    }
}
