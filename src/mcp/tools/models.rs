//! `list_models`: what can be asked for by name.

use serde_json::{Value, json};

use super::OwnTool;

/// The tool.
pub(super) const TOOL: OwnTool = OwnTool {
    name: "list_models",
    title: "List models",
    description: "Lists the models and routes that can be asked for by name.",
    input: || json!({"type": "object", "additionalProperties": false}),
    output,
    read_only: true,
    is_there: |_| true,
    run: |_, desk| {
        Box::pin(async move {
            let list = desk.gateway.list().await;
            let models: Vec<Value> =
                list.iter().map(|model| json!({"id": model.id, "owned_by": model.owner})).collect();
            Ok(json!({"models": models}))
        })
    },
};

fn output() -> Value {
    json!({
        "type": "object",
        "properties": {"models": {"type": "array", "items": {
            "type": "object",
            "properties": {"id": {"type": "string"}, "owned_by": {"type": "string"}},
            "required": ["id", "owned_by"],
        }}},
        "required": ["models"],
    })
}
