//! A request's body, read whole within its bounds.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use axum::http::{HeaderMap, Request};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use super::error::Refusal;
use crate::clock::Clock;

/// The longest pause of a client while it sends its body.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// What is set aside at once for a body that says how long it is.
const SET_ASIDE: usize = 1 << 20;

/// Reads the body of `request`.
pub(super) async fn read(request: Request<Body>, longest: usize, clock: &Clock) -> Result<Bytes, Refusal> {
    let (head, mut body) = request.into_parts();
    if is_encoded(&head.headers) {
        return Err(Refusal::Encoded);
    }
    let announced = announced(&head.headers);
    if announced.is_some_and(|length| length > longest) {
        return Err(Refusal::TooLarge(longest));
    }
    let mut whole = BytesMut::new();
    let mut first = Bytes::new();
    loop {
        let deadline = clock.now() + LONGEST_PAUSE;
        let frame = clock.until(deadline, body.frame()).await.map_err(|_| Refusal::Slow)?;
        let Some(frame) = frame else { break };
        let Ok(data) = frame.map_err(|_| Refusal::Broken)?.into_data() else { continue };
        if first.len() + whole.len() + data.len() > longest {
            return Err(Refusal::TooLarge(longest));
        }
        // Most bodies come in one piece, which needs no copy.
        if first.is_empty() && whole.is_empty() {
            first = data;
            continue;
        }
        if whole.is_empty() {
            whole.reserve(announced.unwrap_or_default().min(SET_ASIDE).max(first.len() + data.len()));
            whole.extend_from_slice(&std::mem::take(&mut first));
        }
        whole.extend_from_slice(&data);
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

fn is_encoded(headers: &HeaderMap) -> bool {
    let plain = |value: &str| value.trim().is_empty() || value.trim().eq_ignore_ascii_case("identity");
    headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.to_str().is_ok_and(plain))
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
