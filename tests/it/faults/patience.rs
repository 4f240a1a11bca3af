//! Waits, time-outs and deadlines.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;

use crate::kit::upstream::{openai, openrouter};
use crate::kit::*;

const SECOND: Duration = Duration::from_secs(1);

/// Posts a chat in the background.
fn post(gateway: &Gateway, body: Value, timeout_ms: Option<u64>) -> JoinHandle<Answer> {
    let mut request = gateway.request("POST", "/v1/chat/completions").json(&body);
    if let Some(ms) = timeout_ms {
        request = request.header("x-gateway-timeout-ms", ms);
    }
    tokio::spawn(request.send())
}

/// Still waiting, now and in a moment.
async fn assert_waits(answer: &JoinHandle<Answer>) {
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(!answer.is_finished(), "it gave up too soon");
}

#[tokio::test]
async fn the_callers_own_deadline_ends_it_and_is_held_against_nobody() {
    for body in [chat("gpt-4o", "hello"), streamed(chat("gpt-4o", "hello"))] {
        let openai = openai().say(stall_before_head()).then(ok()).start().await;
        let openrouter = openrouter().start().await;
        let gateway = gateway().with(&openai).with(&openrouter).start().await.checked().await;
        let answer = post(&gateway, body, Some(2000));
        openai.wait_for_calls(1).await;
        gateway.advance(2 * SECOND).await;
        let answer = answer.await.unwrap();
        check_error(&answer, 504, "deadline_exceeded");
        assert_eq!(answer.header("x-should-retry"), Some("false"));
        assert!(answer.error()["message"].as_str().unwrap().contains("2000 ms"), "{}", answer.error());
        let attempts = &answer.error()["attempts"];
        assert_eq!((&attempts[0]["outcome"], attempts.as_array().unwrap().len()), (&json!("timeout"), 1));
        openai.wait_for_disconnects(1).await;
        let again = gateway.chat("gpt-4o", "hello").await;
        assert_eq!((again.fallback(), openai.calls().len()), (None, 2));
        check_not_called([&openrouter]);
        assert!(!gateway.log().contains("rest_ms"));
    }
}

