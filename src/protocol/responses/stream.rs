//! A streamed response: read into the hub's events, and written from them.

mod events;
mod heard;
mod hub;
mod open;
mod reader;
mod writer;

pub(super) use reader::Reader;
pub(super) use writer::Writer;

#[cfg(test)]
mod tests;
