//! The protocols: functions between bytes and the hub form, with no input or output of their own.
//!
//! A protocol has up to two sides. [`Front`] is what a caller speaks, [`Back`] what a provider speaks; one that is
//! spoken on both sides implements both. They are two traits because Ollama's native form is never a caller's.

pub mod anthropic;
pub mod arguments;
pub mod attempts;
pub mod call;
pub mod data;
pub mod effort;
pub mod embed;
pub mod estimate;
pub mod fields;
pub mod history;
pub mod kinds;
pub mod ndjson;
pub mod ollama;
pub mod openai;
pub mod own;
pub mod renamed;
pub mod responses;
pub mod resume;
pub mod scan;
pub mod shape;
pub mod splice;
pub mod sse;

use bytes::{Bytes, BytesMut};
use http::{HeaderName, HeaderValue};

use crate::domain::Dialect;
use crate::domain::attempt::Attempt;
use crate::domain::brief::brief;
use crate::domain::chat::{Answer, Chat, Event};
use crate::domain::facts::{Facts, Learned};
use crate::domain::failure::{Class, Failure};
use crate::models::Card;
use call::Call;
use resume::Resume;

/// What a caller speaks.
pub trait Front: Send + Sync {
    /// Its language: a link that speaks the same one is served as bytes.
    fn dialect(&self) -> Dialect;

    /// Headers of a caller that a provider of the same language gets as they came.
    fn passes(&self) -> &'static [HeaderName] {
        &[]
    }

    /// What a plan must know of a request whose top level was scanned.
    ///
    /// # Errors
    /// [`BadRequest`] where a field that the gateway itself reads is missing or has the wrong type.
    fn facts(&self, call: &Call) -> Result<Facts, BadRequest>;

    /// A request, read whole.
    ///
    /// # Errors
    /// [`Unreadable`] names the field at fault.
    fn read_request(&self, body: &[u8]) -> Result<Chat, Unreadable>;

    /// What the caller of `call` calls a field that a writer has named, by OpenAI's names and by the hub's count of
    /// messages. Asked only where something is refused or left out.
    fn own_name(&self, _call: &Call, field: &str) -> String {
        field.to_owned()
    }

    /// A whole answer to `call`, written.
    fn write_answer(&self, answer: &Answer, call: &Call, stamp: &Stamp) -> Bytes;

    /// Writes one streamed answer to `call`.
    fn writer(&self, call: &Call, stamp: Stamp) -> Box<dyn WriteStream>;

    /// Watches one streamed answer to `call` that is passed on as bytes.
    fn tap(&self, call: &Call) -> Box<dyn Tap>;

    /// What is learned of a whole answer that is passed on as bytes.
    ///
    /// # Errors
    /// A [`Failure`] of class `malformed` where it is not an answer of this protocol, or [`Inspected::Error`]'s body
    /// where it carries an error (an answer of 200 may).
    fn inspect(&self, body: &[u8]) -> Result<Inspected, Failure>;

    /// An error, written.
    fn error_body(&self, error: &ErrorView<'_>) -> Bytes;

    /// What keeps a stream alive while the provider is silent; empty where the protocol has no such event.
    fn ping(&self) -> &'static [u8] {
        b""
    }

    /// How its streams are gone on with where they break; `None` where they are not.
    fn resume(&self) -> Option<&'static dyn Resume> {
        None
    }
}

/// What a provider speaks.
pub trait Back: Send + Sync {
    /// Its language.
    fn dialect(&self) -> Dialect;

    /// How its streams are cut into events.
    fn framing(&self) -> Framing;

    /// The longest name of a tool that it takes, in bytes; `None` where it takes any name.
    fn longest_tool_name(&self) -> Option<usize> {
        None
    }

    /// A request for `model`, written; `card` says what the model can do.
    ///
    /// # Errors
    /// [`Unwritable`] where the conversation cannot be carried without changing its meaning.
    fn write_request(&self, chat: &Chat, model: &str, card: &Card) -> Result<Written, Unwritable>;

    /// A whole answer, read. An error inside an answer of 200 was looked for before.
    ///
    /// # Errors
    /// A [`Failure`] of class `malformed`.
    fn read_answer(&self, body: &[u8], stamp: &Stamp) -> Result<Answer, Failure>;

    /// Reads one streamed answer.
    fn reader(&self, stamp: &Stamp) -> Box<dyn ReadStream>;
}

/// How a stream is cut into events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    Sse,
    /// A JSON object on each line.
    Ndjson,
}

/// Reads one streamed answer, event by event.
pub trait ReadStream: Send {
    /// Takes one event's data (SSE: its `data`, and `name` where it has one; NDJSON: a line) and adds what it says to
    /// `out`.
    ///
    /// # Errors
    /// [`BrokenEvent`] where it is not this protocol's JSON; nothing was taken then, and the next event may be fine.
    fn read(&mut self, name: Option<&str>, data: &[u8], out: &mut Vec<Event>) -> Result<(), BrokenEvent>;

