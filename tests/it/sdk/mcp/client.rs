//! The official Python client, in each of its modes and over both transports.

use super::everything::Everything;
use super::{LOADING, python, skipped};
use crate::kit::*;
use serde_json::json;

const KEY: &str = "gw-client-of-the-python-client";

/// Runs every case of `tests/sdk/python/mcp_client.py`.
async fn works(mode: &str, over_stdio: bool) {
    if skipped(&format!("MCP's Python client, {mode}, over {}", if over_stdio { "stdio" } else { "HTTP" })) {
        return;
    }
    // One provider fails, so that there is something to tell; one says nothing, so that there is something to cancel.
    let openai = upstream::openai().always(status(500)).start().await;
    let openrouter = upstream::openrouter().start().await;
    let anthropic = upstream::anthropic().always(stall_before_head()).start().await;
    let everything = Everything::start().await;
    let settings = format!(
        "GATEWAY_API_KEYS={KEY}\nGATEWAY_API_KEY={KEY}\nLLM_RETRY=0\nOPENAI_API_KEY=sk-test\nOPENAI_BASE_URL={}/v1\n\
         OPENROUTER_API_KEY=sk-or-test\nOPENROUTER_BASE_URL={}/api/v1\nANTHROPIC_API_KEY=sk-ant-test\nANTHROPIC_BASE_URL={}\n",
        openai.url(),
        openrouter.url(),
        anthropic.url()
    );
    let builder = gateway().arg("--mock").file(".env", settings).file("mcp.json", everything.config());
    let folder = builder.folder();
    let mut running = None;
    let server = if over_stdio {
        json!({"command": env!("CARGO_BIN_EXE_ai-mcp-gateway"), "args": ["mcp", "--mock", "--folder", folder]})
    } else {
        let gateway = running.insert(builder.start().await);
        json!({"url": format!("{}/mcp", gateway.base()), "headers": {"Authorization": format!("Bearer {KEY}")}})
    };
    let plan = json!({"mode": mode, "server": server}).to_string();
    let client = Process::spawn(python("mcp_client.py").arg(plan));
    client.wait_long_for_stdout("word of what was cancelled", LOADING, |text| text.contains("hang_ups")).await;
    anthropic.wait_for_disconnects(1).await;
    client.write_line("");
    let finished = client.finish().await;
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn legacy_over_http() {
    works("legacy", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_there_is_over_http() {
    works("auto", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modern_over_http() {
    works("2026-07-28", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn legacy_over_stdio() {
    works("legacy", true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_there_is_over_stdio() {
    works("auto", true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modern_over_stdio() {
    works("2026-07-28", true).await;
}
