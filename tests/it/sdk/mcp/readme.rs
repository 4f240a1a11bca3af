//! The configurations of clients that README.md shows, as if pasted.

use super::{python, skipped};
use crate::kit::*;
use serde_json::Value;
use tempfile::TempDir;

const KEY: &str = "gw-client-of-a-desktop";

/// What README.md has for the program, the folder and the address.
const PROGRAM: &str = "/usr/local/bin/ai-mcp-gateway";
const FOLDER: &str = "/opt/ai-gateway";
const ADDRESS: &str = "http://127.0.0.1:3000";

/// The blocks of README.md that are a client's configuration.
fn configurations() -> Vec<Value> {
    let blocks = crate::docs::blocks("README.md", "json");
    let parsed = blocks.iter().map(|block| serde_json::from_str(block).expect("JSON in README.md"));
    parsed.filter(|block: &Value| !block["mcpServers"]["gateway"].is_null() || !block["servers"].is_null()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_pasted_from_the_readme_works() {
    if skipped("the configurations of README.md") {
        return;
    }
    let gateway = gateway().arg("--mock").env("GATEWAY_API_KEYS", KEY).start().await;
    let folder = TempDir::new().expect("a temporary folder");
    // Nobody's real provider is asked.
    let settings = "OPENAI_BASE_URL=http://127.0.0.1:9/v1\nLOG_LEVEL=warn\n";
    std::fs::write(folder.path().join(".env"), settings).expect("a file in the folder");
    let here = folder.path().to_str().expect("a plain path");
    let all = configurations();
    let is_http = |block: &&Value| block.to_string().contains(ADDRESS);
    assert!(all.iter().filter(is_http).count() >= 2 && all.len() >= 5, "{all:#?}");
    for block in all {
        let block = block.to_string().replace(PROGRAM, env!("CARGO_BIN_EXE_ai-mcp-gateway"));
        let block = block.replace(FOLDER, here).replace(ADDRESS, gateway.base()).replace('…', "0");
        let client = Process::spawn(python("mcp_desktop.py").args([&*block, KEY]));
        let finished = client.finish().await;
        assert_eq!(finished.code, Some(0), "{block}\n{}", finished.stderr);
        let tools: Vec<String> = serde_json::from_str(&finished.stdout).expect("a list of tools");
        assert!(tools.iter().any(|tool| tool == "list_models"), "{block}\n{tools:?}");
    }
    assert!(folder.path().join("data").exists(), "--folder is where the database is");
}
