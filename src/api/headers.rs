//! The gateway's own headers.

use std::time::Duration;

use axum::http::header::IntoHeaderName;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

// Made once: a name that is made for each answer is parsed for each answer.
pub(super) static ATTEMPTS: HeaderName = HeaderName::from_static("x-gateway-attempts");
pub(super) static COST: HeaderName = HeaderName::from_static("x-gateway-cost-usd");
pub(super) static FALLBACK: HeaderName = HeaderName::from_static("x-gateway-fallback");
pub(super) static MODEL: HeaderName = HeaderName::from_static("x-gateway-model");
pub(super) static PROVIDER: HeaderName = HeaderName::from_static("x-gateway-provider");
pub(super) static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(super) static TIMING: HeaderName = HeaderName::from_static("server-timing");
pub(super) static WARNINGS: HeaderName = HeaderName::from_static("x-gateway-warnings");

/// A request's id as a header's value.
pub(super) fn id(id: &str) -> HeaderValue {
    HeaderValue::from_str(id).unwrap_or(HeaderValue::from_static("req_unknown"))
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
