//! One connection to another server.

use std::sync::Arc;

use rmcp::model::ProtocolVersion;
use rmcp::service::{Peer, RoleClient};

use super::relay::Relay;

/// One connection, shared by all who call.
pub struct Link {
    /// Sends requests.
    pub peer: Peer<RoleClient>,
    /// Which rules hold.
    pub era: Era,
    /// The revision that both ends speak.
    pub version: ProtocolVersion,
    /// Passes on what the server says beside its answers.
    pub relay: Arc<Relay>,
}

/// The two eras of MCP (docs: protocols/mcp.md, 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// `initialize`, sessions, requests of the server: up to 2025-11-25.
    Legacy,
    /// Each request by itself: from 2026-07-28.
    Modern,
}

impl Era {
    /// The era of a version.
    pub fn of(version: &ProtocolVersion) -> Era {
        if version.as_str() >= ProtocolVersion::V_2026_07_28.as_str() { Era::Modern } else { Era::Legacy }
    }
}
