//! An answer in the caller's protocol, and what was learned of it in passing.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::stream::Live;
use crate::domain::facts::Learned;

/// An answer in the caller's protocol, whichever lane made it. `S` is a stream.
pub struct Reply<S = Box<Live>> {
    /// Headers of the provider that the caller gets: its rate limits and its own id of the request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Parameters that a translation had to leave out, by the caller's names.
    pub dropped: Vec<String>,
    /// What of the answer is an estimate of the gateway's own, by its field's name.
    pub estimated: Option<&'static str>,
    /// The answer.
    pub body: ReplyBody<S>,
}

/// The bytes of an answer.
pub enum ReplyBody<S = Box<Live>> {
    /// All of it.
    Whole {
        /// The body.
        bytes: Bytes,
        /// What was learned of it.
        learned: Learned,
    },
    /// A stream whose first content has come.
    Stream(S),
}

/// The provider's headers that are passed on.
pub(super) fn passed_on(headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let mut out = Vec::new();
    for (name, value) in headers {
        let text = name.as_str();
        if text.starts_with("x-ratelimit-") || text.starts_with("anthropic-ratelimit-") {
            out.push((name.clone(), value.clone()));
        } else if matches!(text, "x-request-id" | "request-id") {
            out.push((HeaderName::from_static("x-provider-request-id"), value.clone()));
        }
    }
    out
}
