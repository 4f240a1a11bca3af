//! Adds up the tool calls of an answer, whichever protocol it came in.

use super::answer::ToolCall;
use serde_json::Value;

/// The calls in these bodies or events, in the order in which they began.
pub(super) fn of<'a>(documents: impl Iterator<Item = &'a Value>) -> Vec<ToolCall> {
    let mut calls: Vec<(String, ToolCall)> = Vec::new();
    for json in documents {
        let choice = &json["choices"][0];
        for (place, call) in list(&choice["message"]["tool_calls"]).chain(list(&json["message"]["tool_calls"])) {
            let _ = place;
            begin(&mut calls, "", &call["id"], &call["function"]["name"], &call["function"]["arguments"]);
        }
        for (place, call) in list(&choice["delta"]["tool_calls"]) {
            let key = call["index"].as_u64().unwrap_or(place).to_string();
            if call["id"].is_string() {
                begin(&mut calls, &key, &call["id"], &call["function"]["name"], &call["function"]["arguments"]);
            } else {
                add(&mut calls, &key, &call["function"]["arguments"]);
            }
        }
        for (_, block) in list(&json["content"]).filter(|(_, block)| block["type"] == "tool_use") {
            begin(&mut calls, "", &block["id"], &block["name"], &block["input"]);
        }
        for (_, item) in list(&json["output"]).filter(|(_, item)| item["type"] == "function_call") {
            begin(&mut calls, "", &item["call_id"], &item["name"], &item["arguments"]);
        }
        match json["type"].as_str() {
            Some("content_block_start") if json["content_block"]["type"] == "tool_use" => {
                let block = &json["content_block"];
                begin(&mut calls, &json["index"].to_string(), &block["id"], &block["name"], &Value::Null);
            }
            Some("content_block_delta") => add(&mut calls, &json["index"].to_string(), &json["delta"]["partial_json"]),
            Some("response.output_item.added") if json["item"]["type"] == "function_call" => {
                let item = &json["item"];
                begin(&mut calls, &json["output_index"].to_string(), &item["call_id"], &item["name"], &Value::Null);
            }
            Some("response.function_call_arguments.delta") => {
                add(&mut calls, &json["output_index"].to_string(), &json["delta"]);
            }
            _ => {}
        }
    }
    calls.into_iter().map(|(_, call)| call).collect()
}

fn list(value: &Value) -> impl Iterator<Item = (u64, &Value)> {
    (0..).zip(value.as_array().into_iter().flatten())
}

fn begin(calls: &mut Vec<(String, ToolCall)>, key: &str, id: &Value, name: &Value, arguments: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    // Arguments are text in some protocols and an object in others.
    let arguments = if arguments.is_object() { arguments.to_string() } else { text(arguments) };
    calls.push((key.to_owned(), ToolCall { id: text(id), name: text(name), arguments }));
}

fn add(calls: &mut [(String, ToolCall)], key: &str, fragment: &Value) {
    let call = calls.iter_mut().rev().find(|(other, _)| other == key);
    if let (Some((_, call)), Some(fragment)) = (call, fragment.as_str()) {
        call.arguments.push_str(fragment);
    }
}
