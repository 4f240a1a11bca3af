//! Requests as they go out to those who speak another protocol.

use super::*;
use crate::stream::{model, of};

const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

fn image() -> Value {
    json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}})
}

fn image_at(url: &str) -> Value {
    json!({"type": "image", "source": {"type": "url", "url": url}})
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

/// Every kind whose requests are translated, with a gateway of its own.
async fn each(act: impl AsyncFn(&Gateway, &Upstream, Kind)) {
    for kind in [Kind::OpenAi, Kind::OpenRouter, Kind::Compatible, Kind::Ollama] {
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

#[tokio::test]
async fn the_golden_request_over_the_wire() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let body: Value = serde_json::from_str(&golden("13-anthropic-request-to-openai/anthropic.request.json")).unwrap();
    let sent = outgoing(&gateway, &openai, body).await;
    let expected: Value = serde_json::from_str(&golden("13-anthropic-request-to-openai/openai.request.json")).unwrap();
    assert_eq!(sent, expected);
    let call = openai.last_call();
    assert_eq!(call.path, "/v1/chat/completions");
    assert!(call.headers.iter().all(|(name, _)| !name.starts_with("anthropic-") && name != "x-api-key"));
}

#[tokio::test]
async fn the_longest_answer_has_each_providers_own_name() {
    each(async |gateway, upstream, kind| {
        let sent = outgoing(gateway, upstream, messages(model(kind), "hi")).await;
        let names = ["max_tokens", "max_completion_tokens"].map(|name| sent[name].as_u64());
        match kind {
            // Both names are taken for this model; newer ones take the newer name alone, see bug 9.
            Kind::OpenAi => assert_eq!(names.iter().flatten().collect::<Vec<_>>(), [&1000], "{sent}"),
            Kind::Ollama => assert_eq!(sent["options"]["num_predict"], 1000, "{sent}"),
            _ => assert_eq!(names, [Some(1000), None], "{kind:?}: {sent}"),
        }
    })
    .await;
}

#[tokio::test]
async fn pictures_and_documents() {
    each(async |gateway, upstream, kind| {
        // The models of this table's own see pictures, or nobody knows.
        let content = json!([text("what is this?"), image()]);
        let sent = outgoing(gateway, upstream, asking(model(kind), content)).await;
        let message = &sent["messages"][0];
        if kind == Kind::Ollama {
            assert_eq!((&message["content"], &message["images"]), (&json!("what is this?"), &json!([PNG])), "{sent}");
            return;
        }
        let url = format!("data:image/png;base64,{PNG}");
        assert_eq!(message["content"][0], text("what is this?"), "{kind:?}");
        assert_eq!(message["content"][1]["image_url"]["url"], url, "{kind:?}");
        let content = json!([image_at("https://a.example/b.png"), text("and this?")]);
        let sent = outgoing(gateway, upstream, asking(model(kind), content)).await;
        let message = &sent["messages"][0];
        assert_eq!(message["content"][0]["image_url"]["url"], "https://a.example/b.png", "{kind:?}");
        let pdf = json!({"type": "document", "title": "a.pdf", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}});
        let plain = json!({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "plain words"}});
        let sent = outgoing(gateway, upstream, asking(model(kind), json!([pdf, plain, text("sum up")]))).await;
        let content = &sent["messages"][0]["content"];
        let file = &content[0]["file"];
        assert_eq!(file["file_data"], "data:application/pdf;base64,JVBERi0=", "{kind:?}: {sent}");
        assert_eq!(file["filename"], "a.pdf", "{kind:?}: {sent}");
        assert!(content.to_string().contains("plain words"), "{kind:?}: {sent}");
    })
    .await;
}

