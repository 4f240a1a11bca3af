//! A reader that tells when its client has hung up, and when a line is longer than any that is read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::sync::CancellationToken;

use super::LONGEST_LINE;

/// Cancels `gone` at the end of `reader`.
pub(super) struct Hanging<R> {
    reader: R,
    gone: CancellationToken,
    /// Bytes of the line that is being read.
    line: usize,
}

impl<R> Hanging<R> {
    pub(super) fn new(reader: R, gone: CancellationToken) -> Hanging<R> {
        Hanging { reader, gone, line: 0 }
    }

    /// The SDK passes over a line that is too long, and its id with it, so that nobody is told but the operator.
    fn measure(&mut self, bytes: &[u8]) {
        let before = self.line;
        let (first, last) = match (memchr::memchr(b'\n', bytes), memchr::memrchr(b'\n', bytes)) {
            (Some(first), Some(last)) => (first, Some(last)),
            _ => (bytes.len(), None),
        };
        if before <= LONGEST_LINE && before + first > LONGEST_LINE {
            tracing::warn!("a message of more than {LONGEST_LINE} bytes was passed over");
        }
        self.line = last.map_or(before + bytes.len(), |last| bytes.len() - last - 1);
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Hanging<R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.reader).poll_read(cx, buffer));
        if read.is_err() || buffer.filled().len() == before {
            self.gone.cancel();
        }
        self.measure(&buffer.filled()[before..]);
        Poll::Ready(read)
    }
}
