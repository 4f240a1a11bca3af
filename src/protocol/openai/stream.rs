//! A streamed chat completion: read into the hub's events, and written from them.

use bytes::BytesMut;

use super::super::{BrokenEvent, ReadStream, Stamp, WriteStream};
use crate::domain::chat::Event;

/// Reads chunks.
#[derive(Debug, Default)]
pub(super) struct Reader {}

/// Writes chunks.
#[derive(Debug)]
pub(super) struct Writer {}

impl Writer {
    /// A writer whose chunks carry `stamp`, and usage where it is wanted.
    pub(super) fn new(_stamp: Stamp, _include_usage: bool) -> Writer {
        Writer {}
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

impl WriteStream for Writer {
    fn write(&mut self, _event: &Event, _out: &mut BytesMut) {}
}