/// Two calls and what their tools gave back, with words after it.
fn tool_turns(model: &str) -> Value {
    json!({
        "model": model, "max_tokens": 1000,
        "tools": [
            {"name": "weather", "description": "Weather of a city", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}, "cache_control": {"type": "ephemeral"}},
            {"name": "time", "input_schema": {"type": "object"}, "type": "custom"},
        ],
        "messages": [
            {"role": "user", "content": "Zürich?"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "both", "signature": "c2ln"}, text("I look."),
                {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Zürich"}},
                {"type": "tool_use", "id": "toolu_2", "name": "time", "input": {}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_2", "content": "12:00"},
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [text("sunny"), text("warm")], "is_error": false},
                text("And now?"),
            ]},
        ],
    })
}

#[tokio::test]
async fn tools_their_calls_and_their_results() {
    each(async |gateway, upstream, kind| {
        let sent = outgoing(gateway, upstream, tool_turns(model(kind))).await;
        let names: Vec<&Value> =
            sent["tools"].as_array().unwrap().iter().map(|tool| &tool["function"]["name"]).collect();
        assert_eq!(names, ["weather", "time"], "in the caller's order, {kind:?}");
        assert!(!sent["tools"].to_string().contains("cache_control") || kind == Kind::OpenRouter, "{sent}");
        let turns = sent["messages"].as_array().unwrap();
        let roles: Vec<&Value> = turns.iter().map(|turn| &turn["role"]).collect();
        assert_eq!(roles, ["user", "assistant", "tool", "tool", "user"], "{kind:?}");
        let calls = &turns[1]["tool_calls"];
        assert_eq!((&calls[0]["id"], &calls[1]["id"]), (&json!("toolu_1"), &json!("toolu_2")), "{kind:?}");
        let arguments = &calls[0]["function"]["arguments"];
        match kind {
            Kind::Ollama => assert_eq!(arguments, &json!({"city": "Zürich"})),
            _ => assert_eq!(arguments, r#"{"city":"Zürich"}"#, "{kind:?}"),
        }
        assert_eq!((&turns[1]["content"], &turns[4]["content"]), (&json!("I look."), &json!("And now?")), "{kind:?}");
        assert_eq!((&turns[2]["content"], &turns[3]["content"]), (&json!("12:00"), &json!("sunny\nwarm")), "{kind:?}");
        let ids = [&turns[2]["tool_call_id"], &turns[3]["tool_call_id"]];
        assert_eq!(ids, [&json!("toolu_2"), &json!("toolu_1")], "{kind:?}");
        if kind == Kind::Ollama {
            assert_eq!((&turns[2]["tool_name"], &turns[3]["tool_name"]), (&json!("time"), &json!("weather")));
        }
        // A thought is Anthropic's own, and means nothing to these models.
        assert!(!sent.to_string().contains("c2ln"), "{kind:?}: {sent}");
    })
    .await;
}

#[tokio::test]
async fn every_parameter_is_mapped_or_said_to_be_dropped() {
    let fields = json!({
        "temperature": 0.5, "top_p": 0.9, "top_k": 5, "stop_sequences": ["END", "STOP"], "metadata": {"user_id": "u-1"},
        "context_management": {"edits": []}, "mcp_servers": [{"type": "url"}], "container": "c", "service_tier": "auto",
    });
    each(async |gateway, upstream, kind| {
        let answer = send(gateway, &with(messages(model(kind), "hi"), fields.clone())).await;
        assert_eq!(answer.status, 200, "{kind:?}: {}", answer.json);
        let sent = upstream.last_call().json;
        let place = if kind == Kind::Ollama { &sent["options"] } else { &sent };
        assert_eq!((&place["temperature"], &place["top_p"]), (&json!(0.5), &json!(0.9)), "{kind:?}: {sent}");
        assert_eq!(place["stop"], json!(["END", "STOP"]), "{kind:?}: {sent}");
        let dropped = answer.header("x-gateway-warnings").unwrap_or_default().to_owned();
        let dropped: Vec<&str> = dropped.strip_prefix("dropped=").unwrap_or_default().split(',').collect();
        for name in ["context_management", "mcp_servers", "container"] {
            assert!(dropped.contains(&name) && sent[name].is_null(), "{kind:?}: {name} of {dropped:?}");
        }
        let keeps_top_k = kind != Kind::OpenAi;
        assert_eq!(place["top_k"] == 5, keeps_top_k, "{kind:?}: {sent}");
        assert_eq!(dropped.contains(&"top_k"), !keeps_top_k, "{kind:?}: {dropped:?}");
        match kind {
            // OpenAI's newer name is for its newer models.
            Kind::OpenAi | Kind::OpenRouter => assert_eq!(sent["user"], "u-1", "{sent}"),
            _ => {}
        }
    })
    .await;
}

#[tokio::test]
async fn reject_refuses_what_would_be_dropped_and_names_it_as_the_caller_did() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).env("UNSUPPORTED_PARAMS", "reject").start().await;
    for name in ["context_management", "mcp_servers", "top_k"] {
        let value = if name == "top_k" { json!(5) } else { json!({"a": 1}) };
        let value = if name == "mcp_servers" { json!([{"type": "url"}]) } else { value };
        let answer = send(&gateway, &with(messages("gpt-4o-mini", "hi"), json!({name: value}))).await;
        check_error(&answer, 400, "unsupported_parameter");
        assert_eq!(Front::Messages.param(&answer).as_deref(), Some(name), "{}", answer.json);
        assert_eq!(Front::Messages.fault_of_error(&answer), None);
    }
    check_not_called([&openai]);
}

