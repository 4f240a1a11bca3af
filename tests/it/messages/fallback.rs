//! One conversation with signed thoughts, through Anthropic, OpenRouter and a local model, and back.

use super::*;

/// A turn of thoughts, words and a call, as Anthropic has said it, and what follows it.
fn conversation(signature: &str) -> Value {
    json!({
        "model": CLAUDE, "max_tokens": 2000, "thinking": {"type": "enabled", "budget_tokens": 1024},
        "tools": [{"name": "now", "input_schema": {"type": "object"}}],
        "messages": [
            {"role": "user", "content": "What time is it?"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "a clock", "signature": signature},
                {"type": "redacted_thinking", "data": "c2VhbGVk"},
                {"type": "thinking", "thinking": "", "signature": "ZW1wdHk="},
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "toolu_1", "name": "now", "input": {}},
            ]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "12:00"}]},
        ],
    })
}

struct Three {
    gateway: Gateway,
    anthropic: Upstream,
    openrouter: Upstream,
    ollama: Upstream,
}

/// Anthropic, OpenRouter with the same Claude, and a local model; these fail.
async fn three(anthropic_fails: bool, openrouter: UpstreamBuilder) -> Three {
    let anthropic = upstream::anthropic().always(if anthropic_fails { overloaded() } else { ok() }).start().await;
    let openrouter = openrouter.start().await;
    let ollama = upstream::ollama().start().await;
    let gateway = gateway().with(&anthropic).with(&openrouter).with(&ollama);
    let gateway = gateway.env("OPENROUTER_REPLACE_CLAUDE", "same").start().await;
    Three { gateway, anthropic, openrouter, ollama }
}

/// The thoughts of the assistant's turn that went out.
fn thoughts(upstream: &Upstream) -> Vec<Value> {
    let turns = upstream.last_call().json["messages"].clone();
    let turns = turns.as_array().cloned().unwrap_or_default();
    let turn = turns.into_iter().find(|turn| turn["role"] == "assistant").unwrap_or_default();
    let blocks = turn["content"].as_array().cloned().unwrap_or_default();
    blocks.into_iter().filter(|block| block["type"].as_str().is_some_and(|kind| kind.contains("thinking"))).collect()
}

#[tokio::test]
async fn signed_thoughts_reach_anthropic_as_they_are() {
    let Three { gateway, anthropic, openrouter, ollama } = three(false, upstream::openrouter()).await;
    for body in [conversation(SIGNATURE), streamed(conversation(SIGNATURE))] {
        anthropic.forget();
        check(&send(&gateway, &body).await, "hello from anthropic", None, [&anthropic]);
        assert_eq!(anthropic.last_call().json, body);
    }
    check_not_called([&openrouter, &ollama]);
}

#[tokio::test]
async fn they_reach_claude_behind_openrouter_as_they_are() {
    for stream in [false, true] {
        let Three { gateway, anthropic, openrouter, ollama } = three(true, upstream::openrouter()).await;
        let body = if stream { streamed(conversation(SIGNATURE)) } else { conversation(SIGNATURE) };
        let answer = send(&gateway, &body).await;
        check(&answer, "hello from openrouter", "anthropic:server_error", [&anthropic, &openrouter]);
        let call = openrouter.last_call();
        assert_eq!(call.path, "/api/v1/messages");
        assert_eq!(call.json, with(body, json!({"model": "anthropic/claude-sonnet-4.5"})));
        check_not_called([&ollama]);
    }
}

#[tokio::test]
async fn they_survive_openrouters_chat_completions() {
    for stream in [false, true] {
        let Three { gateway, anthropic, openrouter, .. } =
            three(true, upstream::openrouter().without("/api/v1/messages").strays(html().status(404))).await;
        let body = if stream { streamed(conversation(SIGNATURE)) } else { conversation(SIGNATURE) };
        let answer = send(&gateway, &body).await;
        check(&answer, "hello from openrouter", "anthropic:server_error", [&anthropic, &openrouter]);
        let call = openrouter.last_call();
        assert_eq!(call.path, "/api/v1/chat/completions");
        let turn = &call.json["messages"][1];
        let details = turn["reasoning_details"].as_array().unwrap_or_else(|| panic!("{turn}"));
        let proofs: Vec<&Value> = details
            .iter()
            .map(|detail| if detail["data"].is_null() { &detail["signature"] } else { &detail["data"] })
            .collect();
        assert_eq!(proofs, [&json!(SIGNATURE), &json!("c2VhbGVk"), &json!("ZW1wdHk=")], "{turn}");
        assert!(details.iter().all(|detail| detail["format"] == "anthropic-claude-v1"), "{turn}");
        assert_eq!((&turn["content"], &turn["tool_calls"][0]["id"]), (&json!("I look."), &json!("toolu_1")), "{turn}");
    }
}

