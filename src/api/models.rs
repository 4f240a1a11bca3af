//! The models on offer, in OpenAI's form.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::enter::Entered;
use super::error::{self, Refusal};
use super::{Api, headers};
use crate::gateway::listing::Listed;
use crate::protocol::openai::OpenAi;

/// `GET /v1/models`.
pub(super) async fn list(State(api): State<Arc<Api>>, headers: HeaderMap) -> Response {
    let Entered { caller, .. } = match api.enter(&headers, &OpenAi, "/v1/models") {
        Ok(entered) => entered,
        Err(refused) => return *refused,
    };
    let data: Vec<Value> = api.gateway.list().await.iter().map(model).collect();
    answer(json!({"object": "list", "data": data}), headers::id(&caller.request_id))
}

/// `GET /v1/models/{id}`; an id may hold slashes, as they are or percent-encoded.
pub(super) async fn one(
    State(api): State<Arc<Api>>,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let Entered { caller, .. } = match api.enter(&headers, &OpenAi, "/v1/models") {
        Ok(entered) => entered,
        Err(refused) => return *refused,
    };
    // What cannot be decoded is no model's id.
    let Ok(Path(id)) = id else {
        let raw = uri.path().trim_start_matches("/v1/models/").to_owned();
        return error::refuse(&OpenAi, &caller, Refusal::NoSuchModel(raw));
    };
    match api.gateway.list().await.iter().find(|listed| listed.id == id) {
        Some(listed) => answer(model(listed), headers::id(&caller.request_id)),
        None => error::refuse(&OpenAi, &caller, Refusal::NoSuchModel(id)),
    }
}

fn model(listed: &Listed) -> Value {
    json!({"id": listed.id, "object": "model", "created": 0, "owned_by": listed.owner})
}

fn answer(body: Value, id: HeaderValue) -> Response {
    ([("x-request-id", id)], Json(body)).into_response()
}
