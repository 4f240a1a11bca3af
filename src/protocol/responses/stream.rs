//! A streamed answer, read and written.

use bytes::BytesMut;

use super::super::call::Call;
use super::super::{BrokenEvent, ErrorView, ReadStream, Stamp, WriteStream};
use crate::domain::chat::Event;

/// Writes events.
pub(super) struct Writer;

impl Writer {
    /// A writer of the answer of `stamp` to `call`.
    pub(super) fn new(_call: &Call, _stamp: Stamp) -> Writer {
        Writer
    }
}

impl WriteStream for Writer {
    fn write(&mut self, _event: &Event, _out: &mut BytesMut) {}

    fn fail(&mut self, _error: &ErrorView<'_>, _out: &mut BytesMut) {}
}

/// Reads events.
pub(super) struct Reader;

impl Reader {
    /// A reader of the answer of `stamp`.
    pub(super) fn new(_stamp: &Stamp) -> Reader {
        Reader
    }
}

impl ReadStream for Reader {
    fn read(&mut self, _name: Option<&str>, _data: &[u8], _out: &mut Vec<Event>) -> Result<(), BrokenEvent> {
        Ok(())
    }

    fn close(&mut self, _out: &mut Vec<Event>) {}

    fn in_tool_call(&self) -> bool {
        false
    }
}
