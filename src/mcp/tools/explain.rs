//! `explain_route`: the chain as it would be tried now, and why; nobody is called.

use rmcp::model::JsonObject;
use serde_json::{Value, json};

use super::schema::{field, list, object};
use super::trouble::Trouble;
use super::{Desk, OwnTool, answer};

/// The tool.
pub(super) const TOOL: OwnTool = OwnTool {
    name: "explain_route",
    title: "Explain a route",
    description: "Tells which providers and models would be tried, in which order and why, if a model or a route were \
                  asked now. Calls nobody and costs nothing. Use it before `route` or `chat` to see who would answer, \
                  or after a failure to see why others were passed over.",
    input,
    required: &[],
    output,
    read_only: true,
    is_there: |_| true,
    run: |arguments, desk| Box::pin(explain(arguments, desk)),
};

async fn explain(mut arguments: JsonObject, desk: Desk<'_>) -> Result<Value, Trouble> {
    arguments.insert("dryRun".to_owned(), true.into());
    let body = Value::Object(arguments).to_string();
    let routed = desk.gateway.read_route(body.as_bytes()).map_err(|bad| desk.wrong(&bad))?;
    desk.gateway.explain(&routed).map_err(|error| desk.unanswered(&error))
}

fn input() -> Value {
    json!({
        "model": field("string", "A model or a route by its name. Default: the route decides."),
        "taskType": answer::task_type(),
        "layer": answer::layer(),
    })
}

fn output() -> Value {
    let mut link = object(
        "One link.",
        json!({
            "provider": field("string", "The provider's name."),
            "model": field("string", "The model that would be asked of it."),
            "health": field("string", "How the provider is believed to be."),
            "outcome": field("string", "`pending` where it would be called, `skipped` where it would be passed over."),
        }),
    );
    link["properties"]["reason"] = field("string", "Why it would be passed over.");
    json!({"routing": answer::routing(list("The chain, in the order in which it would be tried.", link))})
}
