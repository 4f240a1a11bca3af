//! A streamed chat completion: read into the hub's events, and written from them.

mod calls;
mod reader;
mod writer;

pub(super) use reader::Reader;
pub(super) use writer::Writer;

#[cfg(test)]
mod tests;
