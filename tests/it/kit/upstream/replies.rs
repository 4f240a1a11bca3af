//! The answers that tests ask for by name.

use super::reply::{Body, Reply, Trouble};
use super::say::Say;
use super::vectors::Odd;

/// The provider's usual good answer.
pub fn ok() -> Reply {
    Reply::from(Vec::new())
}

/// An error of this status in the provider's own form, `.header(…)` and `.body` to taste.
pub fn status(status: u16) -> Reply {
    Reply::new(Body::Trouble(Trouble::Status(status)))
}

/// The provider does not know the operator's key (401); OpenAI's message repeats the key whole.
pub fn invalid_key() -> Reply {
    Reply::new(Body::Trouble(Trouble::InvalidKey))
}

/// The key may not do this (403).
pub fn forbidden() -> Reply {
    Reply::new(Body::Trouble(Trouble::Forbidden))
}

/// The account has no money left: OpenAI 429 `insufficient_quota`, the others 402.
pub fn insufficient_quota() -> Reply {
    Reply::new(Body::Trouble(Trouble::InsufficientQuota))
}

/// Anthropic's older form of the same: 400 whose text says that the credit balance is too low.
pub fn credit_exhausted_400() -> Reply {
    Reply::new(Body::Trouble(Trouble::CreditExhausted))
}

/// 429 with Retry-After in seconds.
pub fn rate_limited(seconds: u64) -> Reply {
    Reply::new(Body::Trouble(Trouble::RateLimited(Some(seconds))))
}

/// 429 without Retry-After.
pub fn rate_limited_unsaid() -> Reply {
    Reply::new(Body::Trouble(Trouble::RateLimited(None)))
}

/// The prompt is too long for the model (400).
pub fn context_length() -> Reply {
    Reply::new(Body::Trouble(Trouble::ContextLength))
}

/// The model does not exist here (404).
pub fn model_not_found() -> Reply {
    Reply::new(Body::Trouble(Trouble::ModelNotFound))
}

/// Too much traffic at the provider: 503, Anthropic and OpenRouter 529.
pub fn overloaded() -> Reply {
    Reply::new(Body::Trouble(Trouble::Overloaded))
}

/// The provider's moderation refuses: OpenAI 400, OpenRouter 403 with reasons, Anthropic a 200 with `refusal`.
pub fn content_policy() -> Reply {
    Reply::new(Body::Trouble(Trouble::ContentPolicy))
}

/// The caller's own mistake (400).
pub fn invalid_request() -> Reply {
    Reply::new(Body::Trouble(Trouble::InvalidRequest))
}

/// Vectors, one for each input, with this oddity.
pub fn vectors(odd: Odd) -> Reply {
    Reply::new(Body::Vectors(odd))
}

/// 200 with this JSON text.
pub fn json(body: impl ToString) -> Reply {
    body_of("application/json", body.to_string())
}

/// 200 with this body.
pub fn body_of(content_type: &'static str, bytes: impl Into<Vec<u8>>) -> Reply {
    Reply::new(Body::Bytes { content_type, bytes: bytes.into() })
}

/// A web page with status 200.
pub fn html() -> Reply {
    body_of("text/html; charset=utf-8", "<!DOCTYPE html><html><body><h1>It works</h1></body></html>")
}

/// Status 200 and not one byte, called JSON.
pub fn empty() -> Reply {
    body_of("application/json", "")
}

/// An event stream without a byte.
pub fn empty_stream() -> Reply {
    body_of("text/event-stream", "")
}

/// These bytes instead of an HTTP answer, head included; then the connection closes.
pub fn raw(bytes: impl Into<Vec<u8>>) -> Reply {
    Reply::new(Body::Wire(bytes.into()))
}

/// Reads the request, then resets the connection.
pub fn reset_before_head() -> Reply {
    Reply::new(Body::Nothing(Say::Reset))
}

/// Reads the request, then closes the connection without a word.
pub fn close_before_head() -> Reply {
    Reply::new(Body::Nothing(Say::Cut))
}

/// Reads the request, then says nothing until the client goes away.
pub fn stall_before_head() -> Reply {
    Reply::new(Body::Nothing(Say::Stall))
}

/// Sends the head, then resets the connection.
pub fn reset_after_head() -> Reply {
    Reply::exactly([Say::Reset])
}

/// Sends the head, then nothing until the client goes away.
pub fn stall_after_head() -> Reply {
    Reply::exactly([Say::Stall])
}
