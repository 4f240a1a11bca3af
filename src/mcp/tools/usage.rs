//! `usage_stats`: what was asked in the last hours, and what it cost.

use rmcp::model::JsonObject;
use serde_json::{Value, json};

use super::schema::{field, list, maybe, object};
use super::trouble::Trouble;
use super::{Desk, OwnTool};
use crate::protocol::BadRequest;
use crate::protocol::fields::{Fields, Path};

/// How many hours are told of where nobody says.
const USUAL: i64 = 24;
/// The most hours: a hundred years.
const MOST: i64 = 876_000;

/// The tool.
pub(super) const TOOL: OwnTool = OwnTool {
    name: "usage_stats",
    title: "Usage",
    description: "Tells how many requests were made in the last hours, their tokens and what they cost, by provider and \
                  model. With a client key: that key's alone, with its limits and what is left of them. Use it to \
                  watch spending. Costs nothing.",
    input,
    required: &[],
    output,
    read_only: true,
    is_there: |gateway| gateway.has_database().is_some(),
    run: |arguments, desk| Box::pin(tell(arguments, desk)),
};

async fn tell(arguments: JsonObject, desk: Desk<'_>) -> Result<Value, Trouble> {
    let Desk { gateway, caller, .. } = desk;
    let hours = hours(arguments).map_err(|bad| desk.wrong(&bad))?;
    let away = || {
        let message = "The gateway's database, which keeps these figures, cannot be reached now.";
        desk.failed("store_unavailable", message, "Call again later; requests are answered all the same.")
    };
    let recorded = gateway.recorded(hours, caller.grant.as_deref()).await;
    let mut out = recorded.ok().flatten().ok_or_else(away)?;
    out["key"] = caller.grant.as_ref().map(|grant| gateway.key_usage(grant)).into();
    Ok(out)
}

fn hours(arguments: JsonObject) -> Result<u32, BadRequest> {
    let mut fields = Fields::of(Value::Object(arguments), &Path::Body, "an object")?;
    let hours = fields.integer("hours")?.unwrap_or(USUAL);
    let sane = Some(hours).filter(|hours| (1..=MOST).contains(hours)).and_then(|hours| u32::try_from(hours).ok());
    sane.ok_or_else(|| fields.at("hours").unknown(&format!("a whole number from 1 to {MOST}"), &hours.to_string()))
}

fn input() -> Value {
    let mut properties = json!({"hours": field("integer", "How many hours to look back on. Default: 24.")});
    properties["hours"]["minimum"] = json!(1);
    properties["hours"]["maximum"] = json!(MOST);
    properties
}

fn output() -> Value {
    let figures = json!({
        "requests": field("integer", "Requests, failed ones included."),
        "answered": field("integer", "Of those, answered."),
        "input_tokens": field("integer", "Tokens of prompts."),
        "output_tokens": field("integer", "Tokens of answers."),
        "cost_usd": field("number", "What they cost, in USD."),
    });
    let mut row = figures.clone();
    row["provider"] = maybe("string", "Who answered; null where nobody did.");
    row["model"] = maybe("string", "The model that answered.");
    row["mean_latency_ms"] = maybe("number", "Milliseconds that a request took in the mean.");
    json!({
        "hours": field("integer", "How many hours this tells of."),
        "since": field("string", "From when, in UTC."),
        "until": field("string", "Until when, in UTC."),
        "total": object("All of it.", figures),
        "rows": list("By provider and model, the most expensive first.", object("One provider's model.", row)),
        "key": maybe("object", "The caller's own client key: what it has used in its period, its limits, and what is \
                                left of them. Null where no key is needed."),
    })
}
