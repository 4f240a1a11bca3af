//! The models on offer, in the form of whoever asks: OpenAI's, or Anthropic's where its version is sent.

mod page;

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::enter::Entered;
use super::error::{self, Refusal};
use super::{Api, headers, stray};
use crate::domain::Dialect;
use crate::gateway::listing::Listed;
use crate::protocol::Front;
use page::Page;

/// `GET /v1/models`.
pub(super) async fn list(State(api): State<Arc<Api>>, uri: Uri, headers: HeaderMap) -> Response {
    let front = stray::spoken(&headers);
    let Entered { caller, .. } = match api.enter(&headers, front, "/v1/models") {
        Ok(entered) => entered,
        Err(refused) => return *refused,
    };
    let offered = api.gateway.list_for(&caller).await;
    if front.dialect() != Dialect::Anthropic {
        let data: Vec<Value> = offered.iter().map(as_openai).collect();
        return answer(json!({"object": "list", "data": data}), front, &caller.request_id);
    }
    match Page::read(uri.query().unwrap_or_default()) {
        Ok(page) => answer(page.of(&offered, |listed| as_anthropic(&api, listed)), front, &caller.request_id),
        Err(bad) => error::refuse(front, &caller, bad.into()),
    }
}

/// `GET /v1/models/{id}`; an id may hold slashes, as they are or percent-encoded.
pub(super) async fn one(
    State(api): State<Arc<Api>>,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let front = stray::spoken(&headers);
    let Entered { caller, .. } = match api.enter(&headers, front, "/v1/models") {
        Ok(entered) => entered,
        Err(refused) => return *refused,
    };
    // What cannot be decoded is no model's id.
    let Ok(Path(id)) = id else {
        let raw = uri.path().trim_start_matches("/v1/models/").to_owned();
        return error::refuse(front, &caller, Refusal::NoSuchModel(raw));
    };
    match api.gateway.list_for(&caller).await.iter().find(|listed| listed.id == id) {
        Some(listed) if front.dialect() == Dialect::Anthropic => {
            answer(as_anthropic(&api, listed), front, &caller.request_id)
        }
        Some(listed) => answer(as_openai(listed), front, &caller.request_id),
        None => error::refuse(front, &caller, Refusal::NoSuchModel(id)),
    }
}

fn as_openai(listed: &Listed) -> Value {
    json!({"id": listed.id, "object": "model", "created": 0, "owned_by": listed.owner})
}

/// Anthropic's form (docs: protocols/anthropic-messages.md, "count_tokens and models"). When a model came out is not
/// known here, and Anthropic itself says that by the beginning of time; what is on offer is not retired.
fn as_anthropic(api: &Api, listed: &Listed) -> Value {
    let card = api.gateway.card(&listed.id);
    json!({
        "type": "model",
        "id": listed.id,
        "display_name": listed.id,
        "created_at": "1970-01-01T00:00:00Z",
        "lifecycle": "active",
        "max_input_tokens": card.context,
        "max_tokens": card.max_output,
        "owned_by": listed.owner,
    })
}

fn answer(body: Value, front: &dyn Front, id: &str) -> Response {
    let mut headers = HeaderMap::new();
    headers::name(&mut headers, front, id);
    (headers, Json(body)).into_response()
}
