//! `count_tokens`: a request that is counted and not answered.

use bytes::Bytes;
use serde_json::json;

use crate::domain::facts::Facts;
use crate::protocol::BadRequest;
use crate::protocol::call::Call;

/// What a plan must know of a request to count: the same as of one to answer, but that it has no `max_tokens`.
///
/// # Errors
/// [`BadRequest`], as for a request to answer.
pub fn facts(call: &Call) -> Result<Facts, BadRequest> {
    super::facts::prompt(call)
}

/// An answer of `tokens`, written.
pub fn counted(tokens: u64) -> Bytes {
    Bytes::from(json!({ "input_tokens": tokens }).to_string())
}
