//! OpenAI chat completions: chunks of one stamp, `[DONE]` last (docs: protocols/openai-chat.md, "Stream").

use serde_json::Value;

use super::Ending;

/// Looks at the events of a stream.
pub fn holds(events: &[(Option<String>, Value)], ending: Ending) {
    assert!(events.iter().all(|(name, _)| name.is_none()));
    let data: Vec<&Value> = events.iter().map(|(_, data)| data).collect();
    let (chunks, last) = match (ending, &data[..]) {
        (Ending::Open, chunks) => (chunks, None),
        (_, [chunks @ .., last]) => (chunks, Some(*last)),
        (_, []) => panic!("nothing is written"),
    };
    match (ending, last) {
        (Ending::End, Some(last)) => assert_eq!(last, "[DONE]"),
        (Ending::Error, Some(last)) => assert!(last["error"]["message"].is_string(), "{last}"),
        _ => {}
    }
    for chunk in chunks {
        let first = chunks[0];
        for name in ["id", "object", "created", "model"] {
            assert_eq!(chunk[name], first[name], "{chunk}");
            assert!(!chunk[name].is_null(), "{chunk}");
        }
        chunk["choices"].as_array().expect("choices").iter().for_each(choice);
    }
    let roles: Vec<bool> = chunks.iter().map(|chunk| chunk.pointer("/choices/0/delta/role").is_some()).collect();
    assert!(roles.iter().skip(1).all(|role| !role) && roles.first().is_none_or(|first| *first), "the role comes first");
}

fn choice(choice: &Value) {
    assert_eq!(choice["index"], 0);
    assert!(choice["delta"].is_object(), "{choice}");
    assert!(choice["finish_reason"].is_null() || choice["finish_reason"].is_string());
    for call in choice.pointer("/delta/tool_calls").and_then(Value::as_array).into_iter().flatten() {
        assert!(call["index"].is_u64() && call["function"]["arguments"].is_string(), "{call}");
        let begins = !call["id"].is_null();
        assert!(begins == call["function"]["name"].is_string() && begins == (call["type"] == "function"), "{call}");
    }
}
