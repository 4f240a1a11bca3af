//! `POST /v1/route`: the gateway's own way to ask.

mod stream;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::enter::{Entered, Place};
use super::{Api, body, error, headers, reply};
use crate::domain::chat::{Answer, Part, Usage};
use crate::domain::facts::Caller;
use crate::domain::money::Usd;
use crate::gateway::Answered;
use crate::gateway::route::routing;
use crate::protocol::openai::OpenAi;
use crate::protocol::{Back, Stamp};
use crate::upstream::reply::ReplyBody;
use stream::RouteStream;

/// Answers a prompt by the route that it names.
pub(super) async fn route(State(api): State<Arc<Api>>, request: Request<Body>) -> Response {
    let Entered { caller, place } = match api.enter(request.headers(), &OpenAi, "/v1/route") {
        Ok(entered) => entered,
        Err(refused) => return *refused,
    };
    let bytes = match body::read(request, api.options.longest_body, api.gateway.clock()).await {
        Ok(bytes) => bytes,
        Err(refusal) => return error::turn_away(&api.gateway, &OpenAi, &caller, refusal),
    };
    let routed = match api.gateway.read_route(&bytes) {
        Ok(routed) => routed,
        Err(bad) => return error::turn_away(&api.gateway, &OpenAi, &caller, bad.into()),
    };
    if routed.dry_run {
        return match api.gateway.explain(&routed) {
            Ok(routing) => ([("x-request-id", headers::id(&caller.request_id))], Json(routing)).into_response(),
            Err(failed) => error::respond(&OpenAi, &caller, &failed, api.gateway.clock().now()),
        };
    }
    match api.gateway.route(&routed, &caller).await {
        Ok(answered) => respond(api, answered, routed.task, &caller, place),
        Err(failed) => error::unanswered(&api.gateway, &routed.call, &OpenAi, &caller, &failed),
    }
}

fn respond(api: Arc<Api>, answered: Answered, task: String, caller: &Caller, place: Place) -> Response {
    let now = api.gateway.clock().now();
    let mut headers = HeaderMap::new();
    reply::describe(&mut headers, &answered, caller, now);
    let cached = answered.cached == Some(true);
    let routing = routing(&task, &answered.attempts, cached);
    let told = Told { provider: answered.provider, task, routing, cached, began: answered.began };
    match answered.reply.body {
        ReplyBody::Stream(live) => {
            reply::stream_headers(&mut headers);
            (headers, Body::new(RouteStream::new(live, told, api, place))).into_response()
        }
        ReplyBody::Whole { bytes, learned } => {
            let stamp = Stamp { id: String::new(), created: 0 };
            match OpenAi.read_answer(&bytes, &stamp) {
                Ok(answer) => {
                    let model = learned.model.as_deref().unwrap_or(&answered.model).to_owned();
                    let text = text_of(&answer);
                    (headers, Json(told.whole(&text, &model, learned.usage, answered.cost, now))).into_response()
                }
                Err(failure) => error::respond(&OpenAi, caller, &failure.into(), now),
            }
        }
    }
}

fn text_of(answer: &Answer) -> String {
    let text = |part: &Part| match part {
        Part::Text(text) => Some(text.text.clone()),
        Part::Refusal(words) => Some(words.clone()),
        _ => None,
    };
    answer.parts.iter().filter_map(text).collect()
}

/// What is told of an answer beside its text.
struct Told {
    provider: &'static str,
    task: String,
    routing: Value,
    cached: bool,
    began: Instant,
}

impl Told {
    /// The whole answer, in `/v1/route`'s own form.
    fn whole(&self, text: &str, model: &str, usage: Option<Usage>, cost: Option<Usd>, now: Instant) -> Value {
        let duration = now.saturating_duration_since(self.began);
        json!({
            "result": {"response": text, "model": model, "provider": self.provider},
            "routing": self.routing,
            "performance": {
                "durationMs": duration.as_millis() as u64,
                "tokens": {
                    "input": usage.map(|usage| usage.input),
                    "output": usage.map(|usage| usage.output),
                },
                "cost": cost.map(Usd::dollars),
            },
        })
    }
}
