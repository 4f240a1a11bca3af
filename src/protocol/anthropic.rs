//! Anthropic Messages, as a provider speaks it.

use super::{Back, Framing, ReadStream, Stamp, Unwritable, Written};
use crate::domain::Dialect;
use crate::domain::chat::{Answer, Chat};
use crate::domain::failure::{Class, Failure};
use crate::models::Card;

/// Anthropic Messages (docs: protocols/anthropic-messages.md).
pub struct Anthropic;

impl Back for Anthropic {
    fn dialect(&self) -> Dialect {
        Dialect::Anthropic
    }

    fn framing(&self) -> Framing {
        Framing::Sse
    }

    fn write_request(&self, _chat: &Chat, _model: &str, _card: &Card) -> Result<Written, Unwritable> {
        Err(Unwritable::new("model", "not yet"))
    }

    fn read_answer(&self, _body: &[u8], _stamp: &Stamp) -> Result<Answer, Failure> {
        Err(Failure::new(Class::Malformed, "not yet"))
    }

    fn reader(&self, stamp: &Stamp) -> Box<dyn ReadStream> {
        super::openai::OpenAi.reader(stamp)
    }
}
