//! Calls of other MCP servers: their line, their metrics, and their record.

use std::time::Duration;

use serde_json::json;

use super::Gateway;
use crate::domain::facts::Caller;
use crate::domain::row::{EventRow, Row, RowId, storable_json};
use crate::telemetry;

/// The kind of event that tells of a call of another MCP server.
pub(super) const EVENT: &str = "mcp_call";

/// One call of another MCP server, which is over.
pub struct Called<'a> {
    /// Who asked.
    pub caller: &'a Caller,
    /// The server's name.
    pub server: &'a str,
    /// What was asked for: `tools/call`, `prompts/get`, …
    pub method: &'static str,
    /// The tool, the prompt or the URI, as the server calls it.
    pub name: &'a str,
    /// `ok`, `tool_error`, `client_gone`, `timeout`, or why it failed.
    pub outcome: &'static str,
    /// How long it took.
    pub duration: Duration,
}

impl Gateway {
    /// Tells of a call of another MCP server, and keeps a record of it.
    pub fn called(&self, call: &Called<'_>) {
        telemetry::mcp_called(call.caller, call.server, call.method, call.name, call.outcome, call.duration);
        if !self.shared.recorder.is_on() {
            return;
        }
        let data = json!({
            "server": call.server,
            "method": call.method,
            "name": call.name,
            "outcome": call.outcome,
            "latency_ms": call.duration.as_millis() as u64,
            "request_id": &*call.caller.request_id,
            "key_id": call.caller.grant.as_ref().map(|grant| grant.id.to_string()),
        });
        let now = self.shared.clock.wall();
        let row = EventRow {
            id: RowId::new(now),
            event_type: EVENT.into(),
            event_data: storable_json(data),
            created_at: now,
        };
        self.shared.recorder.put(Row::Event(row));
    }
}
