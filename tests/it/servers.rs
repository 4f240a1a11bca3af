//! Other MCP servers: started, watched, listed and ended.

mod changes;
mod check;
mod children;
mod config;
mod ends;
mod environment;
mod http;
mod keepers;
mod lists;
mod told;

use crate::kit::*;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The first text of a result.
#[track_caller]
fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {result}"))
}

/// Calls a tool until it does not fail any more, and gives that result. Each failure before names the server.
async fn called(client: &Mcp, server: &str, tool: &str) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let told = client.call(&format!("{server}__{tool}"), json!({})).await;
        if told["isError"] != true {
            return told;
        }
        assert!(text(&told).contains(&format!("`{server}`")) && Instant::now() < end, "{told}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A tool's call fails; its words.
async fn refused(client: &Mcp, tool: &str) -> String {
    let told = client.call(tool, json!({})).await;
    assert_eq!(told["isError"], true, "{told}");
    text(&told).to_owned()
}
