//! Asking a model, for the tools that do: an answer with its provider, its attempts and its cost.

use rmcp::model::JsonObject;
use serde_json::{Value, json};

use super::Desk;
use super::schema::{attempts, field, maybe, object};
use super::trouble::Trouble;
use crate::domain::chat::Finish;
use crate::gateway::route::told::{self, Told};
use crate::protocol::openai::OpenAi;
use crate::protocol::{BadRequest, Front, Unreadable};
use crate::upstream::reply::ReplyBody;

/// Asks by `/v1/route`'s own arguments.
pub(super) async fn ask(arguments: JsonObject, desk: Desk<'_>) -> Result<Value, Trouble> {
    let Desk { gateway, caller, .. } = desk;
    let wrong = |bad: BadRequest| {
        gateway.turned_away(caller, "invalid_request", 400);
        desk.wrong(&bad)
    };
    let routed = gateway.read_route(Value::Object(arguments).to_string().as_bytes()).map_err(wrong)?;
    // A provider that gets a caller's bytes as they are would say it in its own words, and only when it is asked.
    if let Err(Unreadable::Wrong(bad)) = OpenAi.read_request(&routed.call.body) {
        return Err(wrong(bad));
    }
    let answered = gateway.route(&routed, caller).await.map_err(|error| desk.unanswered(&error))?;
    let (told, cost) = (Told::of(&answered, routed.task), answered.cost);
    let ReplyBody::Whole { bytes, learned } = answered.reply.body else {
        return Err(desk.failed("unexpected_stream", "The answer came as a stream.", "Call again."));
    };
    let answer = told::read(&bytes).map_err(|failure| desk.unanswered(&failure.into()))?;
    let model = learned.model.as_deref().unwrap_or(&answered.model);
    let text = told::text_of(&answer);
    let mut out = told.whole(&text, model, learned.usage, cost, gateway.clock().now());
    out["result"]["finishReason"] = learned.finish.as_ref().map(word).into();
    Ok(out)
}

/// Why an answer ended, as OpenAI has it.
fn word(finish: &Finish) -> &str {
    match finish {
        Finish::Stop | Finish::StopSequence(_) => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
        Finish::Filtered(_) => "content_filter",
        Finish::Other(word) => word,
    }
}

/// The argument that names a kind of task.
pub(super) fn task_type() -> Value {
    field(
        "string",
        "The kind of task: `general`, `code`, or another route of the operator's, which `list_models` lists as owned by \
         `gateway`. Default: `general`.",
    )
}

/// The argument that names a route by its strength.
pub(super) fn layer() -> Value {
    field(
        "string",
        "How strong a model is wanted: from `L0`, the cheapest, to `L3`, the strongest. It decides where `taskType` is \
         given too.",
    )
}

/// The fields of such an answer.
pub(super) fn output() -> Value {
    let tokens = object(
        "Tokens as the provider counted them.",
        json!({"input": maybe("integer", "Of the prompt."), "output": maybe("integer", "Of the answer.")}),
    );
    json!({
        "result": object("The answer, and who gave it.", json!({
            "response": field("string", "The answer's text."),
            "model": field("string", "The model that answered."),
            "provider": field("string", "The provider that answered."),
            "finishReason": maybe("string", "Why it ended: `stop`; `length` where it was cut at its longest."),
        })),
        "routing": routing(attempts()),
        "performance": object("What it took.", json!({
            "durationMs": field("integer", "Milliseconds from the request to the answer."),
            "tokens": tokens,
            "cost": maybe("number", "Its cost in USD, where that is known."),
        })),
    })
}

/// How an answer came about, or would.
pub(super) fn routing(attempts: Value) -> Value {
    object(
        "How the answer came about.",
        json!({
            "summary": field("string", "All attempts in one line."),
            "taskType": field("string", "The route."),
            "fallback": field("boolean", "Did another than the first choice answer?"),
            "fromCache": field("boolean", "Was it answered before, and kept?"),
            "attempts": attempts,
        }),
    )
}
