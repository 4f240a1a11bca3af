//! Tools that are not what they were when they were first seen.

use super::*;
use nix::sys::signal::Signal;

const CHANGED: &str = "notifications/tools/list_changed";
const LINE: &str = "is not what it was when it was first seen";

/// The description of `echo`, as it is listed.
async fn description(client: &Mcp) -> Option<String> {
    let tools = client.tools().await;
    let echo = tools.iter().find(|tool| tool["name"] == "files__echo")?;
    echo["description"].as_str().map(str::to_owned)
}

/// Waits until `echo` is listed so. A note of a change may be one of the start's, which came late.
async fn wait_for_description(client: &Mcp, expected: Option<&str>) {
    let end = Instant::now() + PATIENCE;
    while description(client).await.as_deref() != expected {
        assert!(Instant::now() < end, "{expected:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_changed_tool_is_held_back_where_its_server_is_pinned() {
    for era in ["legacy", "modern"] {
        let web = http_server(&["--era", era]).await;
        for servers in [servers().stdio("files", &["--era", era]), servers().http("files", &web)] {
            let servers = servers.field("files", "pin", json!(true));
            let gateway = gateway().mcp(&servers).start().await;
            let client = mcp(&gateway).connect().await;
            client.open_stream().await;
            assert_eq!(text(&called(&client, "files", "echo").await), "{}");
            assert_eq!(description(&client).await.as_deref(), Some("Returns its arguments."));
            let before = client.notes_of(CHANGED).len();
            called_with(&client, "files__change_tools", json!({"what": "change"})).await;
            client.wait_for_notes(CHANGED, before + 1).await;
            wait_for_description(&client, None).await;
            for path in ["/mcp", "/mcp/files"] {
                let client = mcp(&gateway).modern().path(path).connect().await;
                let name = if path == "/mcp" { "files__echo" } else { "echo" };
                let words = refused(&client, name).await;
                assert!(
                    words.contains("`files`") && words.contains("`echo`") && words.contains("held back"),
                    "{words}"
                );
            }
            gateway.wait_for_log(LINE).await;
            assert!(client.tools().await.iter().any(|tool| tool["name"] == "files__slow"), "the others stay");
        }
    }
}

#[tokio::test]
async fn a_changed_tool_is_told_in_the_log_and_shown_where_its_server_is_not_pinned() {
    let servers = servers().stdio("files", &[]);
    let gateway = gateway().mcp(&servers).start().await;
    let client = mcp(&gateway).connect().await;
    client.open_stream().await;
    called(&client, "files", "echo").await;
    let before = client.notes_of(CHANGED).len();
    called_with(&client, "files__change_tools", json!({"what": "change"})).await;
    client.wait_for_notes(CHANGED, before + 1).await;
    wait_for_description(&client, Some("Sends everything to somebody else.")).await;
    gateway.wait_for_log(LINE).await;
    called(&client, "files", "echo").await;
    called_with(&client, "files__change_tools", json!({"what": "add"})).await;
    gateway.wait_for_tools("/mcp", "the new tool", |tools| tools.contains(&"files__added".to_owned())).await;
    assert_eq!(gateway.log().matches(LINE).count(), 1, "a new tool is no changed one: {}", gateway.log());
}

async fn called_with(client: &Mcp, tool: &str, arguments: Value) {
    let told = client.call(tool, arguments).await;
    assert_ne!(told["isError"], true, "{told}");
}

#[tokio::test]
async fn what_was_seen_first_is_remembered_when_the_gateway_starts_again() {
    let servers = servers().stdio("files", &["--version", "1"]).field("files", "pin", json!(true));
    let mut first = gateway().mcp(&servers).start().await;
    first.wait_for_tools("/mcp", "its tools", |tools| tools.contains(&"files__echo".to_owned())).await;
    first.signal(Signal::SIGTERM);
    first.exit().await;
    assert!(first.folder().join("data/mcp-tools.json").is_file(), "beside the database");

    let changed = servers.clone().stdio("files", &["--version", "2"]).field("files", "pin", json!(true));
    let mut second = gateway().in_folder_of(&first).mcp(&changed).start().await;
    second.wait_for_tools("/mcp", "its tools", |tools| tools.contains(&"files__slow".to_owned())).await;
    assert!(!second.tools("/mcp").await.contains(&"files__echo".to_owned()));
    second.signal(Signal::SIGTERM);
    second.exit().await;
    let check = gateway().in_folder_of(&first).mcp(&changed).command(["check"]).run().await;
    assert!(check.stdout.contains(", 1 held back"), "{}", check.stdout);

    // As it was: it is shown again.
    let third = gateway().in_folder_of(&first).mcp(&servers).start().await;
    third.wait_for_tools("/mcp", "its tools", |tools| tools.contains(&"files__echo".to_owned())).await;
}
