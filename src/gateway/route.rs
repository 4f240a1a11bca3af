//! `/v1/route`: a prompt and a kind of task in, an answer and how it came about out.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answered, Gateway, GatewayError};
use crate::domain::attempt::{Attempt, Outcome, Passed};
use crate::domain::facts::Caller;
use crate::health::Status;
use crate::plan::GENERAL;
use crate::protocol::call::Call;
use crate::protocol::openai::OpenAi;
use crate::protocol::scan::scan;
use crate::protocol::{BadRequest, attempts};
use crate::telemetry::summary;

/// What a caller of `/v1/route` sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Wanted {
    prompt: Option<String>,
    message: Option<String>,
    messages: Option<Vec<Value>>,
    task_type: Option<String>,
    layer: Option<String>,
    model: Option<String>,
    system: Option<String>,
    max_tokens: Option<u64>,
    temperature: Option<f64>,
    /// Is a stream wanted?
    pub stream: Option<bool>,
    /// Is only the chain wanted, and no call?
    pub dry_run: Option<bool>,
    fallbacks: Option<Vec<String>>,
    /// Recorded with the request.
    pub conversation_id: Option<String>,
    /// Recorded with the request.
    pub user_id: Option<String>,
}

/// A request to route, read and planned.
pub struct Routed {
    /// The same request as the OpenAI protocol has it.
    pub call: Call,
    /// The route's name.
    pub task: String,
    /// Is a stream wanted?
    pub stream: bool,
    /// Is only the chain wanted, and no call?
    pub dry_run: bool,
}

impl Gateway {
    /// Reads a request to `/v1/route`.
    ///
    /// # Errors
    /// [`BadRequest`] names the field at fault.
    pub fn read_route(&self, body: &[u8]) -> Result<Routed, BadRequest> {
        let wanted: Wanted = serde_json::from_slice(body).map_err(|error| explain(body, &error))?;
        let task = wanted.layer.clone().or(wanted.task_type.clone()).unwrap_or_else(|| GENERAL.to_owned());
        let field = if wanted.layer.is_some() { "layer" } else { "taskType" };
        let known = task == "auto" || self.shared.rules.routes.contains_key(&task);
        if !known {
            let names: Vec<&str> = self.shared.rules.routes.keys().map(String::as_str).collect();
            let message = format!("`{task}` is not a route; the routes are {}.", names.join(", "));
            return Err(BadRequest::field(field, message));
        }
        let stream = wanted.stream.unwrap_or(false);
        let dry_run = wanted.dry_run.unwrap_or(false);
        let model = wanted.model.clone().unwrap_or_else(|| task.clone());
        let body = wanted.into_chat(&model, dry_run)?;
        let call = scan(&OpenAi, Bytes::from(body.to_string()))?;
        Ok(Routed { call, task, stream, dry_run })
    }

    /// The chain as it would be tried now, with each link's health; calls nobody.
    ///
    /// # Errors
    /// Where nobody could serve it.
    pub fn explain(&self, routed: &Routed) -> Result<Value, GatewayError> {
        let chain = self.plan(&routed.call.facts)?;
        let reports = self.providers();
        let links = chain.links.iter().map(|link| {
            let passed = match chain.unfit(link) {
                Some(reason) => Err(Passed::Unfit(reason.to_owned())),
                None => self.shared.health.peek(link),
            };
            let report = reports.iter().find(|report| report.name == link.provider.name());
            let mut out = Map::new();
            out.insert("provider".into(), link.provider.name().into());
            out.insert("model".into(), (&*link.model).into());
            out.insert("health".into(), report.map_or(Status::Unknown, |report| report.status).name().into());
            out.insert("outcome".into(), if passed.is_ok() { "pending" } else { "skipped" }.into());
            if let Err(passed) = passed {
                out.insert("reason".into(), passed.reason().into());
            }
            Value::Object(out)
        });
        let summary: Vec<String> = chain.names();
        Ok(json!({"routing": {
            "summary": summary.join(" -> "),
            "taskType": routed.task,
            "fallback": false,
            "fromCache": false,
            "attempts": links.collect::<Vec<_>>(),
        }}))
    }

    /// Runs a request that was read.
    ///
    /// # Errors
    /// [`GatewayError`], when nobody answered.
    pub async fn route(&self, routed: &Routed, caller: &Caller) -> Result<Answered, GatewayError> {
        self.chat(&routed.call, caller).await
    }
}

/// `routing`, as the answer tells it.
pub fn routing(task: &str, list: &[Attempt]) -> Value {
    let first_served = matches!(list, [Attempt { outcome: Outcome::Ok, .. }]);
    json!({
        "summary": summary(list),
        "taskType": task,
        "fallback": !first_served && list.iter().any(|attempt| attempt.outcome == Outcome::Ok),
        "fromCache": false,
        "attempts": attempts::value(list),
    })
}

impl Wanted {
    /// The same request as the OpenAI protocol has it.
    fn into_chat(self, model: &str, dry_run: bool) -> Result<Value, BadRequest> {
        let given = [self.prompt.is_some(), self.message.is_some(), self.messages.is_some()];
        if given.iter().filter(|given| **given).count() > 1 {
            return Err(BadRequest::field("prompt", "Send one of `prompt`, `message` and `messages`, not several."));
        }
        let mut messages: Vec<Value> = Vec::new();
        messages.extend(self.system.map(|system| json!({"role": "system", "content": system})));
        match (self.prompt.or(self.message), self.messages) {
            (Some(prompt), _) if prompt.trim().is_empty() => {
                return Err(BadRequest::field("prompt", "`prompt` is empty."));
            }
            (Some(prompt), _) => messages.push(json!({"role": "user", "content": prompt})),
            (None, Some(list)) if list.is_empty() => {
                return Err(BadRequest::field("messages", "`messages` is empty: send at least one message."));
            }
            (None, Some(list)) => messages.extend(list),
            // A dry run asks about the chain, not about an answer.
            (None, None) if dry_run => messages.push(json!({"role": "user", "content": "?"})),
            (None, None) => {
                return Err(BadRequest::field(
                    "prompt",
                    "`prompt` is missing: send `prompt`, `message` or `messages`.",
                ));
            }
        }
        let mut body = Map::new();
        body.insert("model".into(), model.into());
        body.insert("messages".into(), messages.into());
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body.insert(name.to_owned(), value);
            }
        };
        put("max_tokens", self.max_tokens.map(Value::from));
        put("temperature", self.temperature.map(Value::from));
        put("fallbacks", self.fallbacks.map(Value::from));
        if self.stream == Some(true) {
            put("stream", Some(true.into()));
            put("stream_options", Some(json!({"include_usage": true})));
        }
        Ok(Value::Object(body))
    }
}

/// Says which field of the body has the wrong type.
fn explain(body: &[u8], error: &serde_json::Error) -> BadRequest {
    if !error.is_data() {
        return BadRequest::body(format!("The body is not valid JSON: {error}."));
    }
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
        return BadRequest::body("The body must be a JSON object.");
    };
    // One field at a time, to find the one that cannot be read.
    for (name, value) in fields {
        let alone = Value::Object(Map::from_iter([(name.clone(), value)]));
        if let Err(error) = serde_json::from_value::<Wanted>(alone) {
            return BadRequest::field(name.clone(), format!("`{name}` cannot be read: {error}."));
        }
    }
    BadRequest::body(format!("The body cannot be read: {error}."))
}
