//! What every wire form can render; the pieces that are the same in all of them.

use super::say::{Content, Say};
use serde_json::Value;

/// One answer in one wire form.
pub(super) trait Dialect: Send {
    /// Content type of a stream.
    fn stream_type(&self) -> &'static str {
        "text/event-stream"
    }

    /// The body of an answer that is sent whole.
    fn whole(&self, content: &Content) -> Value;

    /// A content piece of a stream; empty for a piece that this form does not have.
    fn piece(&mut self, piece: &Say) -> Vec<u8>;

    /// One event with this data.
    fn event(&self, data: &[u8]) -> Vec<u8> {
        [b"data: ", data, b"\n\n"].concat()
    }

    /// A comment between events.
    fn comment(&self, text: &str) -> Vec<u8> {
        format!(": {text}\n\n").into_bytes()
    }

    /// Any piece but those about the connection.
    fn render(&mut self, piece: &Say) -> Vec<u8> {
        match piece {
            Say::Comment(text) => self.comment(text),
            Say::Event(data) => self.event(data.as_bytes()),
            Say::BrokenJson => self.event(br#"{"type":"content_block_delta","choices":[{"index":0,"delta":{"con"#),
            Say::InvalidUtf8 => {
                let mut bytes = self.piece(&Say::Text("INVALID"));
                let at = memchr::memmem::find(&bytes, b"INVALID").expect("the text is in the event");
                bytes[at..at + 2].copy_from_slice(&[0xff, 0xfe]);
                bytes
            }
            Say::Bytes(bytes) => bytes.clone(),
            Say::Ping => {
                let ping = self.piece(piece);
                if ping.is_empty() { self.comment("ping") } else { ping }
            }
            _ => self.piece(piece),
        }
    }
}

/// A server-sent event with JSON data.
pub(super) fn sse(event: Option<&str>, data: &Value) -> Vec<u8> {
    let name = event.map(|name| format!("event: {name}\n")).unwrap_or_default();
    format!("{name}data: {data}\n\n").into_bytes()
}
