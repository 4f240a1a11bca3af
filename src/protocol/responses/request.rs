//! A request, read into the hub form and written from it.

mod content;
mod items;
mod options;
mod read;
mod state;
mod tools;
mod write;

pub(super) use read::read;
pub(super) use write::write;

#[cfg(test)]
mod tests;
