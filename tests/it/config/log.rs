//! Where the log goes and how it looks.

use super::{free_port, listening};
use crate::kit::{Gateway, eventually, gateway, upstream};

/// Waits until this file of the gateway's folder says so: stderr is written first.
async fn wait_for_file(gateway: &Gateway, name: &str, words: &str) {
    let says = || std::fs::read_to_string(gateway.folder().join(name)).is_ok_and(|text| text.contains(words));
    eventually(&format!("{words:?} in {name}"), says).await;
}

#[tokio::test]
async fn the_file_is_written_beside_stderr() {
    let gateway = gateway().arg("--mock").start().await;
    gateway.chat("gpt-4o-mini", "hi").await;
    gateway.wait_for_log("outcome=\"ok\"").await;
    wait_for_file(&gateway, "logs/ai-mcp-gateway.log", "API server started on http://127.0.0.1:").await;
    wait_for_file(&gateway, "logs/ai-mcp-gateway.log", "outcome=\"ok\"").await;
}

#[tokio::test]
async fn the_file_may_be_elsewhere_or_nowhere() {
    let elsewhere = gateway().arg("--mock").env("LOG_FILE", "deep/down/my.log").start().await;
    wait_for_file(&elsewhere, "deep/down/my.log", "API server started on").await;
    assert!(!elsewhere.folder().join("logs").exists());
    for off in ["off", "\"\""] {
        let gateway = gateway().arg("--mock").env("LOG_FILE", off).env("DATABASE_URL", "off").start().await;
        let left: Vec<_> = std::fs::read_dir(gateway.folder()).expect("a folder").flatten().collect();
        assert!(left.is_empty(), "{off}: {left:?}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_written_stops_nothing() {
    let gateway = gateway().arg("--mock").file("logs", "a file where a folder is wanted").start().await;
    assert_eq!(gateway.chat("gpt-4o-mini", "hi").await.status, 200);
    let log = gateway.log();
    assert!(log.contains("the log file logs/ai-mcp-gateway.log cannot be written"), "{log}");
}

#[tokio::test]
async fn json_parses_line_by_line() {
    let openai = upstream::openai().always(crate::kit::status(500)).start().await;
    let gateway = gateway().with(&openai).arg("--mock").env("LOG_FORMAT", "json").start().await;
    gateway.chat("gpt-4o-mini", "hi").await;
    gateway.wait_for_log("\"outcome\":\"ok\"").await;
    let log = gateway.log();
    let mut messages = Vec::new();
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
        messages.push(line["message"].as_str().unwrap_or_default().to_owned());
    }
    for words in ["API server started on http://127.0.0.1:", "upstream failed", "request"] {
        assert!(messages.iter().any(|message| message.starts_with(words)), "no {words:?} in {messages:?}");
    }
}

#[tokio::test]
async fn the_level_is_kept() {
    let openai = upstream::openai().always(crate::kit::status(500)).start().await;
    for (level, wanted) in [("warn", "upstream failed"), ("ai_mcp_gateway=warn", "upstream failed"), ("error", "")] {
        let port = free_port();
        let start = gateway().with(&openai).arg("--mock").env("LOG_LEVEL", level).env("API_PORT", port);
        let process = start.spawn();
        let caller = listening(port).await;
        assert_eq!(caller.chat("gpt-4o-mini", "hi").await.status, 200);
        process.wait_for_stderr(wanted, |log| log.contains(wanted)).await;
        let log = process.stderr();
        assert!(!log.contains(" INFO "), "{level}: {log}");
        assert_eq!(log.contains(" WARN "), level != "error", "{level}: {log}");
    }
}

#[tokio::test]
async fn the_start_is_told_as_operators_know_it() {
    let openai = upstream::openai().start().await;
    let anthropic = upstream::anthropic().probe(crate::kit::invalid_key()).start().await;
    let gateway = gateway().with(&openai).with(&anthropic).start().await;
    for line in [
        "Checking LLM provider connectivity...",
        "openai: ✅ Available",
        "anthropic: ❌ Unavailable (401 invalid x-api-key)",
        "openrouter: ❌ Unavailable (not configured: OPENROUTER_API_KEY is unset)",
        "oss-local: ❌ Unavailable (disabled: OSS_MODEL_ENABLED=false)",
        "API server started on http://127.0.0.1:",
    ] {
        gateway.wait_for_log(line).await;
    }
}

#[tokio::test]
async fn the_server_listens_while_providers_are_silent() {
    let openai = upstream::openai().probe(crate::kit::stall_before_head()).start().await;
    let began = std::time::Instant::now();
    let gateway = gateway().with(&openai).start().await;
    assert_eq!(gateway.chat("gpt-4o-mini", "hi").await.status, 200);
    assert!(began.elapsed().as_millis() < 2500, "it waited for the check: {:?}", began.elapsed());
}

#[tokio::test]
async fn stdout_stays_empty() {
    let start = gateway().arg("--mock");
    let process = start.spawn();
    process.wait_for_stderr("the start", |log| log.contains("API server started")).await;
    let finished = process.finish().await;
    assert_eq!(finished.stdout, "");
}
