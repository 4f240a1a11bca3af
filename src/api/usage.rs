//! `GET /v1/usage`: what the caller's own client key has used, and what is left.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::enter::Entered;
use super::error::{self, Refusal};
use super::{Api, headers, stray};
use crate::admit::KeyUsage;
use crate::domain::grant::Grant;
use crate::domain::money::Usd;

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
    (out, Json(told(grant, &api.gateway.usage_of(grant)))).into_response()
}

fn told(grant: &Grant, usage: &KeyUsage) -> Value {
    let time = |at: Timestamp| format!("{at:.0}");
    let budget = grant.budget;
    let starts = usage.stretch.until.map(|_| time(usage.stretch.from));
    json!({
        "object": "usage",
        "key": {"id": &*grant.id, "name": &*grant.name, "expires_at": grant.expires_at.map(time)},
        "period": {"name": usage.period.name(), "starts_at": starts, "ends_at": usage.stretch.until.map(time)},
        "used": {
            "cost_usd": usage.used.spent.dollars(),
            "under_way_usd": usage.held.dollars(),
            "requests": usage.used.requests,
            "input_tokens": usage.used.input_tokens,
            "output_tokens": usage.used.output_tokens,
        },
        "limits": {
            "rpm": grant.rpm,
            "tpm": grant.tpm,
            "budget_usd": budget.map(|budget| budget.limit.dollars()),
            "budget_period": budget.map(|budget| budget.period.name()),
            "models": (!grant.models.is_empty()).then_some(&grant.models),
        },
        "remaining": {
            "requests": usage.allowance.requests.map(|(_, left)| left),
            "tokens": usage.allowance.tokens.map(|(_, left)| left),
            "budget_usd": usage.left.map(Usd::dollars),
        },
    })
}
