//! Streams of Anthropic's that pass as bytes, however they are cut and whatever is between their events.

use super::*;

/// A short stream with everything that a rewrite would spoil.
fn odd_stream() -> String {
    let start = r#"{ "type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}} }"#;
    let delta =
        r#"{"type":"content_block_delta", "index":0,"delta":{"type":"text_delta","text":"h\u00e9 🙂\n\ndata: x"}}"#;
    [
        ": a comment\n\n",
        &event(start),
        "event: ping\ndata: {\"type\": \"ping\"}\n\n",
        &event(r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""},"odd":1.50}"#),
        "id: 7\nretry: 10\n",
        &event(delta),
        &event(r#"{"type":"hologram","n":1}"#),
        &event(r#"{"type":"content_block_delta","index":0,"delta":{"type":"novel_delta","x":null}}"#),
        &event(r#"{"type":"content_block_stop","index":0}"#),
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\ndata: \"stop_sequence\":null},\"usage\":{\"output_tokens\":12}}\n\n",
        &event(r#"{"type":"message_stop"}"#),
    ]
    .concat()
}

async fn started() -> (Gateway, Upstream) {
    let anthropic = upstream::anthropic().start().await;
    (gateway().with(&anthropic).start().await, anthropic)
}

/// Passes this stream and checks that not a byte of it has changed.
async fn check_passes(what: &str, gateway: &Gateway, anthropic: &Upstream, reply: Reply, stream: &str) {
    anthropic.switch(reply);
    let answer = gateway.stream_messages(CLAUDE, "hi").await;
    assert_eq!(answer.status, 200, "{what}: {}", answer.json);
    assert_eq!(String::from_utf8_lossy(&answer.body), stream, "{what}");
    assert_eq!(answer.broken, None, "{what}");
}

#[tokio::test]
async fn every_byte_at_every_split() {
    let (gateway, anthropic) = started().await;
    let stream = odd_stream();
    for at in 0..=stream.len() {
        let (first, second) = stream.as_bytes().split_at(at);
        let pieces = [Say::Bytes(first.to_vec()), Say::Bytes(second.to_vec())];
        let pieces: Vec<Say> = pieces.into_iter().filter(|piece| *piece != Say::Bytes(Vec::new())).collect();
        check_passes(&format!("cut at {at}"), &gateway, &anthropic, Reply::exactly(pieces), &stream).await;
    }
}

#[tokio::test]
async fn crlf_and_carriage_returns_alone_at_any_size() {
    let (gateway, anthropic) = started().await;
    let stream = odd_stream();
    let ends = [("\n", stream.clone()), ("\r\n", stream.replace('\n', "\r\n")), ("\r", stream.replace('\n', "\r"))];
    for (end, stream) in ends {
        for bytes in [1, 2, 3, 5, 7, 11, 64, 1000] {
            let reply = body_of("text/event-stream; charset=utf-8", stream.clone()).trickle(bytes);
            // A carriage return may be half a line end: the rest of it is added where nothing follows.
            let whole = if end == "\r" { stream.clone() + "\n" } else { stream.clone() };
            check_passes(&format!("{end:?} by {bytes}"), &gateway, &anthropic, reply, &whole).await;
        }
    }
}

#[tokio::test]
async fn golden_streams_and_those_of_every_framing() {
    let (gateway, anthropic) = started().await;
    for case in ["07-stream-text", "08-stream-parallel-tools", "09-stream-thinking"] {
        let stream = golden(&format!("{case}/anthropic.stream.sse"));
        let reply = || body_of("text/event-stream", stream.clone());
        for reply in [reply(), reply().with_length(), reply().close_delimited(), reply().trickle(17)] {
            check_passes(case, &gateway, &anthropic, reply, &stream).await;
        }
    }
}

#[tokio::test]
async fn what_a_stream_is_told_with() {
    let (gateway, anthropic) = started().await;
    let answer = gateway.stream_messages(CLAUDE, "hi").await;
    check(&answer, "hello from anthropic", None, [&anthropic]);
    assert_eq!(answer.header("content-type"), Some("text/event-stream; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert_eq!((answer.header("x-accel-buffering"), answer.header("content-length")), (Some("no"), None));
    message_of(&answer.events).unwrap();
}

#[tokio::test]
async fn each_piece_is_passed_on_at_once_and_none_before_the_first_content() {
    for first in [Say::Text("a"), Say::Reasoning("a"), Say::ToolStart(0, "toolu_1", "now")] {
        let pieces = [Say::Role, Say::Ping, Say::Wait, first, Say::Wait, Say::Text("b"), Say::Wait, Say::Done];
        let anthropic = upstream::anthropic().stream(pieces).start().await;
        let gateway = gateway().with(&anthropic).start().await;
        let caller = gateway.caller();
        let body = streamed(messages(CLAUDE, "hi"));
        let head = tokio::spawn(async move { Front::Messages.request(&caller, &body).open().await });
        anthropic.wait_for_bytes(500).await;
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        assert!(!head.is_finished(), "a head was sent before any content");
        anthropic.release();
        let mut live = in_time("the head", head).await.unwrap();
        let mut names = Vec::new();
        while names.last() != Some(&"content_block_start".to_owned()) {
            names.push(live.event().await.name);
        }
        assert_eq!(names, ["message_start", "ping", "content_block_start"]);
        anthropic.release();
        while live.text().await != "b" {}
        anthropic.release();
        assert_eq!(live.rest().await.last().unwrap().name, "message_stop");
    }
}

#[tokio::test]
async fn stop_reasons_and_blocks_of_any_kind_pass() {
    let (gateway, anthropic) = started().await;
    let whole = odd_stream();
    for reason in ["max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "compaction", "never_heard_of"] {
        let stream = whole.replace("end_turn", reason);
        check_passes(reason, &gateway, &anthropic, body_of("text/event-stream", stream.clone()), &stream).await;
    }
    // A stream that says nothing and ends as it should is an answer too.
    let empty: Vec<String> = whole.split_inclusive("\n\n").map(str::to_owned).collect();
    let empty: String = empty.iter().filter(|event| !event.contains("content_block")).cloned().collect();
    check_passes("no blocks", &gateway, &anthropic, body_of("text/event-stream", empty.clone()), &empty).await;
}

#[tokio::test]
async fn twenty_at_once_keep_their_pieces_apart() {
    let said = [Say::Text("one two three four five six seven eight nine ten")];
    let anthropic = upstream::anthropic().always(Reply::from(said).trickle(11)).start().await;
    let gateway = gateway().with(&anthropic).start().await;
    let streams: Vec<_> = (0..20)
        .map(|_| {
            let caller = gateway.caller();
            tokio::spawn(async move { caller.stream_messages(CLAUDE, "hi").await })
        })
        .collect();
    for stream in streams {
        let answer = in_time("a stream", stream).await.unwrap();
        assert_eq!(answer.text(), "one two three four five six seven eight nine ten");
        message_of(&answer.events).unwrap();
    }
}
