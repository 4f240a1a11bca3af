//! Refusals of providers.

use ai_mcp_gateway::domain::Dialect;
use ai_mcp_gateway::provider::classify::{Refused, Told, common, failure, retry_after};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};

/// A refusal's body, whose first two bytes choose the status and are a header's words too.
pub fn refusal(data: &[u8]) {
    let [one, two, body @ ..] = data else { return };
    let told = Told::read(body);
    assert!(told.message.len() <= 4 * body.len() + 64, "more words than there were: {}", told.message.len());
    let status = StatusCode::from_u16(100 + (u16::from(*one) * 256 + u16::from(*two)) % 900).expect("a status");
    assert!(told.status().is_client_error() || told.status().is_server_error());
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(&body[..body.len().min(20)]) {
        headers.insert("retry-after", value.clone());
        headers.insert("retry-after-ms", value);
    }
    let _ = retry_after(&headers);
    let body = Bytes::copy_from_slice(body);
    let refused = Refused { status, headers: &headers, body: &body, error: told };
    let class = common(&refused);
    let failure = failure(None, Dialect::OpenAi, &refused);
    assert_eq!(failure.class, class);
    assert!(!failure.message.is_empty());
}
