//! Anthropic Messages: what callers speak (`front`), and what Anthropic and OpenRouter speak.

mod answer;
mod blocks;
pub mod front;
mod ids;
#[cfg(test)]
mod kit;
mod messages;
mod notes;
mod params;
mod request;
mod schema;
mod stream;
mod system;
mod thinking;
mod tools;
mod usage;

use super::{Back, Framing, ReadStream, Stamp, Unwritable, Written};
use crate::domain::Dialect;
use crate::domain::chat::{Answer, Chat};
use crate::domain::failure::Failure;
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

    fn longest_tool_name(&self) -> Option<usize> {
        Some(tools::LONGEST_NAME)
    }

    fn write_request(&self, chat: &Chat, model: &str, card: &Card) -> Result<Written, Unwritable> {
        request::write(chat, model, card)
    }

    fn read_answer(&self, body: &[u8], _stamp: &Stamp) -> Result<Answer, Failure> {
        answer::read(body)
    }

    fn reader(&self, _stamp: &Stamp) -> Box<dyn ReadStream> {
        Box::new(stream::Reader::default())
    }
}
