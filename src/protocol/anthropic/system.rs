//! Instructions of the application: at the start of a conversation, and after its first turn.

use std::borrow::Cow;

use super::blocks::Block;
use crate::domain::chat::{Message, Part};
use crate::protocol::Unwritable;

/// What an instruction inside a user's turn begins with, where it has no turn of its own.
const PREFIX: &str = "System instruction (from the application, not the user):\n";

/// What asks for JSON where there is no mode for it.
pub(super) const JSON_ONLY: &str = "Respond with one valid JSON object and nothing else.";

/// The blocks of the instructions that stand first, and how many messages those are.
///
/// Later ones stay where they are: moved to the top, they would change the prefix that caches and signatures are
/// bound to.
pub(super) fn leading(messages: &[Message]) -> Result<(Vec<Block<'_>>, usize), Unwritable> {
    let mut blocks = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let Message::System(parts) = message else { return Ok((blocks, at)) };
        blocks.extend(instructions(parts, at)?);
    }
    Ok((blocks, messages.len()))
}

/// The blocks of one message of instructions.
pub(super) fn instructions(parts: &[Part], at: usize) -> Result<Vec<Block<'_>>, Unwritable> {
    let mut blocks = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Text(text) => blocks.extend(Block::text(text)),
            _ => {
                let param = format!("messages[{at}].content[{index}]");
                return Err(Unwritable::new(param, "Instructions to Claude are text only."));
            }
        }
    }
    Ok(blocks)
}

/// An instruction as a block of a user's turn.
pub(super) fn in_user_turn(block: Block<'_>) -> Block<'_> {
    match block {
        Block::Text { text, cache_control } => {
            Block::Text { text: Cow::Owned(format!("{PREFIX}{text}")), cache_control }
        }
        other => other,
    }
}
