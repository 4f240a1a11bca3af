//! One scripted answer: what is said, and how it is delivered.

use super::say::Say;
use super::vectors::Odd;

/// One answer of an upstream. Made from a `Say`, a list of them, or one of the functions below.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(super) body: Body,
    pub(super) status: Option<u16>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) framing: Framing,
    pub(super) trickle: Option<usize>,
    pub(super) paced: bool,
    pub(super) crlf: bool,
    pub(super) comment: Option<&'static str>,
    pub(super) truncated: bool,
    pub(super) held: bool,
}

/// What is sent.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// Pieces, rendered in the wire's form; `exact` leaves them as they are in a stream.
    Says { pieces: Vec<Say>, exact: bool },
    /// The provider's own error for this trouble.
    Trouble(Trouble),
    /// Vectors.
    Vectors(Odd),
    /// A body as it stands.
    Bytes { content_type: &'static str, bytes: Vec<u8> },
    /// Everything, status line included; the connection closes after it.
    Wire(Vec<u8>),
    /// No answer at all: `Stall`, `Cut` or `Reset` before the head.
    Nothing(Say),
}

/// What a provider complains about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    InvalidKey,
    Forbidden,
    InsufficientQuota,
    CreditExhausted,
    RateLimited(Option<u64>),
    ContextLength,
    ModelNotFound,
    Overloaded,
    ContentPolicy,
    InvalidRequest,
    Status(u16),
}

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Content-Length for a whole answer, chunks for a stream.
    Natural,
    /// Content-Length, true.
    Length,
    /// Content-Length as said, whatever the body is; the connection closes after the body.
    Declared(usize),
    /// Neither: the body ends with the connection.
    Close,
}

impl Reply {
    pub(super) fn new(body: Body) -> Self {
        Self {
            body,
            status: None,
            headers: Vec::new(),
            framing: Framing::Natural,
            trickle: None,
            paced: false,
            crlf: false,
            comment: None,
            truncated: false,
            held: false,
        }
    }

    /// These pieces in a stream exactly as they are: nothing is added, and the body ends cleanly after the last.
    /// A request that does not ask for a stream still gets the same content whole.
    pub fn exactly(pieces: impl Into<Vec<Say>>) -> Self {
        Self::new(Body::Says { pieces: pieces.into(), exact: true })
    }

    /// Another status with the same body.
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Adds a header, or replaces the one of that name.
    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.to_string()));
        self
    }

    /// Sends the body under another content type.
    pub fn content_type(self, value: &str) -> Self {
        self.header("content-type", value)
    }

    /// Sends the body in pieces of so many bytes, each in a chunk and a write of its own.
    pub fn trickle(mut self, bytes: usize) -> Self {
        self.trickle = Some(bytes);
        self
    }

    /// The same, and each piece but the first waits for one `Upstream::release`.
    pub fn paced(mut self, bytes: usize) -> Self {
        self.trickle = Some(bytes);
        self.paced = true;
        self
    }

    /// Ends lines of events with CRLF.
    pub fn crlf(mut self) -> Self {
        self.crlf = true;
        self
    }

    /// Puts this comment before every event of a stream.
    pub fn comments(mut self, comment: &'static str) -> Self {
        self.comment = Some(comment);
        self
    }

    /// Sends only the first half of the body, and ends cleanly.
    pub fn truncated(mut self) -> Self {
        self.truncated = true;
        self
    }

    /// Waits for one `Upstream::release` before the head.
    pub fn held(mut self) -> Self {
        self.held = true;
        self
    }

    /// Frames the body with a true Content-Length, a stream too.
    pub fn with_length(mut self) -> Self {
        self.framing = Framing::Length;
        self
    }

    /// Declares this Content-Length whatever the body's is, and closes after the body.
    pub fn declared_length(mut self, length: usize) -> Self {
        self.framing = Framing::Declared(length);
        self
    }

    /// Frames the body by the connection's end alone.
    pub fn close_delimited(mut self) -> Self {
        self.framing = Framing::Close;
        self
    }
}

impl From<Say> for Reply {
    fn from(piece: Say) -> Self {
        Self::from(vec![piece])
    }
}

impl From<Vec<Say>> for Reply {
    fn from(pieces: Vec<Say>) -> Self {
        Self::new(Body::Says { pieces, exact: false })
    }
}

impl<const N: usize> From<[Say; N]> for Reply {
    fn from(pieces: [Say; N]) -> Self {
        Self::from(Vec::from(pieces))
    }
}
