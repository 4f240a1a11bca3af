//! A whole answer, read and written.

use bytes::Bytes;

use super::super::Stamp;
use super::super::call::Call;
use crate::domain::chat::Answer;
use crate::domain::failure::{Class, Failure};

/// Writes an answer to `call`.
pub(super) fn write(_answer: &Answer, _call: &Call, _stamp: &Stamp) -> Bytes {
    Bytes::new()
}

/// Reads an answer.
pub(super) fn read(_body: &[u8], _stamp: &Stamp) -> Result<Answer, Failure> {
    Err(Failure::after_sending(Class::Malformed, "stub"))
}
