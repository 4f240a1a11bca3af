//! `POST /api/events`: an application's own events, kept behind the answer.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::enter::Entered;
use super::error::Refusal;
use super::{Api, body, error, headers};
use crate::protocol::openai::OpenAi;

/// Takes an event.
pub(super) async fn take(State(api): State<Arc<Api>>, request: Request<Body>) -> Response {
    let Entered { caller, place: _place } = match api.enter(request.headers(), &OpenAi, "/api/events") {
        Ok(entered) => entered,
        Err(refused) => return *refused,
    };
    if !api.gateway.keeps_events() {
        return error::refuse(&OpenAi, &caller, Refusal::NoDatabase);
    }
    let bytes = match body::read(request, api.options.longest_body, api.gateway.clock()).await {
        Ok(bytes) => bytes,
        Err(refusal) => return error::refuse(&OpenAi, &caller, refusal),
    };
    match api.gateway.read_event(&bytes) {
        Ok(event) => api.gateway.keep_event(event, &caller),
        Err(bad) => return error::refuse(&OpenAi, &caller, bad.into()),
    }
    let id = [("x-request-id", headers::id(&caller.request_id))];
    (StatusCode::ACCEPTED, id, Json(json!({"success": true}))).into_response()
}
