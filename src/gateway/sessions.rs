//! What is remembered of MCP clients' sessions over replicas and restarts, where there is Redis.

use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::Gateway;

/// How long a session is remembered after it was opened or last taken up by another replica.
const KEPT: Duration = Duration::from_secs(24 * 3600);

impl Gateway {
    /// Can sessions be remembered at all?
    pub fn remembers_sessions(&self) -> bool {
        self.board.is_configured()
    }

    /// Remembers what a session's client said of itself.
    pub async fn remember_session(&self, id: &str, said: Bytes) {
        self.board.put(&name(id), said, KEPT).await;
    }

    /// What a session's client said of itself; `None` where nobody knows.
    pub async fn remembered_session(&self, id: &str) -> Option<Bytes> {
        self.board.get(&name(id)).await
    }

    /// Forgets a session.
    pub async fn forget_session(&self, id: &str) {
        self.board.remove(&name(id)).await;
    }
}

/// A session's name on the board: its id is its client's own word, and may be anything.
fn name(id: &str) -> String {
    let digest = Sha256::digest(id.as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("amg:mcp:{hex}")
}
