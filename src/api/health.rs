//! How the process and its providers are. None of it makes a call or costs a token.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::Api;
use crate::health::{Report, Status};

/// Everything, and 200 while the process serves.
pub(super) async fn whole(State(api): State<Arc<Api>>) -> Json<Value> {
    let providers: Map<String, Value> =
        api.gateway.providers().iter().map(|report| (report.name.to_owned(), provider(report))).collect();
    Json(json!({
        "status": if api.gateway.is_well() { "ok" } else { "degraded" },
        "redis": api.gateway.has_redis().unwrap_or(false),
        "database": api.gateway.has_database().unwrap_or(false),
        "timestamp": time(api.gateway.clock().wall()),
        "version": env!("CARGO_PKG_VERSION"),
        "providers": providers,
    }))
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

fn provider(report: &Report) -> Value {
    json!({
        "status": report.status.name(),
        "configured": !matches!(report.status, Status::Unconfigured | Status::Disabled),
        "latency_ms": report.latency.map(|latency| latency.as_millis() as u64),
        "error": report.error,
        "checked_at": report.checked_at.map(time),
    })
}

/// ISO 8601, UTC, to the millisecond.
fn time(time: jiff::Timestamp) -> String {
    format!("{time:.3}")
}
