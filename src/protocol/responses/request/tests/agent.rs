//! What a coding agent sends, and what becomes of it.

use serde_json::{Value, json};

use super::super::super::super::Back;
use super::super::super::super::openai::OpenAi;
use super::{card, of, written};

/// Instructions, many tools, sealed thoughts, calls and their answers; nothing is stored.
fn agent() -> Value {
    let tool = |at: u32| {
        json!({"type": "function", "name": format!("tool_{at}"), "description": "d", "strict": false,
            "parameters": {"type": "object", "properties": {"z": {"type": "string"}, "a": {"type": "number"}}}})
    };
    let mut tools: Vec<Value> = (0..40).map(tool).collect();
    tools.push(json!({"type": "custom", "name": "apply_patch", "description": "d",
        "format": {"type": "grammar", "syntax": "lark", "definition": "start: /x/"}}));
    let mut items = vec![
        json!({"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "<permissions>"}]}),
        json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "<environment>"}]}),
        json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Fix it."}]}),
    ];
    for at in 0..30 {
        let (first, second) = (format!("call_{at}a"), format!("call_{at}b"));
        let summary = json!([{"type": "summary_text", "text": format!("**Step {at}**")}]);
        items.extend([
            json!({"type": "reasoning", "summary": summary, "encrypted_content": format!("gAAAA{at}==")}),
            json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "On it."}]}),
            json!({"type": "function_call", "call_id": first, "name": "tool_1", "arguments": "{\"z\":\"é\",\"a\":1.50}"}),
            json!({"type": "custom_tool_call", "call_id": second, "name": "apply_patch", "input": "*** Begin\n\"x\""}),
            json!({"type": "function_call_output", "call_id": first, "output": "{\"output\":\"ok\\n\"}"}),
            json!({"type": "custom_tool_call_output", "call_id": second, "output": "Done!"}),
        ]);
    }
    json!({"model": "gpt-5.5-pro", "instructions": "You are a coding agent.", "input": items, "tools": tools,
        "tool_choice": "auto", "parallel_tool_calls": true, "store": false, "stream": true,
        "include": ["reasoning.encrypted_content"], "prompt_cache_key": "0197-ab",
        "reasoning": {"effort": "high", "summary": "auto"}, "text": {"verbosity": "low"}})
}

#[test]
fn what_a_coding_agent_sends_survives_the_hub() {
    let mut request = agent();
    let chat = of(&request);
    assert_eq!(chat.foreign, Vec::<String>::new());
    let (body, tells) = written(&chat, "gpt-5.5-pro");
    assert_eq!(tells.dropped, Vec::<String>::new());
    // The instructions that it begins with are one text here.
    request["input"].as_array_mut().unwrap().remove(0);
    request["instructions"] = "You are a coding agent.\n\n<permissions>".into();
    for (name, value) in request.as_object().unwrap() {
        assert_eq!(&body[name], value, "{name}");
    }
    assert_eq!(body.as_object().unwrap().len(), request.as_object().unwrap().len());
}

#[test]
fn what_a_coding_agent_sends_reaches_a_chat_model() {
    let sent = OpenAi.write_request(&of(&agent()), "gpt-6-sol", &card("gpt-6-sol")).unwrap();
    assert_eq!(sent.dropped, Vec::<String>::new());
    let body: Value = serde_json::from_slice(&sent.body).unwrap();
    let messages = body["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 1 + 3 + 30 * 3);
    let turn = &messages[4];
    assert_eq!((turn["content"].as_str(), turn["tool_calls"].as_array().unwrap().len()), (Some("On it."), 2));
    assert_eq!(turn["tool_calls"][1]["custom"], json!({"name": "apply_patch", "input": "*** Begin\n\"x\""}));
    assert_eq!(body["tools"].as_array().unwrap().len(), 41);
    assert_eq!((&body["reasoning_effort"], &body["verbosity"]), (&json!("high"), &json!("low")));
}
