//! The events of an answer's blocks, one block after the other.
//!
//! What all deltas of a block share is written once, when it starts; each delta is that head, its text, and a tail.

use bytes::{BufMut, BytesMut};
use serde::Serialize;
use serde_json::{Value, json};

use super::super::super::blocks::Block;
use crate::protocol::resume::{Kind, Seam};

/// What stands behind the text of a delta, without the end of the event.
const END_OF_DELTA: &[u8] = b"}";
/// The end of an event.
const END: &[u8] = b"}\n\n";

/// The blocks of one answer.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// How many have begun.
    begun: u32,
    /// The event of a delta of the block under way, up to its text.
    head: BytesMut,
}

#[derive(Serialize)]
struct Typed {
    #[serde(rename = "type")]
    name: &'static str,
    #[serde(flatten)]
    fields: Value,
}

/// Writes one event.
pub(super) fn event(name: &'static str, fields: Value, out: &mut BytesMut) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    put(&Typed { name, fields }, out);
    out.extend_from_slice(b"\n\n");
}

impl Blocks {
    /// Begins a block.
    pub(super) fn start(&mut self, block: &Block<'_>, out: &mut BytesMut) {
        event("content_block_start", json!({"index": self.begun, "content_block": block}), out);
        self.begun += 1;
        let (kind, field) = match block {
            Block::Thinking { .. } => ("thinking_delta", "thinking"),
            Block::ToolUse { .. } => ("input_json_delta", "partial_json"),
            _ => ("text_delta", "text"),
        };
        self.make_head(kind, field);
    }

    /// The blocks of a stream that goes on with text, the seam marked at its beginning: an event that says nothing new is
    /// one that every parser takes.
    pub(super) fn go_on(seam: &Seam<'_>, out: &mut BytesMut) -> Blocks {
        let mut blocks = Blocks { begun: seam.blocks.begun, head: BytesMut::new() };
        match seam.blocks.open {
            Some(Kind::Text) => blocks.make_head("text_delta", "text"),
            Some(Kind::Other) => {
                blocks.stop(out);
                blocks.start(&Block::own(""), out);
            }
            None => blocks.start(&Block::own(""), out),
        }
        let delta = json!({"type": "text_delta", "text": ""});
        let mark = json!({"index": blocks.index(), "delta": delta, "x_gateway": seam.mark()});
        event("content_block_delta", mark, out);
        blocks
    }

    /// Writes a piece of the block under way: text, thought or arguments.
    pub(super) fn delta(&self, text: &str, out: &mut BytesMut) {
        out.reserve(self.head.len() + text.len() + 8);
        out.extend_from_slice(&self.head);
        put(text, out);
        out.extend_from_slice(END_OF_DELTA);
        out.extend_from_slice(END);
    }

    /// Writes the proof of the thought under way.
    pub(super) fn sign(&self, signature: &str, out: &mut BytesMut) {
        let delta = json!({"type": "signature_delta", "signature": signature});
        event("content_block_delta", json!({"index": self.index(), "delta": delta}), out);
    }

    /// Ends the block under way.
    pub(super) fn stop(&self, out: &mut BytesMut) {
        event("content_block_stop", json!({ "index": self.index() }), out);
    }

    fn index(&self) -> u32 {
        self.begun.saturating_sub(1)
    }

    fn make_head(&mut self, kind: &str, field: &str) {
        self.head.clear();
        let delta = json!({"type": kind, field: ""});
        event("content_block_delta", json!({"index": self.index(), "delta": delta}), &mut self.head);
        let behind = br#""""#.len() + END_OF_DELTA.len() + END.len();
        self.head.truncate(self.head.len().saturating_sub(behind));
    }
}

/// Strings and numbers alone, into memory: there is nothing in it that could fail.
fn put(value: &(impl Serialize + ?Sized), out: &mut BytesMut) {
    let written = serde_json::to_writer(out.writer(), value);
    debug_assert!(written.is_ok());
}
