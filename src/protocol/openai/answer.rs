//! A whole chat completion: read into the hub form, and written from it.

use bytes::Bytes;

use super::super::Stamp;
use crate::domain::chat::Answer;
use crate::domain::failure::{Class, Failure};

/// Reads an answer.
pub(super) fn read(_body: &[u8]) -> Result<Answer, Failure> {
    Err(Failure::new(Class::Malformed, "not yet"))
}

/// Writes an answer.
pub(super) fn write(_answer: &Answer, _stamp: &Stamp) -> Bytes {
    Bytes::new()
}
