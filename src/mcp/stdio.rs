//! MCP over two byte streams: one client, one message a line.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rmcp::service::{ServerInitializeError, serve_server_with_ct};
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::CancellationToken;

use super::caller::Door;
use super::handler::Handler;
use super::{Mcp, Scope};
use crate::gateway::Gateway;
use crate::secret::Secret;

/// The longest message, in bytes.
const LONGEST_LINE: usize = 16 << 20;

/// Serves the client at the other end of `reader` and `writer`, until it hangs up or `end` is cancelled.
///
/// # Errors
/// Where the client does not speak MCP at all.
pub async fn serve<R, W>(
    mcp: Arc<Mcp>,
    gateway: Arc<Gateway>,
    key: Option<Secret>,
    reader: R,
    writer: W,
    end: CancellationToken,
) -> Result<(), ServerInitializeError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let reader = Hanging { reader, end: end.clone() };
    let handler = Handler::new(mcp, gateway, Scope::All, Door::Stdio(key));
    let transport = AsyncRwTransport::new_server(reader, writer).with_max_line_length(LONGEST_LINE);
    match serve_server_with_ct(handler, transport, end).await {
        Ok(running) => {
            running.waiting().await.ok();
            Ok(())
        }
        Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled) => Ok(()),
        Err(error) => Err(error),
    }
}

/// A reader that ends everything with itself: a client that has hung up waits for nothing that is still under way.
struct Hanging<R> {
    reader: R,
    end: CancellationToken,
}

impl<R: AsyncRead + Unpin> AsyncRead for Hanging<R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.reader).poll_read(cx, buffer));
        if read.is_err() || buffer.filled().len() == before {
            self.end.cancel();
        }
        Poll::Ready(read)
    }
}
