//! MCP over two byte streams: one client, one message a line.

mod first;
mod hanging;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use rmcp::handler::server::ServerHandler;
use rmcp::service::serve_server_with_ct;
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::caller::Door;
use super::handler::Handler;
use super::{Mcp, Scope};
use crate::gateway::Gateway;
use crate::secret::Secret;
use first::First;
use hanging::Hanging;

/// The longest message, in bytes.
const LONGEST_LINE: usize = 16 << 20;
/// How long answers that are nearly there may take when the client has hung up: some write all they want to know at
/// once and read what comes.
const LAST_ANSWERS: Duration = Duration::from_millis(100);
/// How long it may then take until everything is let go of.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// Serves the client at the other end of `reader` and `writer`, until it hangs up or `end` is cancelled.
pub async fn serve<R, W>(
    mcp: Arc<Mcp>,
    gateway: Arc<Gateway>,
    key: Option<Secret>,
    reader: R,
    writer: W,
    end: CancellationToken,
) where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let (clock, gone) = (gateway.clock().clone(), CancellationToken::new());
    let reader = Hanging::new(reader, gone.clone());
    let handler = Handler::new(mcp, gateway, Scope::All, Door::Stdio(key));
    let versions = handler.supported_protocol_versions();
    let lines = AsyncRwTransport::new_server(reader, writer).with_max_line_length(LONGEST_LINE);
    let serving = async {
        match serve_server_with_ct(handler, First::new(lines, versions), end.clone()).await {
            Ok(running) => drop(running.waiting().await),
            // A client that hangs up before its first word, or that does not read, is served to its end.
            Err(error) => tracing::debug!(%error, "the client of MCP has not begun"),
        }
    };
    let mut serving = pin!(serving);
    let over = async {
        tokio::select! {
            () = end.cancelled() => {}
            () = gone.cancelled() => clock.sleep(LAST_ANSWERS).await,
        }
    };
    tokio::select! {
        () = &mut serving => return,
        () = over => {}
    }
    // What is still under way is cancelled, and with it the calls of providers.
    end.cancel();
    tokio::select! {
        () = serving => {}
        () = clock.sleep(LAST_WORDS) => {}
    }
}
