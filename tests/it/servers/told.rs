//! What metrics and records tell of other servers.

use super::*;

/// Waits until the metrics are so.
pub(super) async fn wait_for_metrics(gateway: &Gateway, what: &str, so: impl Fn(&str) -> bool) {
    let end = Instant::now() + PATIENCE;
    loop {
        let metrics = gateway.get("/metrics").await.body;
        let metrics = String::from_utf8_lossy(&metrics).into_owned();
        if so(&metrics) {
            return;
        }
        assert!(Instant::now() < end, "waited in vain for {what}: {metrics}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn servers_and_calls_are_in_the_metrics() {
    let servers = servers().stdio("files", &[]).stdio("gone", &["--exit-at-start"]);
    let gateway = gateway().mcp(&servers).start().await;
    let client = mcp(&gateway).connect().await;
    called(&client, "files", "echo").await;
    called(&client, "files", "echo").await;
    client.call("files__fail", json!({})).await;
    refused(&client, "files__crash").await;
    for line in [
        "gateway_mcp_server_up{server=\"files\"} 1",
        "gateway_mcp_server_up{server=\"gone\"} 0",
        "gateway_mcp_calls_total{server=\"files\",outcome=\"ok\"} 2",
        "gateway_mcp_calls_total{server=\"files\",outcome=\"tool_error\"} 1",
        "gateway_mcp_calls_total{server=\"files\",outcome=\"broken\"} 1",
        "gateway_mcp_call_duration_seconds_count{server=\"files\"} 4",
    ] {
        wait_for_metrics(&gateway, line, |metrics| metrics.contains(line)).await;
    }
}

#[tokio::test]
async fn a_call_has_a_row_without_what_was_said() {
    let database = sqlite();
    let servers = servers().stdio("files", &[]);
    let gateway = gateway().mcp(&servers).database(&database).start().await;
    let client = mcp(&gateway).connect().await;
    called(&client, "files", "slow").await;
    client.call("files__echo", json!({"text": "a-secret-argument"})).await;
    let rows = "SELECT event_data AS first FROM analytics_logs WHERE event_type = 'mcp_call' ORDER BY created_at";
    let end = Instant::now() + PATIENCE;
    let rows = loop {
        let found = if database.count("analytics_logs").await < 2 { Vec::new() } else { database.texts(rows).await };
        if found.len() == 2 {
            break found;
        }
        assert!(Instant::now() < end, "{found:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let row: Value = serde_json::from_str(rows[1].as_deref().expect("text")).expect("JSON");
    assert_eq!((&row["server"], &row["name"]), (&json!("files"), &json!("echo")), "{row}");
    assert_eq!((&row["method"], &row["outcome"]), (&json!("tools/call"), &json!("ok")), "{row}");
    assert!(row["latency_ms"].is_u64() && row["request_id"].is_string(), "{row}");
    assert!(!row.to_string().contains("a-secret-argument"));
    let log = gateway.log();
    assert!(log.contains("MCP call") && !log.contains("a-secret-argument"), "{log}");
}
