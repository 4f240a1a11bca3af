//! Errors in Anthropic's form (docs: protocols/anthropic-messages.md, "Errors").

use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

use crate::protocol::{ErrorView, attempts};

/// `{"type":"error","error":{…}}`, with the id of the request. The gateway's own code stands where Anthropic's does,
/// in `details.error_code`.
pub(super) fn body(error: &ErrorView<'_>) -> Bytes {
    let mut body = value(error);
    let mut details = serde_json::Map::new();
    details.extend(code(error).map(|code| ("error_code".to_owned(), code.into())));
    details.extend(error.param.map(|param| ("param".to_owned(), param.into())));
    if !details.is_empty() {
        body["error"]["details"] = Value::Object(details);
    }
    if let Some(list) = error.attempts {
        body["error"]["attempts"] = attempts::value(list);
    }
    if let Some(id) = error.request_id {
        body["request_id"] = id.into();
    }
    Bytes::from(body.to_string())
}

/// Where threads are refused it is the code that makes Anthropic's SDKs send the whole conversation instead.
fn code<'a>(error: &ErrorView<'a>) -> Option<&'a str> {
    match error.param {
        Some("thread") => Some("thread_unsupported_request"),
        _ => error.code,
    }
}

/// A stream's last event.
pub(super) fn event(error: &ErrorView<'_>, out: &mut BytesMut) {
    out.extend_from_slice(b"event: error\ndata: ");
    out.extend_from_slice(value(error).to_string().as_bytes());
    out.extend_from_slice(b"\n\n");
}

fn value(error: &ErrorView<'_>) -> Value {
    json!({"type": "error", "error": {"type": kind(error.status), "message": error.message}})
}

/// Anthropic's type of error for a status.
fn kind(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 | 529 => "overloaded_error",
        408 | 504 => "timeout_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(param: Option<&str>, code: Option<&str>) -> Value {
        let message = "no";
        let error = ErrorView {
            status: 400,
            kind: "invalid_request_error",
            code,
            param,
            message,
            attempts: None,
            request_id: None,
        };
        let body: Value = serde_json::from_slice(&body(&error)).unwrap();
        body["error"]["details"]["error_code"].clone()
    }

    #[test]
    fn a_refused_thread_has_the_code_that_the_sdks_know() {
        assert_eq!(code_of(Some("thread"), None), "thread_unsupported_request");
        assert_eq!(code_of(Some("tools[0]"), Some("unsupported_parameter")), "unsupported_parameter");
        assert_eq!(code_of(Some("messages"), None), Value::Null);
    }
}
