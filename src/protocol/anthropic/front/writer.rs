//! Writes a streamed answer, event by event.

use bytes::BytesMut;

use super::error;
use crate::domain::chat::Event;
use crate::protocol::{ErrorView, Stamp, WriteStream};

/// Writes events.
pub(super) struct Writer {
    _stamp: Stamp,
}

impl Writer {
    /// A writer of the answer of `stamp`.
    pub(super) fn new(stamp: Stamp) -> Writer {
        Writer { _stamp: stamp }
    }
}

impl WriteStream for Writer {
    fn write(&mut self, _event: &Event, _out: &mut BytesMut) {}

    fn fail(&mut self, error: &ErrorView<'_>, out: &mut BytesMut) {
        error::event(error, out);
    }
}
