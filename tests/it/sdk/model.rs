//! A provider that looks at what it is asked, as a model would: for clients that ask several times by themselves.

use super::play::{PARIS, TEXT, WEATHER};
use crate::kit::*;
use serde_json::Value;

/// A person, as the schemas of all cases want one.
const PERSON: &str = r#"{"name":"Ada","age":36}"#;

/// The tools that frameworks add for an answer in a form: pydantic-ai's, and the Vercel AI SDK's.
const OUTPUTS: [&str; 2] = ["final_result", "json"];

/// Calls the weather's tool until the result is there, then answers in the form that is wanted: through the tool that
/// is there for it, by a schema, or in words.
pub(super) fn answer(call: &Call) -> Reply {
    let asked = &call.json;
    let offered = offered(asked);
    if offered.contains(&WEATHER) && !has_result(asked) {
        return Say::Tool("call_paris", WEATHER, PARIS).into();
    }
    match OUTPUTS.iter().find(|name| offered.contains(name)) {
        Some(output) => Say::Tool("call_output", output, PERSON).into(),
        None if wants_schema(asked) => Say::Text(PERSON).into(),
        None => Say::Text(TEXT).into(),
    }
}

/// The names of the tools on offer: flat, or within `function`.
fn offered(asked: &Value) -> Vec<&str> {
    let tools = asked["tools"].as_array().into_iter().flatten();
    tools.filter_map(|tool| tool["name"].as_str().or(tool["function"]["name"].as_str())).collect()
}

/// Has a tool answered: a turn of its own, an item of its own, or a block in the user's turn?
fn has_result(asked: &Value) -> bool {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let turn = |turn: &Value| {
        turn["role"] == "tool"
            || turn["type"] == "function_call_output"
            || list(&turn["content"]).iter().any(|block| block["type"] == "tool_result")
    };
    list(&asked["messages"]).iter().chain(&list(&asked["input"])).any(turn)
}

/// Must the answer keep to a schema, in whichever protocol's words?
fn wants_schema(asked: &Value) -> bool {
    let named = [&asked["response_format"], &asked["output_config"]["format"], &asked["text"]["format"]];
    named.iter().any(|format| format["type"] == "json_schema") || asked["format"].is_object()
}
