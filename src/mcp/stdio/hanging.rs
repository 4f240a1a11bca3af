//! A reader that tells when its client has hung up.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::sync::CancellationToken;

/// Cancels `gone` at the end of `reader`.
pub(super) struct Hanging<R> {
    reader: R,
    gone: CancellationToken,
}

impl<R> Hanging<R> {
    pub(super) fn new(reader: R, gone: CancellationToken) -> Hanging<R> {
        Hanging { reader, gone }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Hanging<R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.reader).poll_read(cx, buffer));
        if read.is_err() || buffer.filled().len() == before {
            self.gone.cancel();
        }
        Poll::Ready(read)
    }
}
