//! `list_models`: what can be asked for by name.

use serde_json::{Value, json};

use super::OwnTool;
use super::schema::{field, list, object};

/// The tool.
pub(super) const TOOL: OwnTool = OwnTool {
    name: "list_models",
    title: "List models",
    description: "Lists the models and routes that `route`, `chat` and `explain_route` take by name. Use it before \
                  naming a model, or when a name was refused. Costs nothing.",
    input: || json!({}),
    required: &[],
    output,
    read_only: true,
    is_there: |_| true,
    run: |_, desk| {
        Box::pin(async move {
            let list = desk.gateway.list_for(desk.caller).await;
            let models: Vec<Value> =
                list.iter().map(|model| json!({"id": model.id, "owned_by": model.owner})).collect();
            Ok(json!({"models": models}))
        })
    },
};

fn output() -> Value {
    let model = object(
        "A model or a route.",
        json!({
            "id": field("string", "The name to ask for."),
            "owned_by": field("string", "The provider that offers it; `gateway` for a route."),
        }),
    );
    json!({"models": list("What can be asked for, routes first.", model)})
}
