//! Anthropic Messages, as a caller speaks it.

mod answer;
mod count;
mod error;
mod facts;
mod inspect;
mod naming;
mod request;
mod resume;
mod stop;
mod tap;
mod writer;

use bytes::Bytes;
use http::HeaderName;

use super::Anthropic;
use crate::domain::Dialect;
use crate::domain::chat::{Answer, Chat};
use crate::domain::facts::Facts;
use crate::domain::failure::Failure;
use crate::protocol::call::Call;
use crate::protocol::resume::Resume;
use crate::protocol::{BadRequest, ErrorView, Front, Inspected, Stamp, Tap, Unreadable, WriteStream};
pub use count::{counted, facts as count_facts};

/// What Anthropic itself must know of a caller's request beside its body: the version it is written for, and the betas
/// that it uses (docs: protocols/translation.md, 6).
static PASSES: [HeaderName; 2] =
    [HeaderName::from_static("anthropic-version"), HeaderName::from_static("anthropic-beta")];

impl Front for Anthropic {
    fn dialect(&self) -> Dialect {
        Dialect::Anthropic
    }

    fn passes(&self) -> &'static [HeaderName] {
        &PASSES
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

    fn write_answer(&self, answer: &Answer, _call: &Call, stamp: &Stamp) -> Bytes {
        answer::write(answer, stamp)
    }

    fn writer(&self, _call: &Call, stamp: Stamp) -> Box<dyn WriteStream> {
        Box::new(writer::Writer::new(stamp))
    }

    fn tap(&self, _call: &Call) -> Box<dyn Tap> {
        Box::new(tap::AnthropicTap::default())
    }

    fn inspect(&self, body: &[u8]) -> Result<Inspected, Failure> {
        inspect::inspect(body)
    }

    fn error_body(&self, error: &ErrorView<'_>) -> Bytes {
        error::body(error)
    }

    fn ping(&self) -> &'static [u8] {
        b"event: ping\ndata: {\"type\":\"ping\"}\n\n"
    }

    fn resume(&self) -> Option<&'static dyn Resume> {
        Some(&Anthropic)
    }
}
