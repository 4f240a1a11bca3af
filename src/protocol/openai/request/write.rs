//! A request, written.

use super::super::super::{Unwritable, Written};
use crate::domain::chat::Chat;
use crate::models::Card;

/// Writes a request.
pub(in super::super) fn write(_chat: &Chat, _model: &str, _card: &Card) -> Result<Written, Unwritable> {
    Err(Unwritable::new("model", "not yet"))
}
