//! What one session or one modern request sees.

use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::LoggingLevel;

use super::{Mcp, Scope};
use crate::gateway::Gateway;

/// What one session or one modern request sees, and what has been said in it.
pub(super) struct View {
    pub(super) mcp: Arc<Mcp>,
    pub(super) gateway: Arc<Gateway>,
    pub(super) scope: Scope,
    level: Mutex<Option<LoggingLevel>>,
}

impl View {
    /// For one session or one request.
    pub(super) fn new(mcp: Arc<Mcp>, gateway: Arc<Gateway>, scope: Scope) -> View {
        View { mcp, gateway, scope, level: Mutex::default() }
    }

    /// From which level on this session's client wants log messages; `None` where it has never said.
    pub(super) fn level(&self) -> Option<LoggingLevel> {
        *self.level.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A legacy client wants log messages from this level on.
    pub(super) fn hears_from(&self, level: LoggingLevel) {
        *self.level.lock().unwrap_or_else(PoisonError::into_inner) = Some(level);
    }
}
