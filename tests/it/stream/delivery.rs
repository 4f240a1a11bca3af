//! When a stream's pieces reach the client, and however they were cut on the way.

use super::*;
use std::time::Duration;
use tokio::time::sleep;

#[tokio::test]
async fn each_piece_is_passed_on_at_once() {
    for builder in every() {
        let pieces = [
            Say::Role,
            Say::Text("one"),
            Say::Wait,
            Say::Text("two"),
            Say::Wait,
            Say::Reasoning("hm"),
            Say::Wait,
            Say::Tool("call_1", "now", "{}"),
            Say::Wait,
            Say::Text("three"),
            Say::Wait,
            Say::Done,
        ];
        let (gateway, upstream) = alone(builder.stream(pieces)).await;
        let kind = upstream.kind();
        let mut live = gateway.open(model(kind), "hi").await;
        assert_eq!(live.text().await, "one", "{kind:?}");
        upstream.release();
        assert_eq!(live.text().await, "two", "{kind:?}");
        upstream.release();
        let delta = |event: &Event| event.json["choices"][0]["delta"].clone();
        assert_eq!(delta(&live.event().await)["reasoning"], "hm", "{kind:?}");
        upstream.release();
        while delta(&live.event().await)["tool_calls"].is_null() {}
        upstream.release();
        assert_eq!(live.text().await, "three", "{kind:?}");
        upstream.release();
        assert_eq!(live.rest().await.last().unwrap().data, "[DONE]", "{kind:?}");
    }
}

#[tokio::test]
async fn nothing_is_sent_before_the_first_content() {
    for builder in every() {
        let pieces = [Say::Role, Say::Comment("PROCESSING"), Say::Ping, Say::Wait, Say::Text("hi"), Say::Done];
        let (gateway, upstream) = alone(builder.stream(pieces)).await;
        let caller = gateway.caller();
        let model = model(upstream.kind());
        let head = tokio::spawn(async move { caller.open(model, "hi").await });
        upstream.wait_for_calls(1).await;
        upstream.wait_for_bytes(100).await;
        sleep(Duration::from_millis(100)).await;
        assert!(!head.is_finished(), "a head was sent before any content: {:?}", upstream.kind());
        upstream.release();
        let mut live = in_time("the head", head).await.unwrap();
        assert_eq!((live.status, live.text().await.as_str()), (200, "hi"), "{:?}", upstream.kind());
    }
}

#[tokio::test]
async fn a_tool_call_or_a_thought_is_content_too() {
    for builder in every() {
        let first = [Say::Role, Say::Reasoning("hm"), Say::Wait, Say::Text("hi"), Say::Done];
        let second = [Say::Role, Say::Tool("call_1", "now", "{}"), Say::Wait, Say::Done];
        let (gateway, upstream) = alone(builder.stream(first).stream(second)).await;
        for _ in 0..2 {
            let live = gateway.open(model(upstream.kind()), "hi").await;
            assert_eq!(live.status, 200);
            upstream.release();
            assert_eq!(live.rest().await.last().unwrap().data, "[DONE]", "{:?}", upstream.kind());
        }
    }
}

