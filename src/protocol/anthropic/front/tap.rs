//! Watches streamed events that pass as bytes: content yet, finished, usage, errors.

use bytes::BytesMut;

use super::error;
use crate::domain::facts::Learned;
use crate::protocol::{ErrorView, Seen, Tap};

/// The state of one stream.
#[derive(Debug, Default)]
pub(super) struct AnthropicTap {
    learned: Learned,
}

impl Tap for AnthropicTap {
    fn see(&mut self, _name: Option<&str>, _data: &[u8]) -> Seen {
        Seen::Broken
    }

    fn finished(&self) -> bool {
        false
    }

    fn in_tool_call(&self) -> bool {
        false
    }

    fn owed(&self) -> &'static [u8] {
        b""
    }

    fn learned(&self) -> Learned {
        self.learned.clone()
    }

    fn said(&self) -> usize {
        0
    }

    fn fail(&self, error: &ErrorView<'_>, out: &mut BytesMut) {
        error::event(error, out);
    }
}
