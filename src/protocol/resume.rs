//! What a front can do about a stream that broke after its first content, so that another model goes on with it.

use bytes::BytesMut;

use super::call::Call;
use super::{ReadStream, Stamp, WriteStream};

/// A front whose streams another link may go on with.
pub trait Resume: Send + Sync {
    /// Is the answer to `call` one text and nothing else, so that another model can go on with it?
    fn is_plain(&self, call: &Call) -> bool;

    /// Reads the front's own streams.
    fn reader(&self) -> Box<dyn ReadStream>;

    /// Id and time of a stream as one of its events tells them; the id is whole. `None` where it tells none.
    fn stamp(&self, data: &[u8]) -> Option<Stamp>;

    /// The same request with `text` as its last turn, to be continued by the model. `None` where it ends in a turn of
    /// the model already.
    fn with_answer(&self, call: &Call, text: &str) -> Option<Call>;

    /// Writes the chunk that marks a seam, and gives the writer of what follows.
    fn go_on(&self, seam: &Seam<'_>, include_usage: bool, out: &mut BytesMut) -> Box<dyn WriteStream>;
}

/// Where one link's part of a stream ends and the next one's begins.
#[derive(Debug, Clone)]
pub struct Seam<'a> {
    /// The stream's id, whole, and its time.
    pub stamp: Stamp,
    /// The model that goes on, as its provider names it.
    pub answering: &'a str,
    /// The provider that goes on.
    pub provider: &'static str,
    /// The model that was asked of it.
    pub model: &'a str,
    /// How it was brought to go on.
    pub by: By,
    /// The class of the failure that broke the stream.
    pub after: &'static str,
}

/// How a model is brought to go on with what another one has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// It was given the beginning, and continues it.
    Prefill,
    /// Its own answer begins with the same words.
    Repeat,
}

impl By {
    /// The name in `x_gateway` and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            By::Prefill => "prefill",
            By::Repeat => "repeat",
        }
    }
}
