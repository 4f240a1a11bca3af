//! Bugs in requests.

use super::*;

/// What goes out for this body.
async fn outgoing(front: Front, gateway: &Gateway, upstream: &Upstream, body: &Value) -> Value {
    let answer = front.send(gateway, body).await;
    assert_eq!(answer.status, 200, "{front:?}: {}", answer.json);
    upstream.last_call().json
}

#[tokio::test]
async fn bug_06_blank_text_blocks_do_not_reach_anthropic() {
    let (gateway, anthropic) = alone(upstream::anthropic()).await;
    let chat = json!({"model": "claude-sonnet-4-5", "messages": [
        {"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "text", "text": " \n"}, {"type": "text", "text": ""}]},
        {"role": "assistant", "content": ""}, {"role": "user", "content": "so?"},
    ]});
    let responses = json!({"model": "claude-sonnet-4-5", "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "hi"}, {"type": "input_text", "text": " \n"}]},
        {"role": "assistant", "content": ""}, {"role": "user", "content": "so?"},
    ]});
    for (front, body) in [(Front::Chat, chat), (Front::Responses, responses)] {
        let sent = outgoing(front, &gateway, &anthropic, &body).await;
        let texts: Vec<&Value> = sent["messages"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|turn| turn["content"].as_array().unwrap().iter().map(|block| &block["text"]))
            .collect();
        assert_eq!(texts, ["hi", "so?"], "{front:?}: {sent}");
    }
}

#[tokio::test]
async fn bug_07_tool_results_are_one_turn() {
    let (gateway, anthropic) = alone(upstream::anthropic()).await;
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let chat = json!({"model": "claude-sonnet-4-5", "tools": [tool(Front::Chat, "f")], "messages": [
        {"role": "user", "content": "q"}, {"role": "assistant", "content": null, "tool_calls": [call("a"), call("b")]},
        {"role": "tool", "tool_call_id": "a", "content": "1"}, {"role": "tool", "tool_call_id": "b", "content": "2"},
        {"role": "user", "content": "so?"},
    ]});
    let item = |id: &str| json!({"type": "function_call", "call_id": id, "name": "f", "arguments": "{}"});
    let output = |id: &str| json!({"type": "function_call_output", "call_id": id, "output": "1"});
    let responses = json!({"model": "claude-sonnet-4-5", "tools": [tool(Front::Responses, "f")], "input": [
        {"role": "user", "content": "q"}, item("a"), item("b"), output("a"), output("b"), {"role": "user", "content": "so?"},
    ]});
    for (front, body) in [(Front::Chat, chat), (Front::Responses, responses)] {
        let sent = outgoing(front, &gateway, &anthropic, &body).await;
        let roles: Vec<&Value> = sent["messages"].as_array().unwrap().iter().map(|turn| &turn["role"]).collect();
        assert_eq!(roles, ["user", "assistant", "user"], "{front:?}: {sent}");
        let kinds: Vec<&Value> =
            sent["messages"][2]["content"].as_array().unwrap().iter().map(|block| &block["type"]).collect();
        assert_eq!(kinds, ["tool_result", "tool_result", "text"], "{front:?}: {sent}");
    }
}

#[tokio::test]
async fn bug_09_the_longest_answer_goes_out_by_the_name_that_is_read_there() {
    for (model, kind, place) in [
        ("gpt-5.5", Kind::OpenAi, "/max_completion_tokens"),
        ("o3", Kind::OpenAi, "/max_completion_tokens"),
        ("gpt-5.5-pro", Kind::OpenAi, "/max_output_tokens"),
        ("claude-sonnet-4-5", Kind::Anthropic, "/max_tokens"),
        ("x-ai/grok-beta", Kind::OpenRouter, "/max_tokens"),
        ("llama3:8b", Kind::Compatible, "/max_tokens"),
        ("llama3:8b", Kind::Ollama, "/options/num_predict"),
    ] {
        let (gateway, upstream) = alone(of(kind)).await;
        let mut asked = vec![(Front::Messages, "max_tokens"), (Front::Responses, "max_output_tokens")];
        asked.push((Front::Chat, "max_completion_tokens"));
        for (front, name) in asked {
            // As bytes it goes out by the caller's own name.
            if (front, kind) == (Front::Responses, Kind::OpenAi) || (front, kind) == (Front::Chat, Kind::OpenRouter) {
                continue;
            }
            let mut body = front.body(model, "hi");
            body[name] = json!(321);
            let sent = outgoing(front, &gateway, &upstream, &body).await;
            assert_eq!(sent.pointer(place), Some(&json!(321)), "{front:?}, {model}, {kind:?}: {sent}");
        }
    }
}