/// A stream with everything in it, told as the caller must see it.
async fn check_whole(gateway: &Gateway, upstream: &Upstream, reply: Reply) {
    upstream.forget();
    upstream.switch(reply);
    let answer = send(gateway, &with_usage(upstream.kind())).await;
    check(&answer, "héllo wörld 🙂", None, [upstream]);
    assert_eq!(answer.reasoning(), "hm", "{:?}", upstream.kind());
    assert_eq!(answer.tools().len(), 1, "{:?}", upstream.kind());
    assert_eq!(answer.tools()[0].arguments, r#"{"city":"Zürich"}"#, "{:?}", upstream.kind());
    assert_eq!(answer.usage()["total_tokens"], 21, "{:?}", upstream.kind());
}

fn everything() -> Reply {
    Reply::from([Say::Reasoning("hm"), Say::Text("héllo wörld 🙂"), Say::Tool("call_1", "w", r#"{"city":"Zürich"}"#)])
}

#[tokio::test]
async fn a_stream_cut_anywhere() {
    for builder in every() {
        let (gateway, upstream) = alone(builder).await;
        for bytes in [1, 2, 3, 7, 64, 1000] {
            check_whole(&gateway, &upstream, everything().trickle(bytes)).await;
        }
    }
}

#[tokio::test]
async fn carriage_returns_comments_and_both_cut_anywhere() {
    for builder in every() {
        let (gateway, upstream) = alone(builder).await;
        check_whole(&gateway, &upstream, everything().crlf()).await;
        check_whole(&gateway, &upstream, everything().comments("OPENROUTER PROCESSING")).await;
        for bytes in [1, 2, 5] {
            let reply = everything().crlf().comments("OPENROUTER PROCESSING");
            check_whole(&gateway, &upstream, reply.trickle(bytes)).await;
        }
    }
}

#[tokio::test]
async fn framed_by_a_length_or_by_the_connections_end() {
    for builder in every() {
        let (gateway, upstream) = alone(builder).await;
        check_whole(&gateway, &upstream, everything().with_length()).await;
        check_whole(&gateway, &upstream, everything().close_delimited()).await;
    }
}

#[tokio::test]
async fn data_over_several_lines_a_byte_order_mark_and_odd_fields() {
    let body = "\u{feff}data:{\"id\":\"c\",\"choices\":[{\"index\":0,\ndata: \"delta\":{\"content\":\"hi\"}}]}\n\n\
        id: 7\nretry: 10\n\nevent: message\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\nid: 8\n\n\
        data:[DONE]\n\n";
    for builder in direct() {
        let (gateway, upstream) = alone(builder).await;
        for bytes in [1, 1000] {
            upstream.forget();
            upstream.switch(body_of("text/event-stream", body).trickle(bytes));
            let answer = gateway.stream(model(upstream.kind()), "hi").await;
            check(&answer, "hi", None, [&upstream]);
            assert!(answer.body.starts_with(b"data:"), "few clients know a byte order mark");
        }
    }
}

#[tokio::test]
async fn lines_that_end_in_a_carriage_return_alone() {
    for builder in direct() {
        let (gateway, upstream) = alone(builder).await;
        let body = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\r\rdata: [DONE]\r\r";
        for bytes in [1, 1000] {
            upstream.switch(body_of("text/event-stream", body).trickle(bytes));
            let answer = gateway.stream(model(upstream.kind()), "hi").await;
            assert_eq!((answer.status, answer.text().as_str(), answer.done()), (200, "hi", true));
        }
    }
}

#[tokio::test]
async fn a_long_event_is_passed_on_whole() {
    for builder in every() {
        let said = [Say::Text("go "), Say::Long(3 << 20), Say::Text(" end")];
        let (gateway, upstream) = alone(builder.say(said)).await;
        let answer = gateway.stream(model(upstream.kind()), "hi").await;
        assert_eq!(answer.text().len(), (3 << 20) + 7, "{:?}", upstream.kind());
        assert!(answer.done(), "{:?}", upstream.kind());
    }
}

#[tokio::test]
async fn twenty_streams_at_once_keep_their_pieces_apart() {
    for builder in every() {
        let said = [Say::Text("one two three four five six seven eight nine ten")];
        let (gateway, upstream) = alone(builder.always(Reply::from(said).trickle(11))).await;
        let model = model(upstream.kind());
        let streams = (0..20).map(|_| {
            let caller = gateway.caller();
            tokio::spawn(async move { caller.stream(model, "hi").await })
        });
        for stream in streams.collect::<Vec<_>>() {
            let answer = in_time("a stream", stream).await.unwrap();
            assert_eq!(answer.text(), "one two three four five six seven eight nine ten");
            assert!(answer.done());
        }
    }
}
