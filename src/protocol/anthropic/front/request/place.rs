//! Where a message of the hub, or a part of one, stands in the caller's request.

use std::fmt;

/// A place in the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Place {
    /// In `system`; in which of its blocks, where it has any.
    System(Option<usize>),
    /// In a message; in which of its blocks, where it has any; and in which block of that one.
    Message(usize, Option<usize>, Option<usize>),
}

impl Place {
    /// Block number `number` of what stands here.
    pub fn block(self, number: usize) -> Place {
        match self {
            Place::System(_) => Place::System(Some(number)),
            Place::Message(message, None, _) => Place::Message(message, Some(number), None),
            Place::Message(message, block, _) => Place::Message(message, block, Some(number)),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::System(None) => out.write_str("system"),
            Place::System(Some(block)) => write!(out, "system[{block}]"),
            Place::Message(message, None, _) => write!(out, "messages[{message}]"),
            Place::Message(message, Some(block), None) => write!(out, "messages[{message}].content[{block}]"),
            Place::Message(message, Some(block), Some(inner)) => {
                write!(out, "messages[{message}].content[{block}].content[{inner}]")
            }
        }
    }
}
