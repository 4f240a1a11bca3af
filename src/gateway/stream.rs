//! A streamed answer as fronts get it.

use std::convert::Infallible;

use bytes::Bytes;

use crate::domain::attempt::Attempt;
use crate::upstream::stream::Live;

/// A streamed answer, in the caller's protocol.
pub type Stream = Box<dyn Streamed>;

/// What fronts may ask of a streamed answer beside its bytes.
pub trait Streamed: http_body::Body<Data = Bytes, Error = Infallible> + Send + Unpin {
    /// Who went on with it, where it broke and somebody did.
    fn resumed(&self) -> Option<Resumed<'_>> {
        None
    }

    /// Was an event left out because it was no JSON?
    fn is_torn(&self) -> bool {
        false
    }
}

/// Who went on with a stream that broke.
pub struct Resumed<'a> {
    /// The last provider.
    pub provider: &'static str,
    /// The model that it says has answered.
    pub model: Option<String>,
    /// Every link that took part, before the break and after it.
    pub attempts: &'a [Attempt],
}

impl Streamed for Live {
    fn is_torn(&self) -> bool {
        self.is_torn()
    }
}
