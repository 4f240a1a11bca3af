//! A request, read.

use crate::domain::chat::Chat;
use crate::protocol::{BadRequest, Unreadable};

/// Reads a request.
pub(super) fn read(_body: &[u8]) -> Result<Chat, Unreadable> {
    Err(BadRequest::body("stub").into())
}
