//! The official inspector, from its command line, in both eras and over both transports.

use super::{node, packaged, skipped};
use crate::kit::*;
use serde_json::Value;
use tempfile::TempDir;

/// How the inspector reaches the gateway.
#[derive(Clone, Copy, Debug)]
enum Way {
    Http,
    Stdio,
}

/// The client's key, which HTTP sends in a header and stdio has in its environment.
const KEY: &str = "gw-client-of-the-inspector";

/// The inspector's answer to one method; it fails the test where the inspector does.
async fn inspect(era: &str, way: Way, base: &str, method: &str, more: &[&str]) -> Value {
    let home = TempDir::new().expect("a temporary folder");
    let mut command = node(&packaged("@modelcontextprotocol/inspector/clients/launcher/build/index.js"), home.path());
    command.args(["--cli", "--protocol-era", era, "--method", method, "--format", "json", "--quiet"]).args(more);
    match way {
        Way::Http => {
            command.args(["--transport", "http", "--server-url", &format!("{base}/mcp")]);
            command.args(["--header", &format!("Authorization: Bearer {KEY}")]);
        }
        Way::Stdio => {
            command.args(["-e", &format!("GATEWAY_API_KEYS={KEY}"), "-e", &format!("GATEWAY_API_KEY={KEY}")]);
            command.args(["--", env!("CARGO_BIN_EXE_ai-mcp-gateway"), "mcp", "--mock"]);
        }
    }
    let finished = Process::spawn(&mut command).finish().await;
    assert_eq!(finished.code, Some(0), "{method}: {}\n{}", finished.stdout, finished.stderr);
    let answer: Value = serde_json::from_str(&finished.stdout).expect("JSON alone on stdout");
    answer["result"].clone()
}

async fn looks_around(era: &str, way: Way) {
    if skipped(&format!("the inspector over {way:?}, {era}")) {
        return;
    }
    let gateway = gateway().arg("--mock").env("GATEWAY_API_KEYS", KEY).start().await;
    let ask = async |method: &str, more: &[&str]| inspect(era, way, gateway.base(), method, more).await;

    let tools = ask("tools/list", &["--strict"]).await;
    let names: Vec<_> =
        tools["tools"].as_array().expect("tools").iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert!(names.contains(&"list_models") && names.contains(&"chat"), "{names:?}");

    let given = r#"{"model": "mock-small", "messages": [{"role": "user", "content": "hello"}]}"#;
    let called = ask("tools/call", &["--tool-name", "chat", "--tool-args-json", given]).await;
    let text = called["content"][0]["text"].as_str().expect("a text");
    assert_eq!(serde_json::from_str::<Value>(text).expect("JSON"), called["structuredContent"]);
    assert!(text.contains("Hello from the mock provider"), "{text}");

    let resources = ask("resources/list", &[]).await;
    let uris: Vec<_> = resources["resources"].as_array().expect("resources").iter().map(|one| &one["uri"]).collect();
    assert_eq!(uris, ["gateway://health", "gateway://models", "gateway://config"]);
    let read = ask("resources/read", &["--uri", "gateway://models"]).await;
    assert!(read["contents"][0]["text"].as_str().is_some_and(|text| text.contains("general")), "{read}");

    let prompts = ask("prompts/list", &[]).await;
    assert_eq!(prompts["prompts"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn legacy_over_http() {
    looks_around("legacy", Way::Http).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modern_over_http() {
    looks_around("modern", Way::Http).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn legacy_over_stdio() {
    looks_around("legacy", Way::Stdio).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modern_over_stdio() {
    looks_around("modern", Way::Stdio).await;
}
