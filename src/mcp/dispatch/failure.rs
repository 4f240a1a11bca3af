//! Why another server did not do what it was asked, in words for the client.

use std::sync::Arc;
use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{CallToolResult, ContentBlock, ErrorCode};
use tokio::time::Instant;

/// Why there is no result of another server.
#[derive(Debug, Clone)]
pub(in crate::mcp) enum Failure {
    /// It is not connected.
    Down { why: Arc<str>, again: Instant },
    /// It has not answered yet since the start.
    NotYet,
    /// It took too long.
    Late(Duration),
    /// The connection ended before the answer.
    Broken(Arc<str>),
    /// The request could not be sent.
    Unsent(Arc<str>),
    /// What it answered is no answer to that request.
    Nonsense,
    /// The tool is held back.
    Held,
    /// It asks for something that its client does not have, or without end.
    Unfit(Arc<str>),
    /// The client does not wait any longer.
    Gone,
    /// Its own error, or one for the client's own mistake: passed as it is.
    Refused(ErrorData),
}

/// Codes of the gateway's own errors, outside of those that JSON-RPC and MCP keep for themselves (docs:
/// protocols/mcp.md, 2): HTTP's, which say the same.
mod code {
    pub(super) const HELD: i32 = 403;
    pub(super) const GONE: i32 = 499;
    pub(super) const BROKEN: i32 = 502;
    pub(super) const DOWN: i32 = 503;
    pub(super) const LATE: i32 = 504;
}

impl From<ErrorData> for Failure {
    fn from(error: ErrorData) -> Failure {
        Failure::Refused(error)
    }
}

impl Failure {
    /// For a client that has asked `server` for `what` (a tool, a prompt or a URI, as it calls that).
    fn words(&self, server: &str, what: &str) -> String {
        match self {
            Failure::Down { why, again } => {
                let wait = again.saturating_duration_since(Instant::now()).as_secs_f64().ceil().max(1.0);
                format!("server `{server}` is not connected: {why}; it is tried again in {wait} s")
            }
            Failure::NotYet => format!("server `{server}` has not answered since the start; try again shortly"),
            Failure::Late(limit) => {
                let seconds = limit.as_secs_f64();
                format!("server `{server}`: `{what}` took longer than {seconds} s and was cancelled")
            }
            Failure::Broken(why) => format!(
                "server `{server}`: the connection ended before `{what}` was answered ({why}). It may have done \
                 something already; it was not asked again"
            ),
            Failure::Unsent(why) => format!("server `{server}`: `{what}` could not be sent ({why})"),
            Failure::Nonsense => format!("server `{server}`: what it answered to `{what}` is not a result of MCP"),
            Failure::Held => format!(
                "server `{server}`: the definition of `{what}` has changed since it was first seen, and the server \
                 is pinned; it is held back until its operator accepts the new one"
            ),
            Failure::Unfit(why) => format!("server `{server}`: `{what}` {why}"),
            Failure::Gone => format!("server `{server}`: `{what}` was cancelled"),
            Failure::Refused(error) => error.message.to_string(),
        }
    }

    /// In a word, for metrics and records.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Failure::Down { .. } | Failure::NotYet => "down",
            Failure::Late(_) => "timeout",
            Failure::Broken(_) | Failure::Unsent(_) => "broken",
            Failure::Nonsense => "nonsense",
            Failure::Held => "held",
            Failure::Unfit(_) => "unfit",
            Failure::Gone => "client_gone",
            Failure::Refused(_) => "refused",
        }
    }

    /// As a tool's result: a model can act on it. The server's own errors stay what they are.
    pub(super) fn of_tool(self, server: &str, tool: &str) -> Result<CallToolResult, ErrorData> {
        match self {
            Failure::Refused(error) => Err(error),
            failure => Ok(CallToolResult::error(vec![ContentBlock::text(failure.words(server, tool))])),
        }
    }

    /// As an error of the protocol.
    pub(in crate::mcp) fn error(self, server: &str, what: &str) -> ErrorData {
        let code = match &self {
            Failure::Refused(error) => return error.clone(),
            Failure::Down { .. } | Failure::NotYet | Failure::Unsent(_) => code::DOWN,
            Failure::Late(_) => code::LATE,
            Failure::Broken(_) | Failure::Nonsense | Failure::Unfit(_) => code::BROKEN,
            Failure::Held => code::HELD,
            Failure::Gone => code::GONE,
        };
        ErrorData::new(ErrorCode(code), self.words(server, what), None)
    }
}
