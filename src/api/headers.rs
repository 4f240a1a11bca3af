//! The gateway's own headers.

use std::time::Duration;

use axum::http::header::IntoHeaderName;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::admit::Allowance;
use crate::domain::Dialect;
use crate::protocol::Front;

// Made once: a name that is made for each answer is parsed for each answer.
pub(super) static ATTEMPTS: HeaderName = HeaderName::from_static("x-gateway-attempts");
pub(super) static CACHE: HeaderName = HeaderName::from_static("x-gateway-cache");
pub(super) static COST: HeaderName = HeaderName::from_static("x-gateway-cost-usd");
pub(super) static FALLBACK: HeaderName = HeaderName::from_static("x-gateway-fallback");
pub(super) static MODEL: HeaderName = HeaderName::from_static("x-gateway-model");
pub(super) static PROVIDER: HeaderName = HeaderName::from_static("x-gateway-provider");
/// The name that Anthropic's SDKs look for.
static ANTHROPIC_REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
pub(super) static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(super) static TIMING: HeaderName = HeaderName::from_static("server-timing");
pub(super) static WARNINGS: HeaderName = HeaderName::from_static("x-gateway-warnings");

/// A request's id as a header's value.
pub(super) fn id(id: &str) -> HeaderValue {
    HeaderValue::from_str(id).unwrap_or(HeaderValue::from_static("req_unknown"))
}

/// The request's id under the names that SDKs of the caller's protocol look for.
pub(super) fn name(headers: &mut HeaderMap, front: &dyn Front, id: &str) {
    headers.insert(&REQUEST_ID, self::id(id));
    if front.dialect() == Dialect::Anthropic {
        headers.insert(&ANTHROPIC_REQUEST_ID, self::id(id));
    }
}

/// What is left of the client key's own limits, where its provider has not told of its own.
pub(super) fn allowance(headers: &mut HeaderMap, allowance: Allowance) {
    const NAMES: [[&str; 2]; 2] = [
        ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests"],
        ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens"],
    ];
    for ([limit, left], of) in NAMES.into_iter().zip([allowance.requests, allowance.tokens]) {
        if let Some((most, rest)) = of.filter(|_| !headers.contains_key(limit) && !headers.contains_key(left)) {
            headers.insert(limit, HeaderValue::from(most));
            headers.insert(left, HeaderValue::from(rest));
        }
    }
}

/// `gateway;dur=…, upstream;dur=…`, in milliseconds.
pub(super) fn timing(all: Duration, upstream: Duration) -> String {
    let (own, upstream) = (all.saturating_sub(upstream).as_micros(), upstream.as_micros());
    let (a, b, c, d) = (own / 1000, own % 1000, upstream / 1000, upstream % 1000);
    format!("gateway;dur={a}.{b:03}, upstream;dur={c}.{d:03}")
}

/// Sets a header whose value may hold what no header may; such letters become `?`.
pub(super) fn put(headers: &mut HeaderMap, name: impl IntoHeaderName, value: &str) {
    let value = HeaderValue::from_str(value).or_else(|_| {
        let plain: String = value.chars().map(|letter| if letter.is_ascii_graphic() { letter } else { '?' }).collect();
        HeaderValue::from_str(&plain)
    });
    if let Ok(value) = value {
        headers.insert(name, value);
    }
}