    /// The upstream closed the stream. Adds what is still owed: [`Event::End`] where the answer was complete even
    /// though its terminal event was not sent, nothing where it was cut off.
    fn close(&mut self, out: &mut Vec<Event>);

    /// Would the answer be complete if the stream ended here, without its terminal event?
    fn finished(&self) -> bool {
        false
    }

    /// Is a tool call under way, so that a lost event would corrupt its arguments?
    fn in_tool_call(&self) -> bool;
}

/// Writes one streamed answer.
pub trait WriteStream: Send {
    /// Writes what `event` becomes, perhaps nothing.
    fn write(&mut self, event: &Event, out: &mut BytesMut);

    /// Writes an error as the stream's last event.
    fn fail(&mut self, error: &ErrorView<'_>, out: &mut BytesMut);

    /// How much of the answer is kept to be written later, in bytes. Whoever drives this bounds it.
    fn kept(&self) -> usize {
        0
    }
}

/// Watches a stream of the caller's own protocol without changing a byte of what it lets pass.
pub trait Tap: Send {
    /// Looks at one event's data.
    fn see(&mut self, name: Option<&str>, data: &[u8]) -> Seen;

    /// Has every choice said why it ended, or the terminal event come?
    fn finished(&self) -> bool;

    /// Is a tool call under way?
    fn in_tool_call(&self) -> bool;

    /// The terminal event that is owed where the upstream finished without it.
    fn owed(&self) -> &'static [u8];

    /// What was learned so far.
    fn learned(&self) -> Learned;

    /// How much the model has said so far, in bytes: what an interrupted answer is estimated by.
    fn said(&self) -> usize;

    /// Writes an error as the stream's last event.
    fn fail(&self, error: &ErrorView<'_>, out: &mut BytesMut);
}

/// What a tap makes of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Passes, and carries something that the caller would see.
    Content,
    /// Passes, and carries nothing that commits to this link (a role, a ping).
    Pass,
    /// Was made for the gateway alone (usage that the caller did not ask for).
    Drop,
    /// The terminal event.
    Terminal,
    /// Carries an error of the provider.
    Error,
    /// Is not this protocol's JSON.
    Broken,
}

/// What is learned of a whole answer.
#[derive(Debug, Clone)]
pub enum Inspected {
    /// An answer.
    Answer(Learned),
    /// An error with an answer's status: to be classified as if its own status had been sent.
    Error,
}

/// A request in a provider's protocol.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// The body.
    pub body: Bytes,
    /// Headers that the body needs (a beta's name).
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Parameters that were left out because the target does not have them, by the caller's names.
    pub dropped: Vec<String>,
    /// Top-level fields of the body that the gateway chose rather than copied: a refusal that names one is our fault.
    pub ours: Vec<&'static str>,
}

/// A request that a protocol cannot carry without changing its meaning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unwritable {
    /// The field at fault, by the caller's name.
    pub param: String,
    /// What is wrong and what would help.
    pub message: String,
}

/// A request that is wrong whoever serves it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadRequest {
    /// The field at fault, such as `messages[2].role`; `None` where the body as a whole is.
    pub param: Option<String>,
    /// What is wrong and what is accepted.
    pub message: String,
}

/// Why a request was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is wrong whoever serves it.
    #[error(transparent)]
    Wrong(#[from] BadRequest),
    /// It leans on what only a provider of its own protocol has: no other can serve it.
    #[error(transparent)]
    Bound(#[from] Unwritable),
}

/// One event that is not the protocol's JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BrokenEvent(pub String);

/// The ids and the time that answers made by the gateway carry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamp {
    /// What ids are made of: `chatcmpl-<id>`, `call_<id>1`.
    pub id: String,
    /// Seconds since 1970.
    pub created: i64,
}

/// An error as a front shows it.
#[derive(Debug, Clone)]
pub struct ErrorView<'a> {
    /// HTTP status.
    pub status: u16,
    /// The error's type, by OpenAI's names.
    pub kind: &'a str,
    /// The machine's code.
    pub code: Option<&'a str>,
    /// The field at fault.
    pub param: Option<&'a str>,
    /// For people.
    pub message: &'a str,
    /// What came of each link, where a whole chain failed.
    pub attempts: Option<&'a [Attempt]>,
    /// Id of the request.
    pub request_id: Option<&'a str>,
}

impl BadRequest {
    /// A field that is wrong.
    pub fn field(param: impl Into<String>, message: impl Into<String>) -> BadRequest {
        BadRequest { param: Some(brief(param)), message: brief(message) }
    }

    /// A body that is wrong as a whole.
    pub fn body(message: impl Into<String>) -> BadRequest {
        BadRequest { param: None, message: brief(message) }
    }
}

impl Unwritable {
    /// A field that the target's protocol has no words for.
    pub fn new(param: impl Into<String>, message: impl Into<String>) -> Unwritable {
        Unwritable { param: brief(param), message: brief(message) }
    }
}

/// OpenAI's error type for a class.
pub const fn error_kind(class: Class) -> &'static str {
    match class {
        Class::RateLimited => "rate_limit_error",
        class if class.is_callers() => "invalid_request_error",
        _ => "server_error",
    }
}
