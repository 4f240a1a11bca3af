//! `GET /v1/usage`: what the caller's own client key has used, and what is left.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::enter::Entered;
use super::error::{self, Refusal};
use super::{Api, headers, stray};

/// Tells what the caller's own client key has used.
pub(super) async fn own(State(api): State<Arc<Api>>, headers: HeaderMap) -> Response {
    let front = stray::spoken(&headers);
    let Entered { caller, .. } = match api.enter(&headers, front, "/v1/usage") {
        Ok(entered) => entered,
        Err(refused) => return *refused,
    };
    let Some(grant) = &caller.grant else { return error::refuse(front, &caller, Refusal::NoKey) };
    let mut out = HeaderMap::new();
    headers::name(&mut out, front, &caller.request_id);
    (out, Json(api.gateway.key_usage(grant))).into_response()
}