#[tokio::test]
async fn a_local_model_gets_the_conversation_without_them() {
    for stream in [false, true] {
        let Three { gateway, anthropic, openrouter, ollama } =
            three(true, upstream::openrouter().always(insufficient_quota())).await;
        let body = if stream { streamed(conversation(SIGNATURE)) } else { conversation(SIGNATURE) };
        let answer = send(&gateway, &body).await;
        check(&answer, "hello from ollama", "anthropic:server_error", [&anthropic, &openrouter, &ollama]);
        assert_eq!(answer.model(), Some("llama3:8b"));
        let sent = ollama.last_call().json;
        for secret in [SIGNATURE, "c2VhbGVk", "ZW1wdHk="] {
            assert!(!sent.to_string().contains(secret), "{sent}");
        }
        let roles: Vec<&Value> = sent["messages"].as_array().unwrap().iter().map(|turn| &turn["role"]).collect();
        assert_eq!(roles, ["user", "assistant", "tool"]);
    }
}

#[tokio::test]
async fn what_another_has_thought_never_reaches_anthropic() {
    let Three { gateway, anthropic, openrouter, ollama } =
        three(true, upstream::openrouter().always(overloaded())).await;
    ollama.switch([Say::Reasoning("a clock"), Say::Text("I look."), Say::Tool("call_1", "now", "{}")]);
    let mut body = conversation(SIGNATURE);
    let first = send(&gateway, &body).await;
    assert_eq!(first.provider(), Some("oss-local"), "{}", first.json);
    assert_eq!(first.json["content"][0], json!({"type": "thinking", "thinking": "a clock", "signature": ""}));
    // The client sends it all back, as it does; now Anthropic is well again.
    let id = first.json["content"][2]["id"].clone();
    let turns = body["messages"].as_array_mut().unwrap();
    turns.push(json!({"role": "assistant", "content": first.json["content"]}));
    turns.push(json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": "12:01"}]}));
    anthropic.switch(ok());
    anthropic.forget();
    gateway.advance(std::time::Duration::from_secs(120)).await;
    for chain in [json!([]), json!(["anthropic/claude-opus-4-5"])] {
        let body = with(body.clone(), json!({"fallbacks": chain}));
        let answer = send(&gateway, &body).await;
        assert_eq!(answer.provider(), Some("anthropic"), "{}", answer.json);
        let kept: Vec<Value> = thoughts(&anthropic).iter().map(|block| block["signature"].clone()).collect();
        assert_eq!(kept, [json!(SIGNATURE), Value::Null, json!("ZW1wdHk=")]);
        let last = anthropic.last_call().json["messages"][3].clone();
        let kinds: Vec<&Value> = last["content"].as_array().unwrap().iter().map(|block| &block["type"]).collect();
        assert_eq!(kinds, ["text", "tool_use"], "an unsigned thought is refused there: {last}");
    }
    drop(openrouter);
}

#[tokio::test]
async fn every_other_turn_stays_byte_for_byte_when_a_thought_is_taken_out() {
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&anthropic).start().await;
    let unsigned = r#"{"type":"thinking","thinking":"hm","signature":""}"#;
    let first = r#"{ "role":"user","content":"h\u00e9 \/", "odd":12345678901234567890123}"#;
    let signed = r#"{"content":[{"signature":"c2ln", "type":"thinking","thinking":"h\u00e9"}],"role":"assistant" }"#;
    let last = r#"{"role":"user", "content":[ {"type":"text","text":"b"} ]}"#;
    let body = |turn: &str| {
        format!(
            r#"{{ "model":"claude-sonnet-4-5","max_tokens" :1000, "messages":[{first},{turn},{last}, {signed},{last} ],"zzz":1.50}}"#
        )
    };
    let words = r#"{"type":"text","text":"a"}"#;
    for thoughts in [format!("{unsigned},"), format!("{unsigned}, {unsigned} , ")] {
        let turn = format!(r#"{{"role":"assistant","content":[{thoughts}{words}]}}"#);
        let answer = send_raw(&gateway, body(&turn)).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        let found = sent(&anthropic);
        for kept in [first, signed, last, r#"{ "model":"claude-sonnet-4-5","max_tokens" :1000, "#, r#","zzz":1.50}"#] {
            assert!(found.contains(kept), "{kept} is not in {found}");
        }
        let turns = anthropic.last_call().json["messages"].clone();
        assert_eq!(turns[1], json!({"role": "assistant", "content": [{"type": "text", "text": "a"}]}), "{found}");
        assert_eq!(turns.as_array().map(Vec::len), Some(5), "{found}");
    }
    // A turn of nothing else is no turn.
    let alone = format!(r#"{{"role":"assistant","content":[{unsigned}]}}"#);
    assert_eq!(send_raw(&gateway, body(&alone)).await.status, 200);
    assert_eq!(anthropic.last_call().json["messages"].as_array().map(Vec::len), Some(4), "{}", sent(&anthropic));
    // Where there is nothing to take out, nothing changes at all.
    let untouched = body(last);
    assert_eq!(send_raw(&gateway, untouched.clone()).await.status, 200);
    assert_eq!(sent(&anthropic), untouched);
}
