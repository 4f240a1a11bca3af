//! What a stream says: text, tools, reasoning, usage, several choices; whoever serves it.

use super::*;

const FIRST: Say = Say::Tool("call_1", "weather", r#"{"city":"Paris"}"#);
const SECOND: Say = Say::Tool("call_2", "time", r#"{"zone":"CET"}"#);

fn called() -> Vec<ToolCall> {
    let call = |id: &str, name: &str, arguments: &str| ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    };
    vec![call("call_1", "weather", r#"{"city":"Paris"}"#), call("call_2", "time", r#"{"zone":"CET"}"#)]
}

/// The chunks, without `[DONE]`.
fn chunks(answer: &Answer) -> Vec<&Value> {
    answer.events.iter().filter(|event| event.data != "[DONE]").map(|event| &event.json).collect()
}

#[tokio::test]
async fn text() {
    for builder in every() {
        let (gateway, upstream) = alone(builder.say([Say::Text("one two thrée 🙂")])).await;
        let kind = upstream.kind();
        let answer = gateway.stream(model(kind), "hi").await;
        check(&answer, "one two thrée 🙂", None, [&upstream]);
        assert_eq!(answer.finish(), ["stop"], "{kind:?}");
        let header = |name| answer.header(name).unwrap_or_default();
        assert!(header("content-type").starts_with("text/event-stream"), "{kind:?}");
        assert_eq!((header("cache-control"), header("x-accel-buffering")), ("no-cache", "no"));
        assert_eq!((answer.provider(), answer.model()), (Some(provider(kind)), Some(model(kind))));
        assert_eq!(answer.attempts(), Some(1));
        let chunks = chunks(&answer);
        assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant", "{kind:?}");
        for chunk in chunks {
            assert_eq!((&chunk["object"], &chunk["model"]), (&json!("chat.completion.chunk"), &json!(model(kind))));
            assert_eq!(&chunk["id"], &answer.events[0].json["id"], "{kind:?}");
        }
    }
}

#[tokio::test]
async fn parallel_tools() {
    for builder in every() {
        let (gateway, upstream) = alone(builder.say([Say::Text("I look."), FIRST, SECOND])).await;
        let answer = gateway.stream(model(upstream.kind()), "hi").await;
        check(&answer, "I look.", None, [&upstream]);
        assert_eq!(answer.tools(), called(), "{:?}", upstream.kind());
        assert_eq!(answer.finish(), ["tool_calls"], "{:?}", upstream.kind());
        let indexes: Vec<u64> = chunks(&answer)
            .iter()
            .filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"][0]["index"].as_u64())
            .collect();
        assert!(indexes.is_sorted() && indexes[0] == 0 && indexes.last() == Some(&1), "{indexes:?}");
    }
}

#[tokio::test]
async fn interleaved_tools() {
    let pieces = [
        Say::ToolStart(0, "call_1", "weather"),
        Say::ToolStart(1, "call_2", "time"),
        Say::ToolArgs(1, r#"{"zone":"#),
        Say::ToolArgs(0, r#"{"city":"#),
        Say::ToolArgs(1, r#""CET"}"#),
        Say::ToolArgs(0, r#""Paris"}"#),
        Say::Done,
    ];
    // Anthropic names the block of each fragment; the kit closes a block before it opens the next.
    let block = |index: u32, id: &str, name: &str| {
        format!(
            r#"{{"type":"content_block_start","index":{index},"content_block":{{"type":"tool_use","id":"{id}","name":"{name}","input":{{}}}}}}"#
        )
    };
    let fragment = |index: u32, text: &str| {
        format!(
            r#"{{"type":"content_block_delta","index":{index},"delta":{{"type":"input_json_delta","partial_json":{}}}}}"#,
            json!(text)
        )
    };
    let stop = |index: u32| format!(r#"{{"type":"content_block_stop","index":{index}}}"#);
    let blocks = [
        block(1, "call_1", "weather"),
        block(2, "call_2", "time"),
        fragment(2, r#"{"zone":"#),
        fragment(1, r#"{"city":"#),
        fragment(2, r#""CET"}"#),
        fragment(1, r#""Paris"}"#),
        stop(2),
        stop(1),
    ];
    let blocks = blocks.map(|data| Say::Bytes(format!("data: {data}\n\n").into_bytes()));
    let blocks: Vec<Say> =
        [Say::Text("x")].into_iter().chain(blocks).chain([Say::Finish("tool_calls"), Say::Done]).collect();
    for builder in every() {
        let (gateway, upstream) = alone(builder.stream(pieces.clone())).await;
        if upstream.kind() == Kind::Anthropic {
            upstream.switch(Reply::exactly(blocks.clone()));
        }
        let answer = gateway.stream(model(upstream.kind()), "hi").await;
        assert_eq!(answer.tools(), called(), "{:?}", upstream.kind());
        assert!(answer.done() && answer.broken.is_none(), "{:?}", upstream.kind());
    }
}

#[tokio::test]
async fn a_tool_without_arguments_has_an_empty_object() {
    for builder in every() {
        let kind_of_stream = builder.say([Say::Tool("call_1", "now", "{}")]);
        let (gateway, upstream) = alone(kind_of_stream).await;
        let answer = gateway.stream(model(upstream.kind()), "hi").await;
        assert_eq!(answer.tools()[0].arguments, "{}", "{:?}", upstream.kind());
    }
    let bare = [Say::ToolStart(0, "call_1", "now"), Say::Finish("tool_calls"), Say::Done];
    let (gateway, upstream) = alone(upstream::anthropic().stream(bare)).await;
    let answer = gateway.stream(model(upstream.kind()), "hi").await;
    assert_eq!(answer.tools()[0].arguments, "{}");
}

#[tokio::test]
async fn reasoning() {
    for builder in every() {
        let said = [Say::Reasoning("let me "), Say::Reasoning("see"), Say::Text("four")];
        let (gateway, upstream) = alone(builder.say(said)).await;
        let answer = gateway.stream(model(upstream.kind()), "hi").await;
        check(&answer, "four", None, [&upstream]);
        assert_eq!(answer.reasoning(), "let me see", "{:?}", upstream.kind());
    }
}

#[tokio::test]
async fn refusals_and_cut_answers_say_so() {
    for builder in every() {
        let (gateway, upstream) = alone(builder.say([Say::Text("and th"), Say::Finish("length"), Say::Done])).await;
        let answer = gateway.stream(model(upstream.kind()), "hi").await;
        check(&answer, "and th", None, [&upstream]);
        assert_eq!(answer.finish(), ["length"], "{:?}", upstream.kind());
        upstream.switch([Say::Refusal("I will not.")]);
        let answer = gateway.stream(model(upstream.kind()), "hi").await;
        assert!(String::from_utf8_lossy(&answer.body).contains("I will not."), "{answer:?}");
        assert!(answer.done() && answer.error().is_null(), "{answer:?}");
    }
}

#[tokio::test]
async fn usage_that_was_asked_for() {
    for builder in every() {
        let (gateway, upstream) = alone(builder.say([Say::Text("a b c"), Say::Usage(7, 3)])).await;
        let kind = upstream.kind();
        let answer = send(&gateway, &with_usage(kind)).await;
        check(&answer, "a b c", None, [&upstream]);
        let alone: Vec<_> = chunks(&answer).into_iter().filter(|chunk| chunk["choices"] == json!([])).collect();
        assert_eq!(alone.len(), 1, "{kind:?}");
        let usage = &alone[0]["usage"];
        assert_eq!((&usage["prompt_tokens"], &usage["completion_tokens"]), (&json!(7), &json!(3)), "{kind:?}");
        assert_eq!(usage["total_tokens"], 10, "{kind:?}");
    }
}

#[tokio::test]
async fn usage_that_was_not_asked_for_is_recorded_and_taken_out() {
    for builder in every() {
        let (gateway, upstream) = alone(builder.say([Say::Text("a b c"), Say::Usage(7, 3)])).await;
        let kind = upstream.kind();
        let answer = gateway.stream(model(kind), "hi").await;
        check(&answer, "a b c", None, [&upstream]);
        let bodies = chunks(&answer);
        assert!(bodies.iter().all(|chunk| chunk["choices"] != json!([])), "{kind:?}");
        assert_eq!(answer.usage(), Value::Null, "{kind:?}");
        gateway.wait_for_log("input_tokens=7 output_tokens=3").await;
        if !matches!(kind, Kind::OpenRouter | Kind::Anthropic | Kind::Ollama) {
            assert_eq!(upstream.last_call().json["stream_options"]["include_usage"], true, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn usage_that_rides_on_a_choice_stays() {
    let riding = r#"{"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3}}"#;
    for builder in direct() {
        let said = [Say::Text("hi"), Say::Event(riding), Say::Event("[DONE]")];
        let (gateway, upstream) = alone(builder.stream(said)).await;
        let answer = gateway.stream(model(upstream.kind()), "hi").await;
        check(&answer, "hi", None, [&upstream]);
        assert_eq!(answer.usage()["prompt_tokens"], 7, "{:?}", upstream.kind());
        gateway.wait_for_log("input_tokens=7 output_tokens=3").await;
    }
}

#[tokio::test]
async fn several_choices() {
    let pieces = [Say::Text("a"), Say::Choice(1), Say::Text("b"), Say::Choice(0), Say::Text("c"), Say::Done];
    for builder in direct() {
        let (gateway, upstream) = alone_and_known(builder, Reply::exactly(pieces.clone())).await;
        let mut body = streamed(chat(model(upstream.kind()), "hi"));
        body["n"] = json!(2);
        let answer = send(&gateway, &body).await;
        assert_eq!((answer.status, answer.done(), answer.broken.is_some()), (200, true, false));
        assert_eq!(answer.finish(), ["stop", "stop"], "{:?}", upstream.kind());
        for (index, text) in [(0, "ac"), (1, "b")] {
            let of_choice = answer.events.iter().filter(|event| event.json["choices"][0]["index"] == index);
            assert_eq!(of_choice.map(Event::text).collect::<String>(), text, "{:?}", upstream.kind());
        }
    }
}

#[tokio::test]
async fn a_server_that_knows_one_choice_only_is_whole_with_one() {
    for builder in direct() {
        let (gateway, upstream) = alone_and_known(builder, [Say::Text("only one")]).await;
        let mut body = streamed(chat(model(upstream.kind()), "hi"));
        body["n"] = json!(2);
        check(&send(&gateway, &body).await, "only one", None, [&upstream]);
    }
}

#[tokio::test]
async fn what_is_not_known_passes_where_both_sides_speak_the_same() {
    let odd = r#"{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"x","novel":[1]},"finish_reason":null}],"service_tier":"flex"}"#;
    for builder in direct() {
        let (gateway, upstream) = alone(builder.say([Say::Event(odd)])).await;
        let answer = gateway.stream(model(upstream.kind()), "hi").await;
        check(&answer, "x", None, [&upstream]);
        assert!(answer.events.iter().any(|event| event.data == odd), "{:?}", upstream.kind());
    }
}
