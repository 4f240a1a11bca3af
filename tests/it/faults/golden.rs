//! The golden cases of errors, each as the only link of a chain, in the form of each protocol.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::kit::upstream::{anthropic, ollama, openai, openai_compatible, openrouter};
use crate::kit::*;

#[tokio::test]
async fn golden_errors_of_a_single_link() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/18-errors/cases.json");
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert!(cases.len() >= 30, "{} cases", cases.len());
    let mut wrong = Vec::new();
    let each = cases.iter().flat_map(|case| Front::ALL.map(|front| (front, case)));
    let each: Vec<(Front, &Value)> = each.collect();
    for few in each.chunks(16) {
        let results = join_all(few.iter().map(|(front, case)| run(*front, case))).await;
        wrong.extend(results.into_iter().filter_map(Result::err));
    }
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), each.len(), wrong.join("\n"));
}

async fn run(front: Front, case: &Value) -> Result<(), String> {
    let said = &case["upstream"];
    let name = format!("{} for {front:?}", case["name"].as_str().unwrap());
    let (builder, model) = match said["provider"].as_str().unwrap() {
        "openai" => (openai(), "gpt-4o"),
        "anthropic" => (anthropic(), "claude-sonnet-4-5"),
        "openrouter" => (openrouter(), "x-ai/grok-beta"),
        "ollama" if name.contains("/v1") => (openai_compatible(), "llama3:8b"),
        "ollama" => (ollama(), "llama3:8b"),
        other => panic!("no such provider: {other}"),
    };
    let only = builder.always(reply(said)).start().await;
    let gateway = gateway().with(&only).env("LLM_RETRY", 1).env("LLM_RETRY_AFTER_MAX_MS", 0).start().await;
    let mut body = front.body(model, "hello");
    body["fallbacks"] = json!([]);
    let answer = front.send(&gateway, &body).await;
    let error = answer.error();
    let mut got = json!({"status": answer.status, "type": error["type"]});
    let ours = json!({"status": 502, "type": "api_error"});
    let expected = match front {
        // The name that is refused there is the translation's choice, and not the caller's fault.
        Front::Messages if name.starts_with("openai unsupported param") => &ours,
        Front::Messages => &case["single_link_chain"]["anthropic"],
        _ => {
            got["code"] = error["code"].clone();
            &case["single_link_chain"]["openai"]
        }
    };
    if got != *expected {
        return Err(format!("{name}: {got}, expected {expected}"));
    }
    let calls = if case["retry_same_link"] == true { 2 } else { 1 };
    if only.calls().len() != calls {
        return Err(format!("{name}: {} calls, expected {calls}", only.calls().len()));
    }
    // Where the chain as a whole failed, the attempts name the class.
    let attempt = &error["attempts"][0];
    if !attempt.is_null() && attempt["outcome"] != case["class"] {
        return Err(format!("{name}: {attempt}, expected {}", case["class"]));
    }
    Ok(())
}

/// The provider's answer, as the case has it.
fn reply(said: &Value) -> Reply {
    let status = u16::try_from(said["status"].as_u64().unwrap()).unwrap();
    let mut reply = match &said["body"] {
        Value::String(text) => body_of("text/html", text.clone()),
        body => json(body),
    };
    for (name, value) in said["headers"].as_object().into_iter().flatten() {
        reply = reply.header(name, value.as_str().unwrap());
    }
    reply.status(status)
}
