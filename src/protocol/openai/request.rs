//! A chat completions request: read into the hub form, and written from it.

use super::super::{BadRequest, Unwritable, Written};
use crate::domain::chat::Chat;
use crate::models::Card;

/// Reads a request.
pub(super) fn read(_body: &[u8]) -> Result<Chat, BadRequest> {
    Err(BadRequest::body("not yet"))
}

/// Writes a request.
pub(super) fn write(_chat: &Chat, _model: &str, _card: &Card) -> Result<Written, Unwritable> {
    Err(Unwritable::new("model", "not yet"))
}
