//! Lines of JSON out of bytes, split anywhere; bounded.

use bytes::{Bytes, BytesMut};

use super::sse::{LONGEST_EVENT, TooLong};

/// Cuts a stream of chunks into lines.
#[derive(Debug, Default)]
pub struct Splitter {
    chunk: Bytes,
    partial: BytesMut,
}

impl Splitter {
    /// Takes the next chunk in. The one before must have been cut to its end: [`Splitter::cut`] gave `None`.
    pub fn push(&mut self, chunk: Bytes) {
        debug_assert!(self.chunk.is_empty());
        self.chunk = chunk;
    }

    /// The next whole line, its end included, or `None` until more chunks come.
    ///
    /// # Errors
    /// [`TooLong`]: the stream is not to be read on.
    pub fn cut(&mut self) -> Result<Option<Bytes>, TooLong> {
        match memchr::memchr(b'\n', &self.chunk) {
            Some(end) if self.partial.is_empty() => Ok(Some(self.chunk.split_to(end + 1))),
            Some(end) => {
                self.partial.extend_from_slice(&self.chunk.split_to(end + 1));
                Ok(Some(self.partial.split().freeze()))
            }
            None => {
                self.partial.extend_from_slice(&std::mem::take(&mut self.chunk));
                if self.partial.len() > LONGEST_EVENT { Err(TooLong) } else { Ok(None) }
            }
        }
    }

    /// The stream has ended: the last line where its end is missing.
    pub fn finish(&mut self) -> Option<Bytes> {
        (!self.partial.trim_ascii().is_empty()).then(|| self.partial.split().freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_at_every_split() {
        let stream = b"{\"a\":1}\n\n{\"b\":\"\xc3\xa9\"}\r\n{\"c\":3}";
        for size in 1..=stream.len() {
            let mut splitter = Splitter::default();
            let mut lines = Vec::new();
            for chunk in stream.chunks(size) {
                splitter.push(Bytes::copy_from_slice(chunk));
                while let Some(line) = splitter.cut().unwrap() {
                    lines.push(line.trim_ascii().to_vec());
                }
            }
            lines.extend(splitter.finish().map(|line| line.to_vec()));
            assert_eq!(lines, [&b"{\"a\":1}"[..], b"", b"{\"b\":\"\xc3\xa9\"}", b"{\"c\":3}"]);
        }
    }
}
