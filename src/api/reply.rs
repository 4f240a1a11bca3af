//! An answer's headers and bytes. Nothing is translated here: it speaks the caller's protocol already.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Instant;

use super::enter::Place;
use super::headers::{self, put, timing};
use crate::domain::facts::Caller;
use crate::gateway::Answered;
use crate::protocol::Front;
use crate::upstream::reply::ReplyBody;

/// Puts an answer into its envelope.
pub(super) fn respond(answered: Answered, front: &dyn Front, caller: &Caller, place: Place, now: Instant) -> Response {
    let mut headers = HeaderMap::with_capacity(12);
    describe(&mut headers, &answered, caller, now);
    headers::name(&mut headers, front, &caller.request_id);
    let body = match answered.reply.body {
        ReplyBody::Whole { bytes, .. } => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            Body::from(bytes)
        }
        ReplyBody::Stream(stream) => {
            stream_headers(&mut headers);
            Body::new(Placed::new(stream, place))
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
    headers.insert(&headers::REQUEST_ID, headers::id(&caller.request_id));
    headers.insert(&headers::PROVIDER, HeaderValue::from_static(answered.provider));
    put(headers, &headers::MODEL, &answered.model);
    // Those who took part in getting an answer that was kept were not called for this request.
    let called = if answered.cached == Some(true) { 0 } else { crate::chain::called(&answered.attempts) };
    headers.insert(&headers::ATTEMPTS, HeaderValue::from(called));
    if let Some(hit) = answered.cached {
        headers.insert(&headers::CACHE, HeaderValue::from_static(if hit { "hit" } else { "miss" }));
    }
    if let Some(fallback) = &answered.fallback {
        put(headers, &headers::FALLBACK, fallback);
    }
    headers::allowance(headers, answered.allowance);
    if let Some(cost) = answered.cost {
        put(headers, &headers::COST, &cost.to_string());
    }
    let dropped = &answered.reply.dropped;
    let dropped = (!dropped.is_empty()).then(|| format!("dropped={}", dropped.join(",")));
    let estimated = answered.reply.estimated.map(|field| format!("estimated={field}"));
    let warnings: Vec<String> = dropped.into_iter().chain(estimated).collect();
    if !warnings.is_empty() {
        put(headers, &headers::WARNINGS, &warnings.join("; "));
    }
    put(headers, &headers::TIMING, &timing(now.saturating_duration_since(answered.began), answered.upstream));
}

/// A body that keeps its request's place among those under way.
pub(super) struct Placed<B> {
    body: B,
    _place: Place,
}

impl<B> Placed<B> {
    /// `body`, which gives `place` back when it is dropped.
    pub(super) fn new(body: B, place: Place) -> Placed<B> {
        Placed { body, _place: place }
    }
}

impl<B: http_body::Body<Data = Bytes, Error = Infallible> + Unpin> http_body::Body for Placed<B> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
