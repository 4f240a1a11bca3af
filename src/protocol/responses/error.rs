//! Errors: before a stream began in the form that all of OpenAI's endpoints share, in a stream by events of its own.

use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

use super::super::openai::OpenAi;
use super::super::{ErrorView, Front};
use super::response::Fault;
use crate::domain::Dialect;
use crate::domain::failure::{Class, Failure, Said};

/// The codes that a failed response may tell.
const CODES: [&str; 4] = ["server_error", "rate_limit_exceeded", "invalid_prompt", "context_length_exceeded"];

/// `{"error":{…}}`.
pub(super) fn body(error: &ErrorView<'_>) -> Bytes {
    OpenAi.error_body(error)
}

/// The last event of a stream that has no response object to say it in. Its fields stand at its top, since SDKs take
/// any event with an `error` in it for an error of another protocol.
pub(super) fn event(error: &ErrorView<'_>, sequence: u64, out: &mut BytesMut) {
    let event = json!({
        "type": "error",
        "code": error.code,
        "message": error.message,
        "param": error.param,
        "sequence_number": sequence,
    });
    out.extend_from_slice(b"event: error\ndata: ");
    out.extend_from_slice(event.to_string().as_bytes());
    out.extend_from_slice(b"\n\n");
}

/// What a failed response says of an error; its code is one of a few that callers know.
pub(super) fn fault<'a>(error: &ErrorView<'a>) -> Fault<'a> {
    let code = match error.code {
        Some(code) if CODES.contains(&code) => code,
        _ if error.kind == "rate_limit_error" => "rate_limit_exceeded",
        _ => "server_error",
    };
    Fault { code, message: error.message }
}

/// The failure that an event of a provider reports, as the provider words it: what class it is of is for whoever knows
/// the provider to say.
pub(super) fn told(event: &[u8]) -> Failure {
    let event_value: Value = serde_json::from_slice(event).unwrap_or_default();
    let places = [event_value.get("error"), event_value.pointer("/response/error")];
    let error = places.into_iter().flatten().find(|error| !error.is_null()).unwrap_or(&event_value);
    let word = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
    let message = word("message").or_else(|| error.as_str().map(str::to_owned));
    let said = Said {
        dialect: Dialect::Responses,
        body: Bytes::copy_from_slice(event),
        // That of the event itself is no error's.
        kind: word("type").filter(|_| !std::ptr::eq(error, &event_value)),
        code: word("code"),
        param: word("param"),
    };
    let message = message.unwrap_or_else(|| "the provider broke the stream off with an error".into());
    Failure { said: Some(Box::new(said)), ..Failure::after_sending(Class::ServerError, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view<'a>(kind: &'a str, code: Option<&'a str>) -> ErrorView<'a> {
        ErrorView { status: 502, kind, code, param: None, message: "gone", attempts: None, request_id: None }
    }

    #[test]
    fn an_error_in_a_stream_has_no_error_in_it() {
        let mut out = BytesMut::new();
        event(&view("server_error", Some("malformed")), 7, &mut out);
        let data = out.strip_prefix(b"event: error\ndata: ").unwrap();
        let expected = json!({
            "type": "error", "code": "malformed", "message": "gone", "param": null, "sequence_number": 7,
        });
        assert_eq!(serde_json::from_slice::<Value>(data).unwrap(), expected);
        assert!(data.ends_with(b"}\n\n"));
    }

    #[test]
    fn a_failed_response_has_a_code_that_callers_know() {
        for (kind, code, expected) in [
            ("server_error", Some("malformed"), "server_error"),
            ("server_error", None, "server_error"),
            ("rate_limit_error", Some("rate_limited"), "rate_limit_exceeded"),
            ("invalid_request_error", Some("context_length_exceeded"), "context_length_exceeded"),
        ] {
            assert_eq!(fault(&view(kind, code)).code, expected, "{kind} {code:?}");
        }
    }

    #[test]
    fn errors_of_a_provider_wherever_they_stand() {
        for (event, message, code, kind) in [
            (
                json!({"type": "response.failed", "response": {"error": {"code": "server_error", "message": "a"}}}),
                "a",
                Some("server_error"),
                None,
            ),
            (
                json!({"type": "error", "code": "rate_limit_exceeded", "message": "b"}),
                "b",
                Some("rate_limit_exceeded"),
                None,
            ),
            (json!({"error": {"message": "c", "type": "server_error", "code": null}}), "c", None, Some("server_error")),
            (json!({"error": "d"}), "d", None, None),
            (
                json!({"type": "response.failed", "response": {"error": null}}),
                "the provider broke the stream off with an error",
                None,
                None,
            ),
        ] {
            let failure = told(event.to_string().as_bytes());
            let said = failure.said.unwrap();
            assert_eq!(
                (failure.message.as_str(), said.code.as_deref(), said.kind.as_deref()),
                (message, code, kind),
                "{event}"
            );
            assert_eq!(said.body, event.to_string());
        }
    }
}
