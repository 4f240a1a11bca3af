//! Going on with a streamed message that broke.

use std::borrow::Cow;

use bytes::BytesMut;
use serde::Deserialize;

use super::super::{Anthropic, stream};
use super::writer::Writer;
use crate::protocol::call::Call;
use crate::protocol::resume::{Kind, Place, Resume, Seam, with_turn};
use crate::protocol::{ReadStream, Stamp, WriteStream};

/// What makes an answer more than text, or a turn that is to be continued invalid.
const MORE_THAN_TEXT: [&str; 3] = ["mcp_servers", "container", "context_management"];

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(default)]
    index: u32,
    message: Option<Message>,
    #[serde(borrow)]
    content_block: Option<Block<'a>>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    id: String,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Cow<'a, str>,
}

impl Resume for Anthropic {
    fn is_plain(&self, call: &Call) -> bool {
        let facts = &call.facts;
        let more = facts.tools || facts.structured || MORE_THAN_TEXT.iter().any(|name| call.field(name).is_some());
        // Citations stand beside the text, and would be lost.
        let cites = memchr::memmem::find(&call.body, b"\"citations\"").is_some();
        facts.stream && !more && !cites
    }

    fn reader(&self) -> Box<dyn ReadStream> {
        Box::new(stream::Reader::default())
    }

    fn note(&self, name: Option<&str>, data: &[u8], place: &mut Place) {
        if matches!(name, Some("content_block_delta" | "ping")) {
            return;
        }
        let Ok(head) = serde_json::from_slice::<Head<'_>>(data) else { return };
        match (&*head.kind, head.message, head.content_block) {
            ("message_start", Some(message), _) if place.stamp.is_none() => {
                place.stamp = Some(Stamp { id: message.id, created: 0 });
            }
            ("content_block_start", _, Some(block)) => {
                place.blocks.begun = head.index.saturating_add(1);
                place.blocks.open = Some(if block.kind == "text" { Kind::Text } else { Kind::Other });
            }
            ("content_block_stop", ..) => place.blocks.open = None,
            _ => {}
        }
    }

    fn with_answer(&self, call: &Call, text: &str) -> Option<Call> {
        with_turn(call, text, &["thinking", "output_config"])
    }

    fn go_on(&self, seam: &Seam<'_>, _include_usage: bool, out: &mut BytesMut) -> Box<dyn WriteStream> {
        Box::new(Writer::go_on(seam, out))
    }
}

#[cfg(test)]
mod tests;
