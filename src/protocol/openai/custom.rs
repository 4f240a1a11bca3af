//! OpenAI's other kind of tool, which takes free text: the hub holds it as the one argument `input`
//! (docs: protocols/translation.md, 1).

use serde_json::{Map, Value, json};

use crate::domain::chat::Tool;

/// The `type` of such a tool.
pub(in crate::protocol) const CUSTOM: &str = "custom";

/// The arguments that a free text becomes.
pub(in crate::protocol) fn arguments(input: &str) -> String {
    json!({ "input": input }).to_string()
}

/// The free text that a call of the tool `name` was given; `None` where that is no such tool.
pub(in crate::protocol) fn input(tools: &[Tool], name: &str, arguments: &str) -> Option<Value> {
    let given = is_custom(tools, name).then(|| serde_json::from_str::<Map<String, Value>>(arguments));
    given?.ok()?.remove("input").filter(Value::is_string)
}

/// Is this the name of such a tool?
pub(in crate::protocol) fn is_custom(tools: &[Tool], name: &str) -> bool {
    tools.iter().any(|tool| match tool {
        Tool::Other { kind, raw } if kind == CUSTOM => {
            raw.pointer("/custom/name").and_then(Value::as_str) == Some(name)
        }
        _ => false,
    })
}