#[tokio::test]
async fn what_only_anthropic_has_is_refused_before_any_call_and_named() {
    let tool = |tool: Value| with(messages("M", "hi"), json!({"tools": [tool]}));
    let block = |block: Value| asking("M", json!([text("look"), block]));
    let of_id = json!({"type": "image", "source": {"type": "file", "file_id": "file_1"}});
    let at_url = json!({"type": "document", "source": {"type": "url", "url": "https://a.example/b.pdf"}});
    let rows = [
        (tool(json!({"type": "web_search_20260318", "name": "web_search"})), "tools[0]", "web_search_20260318"),
        (tool(json!({"type": "bash_20250124", "name": "bash"})), "tools[0]", "bash_20250124"),
        (block(of_id), "messages[0].content[1].source", "file"),
        (block(at_url), "messages[0].content[1].source", "document"),
        (with(messages("M", "hi"), json!({"max_tokens": 0})), "max_tokens", "max_tokens"),
    ];
    each(async |gateway, upstream, kind| {
        for (body, param, words) in &rows {
            let answer = send(gateway, &with(body.clone(), json!({"model": model(kind)}))).await;
            assert_eq!(answer.status, 400, "{kind:?}, {param}: {}", answer.json);
            assert_eq!(Front::Messages.fault_of_error(&answer), None, "{kind:?}");
            let named = Front::Messages.param(&answer).unwrap_or_default();
            assert!(named.starts_with(param), "{kind:?}: {named}, expected {param}: {}", answer.json);
            assert!(answer.error()["message"].to_string().contains(words), "{kind:?}, {words}: {}", answer.json);
        }
        check_not_called([upstream]);
    })
    .await;
}

#[tokio::test]
async fn a_link_that_cannot_carry_it_is_passed_over() {
    let openai = upstream::openai().start().await;
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&openai).with(&anthropic).start().await;
    let body = with(
        messages("gpt-4o-mini", "hi"),
        json!({"tools": [{"type": "web_search_20260318", "name": "web_search"}], "fallbacks": [CLAUDE]}),
    );
    let answer = send(&gateway, &body).await;
    check(&answer, "hello from anthropic", "openai:unfit", [&anthropic]);
    check_not_called([&openai]);
    assert_eq!(anthropic.last_call().json["tools"][0]["type"], "web_search_20260318");
}
