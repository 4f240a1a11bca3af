//! The server that has everything, and a gateway before it.

use super::{node, ours};
use crate::kit::*;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The server, over HTTP.
pub(super) struct Everything {
    _process: Process,
    _home: TempDir,
    url: String,
}

impl Everything {
    /// Starts it, and waits until it listens.
    pub(super) async fn start() -> Self {
        let home = TempDir::new().expect("a temporary folder");
        let process = Process::spawn(&mut node(&ours("mcp/everything.mjs"), home.path()));
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
