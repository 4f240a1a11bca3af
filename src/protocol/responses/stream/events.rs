//! Events as they are written: their names, their order, and what those about an item carry.

use bytes::{BufMut, BytesMut};
use serde::Serialize;
use serde_json::value::RawValue;

use super::super::item::Content;
use super::super::response::Response;

/// Writes events, and numbers them.
#[derive(Debug, Default)]
pub(super) struct Events {
    next: u64,
}

#[derive(Serialize)]
struct Event<'a, T> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    body: &'a T,
    sequence_number: u64,
}

/// An event about the whole response.
#[derive(Serialize)]
pub(super) struct OfResponse<'a> {
    pub(super) response: Response<'a>,
}

/// An event about an item as a whole.
#[derive(Serialize)]
pub(super) struct OfItem<'a> {
    pub(super) output_index: usize,
    pub(super) item: &'a RawValue,
}

/// An event about a piece of an item: where it stands, and what has come of it.
#[derive(Debug, Default, Serialize)]
pub(super) struct OfPiece<'a> {
    pub(super) item_id: &'a str,
    pub(super) output_index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delta: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) arguments: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) part: Option<Content<'a>>,
    /// Nobody's are known, but SDKs know no text without them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logprobs: Option<[(); 0]>,
}

impl Events {
    /// Writes the event `kind`.
    pub(super) fn put(&mut self, kind: &'static str, body: &impl Serialize, out: &mut BytesMut) {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\ndata: ");
        let event = Event { kind, body, sequence_number: self.number() };
        let written = serde_json::to_writer((&mut *out).writer(), &event);
        // Strings and numbers alone, into memory: there is nothing in it that could fail.
        debug_assert!(written.is_ok());
        out.extend_from_slice(b"\n\n");
    }

    /// The next event's number.
    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }
}
