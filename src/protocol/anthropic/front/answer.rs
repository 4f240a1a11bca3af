//! A whole answer, written.

use bytes::Bytes;

use crate::domain::chat::Answer;
use crate::protocol::Stamp;

/// Writes an answer.
pub(super) fn write(_answer: &Answer, _stamp: &Stamp) -> Bytes {
    Bytes::new()
}
