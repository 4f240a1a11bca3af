//! Children that do not run, or not for long.

use super::*;

#[tokio::test]
async fn a_command_that_does_not_exist_is_told_by_name() {
    let servers = servers().entry("gone", json!({"command": "nonesuch-server"})).stdio("here", &[]);
    let servers = servers.stdio("nowhere", &[]).field("nowhere", "cwd", json!("/no/such/folder"));
    let gateway = gateway().mcp(&servers).start().await;
    for era in Era::ALL {
        let client = mcp(&gateway).era(era).connect().await;
        let words = refused(&client, "gone__anything").await;
        assert!(words.contains("`gone`") && words.contains("no program `nonesuch-server`"), "{words}");
        let words = refused(&client, "nowhere__echo").await;
        assert!(words.contains("`nowhere`") && words.contains("`cwd` names no folder"), "{words}");
        assert_eq!(text(&client.call("here__echo", json!({})).await), "{}");
    }
}

/// The pauses before a server is tried again, in milliseconds, as the log has them.
fn pauses(log: &str) -> Vec<u64> {
    let pause = |line: &str| line.split_once("retry_ms=")?.1.split(' ').next()?.parse().ok();
    log.lines().filter_map(pause).collect()
}

#[tokio::test]
async fn one_that_ends_at_once_is_started_ever_more_seldom_while_the_others_are_served() {
    let servers = servers().stdio("gone", &["--exit-at-start"]).stdio("here", &[]);
    let gateway = gateway().mcp(&servers).start().await;
    let client = mcp(&gateway).connect().await;
    let end = Instant::now() + PATIENCE;
    let pauses = loop {
        assert_eq!(text(&client.call("here__echo", json!({})).await), "{}");
        let pauses = pauses(&gateway.log());
        if pauses.len() >= 4 {
            break pauses;
        }
        assert!(Instant::now() < end, "{}", gateway.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(pauses.is_sorted() && pauses[0] >= 150 && pauses[3] >= 1000, "{pauses:?}");
    let words = refused(&client, "gone__anything").await;
    assert!(words.contains("`gone`") && words.contains("exit code 7") && words.contains("tried again"), "{words}");
    // What it says on stderr is for its operator.
    assert!(!words.contains("licence"), "{words}");
    assert!(gateway.log().contains("the licence has run out"));
    assert!(gateway.tools("/mcp").await.contains(&"here__echo".to_owned()));
}

#[tokio::test]
async fn one_that_cannot_be_started_yet_comes_up_when_it_can() {
    let servers = servers();
    let sign = servers.file_beside("licence");
    let servers = servers.stdio("files", &["--exit-unless", &sign]);
    let gateway = gateway().mcp(&servers).start().await;
    servers.journal("files").wait_for("started", 2).await;
    std::fs::write(&sign, "").expect("a file");
    gateway.wait_for_tools("/mcp", "its tools", |tools| tools.contains(&"files__echo".to_owned())).await;
}

#[tokio::test]
async fn one_that_dies_keeps_its_lists_and_comes_back_by_itself_and_there_are_never_two() {
    // Whoever does not end by itself is made to, and so is what it has started: a second one is not started before.
    for (crash, more) in [("crash", "--fork"), ("hush", "--ignore-eof")] {
        let servers = servers().stdio("files", &["--ignore-eof", "--ignore-term", more]);
        let gateway = gateway().mcp(&servers).start().await;
        let journal = servers.journal("files");
        let client = mcp(&gateway).connect().await;
        called(&client, "files", "echo").await;
        let first = journal.of("started")[0]["pid"].as_i64().expect("a process id") as i32;
        let words = refused(&client, &format!("files__{crash}")).await;
        assert!(words.contains("`files`"), "{words}");
        let tools = gateway.tools("/mcp").await;
        assert!(tools.contains(&"files__echo".to_owned()), "its last good list is served: {tools:?}");
        called(&client, "files", "echo").await;
        assert!(!runs(first) && !is_zombie(first));
        for started in journal.of("started") {
            assert_eq!(started["earlier"], json!([]), "{crash}: {:#?}", journal.all());
        }
        assert_eq!(journal.of("call").iter().filter(|call| call["tool"] == crash).count(), 1);
    }
}

#[tokio::test]
async fn a_call_under_way_when_its_server_dies_fails_by_name_and_at_once() {
    let servers = servers().stdio("files", &[]);
    let gateway = gateway().mcp(&servers).start().await;
    let client = mcp(&gateway).connect().await;
    called(&client, "files", "echo").await;
    let pending = client.calling("files__slow", json!({"ms": 60_000}));
    servers.journal("files").wait_for("call", 2).await;
    refused(&client, "files__crash").await;
    let told = pending.result().await;
    assert!(told["isError"] == true && text(&told).contains("`files`"), "{told}");
}

#[tokio::test]
async fn a_flood_on_stderr_holds_nobody_up_and_the_log_stays_small() {
    let servers = servers().stdio("loud", &[]);
    let gateway = gateway().mcp(&servers).start().await;
    let client = mcp(&gateway).connect().await;
    called(&client, "loud", "echo").await;
    let before = gateway.log().len();
    let told = client.call("loud__flood_stderr", json!({"mb": 8})).await;
    assert_eq!(text(&told), "flooded");
    assert_eq!(text(&called(&client, "loud", "echo").await), "{}");
    let grown = gateway.log().len() - before;
    assert!(grown < 1 << 20, "{grown} bytes of log");
    client.call("loud__crash", json!({})).await;
    gateway.wait_for_log("MCP server says more than is told here").await;
}
