//! OpenAI Responses: what callers speak, and what OpenAI speaks beside chat completions.

mod answer;
mod echo;
mod error;
mod facts;
mod head;
mod inspect;
mod item;
mod naming;
mod request;
mod response;
mod sealed;
mod stream;
mod tap;
mod usage;

use bytes::Bytes;

use super::call::Call;
use super::openai::offer;
use super::{
    Back, BadRequest, ErrorView, Framing, Front, Inspected, ReadStream, Stamp, Tap, Unreadable, Unwritable,
    WriteStream, Written,
};
use crate::domain::Dialect;
use crate::domain::chat::{Answer, Chat};
use crate::domain::facts::Facts;
use crate::domain::failure::Failure;
use crate::models::Card;
pub use sealed::without_packed;

/// OpenAI Responses (docs: protocols/openai-responses.md).
pub struct Responses;

impl Front for Responses {
    fn dialect(&self) -> Dialect {
        Dialect::Responses
    }

    fn facts(&self, call: &Call) -> Result<Facts, BadRequest> {
        facts::facts(call)
    }

    fn read_request(&self, body: &[u8]) -> Result<Chat, Unreadable> {
        request::read(body)
    }

    fn own_name(&self, call: &Call, field: &str) -> String {
        naming::own_name(call, field)
    }

    fn write_answer(&self, answer: &Answer, call: &Call, stamp: &Stamp) -> Bytes {
        answer::write(answer, call, stamp)
    }

    fn writer(&self, call: &Call, stamp: Stamp) -> Box<dyn WriteStream> {
        Box::new(stream::Writer::new(call, stamp))
    }

    fn tap(&self, _call: &Call) -> Box<dyn Tap> {
        Box::new(tap::ResponsesTap::default())
    }

    fn inspect(&self, body: &[u8]) -> Result<Inspected, Failure> {
        inspect::inspect(body)
    }

    fn error_body(&self, error: &ErrorView<'_>) -> Bytes {
        error::body(error)
    }
}

impl Back for Responses {
    fn dialect(&self) -> Dialect {
        Dialect::Responses
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
