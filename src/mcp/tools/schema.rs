//! JSON Schemas of arguments and results.

use serde_json::{Map, Value, json};

/// The schema of a tool's arguments.
pub(super) fn input(properties: Value, required: &[&str]) -> Value {
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// The schema of a tool's result: all of these fields, or what a failed call tells. Some clients hold the results of
/// failed calls against it too.
pub(super) fn output(mut properties: Value) -> Value {
    let fields: Vec<String> = names(&properties).cloned().collect();
    properties["error"] = error();
    properties["attempts"] = attempts();
    json!({
        "type": "object",
        "properties": properties,
        "anyOf": [{"required": fields}, {"required": ["error", "attempts"]}],
    })
}

/// The names of an object's fields.
pub(super) fn names(properties: &Value) -> impl Iterator<Item = &String> {
    properties.as_object().into_iter().flat_map(Map::keys)
}

/// An object within a result, all of whose fields are there.
pub(super) fn object(description: &str, properties: Value) -> Value {
    let required: Vec<&String> = names(&properties).collect();
    let required = json!(required);
    json!({"type": "object", "description": description, "properties": properties, "required": required})
}

/// A field of this type (`string`, `integer`, …) that is always known.
pub(super) fn field(kind: &str, description: &str) -> Value {
    json!({"type": kind, "description": description})
}

/// A field of this type that may be `null`.
pub(super) fn maybe(kind: &str, description: &str) -> Value {
    json!({"type": [kind, "null"], "description": description})
}

/// A list.
pub(super) fn list(description: &str, items: Value) -> Value {
    json!({"type": "array", "description": description, "items": items})
}

/// The links that took part in a request.
pub(super) fn attempts() -> Value {
    let mut one = object(
        "One link.",
        json!({
            "provider": field("string", "The provider's name."),
            "model": field("string", "The model that was asked of it."),
            "outcome": field("string", "`ok`, `skipped`, or the class of its failure, such as `auth`."),
            "durationMs": field("integer", "Milliseconds spent on it."),
        }),
    );
    one["properties"]["status"] = field("integer", "The provider's HTTP status, where it answered.");
    one["properties"]["message"] = field("string", "What went wrong.");
    one["properties"]["reason"] = field("string", "Why it was passed over without a call.");
    list("Every provider and model that took part, in the order of what happened.", one)
}

fn error() -> Value {
    object(
        "Only where the call failed: why, and what stands against it.",
        json!({
            "type": field("string", "The kind of error."),
            "code": maybe("string", "The machine's code, such as `all_providers_failed`."),
            "message": field("string", "What happened, in words."),
            "param": maybe("string", "The argument at fault."),
            "requestId": field("string", "The request's id, as the gateway's log has it."),
        }),
    )
}
