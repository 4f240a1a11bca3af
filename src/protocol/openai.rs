//! OpenAI chat completions: what callers speak, and what OpenAI, OpenRouter and most local servers speak.

mod answer;
pub(super) mod custom;
mod details;
pub(super) mod draft;
pub mod embeddings;
mod error;
mod facts;
mod finish;
mod inspect;
pub(super) mod offer;
pub(super) mod part;
mod request;
mod resume;
pub(super) mod schema;
mod stream;
mod tap;
mod usage;
pub(super) mod user;

use bytes::Bytes;

use super::call::Call;
use super::resume::Resume;
use super::{
    Back, BadRequest, ErrorView, Framing, Front, Inspected, ReadStream, Stamp, Tap, Unreadable, Unwritable,
    WriteStream, Written,
};
use crate::domain::Dialect;
use crate::domain::chat::{Answer, Chat};
use crate::domain::facts::Facts;
use crate::domain::failure::Failure;
use crate::models::Card;

/// OpenAI chat completions (docs: protocols/openai-chat.md).
pub struct OpenAi;

impl Front for OpenAi {
    fn dialect(&self) -> Dialect {
        Dialect::OpenAi
    }

    fn facts(&self, call: &Call) -> Result<Facts, BadRequest> {
        facts::facts(call)
    }

    fn read_request(&self, body: &[u8]) -> Result<Chat, Unreadable> {
        Ok(request::read(body)?)
    }

    fn write_answer(&self, answer: &Answer, _call: &Call, stamp: &Stamp) -> Bytes {
        answer::write(answer, stamp)
    }

    fn writer(&self, call: &Call, stamp: Stamp) -> Box<dyn WriteStream> {
        Box::new(stream::Writer::new(stamp, call.facts.include_usage))
    }

    fn tap(&self, call: &Call) -> Box<dyn Tap> {
        Box::new(tap::OpenAiTap::new(call.facts.choices, call.facts.include_usage))
    }

    fn inspect(&self, body: &[u8]) -> Result<Inspected, Failure> {
        inspect::inspect(body)
    }

    fn error_body(&self, error: &ErrorView<'_>) -> Bytes {
        error::body(error)
    }

    fn resume(&self) -> Option<&'static dyn Resume> {
        Some(&OpenAi)
    }
}

impl Back for OpenAi {
    fn dialect(&self) -> Dialect {
        Dialect::OpenAi
    }

    fn framing(&self) -> Framing {
        Framing::Sse
    }

    fn longest_tool_name(&self) -> Option<usize> {
        Some(offer::LONGEST_NAME)
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
