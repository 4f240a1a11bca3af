//! A chat completions request: read into the hub form, and written from it.

mod content;
mod message;
mod options;
mod read;
mod tool;
mod write;

pub(super) use read::read;
pub(super) use write::write;

#[cfg(test)]
mod tests;
