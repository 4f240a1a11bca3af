//! A request, read and written.

use super::super::{BadRequest, Unreadable, Unwritable, Written};
use crate::domain::chat::Chat;
use crate::models::Card;

/// Reads a request.
pub(super) fn read(_body: &[u8]) -> Result<Chat, Unreadable> {
    Err(BadRequest::body("stub").into())
}

/// Writes a request.
pub(super) fn write(_chat: &Chat, _model: &str, _card: &Card) -> Result<Written, Unwritable> {
    Err(Unwritable::new("model", "stub"))
}
