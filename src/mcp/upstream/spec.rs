//! What an operator says of another server.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use crate::secret::Secret;

/// One server of the file that `MCP_CONFIG` names.
#[derive(Clone)]
pub struct Spec {
    /// Its name in the file, and in `/mcp/{server}`.
    pub name: Arc<str>,
    /// The name before `__` in what `/mcp` shows, where it is another one.
    pub alias: Option<Arc<str>>,
    /// How it is reached.
    pub reach: Reach,
    /// Which of its tools are shown.
    pub tools: Choice,
    /// How long a call may take.
    pub timeout: Duration,
    /// Is a tool held back whose definition has changed?
    pub pin: bool,
}

/// How a server is reached.
#[derive(Clone)]
pub enum Reach {
    /// A child process, over its stdin and stdout.
    Child {
        /// The program.
        command: String,
        /// Its arguments.
        args: Vec<String>,
        /// Variables beside the gateway's own environment. Values may be secrets.
        env: Vec<(String, Secret)>,
        /// The folder it runs in; the gateway's own where there is none.
        folder: Option<String>,
    },
    /// Streamable HTTP.
    Http {
        /// Its address.
        url: String,
        /// Headers of every request, sensitive ones marked so.
        headers: Vec<(HeaderName, HeaderValue)>,
    },
}

/// Which tools are shown. Patterns may hold `*`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// These alone; all where there are none.
    pub allow: Option<Vec<String>>,
    /// None of these, whatever is allowed.
    pub deny: Vec<String>,
}

impl Spec {
    /// What stands before `__` in the names that `/mcp` shows.
    pub fn prefix(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}