#[tokio::test]
async fn a_callers_deadline_in_real_time() {
    let openai = openai().always(stall_after_head()).start().await;
    let gateway = gateway().with(&openai).start().await.checked().await;
    let began = std::time::Instant::now();
    let answer = post(&gateway, chat("gpt-4o", "hello"), Some(300)).await.unwrap();
    check_error(&answer, 504, "deadline_exceeded");
    assert!(began.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn the_operators_deadline_ends_it_and_the_link_rests() {
    let openai = openai().always(stall_before_head()).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).env("LLM_TIMEOUT_MS", 5000).start().await.checked().await;
    // A caller may lower it, not raise it.
    let answer = post(&gateway, chat("gpt-4o", "hello"), Some(9000));
    openai.wait_for_calls(1).await;
    gateway.advance(5 * SECOND).await;
    check_error(&answer.await.unwrap(), 504, "deadline_exceeded");
    gateway.wait_for_log("rest_ms=15000").await;
    let again = gateway.chat("gpt-4o", "hello").await;
    assert_eq!((again.fallback(), again.status), (Some("openai:resting"), 200));
}

#[tokio::test]
async fn one_deadline_for_all_links_together() {
    let openai = openai().always(stall_before_head()).start().await;
    let openrouter = openrouter().always(stall_before_head()).start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await.checked().await;
    let answer = post(&gateway, streamed(chat("gpt-4o", "hello")), Some(20_000));
    openai.wait_for_calls(1).await;
    gateway.advance(12 * SECOND).await;
    openrouter.wait_for_calls(1).await;
    gateway.advance(8 * SECOND).await;
    let answer = answer.await.unwrap();
    check_error(&answer, 504, "deadline_exceeded");
    let outcomes: Vec<_> =
        answer.error()["attempts"].as_array().unwrap().iter().map(|a| a["outcome"].clone()).collect();
    assert_eq!((outcomes, answer.attempts()), (vec![json!("timeout"), json!("timeout")], Some(2)));
    // The first one had all the time that it is given; only the second was cut short.
    gateway.wait_for_log("rest_ms=15000").await;
    assert_eq!(gateway.log().matches("rest_ms").count(), 1);
}

#[tokio::test]
async fn a_deadline_that_is_no_number_is_refused() {
    let openai = openai().start().await;
    let gateway = gateway().with(&openai).start().await.checked().await;
    for value in ["soon", "-1", "0", "1.5"] {
        let request = gateway.request("POST", "/v1/chat/completions").header("x-gateway-timeout-ms", value);
        let answer = request.json(&chat("gpt-4o", "hello")).send().await;
        assert_eq!((answer.status, &answer.error()["param"]), (400, &json!("x-gateway-timeout-ms")), "{value}");
    }
    check_not_called([&openai]);
}

/// How long the first of two links is waited for, in seconds of the gateway's clock.
async fn waits_for(body: Value, reply: Reply, too_short: u64, enough: u64) {
    let openai = openai().always(reply).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await.checked().await;
    let answer = post(&gateway, body, None);
    openai.wait_for_calls(1).await;
    gateway.advance(Duration::from_secs(too_short)).await;
    assert_waits(&answer).await;
    gateway.advance(Duration::from_secs(enough - too_short)).await;
    let answer = answer.await.unwrap();
    assert_eq!((answer.text().as_str(), answer.fallback()), ("hello from openrouter", Some("openai:timeout")));
    openai.wait_for_disconnects(1).await;
}

#[tokio::test]
async fn streams_have_less_patience_while_another_link_remains() {
    waits_for(streamed(chat("gpt-4o", "hello")), Reply::exactly([Say::Role, Say::Stall]), 11, 12).await;
}

#[tokio::test]
async fn whole_answers_have_all_the_patience() {
    waits_for(chat("gpt-4o", "hello"), stall_before_head(), 100, 120).await;
}

#[tokio::test]
async fn models_that_think_first_have_all_the_patience() {
    waits_for(streamed(chat("o3", "hello")), Reply::exactly([Say::Role, Say::Stall]), 100, 120).await;
    let mut body = streamed(chat("gpt-4o", "hello"));
    body["reasoning_effort"] = json!("low");
    waits_for(body, stall_after_head(), 100, 120).await;
}

#[tokio::test]
async fn the_last_link_has_all_the_patience() {
    let openai = openai().always(status(500)).start().await;
    let openrouter = openrouter().say([Say::Role, Say::Wait, Say::Text("at last")]).start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await.checked().await;
    let answer = post(&gateway, streamed(chat("gpt-4o", "hello")), None);
    openrouter.wait_for_calls(1).await;
    gateway.advance(100 * SECOND).await;
    assert_waits(&answer).await;
    openrouter.release();
    check(&answer.await.unwrap(), "at last", "openai:server_error", [&openai, &openrouter]);
}

#[tokio::test]
async fn content_just_in_time_is_served() {
    let openai = openai().say([Say::Role, Say::Wait, Say::Text("just in time")]).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await.checked().await;
    let answer = post(&gateway, streamed(chat("gpt-4o", "hello")), None);
    openai.wait_for_calls(1).await;
    gateway.advance(10 * SECOND).await;
    openai.release();
    check(&answer.await.unwrap(), "just in time", None, [&openai]);
}

#[tokio::test]
async fn the_operators_own_time_outs() {
    let openai = openai().always(stall_before_head()).start().await;
    let openrouter = openrouter().always(stall_before_head()).start().await;
    let gateway = gateway().with(&openai).with(&openrouter);
    let gateway = gateway
        .env("LLM_FIRST_EVENT_TIMEOUT_MS", 200)
        .env("LLM_FIRST_BYTE_TIMEOUT_MS", 400)
        .start()
        .await
        .checked()
        .await;
    let answer = gateway.stream("gpt-4o", "hello").await;
    check_error(&answer, 504, "all_providers_failed");
    let took = |at: usize| answer.error()["attempts"][at]["durationMs"].as_u64().unwrap();
    assert!(took(0) >= 200 && took(1) >= 400, "{}", answer.error());
}

/// An address that takes no connection and refuses none: a listener whose queue is full.
async fn deaf() -> (TcpSocketHolder, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
        waiting.push(stream);
        assert!(waiting.len() < 64, "the queue never fills");
    }
    (TcpSocketHolder { _listener: listener, _waiting: waiting }, format!("http://{address}/v1"))
}

/// Keeps the queue full.
struct TcpSocketHolder {
    _listener: tokio::net::TcpListener,
    _waiting: Vec<TcpStream>,
}

#[tokio::test]
async fn a_connection_that_does_not_come_about_is_tried_once_more() {
    let (_full, url) = deaf().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openrouter).env("OPENAI_API_KEY", "sk-test-1").env("OPENAI_BASE_URL", url);
    let gateway = gateway.env("LLM_CONNECT_TIMEOUT_MS", 700).env("LLM_RETRY", 1).start().await;
    let began = std::time::Instant::now();
    let answer = gateway.chat("gpt-4o", "hello").await;
    let took = began.elapsed();
    assert_eq!((answer.text().as_str(), answer.fallback()), ("hello from openrouter", Some("openai:timeout")));
    assert!(took >= Duration::from_millis(1400), "{took:?} for two tries");
    gateway.wait_for_log("rest_ms=15000").await;
}
