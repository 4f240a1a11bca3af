//! What is odd in a stream and does no harm.

use super::*;

#[tokio::test]
async fn a_finish_without_done_is_a_success_and_done_is_added() {
    let pieces = [Say::Role, Say::Text("hi"), Say::Finish("stop")];
    for kind in DIRECT {
        for end in [None, Some(Say::Cut), Some(Say::Reset)] {
            let (gateway, upstream) = alone(of(kind)).await;
            let mut pieces = pieces.to_vec();
            // What ends the connection comes by itself, so that it cannot overtake what was said.
            pieces.extend(end.iter().flat_map(|end| [Say::Wait, end.clone()]));
            upstream.switch(Reply::exactly(pieces));
            let mut live = gateway.open(model(upstream.kind()), "hi").await;
            while live.event().await.json["choices"][0]["finish_reason"].is_null() {}
            upstream.release();
            let rest = live.rest().await;
            let data: Vec<_> = rest.iter().map(|event| event.data.as_str()).collect();
            assert_eq!(data, ["[DONE]"], "{:?} {end:?}", upstream.kind());
            gateway.wait_for_log("outcome=\"ok\"").await;
        }
    }
}

#[tokio::test]
async fn a_usage_chunk_after_the_finish_and_no_done() {
    let pieces = [Say::Role, Say::Text("hi"), Say::Finish("stop"), Say::Usage(7, 3)];
    for builder in direct() {
        let (gateway, upstream) = alone(builder.stream(pieces.clone())).await;
        let answer = send(&gateway, &with_usage(upstream.kind())).await;
        check(&answer, "hi", None, [&upstream]);
        assert_eq!(answer.usage()["total_tokens"], 10, "{:?}", upstream.kind());
    }
}

#[tokio::test]
async fn one_broken_event_is_left_out_and_counted() {
    for builder in every() {
        let broken =
            [Say::BrokenJson, Say::InvalidUtf8].map(|fault| [Say::Text("a"), fault, Say::Text("b"), Say::Done]);
        let [json, utf8] = broken;
        let (gateway, upstream) = alone(builder.stream(json).stream(utf8)).await;
        let kind = upstream.kind();
        let series = format!("gateway_stream_events_dropped_total{{provider=\"{}\"}}", provider(kind));
        for count in [1.0, 2.0] {
            upstream.forget();
            check(&gateway.stream(model(kind), "hi").await, "ab", None, [&upstream]);
            assert_eq!(metric(&gateway, &series).await, count, "{kind:?}");
        }
        gateway.wait_for_log("an event that is not valid JSON was dropped from a stream").await;
    }
}

#[tokio::test]
async fn a_broken_event_before_content_or_after_a_finished_tool_call() {
    for builder in every() {
        let before = [Say::Role, Say::BrokenJson, Say::Text("hi"), Say::Done];
        let (gateway, upstream) = alone(builder.stream(before)).await;
        check(&gateway.stream(model(upstream.kind()), "hi").await, "hi", None, [&upstream]);
    }
    let after = [Say::Tool("call_1", "now", "{}"), Say::Finish("tool_calls"), Say::BrokenJson, Say::Done];
    for builder in direct() {
        let (gateway, upstream) = alone(builder.stream(after.clone())).await;
        let answer = gateway.stream(model(upstream.kind()), "hi").await;
        assert_eq!((answer.tools().len(), answer.done(), answer.error()), (1, true, Value::Null));
    }
}

#[tokio::test]
async fn what_follows_the_end_is_left_out() {
    for builder in every() {
        let more = [Say::Text("hi"), Say::Done, Say::Text("more"), Say::BrokenJson, Say::Error("server")];
        let (gateway, upstream) = alone(builder.stream(more)).await;
        let answer = gateway.stream(model(upstream.kind()), "hi").await;
        check(&answer, "hi", None, [&upstream]);
        assert_eq!(answer.events.iter().filter(|event| event.data == "[DONE]").count(), 1);
        gateway.wait_for_log("outcome=\"ok\"").await;
        upstream.switch(Reply::exactly([Say::Text("hi"), Say::Done, Say::Stall]));
        let answer = gateway.stream(model(upstream.kind()), "hi").await;
        assert_eq!((answer.text().as_str(), answer.done()), ("hi", true), "{:?}", upstream.kind());
    }
}

#[tokio::test]
async fn saying_nothing_and_ending_well_is_an_answer() {
    for builder in every() {
        let pair = Pair::start(builder.stream([Say::Role, Say::Finish("stop"), Say::Done])).await;
        let answer = pair.stream().await;
        check(&answer, "", None, [&pair.first]);
        assert_eq!(answer.finish(), ["stop"], "{:?}", pair.first.kind());
        check_not_called([&pair.second]);
    }
}

#[tokio::test]
async fn pings_comments_and_events_of_a_later_day() {
    for builder in every() {
        let said = [
            Say::Comment("first"),
            Say::Role,
            Say::Ping,
            Say::Event(r#"{"type":"from_a_later_day","new":1}"#),
            Say::Text("hi"),
            Say::Comment("between"),
            Say::Ping,
            Say::Event(r#"{"type":"from_a_later_day","new":2}"#),
            Say::Done,
        ];
        let (gateway, upstream) = alone(builder.stream(said)).await;
        check(&gateway.stream(model(upstream.kind()), "hi").await, "hi", None, [&upstream]);
    }
}

#[tokio::test]
async fn a_tool_call_whose_server_says_stop() {
    for builder in [upstream::anthropic(), upstream::ollama()] {
        let said = [Say::Tool("call_1", "now", "{}"), Say::Finish("stop"), Say::Done];
        let (gateway, upstream) = alone(builder.stream(said)).await;
        let answer = gateway.stream(model(upstream.kind()), "hi").await;
        assert_eq!(answer.tools().len(), 1, "{:?}", upstream.kind());
        if upstream.kind() == Kind::Ollama {
            assert_eq!(answer.finish(), ["tool_calls"]);
        }
    }
}
