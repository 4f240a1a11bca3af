//! Output items: reasoning, messages and calls of tools, read and written.

mod read;
mod write;

pub(super) use read::{BREAK, Called, Given, Piece, paragraphs};
pub(super) use write::{Content, Ids, Item, NO_ARGUMENTS, Part, Status, input, is_vouched_for};
