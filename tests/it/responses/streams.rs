//! Streams of OpenAI's Responses that pass as bytes, however they are cut.

use super::*;

/// A short stream with everything that a rewrite would spoil.
fn odd_stream() -> String {
    let usage = r#""usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":0},"output_tokens":12,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":21}"#;
    let created = response("in_progress", "[]", r#""usage":null,"error":null"#);
    let delta = r#"{ "type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"h\u00e9 🙂\n\ndata: x","obfuscation":"abc", "sequence_number":3}"#;
    [
        ": a comment\n\n",
        &event(&format!(r#"{{"type":"response.created","response":{created},"sequence_number":0}}"#)),
        &event(&format!(r#"{{"type":"response.in_progress","response":{created},"sequence_number":1}}"#)),
        &event(r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"msg_1"},"sequence_number":2}"#),
        "id: 7\nretry: 10\n",
        &event(delta),
        &event(r#"{"type":"response.hologram.delta","n":1.50,"sequence_number":4}"#),
        "event: response.output_item.done\ndata: {\"type\":\"response.output_item.done\",\ndata: \"output_index\":0,\"item\":{\"type\":\"message\",\"id\":\"msg_1\"},\"sequence_number\":5}\n\n",
        &event(&format!(
            r#"{{"type":"response.completed","response":{},"sequence_number":6}}"#,
            response("completed", "[]", &format!("\"error\":null,{usage}"))
        )),
    ]
    .concat()
}

async fn started() -> (Gateway, Upstream) {
    let openai = upstream::openai().start().await;
    (gateway().with(&openai).start().await, openai)
}

/// Passes this stream and checks that not a byte of it has changed.
async fn check_passes(what: &str, gateway: &Gateway, openai: &Upstream, reply: Reply, stream: &str) {
    openai.switch(reply);
    let answer = gateway.stream_responses("gpt-4o-mini", "hi").await;
    assert_eq!(answer.status, 200, "{what}: {}", answer.json);
    assert_eq!(String::from_utf8_lossy(&answer.body), stream, "{what}");
    assert_eq!(answer.broken, None, "{what}");
}

#[tokio::test]
async fn every_byte_at_every_split() {
    let (gateway, openai) = started().await;
    let stream = odd_stream();
    for at in (0..=stream.len()).step_by(2) {
        let (first, second) = stream.as_bytes().split_at(at);
        let pieces = [Say::Bytes(first.to_vec()), Say::Bytes(second.to_vec())];
        let pieces: Vec<Say> = pieces.into_iter().filter(|piece| *piece != Say::Bytes(Vec::new())).collect();
        check_passes(&format!("cut at {at}"), &gateway, &openai, Reply::exactly(pieces), &stream).await;
    }
}

#[tokio::test]
async fn line_ends_of_any_kind_at_any_size() {
    let (gateway, openai) = started().await;
    let stream = odd_stream();
    for end in ["\n", "\r\n", "\r"] {
        let stream = stream.replace('\n', end);
        for bytes in [1, 2, 3, 7, 11, 64, 1000] {
            let reply = body_of("text/event-stream; charset=utf-8", stream.clone()).trickle(bytes);
            // A carriage return may be half a line end: the rest of it is added where nothing follows.
            let whole = if end == "\r" { stream.clone() + "\n" } else { stream.clone() };
            check_passes(&format!("{end:?} by {bytes}"), &gateway, &openai, reply, &whole).await;
        }
    }
}

#[tokio::test]
async fn a_response_that_is_cut_at_its_longest_is_whole() {
    let (gateway, openai) = started().await;
    let stream = odd_stream().replace("response.completed", "response.incomplete").replace(
        r#""status":"completed""#,
        r#""status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}"#,
    );
    check_passes("incomplete", &gateway, &openai, body_of("text/event-stream", stream.clone()), &stream).await;
    gateway.wait_for_log("outcome=\"ok\"").await;
}

#[tokio::test]
async fn a_done_after_the_end_is_tolerated_and_not_needed() {
    let (gateway, openai) = started().await;
    let stream = odd_stream();
    openai.switch(body_of("text/event-stream", format!("{stream}data: [DONE]\n\n")));
    let answer = gateway.stream_responses("gpt-4o-mini", "hi").await;
    assert_eq!((answer.status, answer.error()), (200, Value::Null));
    assert!(String::from_utf8_lossy(&answer.body).starts_with(&stream));
}

#[tokio::test]
async fn what_a_stream_is_told_with() {
    let (gateway, openai) = started().await;
    let answer = gateway.stream_responses("gpt-4o-mini", "hi").await;
    check(&answer, "hello from openai", None, [&openai]);
    assert_eq!(answer.header("content-type"), Some("text/event-stream; charset=utf-8"));
    assert_eq!((answer.header("cache-control"), answer.header("x-accel-buffering")), (Some("no-cache"), Some("no")));
    response_of(&answer.events).unwrap();
}

#[tokio::test]
async fn none_of_it_is_sent_before_the_first_content_and_each_piece_at_once() {
    for first in [Say::Text("a"), Say::Reasoning("a"), Say::ToolStart(0, "call_1", "now")] {
        let pieces = [Say::Role, Say::Comment("x"), Say::Wait, first, Say::Wait, Say::Text("b"), Say::Wait, Say::Done];
        let openai = upstream::openai().stream(pieces).start().await;
        let gateway = gateway().with(&openai).start().await;
        let caller = gateway.caller();
        let body = streamed(responses("gpt-4o-mini", "hi"));
        let head = tokio::spawn(async move { Front::Responses.request(&caller, &body).open().await });
        openai.wait_for_bytes(900).await;
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        assert!(!head.is_finished(), "`response.created` is no content");
        openai.release();
        let mut live = in_time("the head", head).await.unwrap();
        assert_eq!(live.event().await.name, "response.created");
        openai.release();
        while live.text().await != "b" {}
        openai.release();
        assert_eq!(live.rest().await.last().unwrap().name, "response.completed");
    }
}
