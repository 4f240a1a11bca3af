//! Errors: before a stream began in the form that all of OpenAI's endpoints share, in a stream by an event of its own.

use bytes::Bytes;

use super::super::openai::OpenAi;
use super::super::{ErrorView, Front};

/// `{"error":{…}}`.
pub(super) fn body(error: &ErrorView<'_>) -> Bytes {
    OpenAi.error_body(error)
}
