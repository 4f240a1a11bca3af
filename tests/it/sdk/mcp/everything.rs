//! The server that has everything, and how it stands in an `mcp.json`.

use super::{node, ours, variable};
use crate::kit::*;
use serde_json::{Value, json};
use tempfile::TempDir;

/// What it is.
const SCRIPT: &str = "mcp/everything.mjs";

/// The server, over HTTP.
pub(super) struct Everything {
    _process: Process,
    _home: TempDir,
    url: String,
}

impl Everything {
    /// Starts it for clients of both eras, and waits until it listens.
    pub(super) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same for clients of the legacy era alone.
    pub(super) async fn start_older() -> Self {
        Self::start_with(&["legacy"]).await
    }

    async fn start_with(options: &[&str]) -> Self {
        let home = TempDir::new().expect("a temporary folder");
        let process = Process::spawn(node(&ours(SCRIPT), home.path()).args(options));
        process.wait_for_stdout("server that listens", |text| text.contains('\n')).await;
        let told: Value = serde_json::from_str(&process.stdout()).expect("a line of JSON");
        Self { url: format!("http://127.0.0.1:{}/mcp", told["port"]), _process: process, _home: home }
    }

    /// Where it is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// An `mcp.json` with nothing but this server.
    pub(super) fn config(&self) -> String {
        json!({"mcpServers": {"everything": {"url": self.url}}}).to_string()
    }
}

/// An `mcp.json` with nothing but this server, as a child over stdio.
pub(super) fn as_child() -> String {
    let env = json!({"SDK_NODE_FOLDER": variable("SDK_NODE_FOLDER", ".")});
    let child = json!({"command": variable("SDK_NODE_22", "node"), "args": [ours(SCRIPT), "stdio"], "env": env});
    json!({"mcpServers": {"everything": child}}).to_string()
}
