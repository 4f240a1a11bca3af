//! An answer's headers and bytes. Nothing is translated here: it speaks the caller's protocol already.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Instant;

use super::enter::{Place, id_value};
use crate::domain::facts::Caller;
use crate::gateway::{Answered, Stream};
use crate::upstream::reply::ReplyBody;

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
    headers.insert("x-request-id", id_value(&caller.request_id));
    headers.insert("x-gateway-provider", HeaderValue::from_static(answered.provider));
    put(headers, "x-gateway-model", &answered.model);
    headers.insert("x-gateway-attempts", HeaderValue::from(crate::chain::called(&answered.attempts)));
    if let Some(fallback) = &answered.fallback {
        put(headers, "x-gateway-fallback", fallback);
    }
    if let Some(cost) = answered.cost {
        put(headers, "x-gateway-cost-usd", &dollars(cost.dollars()));
    }
    if !answered.reply.dropped.is_empty() {
        put(headers, "x-gateway-warnings", &format!("dropped={}", answered.reply.dropped.join(",")));
    }
    put(headers, "server-timing", &timing(now.saturating_duration_since(answered.began), answered.upstream));
}

/// `gateway;dur=…, upstream;dur=…`, in milliseconds.
pub(super) fn timing(all: Duration, upstream: Duration) -> String {
    let (own, upstream) = (all.saturating_sub(upstream).as_micros(), upstream.as_micros());
    let (a, b, c, d) = (own / 1000, own % 1000, upstream / 1000, upstream % 1000);
    format!("gateway;dur={a}.{b:03}, upstream;dur={c}.{d:03}")
}

/// Never in the form of 1e-7, which not every client reads.
fn dollars(dollars: f64) -> String {
    let text = format!("{dollars:.12}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Sets a header whose value may hold what no header may; such letters become `?`.
pub(super) fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
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
