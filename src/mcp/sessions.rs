//! Legacy clients' sessions, which all workers share, and which are bounded.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::Stream;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::common::server_side_http::{ServerSseMessage, SessionId};
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, LocalSessionManagerError};
use rmcp::transport::streamable_http_server::session::{RestoreOutcome, SessionManager};

use super::upstream::Servers;

/// The most sessions of one path.
const MOST: usize = 10_000;

/// The sessions of one path.
#[derive(Debug, Default)]
pub struct Sessions(LocalSessionManager);

/// The sessions of every path.
pub(super) struct AllSessions {
    all: Arc<Sessions>,
    each: HashMap<Arc<str>, Arc<Sessions>>,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// There are too many.
    #[error("{MOST} sessions are open already; end some, or wait until idle ones are ended")]
    TooMany,
    /// The SDK's own reasons.
    #[error(transparent)]
    Local(#[from] LocalSessionManagerError),
}

impl AllSessions {
    /// No sessions yet.
    pub(super) fn new(servers: &Servers) -> AllSessions {
        let each = servers.all().iter().map(|server| (server.spec.name.clone(), Arc::default())).collect();
        AllSessions { all: Arc::default(), each }
    }

    /// Those of `/mcp`.
    pub(super) fn all(&self) -> &Arc<Sessions> {
        &self.all
    }

    /// Those of `/mcp/{name}`.
    pub(super) fn of(&self, name: &str) -> &Arc<Sessions> {
        self.each.get(name).unwrap_or(&self.all)
    }
}

impl Sessions {
    async fn has_room(&self) -> Result<(), SessionError> {
        if self.0.sessions.read().await.len() < MOST { Ok(()) } else { Err(SessionError::TooMany) }
    }
}

impl SessionManager for Sessions {
    type Error = SessionError;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), SessionError> {
        self.has_room().await?;
        Ok(self.0.create_session().await?)
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, SessionError> {
        Ok(self.0.initialize_session(id, message).await?)
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, SessionError> {
        Ok(self.0.has_session(id).await?)
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), SessionError> {
        Ok(self.0.close_session(id).await?)
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionError> {
        Ok(self.0.create_stream(id, message).await?)
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), SessionError> {
        Ok(self.0.accept_message(id, message).await?)
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionError> {
        Ok(self.0.create_standalone_stream(id).await?)
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionError> {
        Ok(self.0.resume(id, last_event_id).await?)
    }

    async fn restore_session(&self, id: SessionId) -> Result<RestoreOutcome<Self::Transport>, SessionError> {
        self.has_room().await?;
        Ok(self.0.restore_session(id).await?)
    }
}
