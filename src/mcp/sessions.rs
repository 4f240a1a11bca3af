//! Legacy clients' sessions, which all workers share, and which are bounded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::Stream;
use rmcp::model::{ClientJsonRpcMessage, GetExtensions, JsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::common::server_side_http::{ServerSseMessage, SessionId};
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, LocalSessionManagerError};
use rmcp::transport::streamable_http_server::session::{RestoreOutcome, SessionManager};
use tokio_util::sync::CancellationToken;

use super::Scope;
use super::upstream::Servers;
use crate::domain::facts::Caller;

/// The most sessions of one path.
const MOST: usize = 10_000;

/// How long a session is kept that nobody uses. Desktop clients are idle for long, and some of them do not begin a new
/// one where theirs is gone; the SDK's own 5 minutes would also end a session whose only call takes longer than that.
const IDLE: Duration = Duration::from_secs(3600);

/// The sessions of one path.
#[derive(Debug)]
pub struct Sessions {
    local: LocalSessionManager,
    open: Mutex<HashMap<SessionId, Open>>,
}

/// A session that is open.
#[derive(Debug)]
struct Open {
    /// The name of the key that has opened it.
    key: Arc<str>,
    /// Is cancelled when it ends.
    ended: CancellationToken,
}

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

    /// Those of the path that shows `scope`.
    pub(super) fn of(&self, scope: &Scope) -> &Arc<Sessions> {
        match scope {
            Scope::All => &self.all,
            Scope::One(server) => self.each.get(&server.spec.name).unwrap_or(&self.all),
        }
    }
}

impl Default for Sessions {
    fn default() -> Sessions {
        let mut local = LocalSessionManager::default();
        local.session_config.keep_alive = Some(IDLE);
        Sessions { local, open: Mutex::default() }
    }
}

impl Sessions {
    fn open(&self) -> MutexGuard<'_, HashMap<SessionId, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn has_room(&self) -> Result<(), SessionError> {
        if self.local.sessions.read().await.len() < MOST { Ok(()) } else { Err(SessionError::TooMany) }
    }

    /// Has somebody with another key opened the session `id`? To them it is as if there were none.
    pub(super) fn is_anothers(&self, id: &str, caller: &Caller) -> bool {
        self.open().get(id).is_some_and(|open| open.key != caller.key)
    }

    /// What is cancelled when the session `id` ends; `None` where there is none.
    pub(super) fn end(&self, id: &str) -> Option<CancellationToken> {
        self.open().get(id).map(|open| open.ended.clone())
    }
}

/// The name of the key with which `message` was sent.
fn key(message: &ClientJsonRpcMessage) -> Option<Arc<str>> {
    let JsonRpcMessage::Request(request) = message else { return None };
    let parts = request.request.extensions().get::<http::request::Parts>()?;
    Some(parts.extensions.get::<Caller>()?.key.clone())
}

impl SessionManager for Sessions {
    type Error = SessionError;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), SessionError> {
        self.has_room().await?;
        Ok(self.local.create_session().await?)
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, SessionError> {
        if let Some(key) = key(&message) {
            self.open().insert(id.clone(), Open { key, ended: CancellationToken::new() });
        }
        Ok(self.local.initialize_session(id, message).await?)
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, SessionError> {
        Ok(self.local.has_session(id).await?)
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), SessionError> {
        let closed = self.open().remove(id);
        if let Some(open) = closed {
            // Its calls end with it, at once.
            open.ended.cancel();
        }
        Ok(self.local.close_session(id).await?)
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionError> {
        Ok(self.local.create_stream(id, message).await?)
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), SessionError> {
        Ok(self.local.accept_message(id, message).await?)
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionError> {
        Ok(self.local.create_standalone_stream(id).await?)
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionError> {
        Ok(self.local.resume(id, last_event_id).await?)
    }

    async fn restore_session(&self, id: SessionId) -> Result<RestoreOutcome<Self::Transport>, SessionError> {
        self.has_room().await?;
        Ok(self.local.restore_session(id).await?)
    }
}
