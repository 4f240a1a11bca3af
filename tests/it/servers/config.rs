//! The file that names the servers, as the process reads it.

use super::*;

#[tokio::test]
async fn every_fault_is_told_with_its_place_at_once() {
    let entries = json!({"mcpServers": {
        "both": {"command": "a", "url": "http://a.example"},
        "web": {"url": "a.example/mcp", "timeoutMs": 0, "headers": {"X-Key": "${MY_UNSET_KEY}"}},
        "old": {"type": "sse", "url": "http://a.example/sse"},
    }});
    let told = gateway().file("mcp.json", entries.to_string()).command(["check"]).run().await;
    assert_eq!((told.code, told.stdout.as_str()), (Some(2), ""), "{told:?}");
    for words in [
        "accepted: mcpServers.both: either `command` or `url`",
        "mcpServers.web.url: an address such as https://",
        "mcpServers.web.timeoutMs: a whole number from 1",
        "mcpServers.web.headers.X-Key: a value for ${MY_UNSET_KEY}, which is unset",
        "mcpServers.old.type: http or stdio",
    ] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    let missing = gateway().env("MCP_CONFIG", "no/such.json").command(["mcp"]).run().await;
    assert_eq!((missing.code, missing.stdout.as_str()), (Some(2), ""), "{missing:?}");
    assert!(missing.stderr.contains("accepted: a file that can be read"), "{}", missing.stderr);
}

#[tokio::test]
async fn a_file_of_another_name_or_of_another_folder_is_found() {
    let servers = servers().stdio("files", &[]);
    let there = gateway().mcp(&servers);
    let folder = there.folder().to_str().expect("a path of text").to_owned();
    let named = gateway().env("MCP_CONFIG", format!("{folder}/mcp.json")).command(["check"]).run().await;
    assert!(named.stdout.contains("mcp files"), "{}", named.stdout);
    let beside = gateway().command(["check", "--folder", &folder]).run().await;
    assert!(beside.stdout.contains("mcp files"), "{}", beside.stdout);
    let nowhere = gateway().command(["check"]).run().await;
    assert!(!nowhere.stdout.contains("mcp files"), "{}", nowhere.stdout);
}

#[tokio::test]
async fn a_server_that_is_disabled_is_not_started() {
    let servers = servers().stdio("off", &[]).field("off", "disabled", json!(true)).stdio("on", &[]);
    let gateway = gateway().mcp(&servers).start().await;
    assert!(gateway.tools("/mcp").await.contains(&"on__echo".to_owned()));
    assert_eq!(servers.journal("off").all(), [Value::Null; 0]);
    assert_eq!(gateway.request("POST", "/mcp/off").json(&json!({})).send().await.status, 404);
}
