//! Who hears of changes: legacy sessions, and modern clients that listen.

use rmcp::ErrorData;
use rmcp::model::LoggingLevel;
use rmcp::service::{Peer, RoleServer, SubscriptionContext};

use super::Scope;
use super::handler::Handler;

/// Everybody who hears of changes.
#[derive(Default)]
pub(super) struct Audience {}

/// One session's place; it is given back when it is dropped.
pub(super) struct Seat {}

impl Audience {
    /// A place for a session that sees `scope`; empty until its client is known.
    pub(super) fn seat(&self, _scope: &Scope) -> Seat {
        Seat {}
    }

    /// Tells a modern client of what it asked for, until it has enough.
    pub(super) async fn listen(&self, _handler: &Handler, context: SubscriptionContext) -> Result<(), ErrorData> {
        context.cancelled().await;
        Ok(())
    }
}

impl Seat {
    /// A legacy client has said that it is ready.
    pub(super) fn take(&self, _client: Peer<RoleServer>) {}

    /// From which level on log messages are told.
    pub(super) fn level(&self) -> Option<LoggingLevel> {
        Some(LoggingLevel::Info)
    }

    /// A legacy client wants log messages from this level on.
    pub(super) fn hears_from(&self, _level: LoggingLevel, _client: &Peer<RoleServer>) {}

    /// A legacy client wants to hear of changes of a resource.
    pub(super) async fn subscribe(
        &self,
        _handler: &Handler,
        _uri: &str,
        _client: &Peer<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    /// A legacy client has heard enough of a resource.
    pub(super) async fn unsubscribe(&self, _handler: &Handler, _uri: &str) -> Result<(), ErrorData> {
        Ok(())
    }
}
