//! Ollama's native chat, as a provider speaks it.

mod answer;
mod embed;
mod request;
mod stream;
mod turns;

use super::{Back, Framing, ReadStream, Stamp, Unwritable, Written};
use crate::domain::Dialect;
use crate::domain::chat::{Answer, Chat};
use crate::domain::failure::Failure;
use crate::models::Card;

/// Ollama's native chat (docs: protocols/ollama.md; protocols/translation.md, 9).
pub struct Ollama;

impl Back for Ollama {
    fn dialect(&self) -> Dialect {
        Dialect::Ollama
    }

    fn framing(&self) -> Framing {
        Framing::Ndjson
    }

    fn write_request(&self, chat: &Chat, model: &str, card: &Card) -> Result<Written, Unwritable> {
        request::write(chat, model, card)
    }

    fn read_answer(&self, body: &[u8], stamp: &Stamp) -> Result<Answer, Failure> {
        answer::read(body, stamp)
    }

    fn reader(&self, stamp: &Stamp) -> Box<dyn ReadStream> {
        Box::new(stream::Reader::new(stamp))
    }
}

#[cfg(test)]
mod tests;
