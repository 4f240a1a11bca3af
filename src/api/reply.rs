//! An answer's headers and bytes. Nothing is translated here: it speaks the caller's protocol already.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, IntoHeaderName};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Instant;

use super::enter::{Place, id_value};
use crate::domain::facts::Caller;
use crate::gateway::{Answered, Stream};
use crate::upstream::reply::ReplyBody;

// Made once: a name that is made for each answer is parsed for each answer.
static ATTEMPTS: HeaderName = HeaderName::from_static("x-gateway-attempts");
static COST: HeaderName = HeaderName::from_static("x-gateway-cost-usd");
static FALLBACK: HeaderName = HeaderName::from_static("x-gateway-fallback");
static MODEL: HeaderName = HeaderName::from_static("x-gateway-model");
static PROVIDER: HeaderName = HeaderName::from_static("x-gateway-provider");
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static TIMING: HeaderName = HeaderName::from_static("server-timing");
static WARNINGS: HeaderName = HeaderName::from_static("x-gateway-warnings");

/// Puts an answer into its envelope.
pub(super) fn respond(answered: Answered, caller: &Caller, place: Place, now: Instant) -> Response {
    let mut headers = HeaderMap::with_capacity(12);
    describe(&mut headers, &answered, caller, now);
    let body = match answered.reply.body {
        ReplyBody::Whole { bytes, .. } => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            Body::from(bytes)
        }
        ReplyBody::Stream(stream) => {
            stream_headers(&mut headers);
            Body::new(Placed { stream, _place: place })
        }
    };
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    response
}

/// The headers of every event stream.
pub(super) fn stream_headers(headers: &mut HeaderMap) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
}

/// Who served and why, in headers.
pub(super) fn describe(headers: &mut HeaderMap, answered: &Answered, caller: &Caller, now: Instant) {
    headers.extend(answered.reply.headers.iter().cloned());
    headers.insert(&REQUEST_ID, id_value(&caller.request_id));
    headers.insert(&PROVIDER, HeaderValue::from_static(answered.provider));
    put(headers, &MODEL, &answered.model);
    headers.insert(&ATTEMPTS, HeaderValue::from(crate::chain::called(&answered.attempts)));
    if let Some(fallback) = &answered.fallback {
        put(headers, &FALLBACK, fallback);
    }
    if let Some(cost) = answered.cost {
        put(headers, &COST, &cost.to_string());
    }
    if !answered.reply.dropped.is_empty() {
        put(headers, &WARNINGS, &format!("dropped={}", answered.reply.dropped.join(",")));
    }
    put(headers, &TIMING, &timing(now.saturating_duration_since(answered.began), answered.upstream));
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

/// A stream that keeps its place among the requests under way.
struct Placed {
    stream: Stream,
    _place: Place,
}

impl http_body::Body for Placed {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut *self.stream).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.stream.size_hint()
    }
}
