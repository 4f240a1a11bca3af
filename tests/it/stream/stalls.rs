//! Silence: before the first content the next link is tried, later the stream ends; on a stepped clock.

use super::*;
use futures_util::future::join_all;
use std::time::Duration;
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

/// Long enough for the gateway to have read what was sent to it just now.
async fn a_moment() {
    sleep(Duration::from_millis(250)).await;
}

/// Sends a stream's request and gives its answer when it has come.
fn spawn(pair: &Pair, body: Value) -> tokio::task::JoinHandle<Answer> {
    let caller = pair.gateway.caller();
    tokio::spawn(async move { caller.request("POST", "/v1/chat/completions").json(&body).send().await })
}

#[tokio::test]
async fn no_content_in_time_falls_over() {
    let silences = [
        stall_before_head(),
        stall_after_head(),
        Reply::exactly([Say::Role, Say::Stall]),
        Reply::exactly([Say::Comment("x"), Say::Ping, Say::Stall]),
        Reply::exactly([Say::Bytes(b"data: {\"choices\"".to_vec()), Say::Stall]),
    ];
    for silence in silences {
        join_all(KINDS.map(|kind| falls_over_silence(of(kind).say(silence.clone())))).await;
    }
}

async fn falls_over_silence(builder: UpstreamBuilder) {
    let pair = Pair::start(builder).await;
    let answer = spawn(&pair, pair.body());
    pair.first.wait_for_calls(1).await;
    a_moment().await;
    pair.gateway.advance(11 * SECOND).await;
    a_moment().await;
    check_not_called([&pair.second]);
    pair.gateway.advance(2 * SECOND).await;
    let answer = in_time("the second answer", answer).await.unwrap();
    pair.check_second(&answer, "timeout");
    pair.first.wait_for_disconnects(1).await;
}

#[tokio::test]
async fn comments_do_not_prolong_the_wait_for_content() {
    join_all(every().map(|builder| async move {
        let pieces =
            [Say::Role, Say::Wait, Say::Comment("still here"), Say::Ping, Say::Wait, Say::Comment("x"), Say::Stall];
        let pair = Pair::start(builder.stream(pieces)).await;
        let answer = spawn(&pair, pair.body());
        pair.first.wait_for_calls(1).await;
        for _ in 0..2 {
            pair.gateway.advance(5 * SECOND).await;
            pair.first.release();
            a_moment().await;
        }
        check_not_called([&pair.second]);
        pair.gateway.advance(3 * SECOND).await;
        pair.check_second(&in_time("the second answer", answer).await.unwrap(), "timeout");
    }))
    .await;
}

#[tokio::test]
async fn the_last_link_is_given_longer_and_then_goes_on_as_usual() {
    join_all(every().map(|builder| async move {
        let pieces = [Say::Role, Say::Wait, Say::Text("at "), Say::Wait, Say::Text("last"), Say::Done];
        let (gateway, upstream) = alone(builder.stream(pieces)).await;
        let (caller, model) = (gateway.caller(), model(upstream.kind()));
        let head = tokio::spawn(async move { caller.open(model, "hi").await });
        upstream.wait_for_calls(1).await;
        a_moment().await;
        gateway.advance(110 * SECOND).await;
        a_moment().await;
        assert!(!head.is_finished(), "{:?}", upstream.kind());
        upstream.release();
        let mut live = in_time("the head", head).await.unwrap();
        assert_eq!(live.text().await, "at ", "{:?}", upstream.kind());
        // The silence is counted from the first content, not from the request.
        gateway.advance(29 * SECOND).await;
        upstream.release();
        assert_eq!(live.text().await, "last", "{:?}", upstream.kind());
        assert_eq!(live.rest().await.last().unwrap().data, "[DONE]", "{:?}", upstream.kind());
    }))
    .await;
}

#[tokio::test]
async fn the_last_link_is_not_waited_for_without_end() {
    let (gateway, openai) = alone(upstream::openai().say(stall_after_head())).await;
    let caller = gateway.caller();
    let answer = tokio::spawn(async move { caller.stream("gpt-4o", "hi").await });
    openai.wait_for_calls(1).await;
    a_moment().await;
    gateway.advance(121 * SECOND).await;
    check_error(&in_time("an answer", answer).await.unwrap(), 504, "all_providers_failed");
}

