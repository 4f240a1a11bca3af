//! Legacy sessions that outlive a process: whichever replica is asked next takes them up.

use std::sync::Arc;

use async_trait::async_trait;
use rmcp::transport::streamable_http_server::session::{SessionState, SessionStore, SessionStoreError};

use crate::gateway::Gateway;

/// What clients said of themselves when they opened their sessions, kept where all replicas find it.
pub(super) struct Remembered(Arc<Gateway>);

impl Remembered {
    /// Where replicas share anything.
    pub(super) fn by(gateway: &Arc<Gateway>) -> Option<Arc<dyn SessionStore>> {
        gateway.remembers_sessions().then(|| Arc::new(Remembered(gateway.clone())) as Arc<dyn SessionStore>)
    }
}

#[async_trait]
impl SessionStore for Remembered {
    async fn load(&self, session_id: &str) -> Result<Option<SessionState>, SessionStoreError> {
        let said = self.0.remembered_session(session_id).await;
        // What somebody else has put there is no session.
        Ok(said.and_then(|said| serde_json::from_slice(&said).ok()))
    }

    async fn store(&self, session_id: &str, state: &SessionState) -> Result<(), SessionStoreError> {
        self.0.remember_session(session_id, serde_json::to_vec(state)?.into()).await;
        Ok(())
    }

    async fn delete(&self, session_id: &str) -> Result<(), SessionStoreError> {
        self.0.forget_session(session_id).await;
        Ok(())
    }
}
