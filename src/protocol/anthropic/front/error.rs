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
    json!({"type": "error", "error": {"type": kind(error), "message": error.message}})
}

/// Anthropic's type of error for a status. To be without any provider is not to be too busy.
fn kind(error: &ErrorView<'_>) -> &'static str {
    match error.status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 if error.code == Some("no_provider_configured") => "api_error",
        503 | 529 => "overloaded_error",
        408 | 504 => "timeout_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attempt::{Attempt, Outcome};
    use crate::domain::failure::Class;

    fn view(status: u16) -> ErrorView<'static> {
        ErrorView {
            status,
            kind: "server_error",
            code: None,
            param: None,
            message: "It is \"so\".",
            attempts: None,
            request_id: None,
        }
    }

    fn written(error: &ErrorView<'_>) -> Value {
        serde_json::from_slice(&body(error)).unwrap()
    }

    #[test]
    fn an_error_says_no_more_than_is_known() {
        let plain = json!({"type": "error", "error": {"type": "api_error", "message": "It is \"so\"."}});
        assert_eq!(written(&view(502)), plain);
    }

    #[test]
    fn the_machines_words_stand_in_details() {
        let error = ErrorView {
            code: Some("unsupported_parameter"),
            param: Some("messages[2].content[0]"),
            request_id: Some("r-1"),
            ..view(400)
        };
        let expected = json!({
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "It is \"so\".",
                "details": {"error_code": "unsupported_parameter", "param": "messages[2].content[0]"},
            },
            "request_id": "r-1",
        });
        assert_eq!(written(&error), expected);
    }

    #[test]
    fn a_failed_chain_tells_of_each_link() {
        let attempts = [Attempt {
            provider: "openai",
            model: "gpt-4o".into(),
            outcome: Outcome::Failed(Class::Timeout),
            status: None,
            duration_ms: 7,
            message: None,
        }];
        let error = ErrorView { attempts: Some(&attempts), code: Some("all_providers_failed"), ..view(502) };
        let error = written(&error)["error"].take();
        assert_eq!(
            (&error["attempts"][0]["provider"], &error["attempts"][0]["outcome"]),
            (&json!("openai"), &json!("timeout"))
        );
        assert_eq!(error["details"], json!({"error_code": "all_providers_failed"}));
    }

    #[test]
    fn each_status_has_the_type_that_clients_know() {
        for (status, expected) in [
            (400, "invalid_request_error"),
            (401, "authentication_error"),
            (402, "billing_error"),
            (403, "permission_error"),
            (404, "not_found_error"),
            (405, "invalid_request_error"),
            (408, "timeout_error"),
            (409, "conflict_error"),
            (413, "request_too_large"),
            (422, "invalid_request_error"),
            (429, "rate_limit_error"),
            (500, "api_error"),
            (502, "api_error"),
            (503, "overloaded_error"),
            (504, "timeout_error"),
            (529, "overloaded_error"),
        ] {
            assert_eq!(written(&view(status))["error"]["type"], expected, "{status}");
        }
        let nobody = ErrorView { code: Some("no_provider_configured"), ..view(503) };
        assert_eq!(written(&nobody)["error"]["type"], "api_error");
    }

    #[test]
    fn a_streams_last_event_has_a_name_and_one_line() {
        let mut out = BytesMut::new();
        event(&ErrorView { message: "a\nb", code: Some("timeout"), ..view(529) }, &mut out);
        let expected = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"a\\nb\"}}\n\n";
        assert_eq!(out, expected);
    }

    #[test]
    fn a_refused_thread_has_the_code_that_the_sdks_know() {
        let code_of =
            |param, code| written(&ErrorView { param, code, ..view(400) })["error"]["details"]["error_code"].take();
        assert_eq!(code_of(Some("thread"), None), "thread_unsupported_request");
        assert_eq!(code_of(Some("tools[0]"), Some("unsupported_parameter")), "unsupported_parameter");
        assert_eq!(code_of(Some("messages"), None), Value::Null);
    }
}