#[tokio::test]
async fn a_model_that_thinks_first_is_given_longer() {
    for asked in ["o3", "gpt-4o-mini"] {
        let pieces = [Say::Role, Say::Wait, Say::Text("thought"), Say::Wait, Say::Text(" out"), Say::Done];
        let pair = Pair::start(upstream::openai().stream(pieces)).await;
        let mut body = pair.body();
        body["model"] = json!(asked);
        if asked == "gpt-4o-mini" {
            body["reasoning_effort"] = json!("high");
        }
        let request = pair.request(&body);
        let head = tokio::spawn(request.open());
        pair.first.wait_for_calls(1).await;
        a_moment().await;
        pair.gateway.advance(100 * SECOND).await;
        a_moment().await;
        pair.first.release();
        let mut live = in_time("the head", head).await.unwrap();
        assert_eq!(live.text().await, "thought", "{asked}");
        // And silent for longer in mid-stream.
        a_moment().await;
        pair.gateway.advance(110 * SECOND).await;
        a_moment().await;
        pair.first.release();
        assert_eq!(live.text().await, " out", "{asked}");
        check_not_called([&pair.second]);
    }
}

/// A stream that has begun and then is silent for so long ends with an error.
async fn ends_after(silence: Duration, builder: UpstreamBuilder, change: impl Fn(&mut Value)) {
    let pair = Pair::start(builder.stream([Say::Role, Say::Text("begun"), Say::Stall])).await;
    let mut body = pair.body();
    change(&mut body);
    let mut live = pair.request(&body).open().await;
    live.text().await;
    a_moment().await;
    pair.gateway.advance(silence.checked_sub(2 * SECOND).unwrap()).await;
    a_moment().await;
    assert!(!pair.gateway.log().contains("outcome=\"timeout\""), "{:?}", pair.first.kind());
    pair.gateway.advance(3 * SECOND).await;
    let last = live.rest().await.pop().unwrap();
    assert_eq!(last.json["error"]["code"], "timeout", "{last:?}");
    pair.first.wait_for_disconnects(1).await;
    pair.gateway.wait_for_log("link rests").await;
    check_not_called([&pair.second]);
}

#[tokio::test]
async fn silence_in_mid_stream() {
    join_all(every().map(|builder| async move {
        ends_after(30 * SECOND, builder, |_| {}).await;
    }))
    .await;
}

#[tokio::test]
async fn silence_of_a_model_that_thinks() {
    join_all(every().map(|builder| async move {
        ends_after(120 * SECOND, builder, |body| body["reasoning_effort"] = json!("low")).await;
    }))
    .await;
}

#[tokio::test]
async fn comments_and_pings_break_the_silence() {
    join_all(every().map(|builder| async move {
        let pieces = [
            Say::Text("a"),
            Say::Wait,
            Say::Comment("still here"),
            Say::Wait,
            Say::Ping,
            Say::Wait,
            Say::Text("b"),
            Say::Done,
        ];
        let (gateway, upstream) = alone(builder.stream(pieces)).await;
        let mut live = gateway.open(model(upstream.kind()), "hi").await;
        live.text().await;
        for _ in 0..3 {
            a_moment().await;
            gateway.advance(20 * SECOND).await;
            a_moment().await;
            upstream.release();
        }
        assert_eq!(live.text().await, "b", "{:?}", upstream.kind());
        assert_eq!(live.rest().await.last().unwrap().data, "[DONE]", "{:?}", upstream.kind());
    }))
    .await;
}

#[tokio::test]
async fn silence_after_the_finish_is_the_end() {
    join_all(direct().map(|builder| async move {
        let (gateway, upstream) = alone(builder.stream([Say::Text("hi"), Say::Finish("stop"), Say::Stall])).await;
        let mut live = gateway.open(model(upstream.kind()), "hi").await;
        while live.event().await.json["choices"][0]["finish_reason"].is_null() {}
        a_moment().await;
        gateway.advance(6 * SECOND).await;
        let rest = live.rest().await;
        assert_eq!(rest.last().map(|event| event.data.as_str()), Some("[DONE]"), "{:?}", upstream.kind());
        gateway.wait_for_log("outcome=\"ok\"").await;
        upstream.wait_for_disconnects(1).await;
    }))
    .await;
}

#[tokio::test]
async fn the_callers_deadline_ends_a_stream_and_no_link_rests_for_it() {
    let pair = Pair::start(upstream::openai().stream([Say::Text("begun"), Say::Stall])).await;
    let mut live = pair.request(&pair.body()).header("x-gateway-timeout-ms", 20_000).open().await;
    live.text().await;
    a_moment().await;
    pair.gateway.advance(21 * SECOND).await;
    let last = live.rest().await.pop().unwrap();
    assert_eq!(last.json["error"]["code"], "timeout", "{last:?}");
    pair.gateway.wait_for_log("outcome=\"timeout\"").await;
    assert!(!pair.gateway.log().contains("link rests"));
}