#[tokio::test]
async fn bug_11_signed_thoughts_without_text_are_kept() {
    let (gateway, anthropic) = alone(upstream::anthropic()).await;
    let signed = json!({"type": "thinking", "thinking": "", "signature": "c2ln"});
    let messages = json!({"model": "claude-sonnet-5-5", "max_tokens": 2000, "messages": [
        {"role": "user", "content": "q"}, {"role": "assistant", "content": [signed, {"type": "text", "text": "a"}]},
        {"role": "user", "content": "so?"},
    ]});
    let detail =
        json!({"type": "reasoning.text", "text": "", "signature": "c2ln", "format": "anthropic-claude-v1", "index": 0});
    let chat = json!({"model": "claude-sonnet-5-5", "messages": [
        {"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "reasoning_details": [detail]},
        {"role": "user", "content": "so?"},
    ]});
    for (front, body) in [(Front::Messages, messages), (Front::Chat, chat)] {
        let sent = outgoing(front, &gateway, &anthropic, &body).await;
        assert_eq!(sent["messages"][1]["content"][0], signed, "{front:?}: {sent}");
    }
}

/// A conversation with instructions in its middle.
fn instructed(model: &str) -> Value {
    json!({"model": model, "max_tokens": 1000, "system": "Be kind.", "messages": [
        {"role": "user", "content": "one"}, {"role": "system", "content": "Hurry."},
        {"role": "assistant", "content": "1"}, {"role": "user", "content": "two"},
        {"role": "system", "content": [{"type": "text", "text": "Stop."}]},
    ]})
}

#[tokio::test]
async fn bug_12_instructions_inside_messages_are_taken() {
    for kind in [Kind::Anthropic, Kind::OpenAi, Kind::OpenRouter, Kind::Compatible, Kind::Ollama] {
        let (gateway, upstream) = alone(of(kind)).await;
        for body in [instructed(model(kind)), streamed(instructed(model(kind)))] {
            let sent = outgoing(Front::Messages, &gateway, &upstream, &body).await.to_string();
            assert!(["Be kind.", "Hurry.", "Stop."].iter().all(|words| sent.contains(words)), "{kind:?}: {sent}");
        }
    }
}

#[tokio::test]
async fn bug_13_instructions_in_the_middle_stay_there() {
    for kind in [Kind::OpenAi, Kind::OpenRouter, Kind::Compatible, Kind::Ollama] {
        let (gateway, upstream) = alone(of(kind)).await;
        let sent = outgoing(Front::Messages, &gateway, &upstream, &instructed(model(kind))).await;
        let roles: Vec<&Value> = sent["messages"].as_array().unwrap().iter().map(|turn| &turn["role"]).collect();
        assert_eq!(roles, ["system", "user", "system", "assistant", "user", "system"], "{kind:?}: {sent}");
    }
    // One more turn leaves all that went before as it was, for callers of every protocol.
    let (gateway, anthropic) = alone(upstream::anthropic()).await;
    for model in ["claude-sonnet-4-5", "claude-opus-5-5"] {
        let turns = [
            json!({"role": "user", "content": "one"}),
            json!({"role": "developer", "content": "Hurry."}),
            json!({"role": "assistant", "content": "1"}),
            json!({"role": "user", "content": "two"}),
        ];
        let mut before: Vec<Value> = Vec::new();
        for many in [2, 4] {
            let body = json!({"model": model, "instructions": "Be kind.", "input": turns[..many]});
            let sent = outgoing(Front::Responses, &gateway, &anthropic, &body).await;
            let system = json!([{"type": "text", "text": "Be kind."}]);
            assert_eq!(sent["system"], system, "{model}: nothing is hoisted: {sent}");
            let now = sent["messages"].as_array().unwrap().clone();
            assert!(now.starts_with(&before), "{model}: {before:?}\n{now:?}");
            before = now;
        }
    }
}

#[tokio::test]
async fn bug_14_tools_keep_their_order_every_time() {
    let names = ["zebra", "apple", "mango", "kiwi", "banana", "cherry"];
    for kind in [Kind::OpenAi, Kind::Anthropic, Kind::OpenRouter, Kind::Ollama] {
        let (gateway, upstream) = alone(of(kind)).await;
        for front in Front::ALL {
            let mut body = front.body(model(kind), "hi");
            body["tools"] = names.iter().map(|name| tool(front, name)).collect();
            let first = {
                outgoing(front, &gateway, &upstream, &body).await;
                upstream.last_call().body
            };
            let tools = upstream.last_call().json["tools"].clone();
            let named = |tool: &Value| tool.pointer("/function/name").or(tool.get("name")).cloned().unwrap_or_default();
            assert_eq!(tools.as_array().unwrap().iter().map(named).collect::<Vec<_>>(), names, "{front:?}, {kind:?}");
            for _ in 0..3 {
                outgoing(front, &gateway, &upstream, &body).await;
                assert_eq!(upstream.last_call().body, first, "{front:?}, {kind:?}: the same bytes each time");
            }
        }
    }
}

#[tokio::test]
async fn bug_17_a_tool_result_names_its_call_by_tool_use_id() {
    let (gateway, anthropic) = alone(upstream::anthropic()).await;
    let chat = json!({"model": "claude-sonnet-4-5", "messages": [
        {"role": "user", "content": "q"},
        {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "r"},
    ]});
    let responses = json!({"model": "claude-sonnet-4-5", "input": [
        {"role": "user", "content": "q"}, {"type": "function_call", "id": "fc_9", "call_id": "call_1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "id": "fco_9", "call_id": "call_1", "output": "r"},
    ]});
    for (front, body) in [(Front::Chat, chat), (Front::Responses, responses)] {
        let sent = outgoing(front, &gateway, &anthropic, &body).await;
        let (call, result) = (&sent["messages"][1]["content"][0], &sent["messages"][2]["content"][0]);
        assert_eq!((&call["id"], &result["tool_use_id"]), (&json!("call_1"), &json!("call_1")), "{front:?}: {sent}");
        assert!(result["id"].is_null(), "{front:?}: {result}");
    }
    // And the other way: what Messages names so goes out by the name that is read there.
    let (gateway, openai) = alone(upstream::openai()).await;
    let body = json!({"model": "gpt-4o-mini", "max_tokens": 9, "messages": [
        {"role": "user", "content": "q"}, {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "r"}]},
    ]});
    let sent = outgoing(Front::Messages, &gateway, &openai, &body).await;
    assert_eq!(sent["messages"][2], json!({"role": "tool", "tool_call_id": "toolu_1", "content": "r"}));
}

#[tokio::test]
async fn bug_19_deepseek_gets_its_thoughts_back_where_they_led_to_tools() {
    let model = "deepseek/deepseek-chat";
    let (gateway, openrouter) = alone(upstream::openrouter()).await;
    let body = json!({"model": model, "max_tokens": 1000, "tools": [tool(Front::Messages, "now")], "messages": [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "a clock", "signature": ""},
            {"type": "tool_use", "id": "call_1", "name": "now", "input": {}},
        ]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "noon"}]},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "done", "signature": ""}, {"type": "text", "text": "noon"}]},
        {"role": "user", "content": "thanks"},
    ]});
    let sent = outgoing(Front::Messages, &gateway, &openrouter, &body).await;
    assert_eq!(sent["messages"][1]["reasoning_content"], "a clock", "{sent}");
    // Elsewhere a thought of nobody's is nobody's business.
    let body_for_others = {
        let mut body = body.clone();
        body["model"] = json!("x-ai/grok-beta");
        body
    };
    let sent = outgoing(Front::Messages, &gateway, &openrouter, &body_for_others).await;
    assert!(sent["messages"][1]["reasoning_content"].is_null(), "{sent}");
}
