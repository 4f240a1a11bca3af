//! `provider_health`: how each provider is believed to be.

use serde_json::{Value, json};

use super::OwnTool;
use super::schema::{field, maybe, object};

/// The tool.
pub(super) const TOOL: OwnTool = OwnTool {
    name: "provider_health",
    title: "Provider health",
    description: "Tells how each provider of models is now: healthy or not, configured or not, how fast, and its last \
                  error; also the gateway's database and Redis. Use it when requests fail or are slow. Calls no \
                  provider and costs nothing.",
    input: || json!({}),
    required: &[],
    output,
    read_only: true,
    is_there: |_| true,
    run: |_, desk| Box::pin(async move { Ok(desk.gateway.told_health()) }),
};

fn output() -> Value {
    let provider = object(
        "One provider.",
        json!({
            "status": field("string", "`healthy`, `unhealthy`, `unknown`, `unconfigured` or `disabled`."),
            "configured": field("boolean", "Can it be used at all?"),
            "latency_ms": maybe("integer", "How long its last check took."),
            "error": maybe("string", "What went wrong last."),
            "checked_at": maybe("string", "When it was checked last, in UTC."),
        }),
    );
    json!({
        "status": field("string", "`ok` where all that is configured is well, else `degraded`."),
        "redis": field("boolean", "Can Redis be had?"),
        "database": field("boolean", "Can the database be had?"),
        "timestamp": field("string", "Now, in UTC."),
        "version": field("string", "The gateway's version."),
        "providers": {"type": "object", "description": "Each provider by its name.", "additionalProperties": provider},
    })
}
