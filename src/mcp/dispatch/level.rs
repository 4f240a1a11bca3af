//! The level of log messages that a legacy server is told: the most verbose that anybody has asked for.

use std::sync::PoisonError;
use std::time::Duration;

use rmcp::model::{LoggingLevel, SetLevelRequestParams};

use crate::mcp::upstream::{Era, Link, Server};

/// How long a server may take to say yes; calls wait for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Has `server` tell log messages from `level` on, at least. What is too much for a client is kept from it later.
pub(super) async fn ensure(server: &Server, link: &Link, level: LoggingLevel) {
    if link.era == Era::Modern || server.offer().capabilities.logging.is_none() {
        return;
    }
    {
        let mut told = link.relay.level.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_some_and(|told| told as u8 <= level as u8) {
            return;
        }
        *told = Some(level);
    }
    let asked = link.peer.set_level(SetLevelRequestParams::new(level));
    tokio::time::timeout(PATIENCE, asked).await.ok();
}
