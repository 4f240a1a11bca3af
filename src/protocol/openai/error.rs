//! Errors in OpenAI's form.

use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

use super::super::{ErrorView, attempts};

/// `{"error":{…}}`, all four of OpenAI's keys present.
pub(super) fn body(error: &ErrorView<'_>) -> Bytes {
    Bytes::from(value(error).to_string())
}

/// The same as a stream's last event.
pub(super) fn event(error: &ErrorView<'_>, out: &mut BytesMut) {
    out.extend_from_slice(b"data: ");
    out.extend_from_slice(value(error).to_string().as_bytes());
    out.extend_from_slice(b"\n\n");
}

fn value(error: &ErrorView<'_>) -> Value {
    let mut inner = json!({
        "message": error.message,
        "type": error.kind,
        "param": error.param,
        "code": error.code,
    });
    if let Some(list) = error.attempts {
        inner["attempts"] = attempts::value(list);
    }
    json!({ "error": inner })
}
