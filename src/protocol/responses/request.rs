//! A request, read into the hub form and written from it.

mod content;
mod items;
mod options;
mod read;
mod state;
mod tools;
mod write;

pub(super) use items::Spot;
pub(super) use read::{place, read};
pub(super) use write::write;

#[cfg(test)]
mod tests;
