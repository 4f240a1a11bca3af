//! Requests as they go out to those who speak another protocol.

use super::*;
use crate::stream::{model, of};

const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// Every kind whose requests are translated, with a gateway of its own.
async fn each(act: impl AsyncFn(&Gateway, &Upstream, Kind)) {
    for kind in [Kind::Anthropic, Kind::OpenRouter, Kind::Compatible, Kind::Ollama] {
        let upstream = of(kind).start().await;
        let gateway = gateway().with(&upstream).start().await;
        act(&gateway, &upstream, kind).await;
    }
}

/// What goes out for this body.
async fn outgoing(gateway: &Gateway, upstream: &Upstream, body: Value) -> Value {
    let answer = send(gateway, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    upstream.last_call().json
}

/// The text of one message, whichever way its protocol holds it.
fn words(content: &Value) -> String {
    match content.as_array() {
        None => content.as_str().unwrap_or_default().to_owned(),
        Some(parts) => parts.iter().map(|part| part["text"].as_str().unwrap_or_default()).collect(),
    }
}

#[tokio::test]
async fn text_instructions_and_the_longest_answer() {
    each(async |gateway, upstream, kind| {
        let input = json!([
            {"role": "developer", "content": "Be terse."},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
            {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed", "content": [{"type": "output_text", "text": "Hey", "annotations": []}]},
            {"role": "user", "content": "Again"},
        ]);
        let body = json!({"model": model(kind), "instructions": "Be kind.", "input": input, "max_output_tokens": 300});
        let sent = outgoing(gateway, upstream, body).await;
        let (system, turns) = match kind {
            Kind::Anthropic => (words(&sent["system"]), sent["messages"].as_array().unwrap().clone()),
            _ => {
                let all = sent["messages"].as_array().unwrap();
                let is_system = |turn: &&Value| turn["role"] == "system" || turn["role"] == "developer";
                let system: String = all.iter().filter(is_system).map(|turn| words(&turn["content"])).collect();
                (system, all.iter().filter(|turn| !is_system(turn)).cloned().collect())
            }
        };
        let kind_at = system.find("Be kind.");
        assert!(kind_at.is_some() && kind_at < system.find("Be terse."), "{kind:?}: {system}");
        let said: Vec<(&str, String)> =
            turns.iter().map(|turn| (turn["role"].as_str().unwrap(), words(&turn["content"]))).collect();
        let expected = [("user", "Hello"), ("assistant", "Hey"), ("user", "Again")].map(|(role, text)| (role, text.to_owned()));
        assert_eq!(said, expected, "{kind:?}");
        let longest = if kind == Kind::Ollama { &sent["options"]["num_predict"] } else { &sent["max_tokens"] };
        assert_eq!(longest, 300, "{kind:?}: {sent}");
    })
    .await;
}

#[tokio::test]
async fn pictures_and_files() {
    each(async |gateway, upstream, kind| {
        let image =
            json!({"type": "input_image", "image_url": format!("data:image/png;base64,{PNG}"), "detail": "low"});
        let text = json!({"type": "input_text", "text": "see"});
        let input = json!([{"role": "user", "content": [text, image]}]);
        let sent = outgoing(gateway, upstream, json!({"model": model(kind), "input": input})).await;
        let content = &sent["messages"][0]["content"];
        match kind {
            Kind::Anthropic => {
                let source = json!({"type": "base64", "media_type": "image/png", "data": PNG});
                assert_eq!(content[1]["source"], source, "{sent}");
            }
            Kind::Ollama => assert_eq!(sent["messages"][0]["images"], json!([PNG]), "{sent}"),
            _ => assert_eq!(content[1]["image_url"]["url"], format!("data:image/png;base64,{PNG}"), "{sent}"),
        }
        if kind == Kind::Ollama {
            return;
        }
        let file =
            json!({"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="});
        let input = json!([{"role": "user", "content": [text, file]}]);
        let sent = outgoing(gateway, upstream, json!({"model": model(kind), "input": input})).await;
        let part = &sent["messages"][0]["content"][1];
        match kind {
            Kind::Anthropic => {
                assert_eq!((&part["type"], &part["title"]), (&json!("document"), &json!("a.pdf")), "{sent}")
            }
            _ => assert_eq!(part["file"]["filename"], "a.pdf", "{kind:?}: {sent}"),
        }
        assert!(part.to_string().contains("JVBERi0="), "{kind:?}: {sent}");
    })
    .await;
}

#[tokio::test]
async fn tools_their_calls_and_their_results() {
    let body = json!({
        "tools": [
            {"type": "function", "name": "weather", "description": "Weather of a city", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
            {"type": "function", "name": "time", "parameters": {"type": "object", "properties": {}}, "strict": false},
        ],
        "input": [
            {"role": "user", "content": "Zürich?"},
            {"type": "message", "role": "assistant", "content": "I look."},
            {"type": "function_call", "id": "fc_a", "call_id": "call_1", "name": "weather", "arguments": "{\"city\":\"Zürich\"}", "status": "completed"},
            {"type": "function_call", "id": "fc_b", "call_id": "call_2", "name": "time", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call_2", "output": "12:00"},
            {"type": "function_call_output", "call_id": "call_1", "output": [{"type": "input_text", "text": "sunny"}]},
            {"role": "user", "content": "And now?"},
        ],
    });
    each(async |gateway, upstream, kind| {
        let sent = outgoing(gateway, upstream, with(body.clone(), json!({"model": model(kind)}))).await;
        let turns = sent["messages"].as_array().unwrap();
        let roles: Vec<&str> = turns.iter().map(|turn| turn["role"].as_str().unwrap()).collect();
        if kind == Kind::Anthropic {
            assert_eq!(roles, ["user", "assistant", "user"], "{sent}");
            let kinds = |turn: &Value| -> Vec<String> {
                turn["content"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|block| block["type"].as_str().unwrap().to_owned())
                    .collect()
            };
            assert_eq!(kinds(&turns[1]), ["text", "tool_use", "tool_use"], "{sent}");
            assert_eq!(kinds(&turns[2]), ["tool_result", "tool_result", "text"], "{sent}");
            let ids = [&turns[2]["content"][0]["tool_use_id"], &turns[2]["content"][1]["tool_use_id"]];
            assert_eq!(ids, ["call_2", "call_1"], "{sent}");
            assert_eq!(turns[1]["content"][1]["input"], json!({"city": "Zürich"}), "{sent}");
            return;
        }
        assert_eq!(roles, ["user", "assistant", "tool", "tool", "user"], "{kind:?}: {sent}");
        let ids: Vec<&Value> = turns[1]["tool_calls"].as_array().unwrap().iter().map(|call| &call["id"]).collect();
        assert_eq!(ids, ["call_1", "call_2"], "{kind:?}: the call's id, never the item's");
        let arguments = &turns[1]["tool_calls"][0]["function"]["arguments"];
        match kind {
            Kind::Ollama => assert_eq!(arguments, &json!({"city": "Zürich"})),
            _ => assert_eq!(arguments, "{\"city\":\"Zürich\"}", "{kind:?}: {sent}"),
        }
        assert_eq!(
            (words(&turns[2]["content"]), words(&turns[3]["content"])),
            ("12:00".into(), "sunny".into()),
            "{kind:?}"
        );
        let names: Vec<&Value> =
            sent["tools"].as_array().unwrap().iter().map(|tool| &tool["function"]["name"]).collect();
        assert_eq!(names, ["weather", "time"], "{kind:?}");
    })
    .await;
}

#[tokio::test]
async fn a_schema_of_the_answer() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false});
    let format = json!({"type": "json_schema", "name": "s", "schema": schema, "strict": true});
    each(async |gateway, upstream, kind| {
        let body = with(responses(model(kind), "hi"), json!({"text": {"format": format}}));
        let sent = outgoing(gateway, upstream, body).await;
        let found = match kind {
            Kind::Anthropic => &sent["output_config"]["format"]["schema"],
            Kind::Ollama => &sent["format"],
            _ => &sent["response_format"]["json_schema"]["schema"],
        };
        assert_eq!(found["properties"], schema["properties"], "{kind:?}: {sent}");
    })
    .await;
}

#[tokio::test]
async fn thoughts_come_back_to_those_who_had_them() {
    let said = [Say::Reasoning("a clock"), Say::Text("I look."), Say::Tool("toolu_1", "now", "{}")];
    let anthropic = upstream::anthropic().always(said).start().await;
    let gateway = gateway().with(&anthropic).start().await;
    let tools = json!([{"type": "function", "name": "now", "parameters": {"type": "object", "properties": {}}}]);
    let first = json!({
        "model": "claude-opus-4-5", "input": [{"role": "user", "content": "What time is it?"}], "tools": tools,
        "store": false, "include": ["reasoning.encrypted_content"], "reasoning": {"effort": "low", "summary": "auto"},
    });
    for stream in [false, true] {
        let mut body = first.clone();
        body["stream"] = json!(stream);
        let answer = send(&gateway, &body).await;
        let response = if stream { response_of(&answer.events).unwrap() } else { answer.json.clone() };
        let sealed = &response["output"][0]["encrypted_content"];
        assert!(sealed.as_str().is_some_and(|sealed| !sealed.is_empty()), "{response}");
        // The client sends every item back, as clients that keep no state at OpenAI do.
        let input = body["input"].as_array_mut().unwrap();
        input.extend(response["output"].as_array().unwrap().clone());
        input.push(json!({"type": "function_call_output", "call_id": "toolu_1", "output": "12:00"}));
        let answer = send(&gateway, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        let turn = anthropic.last_call().json["messages"][1].clone();
        let thought = json!({"type": "thinking", "thinking": "a clock", "signature": "c2lnbmVk"});
        assert_eq!(turn["content"][0], thought, "signed as it was: {turn}");
    }
}
