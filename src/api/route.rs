//! `POST /v1/route`: the gateway's own way to ask.

mod stream;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request};
use axum::response::{IntoResponse, Response};

use super::enter::{Entered, Place};
use super::{Api, body, error, headers, reply};
use crate::domain::facts::Caller;
use crate::gateway::Answered;
use crate::gateway::route::told::{self, Told};
use crate::protocol::openai::OpenAi;
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
    let told = Told::of(&answered, task);
    match answered.reply.body {
        ReplyBody::Stream(live) => {
            reply::stream_headers(&mut headers);
            (headers, Body::new(RouteStream::new(live, told, api, place))).into_response()
        }
        ReplyBody::Whole { bytes, learned } => match told::read(&bytes) {
            Ok(answer) => {
                let model = learned.model.as_deref().unwrap_or(&answered.model).to_owned();
                let text = told::text_of(&answer);
                (headers, Json(told.whole(&text, &model, learned.usage, answered.cost, now))).into_response()
            }
            Err(failure) => error::respond(&OpenAi, caller, &failure.into(), now),
        },
    }
}
