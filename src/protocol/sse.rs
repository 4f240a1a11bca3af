//! Server-sent events out of bytes: split anywhere, any line end, comments, several data lines; bounded.
//!
//! An event is the unit that is passed on or dropped, so what is cut here are the raw bytes of one event, its blank
//! line included; where an event lies inside one chunk that is a slice of it and nothing is copied.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};

/// The longest event, in bytes. Tool arguments and pictures are long; a stream without line ends is a fault.
pub const LONGEST_EVENT: usize = 16 << 20;

/// Cuts a stream of chunks into events.
#[derive(Debug, Default)]
pub struct Splitter {
    /// The chunk being cut, from the first byte that is not yet part of an event.
    chunk: Bytes,
    /// The event's bytes from earlier chunks.
    partial: BytesMut,
    lines: Lines,
}

/// An event longer than [`LONGEST_EVENT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event of more than {LONGEST_EVENT} bytes")]
pub struct TooLong;

/// One event's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SseEvent<'a> {
    /// `event:`, where there is one and it is UTF-8.
    pub name: Option<&'a str>,
    /// `data:`, its lines joined; `None` for a comment or an event without data.
    pub data: Option<Cow<'a, [u8]>>,
}

impl Splitter {
    /// Takes the next chunk in. The one before must have been cut to its end: [`Splitter::cut`] gave `None`.
    pub fn push(&mut self, chunk: Bytes) {
        debug_assert!(self.chunk.is_empty());
        self.chunk = chunk;
    }

    /// The next whole event's raw bytes, or `None` until more chunks come.
    ///
    /// # Errors
    /// [`TooLong`]: the stream is not to be read on.
    pub fn cut(&mut self) -> Result<Option<Bytes>, TooLong> {
        match self.lines.event_end(&self.chunk) {
            Some(end) if self.partial.is_empty() => Ok(Some(self.chunk.split_to(end))),
            Some(end) => {
                self.partial.extend_from_slice(&self.chunk.split_to(end));
                Ok(Some(self.partial.split().freeze()))
            }
            None => {
                self.partial.extend_from_slice(&std::mem::take(&mut self.chunk));
                if self.partial.len() > LONGEST_EVENT { Err(TooLong) } else { Ok(None) }
            }
        }
    }

    /// The stream has ended: the last event where its blank line is missing, with one added.
    pub fn finish(&mut self) -> Option<Bytes> {
        if self.partial.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            return None;
        }
        self.partial.extend_from_slice(b"\n\n");
        Some(self.partial.split().freeze())
    }
}

/// Where in a line the cut stands, from chunk to chunk.
#[derive(Debug, Default)]
struct Lines {
    /// Has the current line any bytes?
    in_line: bool,
    /// Has the current event any line?
    in_event: bool,
    /// Was the last byte a carriage return, whose line feed may follow?
    after_cr: bool,
}

impl Lines {
    /// The index behind the blank line that ends the current event, if it lies in `bytes`.
    fn event_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut start = 0;
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            let feed_of_cr = bytes[at] == b'\n' && self.after_cr && at == start;
            self.after_cr = bytes[at] == b'\r';
            let blank = at == start && !self.in_line;
            start = at + 1;
            if feed_of_cr {
                continue;
            }
            self.in_line = false;
            if !blank {
                self.in_event = true;
            } else if self.in_event {
                self.in_event = false;
                if self.after_cr && bytes.get(start) == Some(&b'\n') {
                    self.after_cr = false;
                    start += 1;
                }
                return Some(start);
            }
        }
        if start < bytes.len() {
            self.in_line = true;
            self.after_cr = false;
        }
        None
    }
}

/// Reads one event's raw bytes.
pub fn parse(raw: &[u8]) -> SseEvent<'_> {
    let (name, line) = named(raw).unwrap_or((None, raw));
    if let Some(data) = only_data(line) {
        return SseEvent { name, data: Some(Cow::Borrowed(data)) };
    }
    let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    let mut event = SseEvent { name: None, data: None };
    for line in raw.split(|byte| matches!(byte, b'\n' | b'\r')) {
        let (field, value) = match memchr::memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => event.name = std::str::from_utf8(value).ok(),
            b"data" => match &mut event.data {
                None => event.data = Some(Cow::Borrowed(value)),
                Some(data) => {
                    let data = data.to_mut();
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
            },
            _ => {}
        }
    }
    event
}

/// The name of an event that begins with an `event: ` line, and what stands behind that line.
fn named(raw: &[u8]) -> Option<(Option<&str>, &[u8])> {
    let line = raw.strip_prefix(b"event: ")?;
    let (name, behind) = line.split_at(memchr::memchr2(b'\n', b'\r', line)?);
    let behind = behind.strip_prefix(b"\r\n").or(behind.strip_prefix(b"\n"))?;
    Some((std::str::from_utf8(name).ok(), behind))
}

/// The data of an event that is one `data: ` line and nothing else, as nearly all are but for their name.
fn only_data(raw: &[u8]) -> Option<&[u8]> {
    let line = raw.strip_prefix(b"data: ")?;
    let (data, end) = line.split_at(memchr::memchr2(b'\n', b'\r', line)?);
    matches!(end, b"\n\n" | b"\r\n\r\n").then_some(data)
}

#[cfg(test)]
mod tests;
