//! `/v1/route`: a prompt and a kind of task in, an answer and how it came about out.

pub mod told;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Answered, Gateway, GatewayError};
use crate::domain::attempt::{Attempt, Outcome, Passed};
use crate::domain::facts::{Caller, Whom};
use crate::health::Status;
use crate::plan::GENERAL;
use crate::protocol::call::Call;
use crate::protocol::fields::{self, Fields, Path};
use crate::protocol::openai::OpenAi;
use crate::protocol::scan::{object, scan};
use crate::protocol::{BadRequest, attempts, own};
use crate::telemetry::summary;

/// What a caller of `/v1/route` sends.
struct Wanted {
    prompt: Option<String>,
    message: Option<String>,
    messages: Option<Vec<Value>>,
    task_type: Option<String>,
    layer: Option<String>,
    model: Option<String>,
    system: Option<String>,
    max_tokens: Option<u64>,
    temperature: Option<f64>,
    stream: bool,
    dry_run: bool,
    fallbacks: Option<Value>,
    whom: Whom,
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
        let wanted = Wanted::read(body)?;
        let task = wanted.layer.clone().or(wanted.task_type.clone()).unwrap_or_else(|| GENERAL.to_owned());
        let field = if wanted.layer.is_some() { "layer" } else { "taskType" };
        let known = task == "auto" || self.shared.rules.routes.contains_key(&task);
        if !known {
            let names: Vec<&str> = self.shared.rules.routes.keys().map(String::as_str).collect();
            let message = format!("`{task}` is not a route; the routes are {}.", names.join(", "));
            return Err(BadRequest::field(field, message));
        }
        let (stream, dry_run, whom) = (wanted.stream, wanted.dry_run, wanted.whom.clone());
        let model = wanted.model.clone().unwrap_or_else(|| task.clone());
        let body = wanted.into_chat(&model)?;
        let call = Call { whom, ..scan(&OpenAi, Bytes::from(body.to_string()))? };
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
pub fn routing(task: &str, list: &[Attempt], cached: bool) -> Value {
    let first_served = matches!(list, [Attempt { outcome: Outcome::Ok, .. }]);
    json!({
        "summary": summary(list),
        "taskType": task,
        "fallback": !first_served && list.iter().any(|attempt| attempt.outcome == Outcome::Ok),
        "fromCache": cached,
        "attempts": attempts::value(list),
    })
}

impl Wanted {
    fn read(body: &[u8]) -> Result<Wanted, BadRequest> {
        object(body)?;
        let mut fields = Fields::of(fields::parse(body)?, &Path::Body, "a JSON object")?;
        let whom = Whom {
            user: fields.string("userId")?.and_then(|user| own::kept(&user)),
            conversation: fields.string("conversationId")?.and_then(|conversation| own::kept(&conversation)),
        };
        let max_tokens = fields.count("maxTokens")?;
        if max_tokens == Some(0) {
            return Err(BadRequest::field("maxTokens", "`maxTokens` must be at least 1."));
        }
        Ok(Wanted {
            prompt: fields.string("prompt")?,
            message: fields.string("message")?,
            messages: fields.array("messages", "an array of messages")?,
            task_type: fields.string("taskType")?,
            layer: fields.string("layer")?,
            model: fields.string("model")?,
            system: fields.string("system")?,
            max_tokens,
            temperature: fields.number("temperature")?,
            stream: fields.boolean("stream")?.unwrap_or(false),
            dry_run: fields.boolean("dryRun")?.unwrap_or(false),
            fallbacks: fields.take("fallbacks"),
            whom,
        })
    }

    /// The same request as the OpenAI protocol has it.
    fn into_chat(mut self, model: &str) -> Result<Value, BadRequest> {
        let mut messages: Vec<Value> = Vec::new();
        messages.extend(self.system.take().map(|system| json!({"role": "system", "content": system})));
        messages.extend(self.conversation()?);
        let mut body = Map::new();
        body.insert("model".into(), model.into());
        body.insert("messages".into(), messages.into());
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body.insert(name.to_owned(), value);
            }
        };
        // The name that OpenAI's newer models insist on, and that every translation knows.
        put("max_completion_tokens", self.max_tokens.map(Value::from));
        put("temperature", self.temperature.map(Value::from));
        put("fallbacks", self.fallbacks);
        if self.stream {
            put("stream", Some(true.into()));
            put("stream_options", Some(json!({"include_usage": true})));
        }
        Ok(Value::Object(body))
    }

    /// What is asked, in whichever of its three forms.
    fn conversation(&mut self) -> Result<Vec<Value>, BadRequest> {
        let given = [self.prompt.is_some(), self.message.is_some(), self.messages.is_some()];
        if given.iter().filter(|given| **given).count() > 1 {
            return Err(BadRequest::field("prompt", "Send one of `prompt`, `message` and `messages`, not several."));
        }
        let words = [("prompt", self.prompt.take()), ("message", self.message.take())];
        if let Some((field, words)) = words.into_iter().find_map(|(field, words)| Some((field, words?))) {
            return match words.trim().is_empty() {
                true => Err(BadRequest::field(field, format!("`{field}` is empty."))),
                false => Ok(vec![json!({"role": "user", "content": words})]),
            };
        }
        match self.messages.take() {
            Some(list) if list.is_empty() => {
                Err(BadRequest::field("messages", "`messages` is empty: send at least one message."))
            }
            Some(list) => Ok(list),
            // A dry run asks about the chain, not about an answer.
            None if self.dry_run => Ok(vec![json!({"role": "user", "content": "?"})]),
            None => Err(BadRequest::field("prompt", "`prompt` is missing: send `prompt`, `message` or `messages`.")),
        }
    }
}
