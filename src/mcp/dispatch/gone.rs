//! When a client does not wait for an answer any longer.

use rmcp::service::{RequestContext, RoleServer};
use tokio_util::sync::CancellationToken;

use crate::mcp::view::View;

/// The header of a legacy session's id (docs: protocols/mcp.md, 3).
const SESSION: &str = "mcp-session-id";

/// A client's patience with one request.
pub(super) struct Patience {
    /// It has cancelled the request, or hung up where that means the same.
    cancelled: CancellationToken,
    /// Its session has ended, of which the SDK tells only after some seconds.
    ended: Option<CancellationToken>,
}

impl Patience {
    /// That of the client of a request.
    pub(super) fn of(view: &View, context: &RequestContext<RoleServer>) -> Patience {
        let parts = context.extensions.get::<http::request::Parts>();
        let session = parts.and_then(|parts| parts.headers.get(SESSION)?.to_str().ok());
        let ended = session.and_then(|id| view.mcp.sessions.of(&view.scope).end(id));
        Patience { cancelled: context.ct.clone(), ended }
    }

    /// Waits until it is over.
    pub(super) async fn ends(&self) {
        let ended = async {
            match &self.ended {
                Some(ended) => ended.cancelled().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.cancelled.cancelled() => {}
            () = ended => {}
        }
    }
}
