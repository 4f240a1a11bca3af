//! How the process and its providers are. None of it makes a call or costs a token.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Api;
/// Everything, and 200 while the process serves.
pub(super) async fn whole(State(api): State<Arc<Api>>) -> Json<Value> {
    Json(api.gateway.told_health())
}

/// Could a request be served? 503 where not, and while draining.
pub(super) async fn ready(State(api): State<Arc<Api>>) -> (StatusCode, Json<Value>) {
    if api.load.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "draining"})));
    }
    match api.gateway.can_serve() {
        true => (StatusCode::OK, Json(json!({"status": "ready"}))),
        false => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "no provider could serve"}))),
    }
}

/// The process lives.
pub(super) async fn live() -> Json<Value> {
    Json(json!({"status": "alive"}))
}
