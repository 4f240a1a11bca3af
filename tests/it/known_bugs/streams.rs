//! Bugs in answers and streams.

use super::*;
use std::time::Duration;

const WEATHER: Say = Say::Tool("call_1", "weather", r#"{"city":"Oslo"}"#);

#[tokio::test]
async fn bug_01_the_index_of_a_tool_counts_tools_from_0() {
    let said = [Say::Reasoning("hm"), Say::Text("I look."), WEATHER, Say::Tool("call_2", "time", "{}")];
    let (gateway, _anthropic) = alone(upstream::anthropic().always(said)).await;
    let answer = gateway.stream("claude-sonnet-4-5", "hi").await;
    let calls =
        answer.events.iter().filter_map(|event| event.json["choices"][0]["delta"]["tool_calls"][0]["index"].as_u64());
    let mut indexes: Vec<u64> = calls.collect();
    indexes.dedup();
    assert_eq!(indexes, [0, 1]);
}

#[tokio::test]
async fn bug_02_a_tool_without_arguments_has_an_empty_object() {
    let bare = [Say::ToolStart(0, "call_1", "now"), Say::Finish("tool_calls"), Say::Done];
    for kind in [Kind::Anthropic, Kind::OpenAi, Kind::Compatible] {
        let (gateway, upstream) = alone(of(kind)).await;
        for front in Front::ALL {
            upstream.switch(Reply::exactly(bare.clone()));
            let direct = (front == Front::Chat && kind != Kind::Anthropic)
                || (front == Front::Responses && kind == Kind::OpenAi);
            if direct {
                continue;
            }
            let answer = front.stream(&gateway, model(kind)).await;
            let arguments = &answer.tools()[0].arguments;
            let empty: &[&str] = if front == Front::Messages { &["", "{}"] } else { &["{}"] };
            assert!(empty.contains(&arguments.as_str()), "{front:?} by {kind:?}: {arguments}");
            if front == Front::Messages {
                let message = message_of(&answer.events).unwrap();
                assert_eq!(message["content"][0]["input"], json!({}), "{kind:?}: {message}");
            }
        }
    }
}

#[tokio::test]
async fn bug_03_interleaved_fragments_of_parallel_calls_are_not_mixed() {
    let pieces = [
        Say::Text("Three."),
        Say::ToolStart(0, "call_1", "a"),
        Say::ToolStart(1, "call_2", "b"),
        Say::ToolArgs(1, r#"{"x""#),
        Say::ToolStart(2, "call_3", "c"),
        Say::ToolArgs(0, r#"{"y""#),
        Say::ToolArgs(2, r#"{"z":3}"#),
        Say::ToolArgs(1, ":1}"),
        Say::ToolArgs(0, ":2}"),
        Say::Done,
    ];
    for kind in [Kind::OpenAi, Kind::OpenRouter, Kind::Compatible] {
        let (gateway, _upstream) = alone(of(kind).always(Reply::exactly(pieces.clone()))).await;
        let message = message(&gateway, model(kind), true).await;
        let inputs: Vec<&Value> =
            message["content"].as_array().unwrap()[1..].iter().map(|block| &block["input"]).collect();
        assert_eq!(inputs, [&json!({"y": 2}), &json!({"x": 1}), &json!({"z": 3})], "{kind:?}");
        let answer = gateway.stream_responses(model(kind), "hi").await;
        response_of(&answer.events).unwrap();
        let arguments: Vec<String> = answer.tools().into_iter().map(|call| call.arguments).collect();
        assert_eq!(arguments, [r#"{"y":2}"#, r#"{"x":1}"#, r#"{"z":3}"#], "{kind:?}");
    }
}

#[tokio::test]
async fn bug_04_the_stop_reason_after_text_and_tools_is_tool_use() {
    for kind in [Kind::OpenAi, Kind::OpenRouter, Kind::Compatible, Kind::Ollama] {
        for said in [
            vec![Say::Text("I look."), WEATHER],
            vec![WEATHER, Say::Text("Wait.")],
            vec![Say::Text("I look."), WEATHER, Say::Text("Wait."), Say::Tool("call_2", "time", "{}")],
        ] {
            let (gateway, _upstream) = alone(of(kind).always(said.clone())).await;
            for stream in [false, true] {
                let message = message(&gateway, model(kind), stream).await;
                assert_eq!(message["stop_reason"], "tool_use", "{kind:?}, {stream}: {said:?}");
            }
        }
    }
}

#[tokio::test]
async fn bug_05_tool_calls_that_finish_with_stop_are_tool_calls() {
    for kind in [Kind::OpenAi, Kind::Compatible, Kind::Ollama] {
        let (gateway, _upstream) = alone(of(kind).always([WEATHER, Say::Finish("stop"), Say::Done])).await;
        for stream in [false, true] {
            assert_eq!(message(&gateway, model(kind), stream).await["stop_reason"], "tool_use", "{kind:?}, {stream}");
        }
    }
    // Ollama's own form has no other word.
    let (gateway, _ollama) = alone(upstream::ollama().always([WEATHER])).await;
    assert_eq!(gateway.chat("llama3:8b", "hi").await.finish(), ["tool_calls"]);
    assert_eq!(gateway.stream("llama3:8b", "hi").await.finish(), ["tool_calls"]);
}

#[tokio::test]
async fn bug_08_cached_tokens_are_neither_lost_nor_counted_twice() {
    let claude = r#"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":200,"cache_read_input_tokens":3000,"output_tokens":5}}"#;
    let (gateway, _anthropic) = alone(upstream::anthropic().always(json(claude))).await;
    let usage = gateway.chat("claude-sonnet-4-5", "hi").await.usage();
    assert_eq!((&usage["prompt_tokens"], &usage["total_tokens"]), (&json!(3210), &json!(3215)), "{usage}");
    assert_eq!(usage["prompt_tokens_details"]["cached_tokens"], 3000);
    let answer = gateway.messages("claude-sonnet-4-5", "hi").await;
    // 3, 0.3, 3.75 and 15 dollars a million: what was written to the cache is billed once.
    assert_eq!(answer.header("x-gateway-cost-usd"), Some("0.001755"));
    let gpt = r#"{"id":"x","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3210,"completion_tokens":5,"total_tokens":3215,"prompt_tokens_details":{"cached_tokens":3000}}}"#;
    let (gateway, _openai) = alone(upstream::openai().always(json(gpt))).await;
    let usage = gateway.messages("gpt-4o-mini", "hi").await.usage();
    assert_eq!((&usage["input_tokens"], &usage["cache_read_input_tokens"]), (&json!(210), &json!(3000)), "{usage}");
}

#[tokio::test]
async fn bug_10_a_thoughts_signature_is_kept_in_streams_and_whole() {
    let said = [Say::Reasoning("hm"), Say::Text("noon")];
    let (gateway, _anthropic) = alone(upstream::anthropic().always(said)).await;
    for stream in [false, true] {
        let block = message(&gateway, "claude-sonnet-4-5", stream).await["content"][0].clone();
        assert_eq!(block, json!({"type": "thinking", "thinking": "hm", "signature": "c2lnbmVk"}), "{stream}");
    }
    let whole = gateway.chat("claude-sonnet-4-5", "hi").await;
    assert_eq!(whole.json["choices"][0]["message"]["reasoning_details"][0]["signature"], "c2lnbmVk");
    let stream = gateway.stream("claude-sonnet-4-5", "hi").await;
    let details =
        stream.events.iter().map(|event| &event.json["choices"][0]["delta"]["reasoning_details"][0]["signature"]);
    assert!(details.into_iter().any(|signature| signature == "c2lnbmVk"), "{:?}", stream.events);
}

#[tokio::test]
async fn bug_15_an_error_in_a_stream_before_content_falls_over() {
    for front in Front::ALL {
        for kind in [Kind::OpenAi, Kind::Anthropic, Kind::OpenRouter, Kind::Ollama] {
            for error in ["overloaded", "rate_limit"] {
                let first = of(kind).always(Reply::exactly([Say::Role, Say::Error(error)])).start().await;
                let second = if kind == Kind::OpenAi { upstream::anthropic() } else { upstream::openai() };
                let second = second.start().await;
                let gateway = gateway().with(&first).with(&second).start().await;
                let mut body = streamed(front.body(model(kind), "hi"));
                body["fallbacks"] = json!([model(second.kind())]);
                let answer = front.send(&gateway, &body).await;
                assert_eq!(
                    (answer.status, answer.text().as_str()),
                    (200, second.kind().greeting()),
                    "{front:?}, {kind:?}"
                );
                assert!(answer.error().is_null() && answer.done(), "{front:?}, {kind:?}");
            }
        }
    }
}

#[tokio::test]
async fn bug_16_a_truncated_stream_is_an_error() {
    for front in Front::ALL {
        for kind in [Kind::OpenAi, Kind::Anthropic, Kind::OpenRouter, Kind::Ollama, Kind::Compatible] {
            let (gateway, _upstream) = alone(of(kind).always(Reply::exactly([Say::Role, Say::Text("begun")]))).await;
            let answer = front.stream(&gateway, model(kind)).await;
            assert_eq!((answer.status, answer.text().as_str()), (200, "begun"), "{front:?}, {kind:?}");
            assert!(!answer.done() && !answer.error().is_null(), "{front:?}, {kind:?}: {:?}", answer.events);
        }
    }
}

#[tokio::test]
async fn bug_18_arguments_are_text_in_openais_protocols_and_an_object_in_anthropics() {
    for kind in [Kind::Anthropic, Kind::OpenAi, Kind::Ollama] {
        let (gateway, _upstream) = alone(of(kind).always([WEATHER])).await;
        let chat = gateway.chat(model(kind), "hi").await;
        let arguments = &chat.json["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"];
        assert_eq!(arguments, r#"{"city":"Oslo"}"#, "{kind:?}");
        let responses = gateway.responses(model(kind), "hi").await;
        assert_eq!(responses.json["output"][0]["arguments"], r#"{"city":"Oslo"}"#, "{kind:?}: {}", responses.json);
        let message = message(&gateway, model(kind), false).await;
        assert_eq!(message["content"][0]["input"], json!({"city": "Oslo"}), "{kind:?}");
    }
}

#[tokio::test]
async fn bug_20_a_client_that_leaves_cancels_the_call_and_nobody_is_blamed() {
    for front in [Front::Messages, Front::Responses] {
        for kind in [Kind::OpenAi, Kind::Anthropic, Kind::OpenRouter, Kind::Ollama] {
            for last in [Say::Stall, Say::Endless] {
                let (gateway, upstream) =
                    alone(of(kind).always(Reply::exactly([Say::Role, Say::Text("begun"), last]))).await;
                let body = streamed(front.body(model(kind), "hi"));
                let mut live = front.request(&gateway, &body).open().await;
                live.text().await;
                let since = std::time::Instant::now();
                drop(live);
                upstream.wait_for_disconnects(1).await;
                assert!(since.elapsed() < Duration::from_millis(1500), "{front:?}, {kind:?}: {:?}", since.elapsed());
                gateway.wait_for_log("outcome=\"client_gone\"").await;
                let log = gateway.log();
                assert!(!log.contains("link rests") && !log.contains("upstream failed"), "{log}");
            }
        }
    }
}
