//! What is shown of servers.

use super::*;

/// One server of each era over each transport is listed at its own path.
async fn check(servers: Servers, name: &str) {
    let gateway = gateway().mcp(&servers).start().await;
    let tools = gateway.tools(&format!("/mcp/{name}")).await;
    assert!(tools.contains(&"echo".to_owned()) && tools.contains(&"slow".to_owned()), "{tools:?}\n{}", gateway.log());
    assert!(tools.iter().all(|tool| !tool.contains("__")), "{tools:?}");
}

#[tokio::test]
async fn a_child_of_either_era() {
    for era in ["legacy", "modern", "both"] {
        check(servers().stdio("files", &["--era", era]), "files").await;
    }
}

#[tokio::test]
async fn an_address_of_either_era() {
    for era in ["legacy", "modern", "both"] {
        let server = http_server(&["--era", era]).await;
        check(servers().http("web", &server), "web").await;
    }
}

#[tokio::test]
async fn a_child_that_starts_slowly_is_waited_for() {
    check(servers().stdio("files", &["--slow-start", "700"]), "files").await;
}

#[tokio::test]
async fn a_child_that_says_no_protocol_first_is_forgiven() {
    check(servers().stdio("files", &["--banner"]), "files").await;
}

#[tokio::test]
async fn a_child_that_never_answers_what_it_does_not_know_comes_up_all_the_same() {
    let servers = servers().stdio("old", &["--era", "legacy", "--ignore-unknown"]);
    let gateway = gateway().mcp(&servers).start().await;
    gateway.wait_for_tools("/mcp/old", "its tools", |tools| tools.contains(&"echo".to_owned())).await;
    let client = mcp(&gateway).connect().await;
    client.call("old__crash", json!({})).await;
    let began = Instant::now();
    called(&client, "old", "echo").await;
    // Once it is known to be of the legacy era, it is not asked again what it cannot answer.
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_child_that_comes_late_is_announced() {
    let servers = servers();
    let sign = servers.file_beside("sign");
    let servers = servers.stdio("late", &["--start-when", &sign]).stdio("here", &[]);
    let gateway = gateway().mcp(&servers).start().await;
    let client = mcp(&gateway).connect().await;
    client.open_stream().await;
    let tools = gateway.tools("/mcp").await;
    assert!(tools.contains(&"here__echo".to_owned()), "{tools:?}");
    assert!(!tools.iter().any(|tool| tool.starts_with("late__")), "{tools:?}");
    let before = client.notes_of("notifications/tools/list_changed").len();
    std::fs::write(&sign, "").expect("a file");
    client.wait_for_notes("notifications/tools/list_changed", before + 1).await;
    let tools = gateway.tools("/mcp").await;
    assert!(tools.contains(&"late__echo".to_owned()), "{tools:?}");
}

#[tokio::test]
async fn a_server_that_never_tells_its_tools_is_missing_alone() {
    let silent = http_server(&["--no-list"]).await;
    let servers = servers().stdio("mute", &["--no-list"]).http("dumb", &silent).stdio("here", &[]);
    let gateway = gateway().mcp(&servers).start().await;
    let client = mcp(&gateway).connect().await;
    assert_eq!(text(&called(&client, "here", "echo").await), "{}");
    let began = Instant::now();
    let tools = gateway.tools("/mcp").await;
    assert!(tools.contains(&"here__echo".to_owned()) && tools.contains(&"route".to_owned()), "{tools:?}");
    assert!(!tools.iter().any(|tool| tool.starts_with("mute__") || tool.starts_with("dumb__")), "{tools:?}");
    // They are waited for, but not for as long as they might be.
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_tool_that_is_not_in_order_is_left_out_and_the_others_stay() {
    let web = http_server(&["--bad-tools", "--many", "60"]).await;
    let servers = servers().stdio("pipe", &["--bad-tools", "--many", "60"]).http("web", &web);
    let gateway = gateway().mcp(&servers).start().await;
    for name in ["pipe", "web"] {
        let tools = gateway.tools(&format!("/mcp/{name}")).await;
        for there in ["echo", "many_0", "many_59"] {
            assert!(tools.contains(&there.to_owned()), "{name}: {tools:?}");
        }
        for bad in ["bad name!", "bad_schema", "no_schema"] {
            assert!(!tools.contains(&bad.to_owned()), "{name}: {tools:?}");
            let log = gateway.log();
            let told = |line: &str| line.contains("left out") && line.contains(bad) && line.contains(name);
            assert!(log.lines().any(told), "{bad} at {name}: {log}");
        }
    }
}

#[tokio::test]
async fn tools_are_allowed_and_denied_by_patterns() {
    let servers = servers().stdio("files", &["--many", "12"]);
    let servers = servers.field("files", "tools", json!({"allow": ["many_*", "echo"], "deny": ["*_1*"]}));
    let gateway = gateway().mcp(&servers).start().await;
    let expected = "echo many_0 many_2 many_3 many_4 many_5 many_6 many_7 many_8 many_9";
    assert_eq!(gateway.tools("/mcp/files").await.join(" "), expected);
    let client = mcp(&gateway).connect().await;
    assert_eq!(text(&client.call("files__echo", json!({})).await), "{}");
    for hidden in ["files__many_1", "files__env"] {
        assert_eq!(client.request("tools/call", json!({"name": hidden})).await.code(), -32602);
    }
    assert_eq!(servers.journal("files").of("call").len(), 1, "what is not shown is not called either");
}

#[tokio::test]
async fn a_list_that_cannot_be_read_any_more_stays_as_it_was_and_ends_no_call() {
    for era in ["legacy", "modern"] {
        let web = http_server(&["--era", era]).await;
        let servers = servers().stdio("pipe", &["--era", era]).http("web", &web);
        let gateway = gateway().mcp(&servers).start().await;
        let client = mcp(&gateway).connect().await;
        for (name, journal) in [("pipe", servers.journal("pipe")), ("web", web.journal().clone())] {
            called(&client, name, "echo").await;
            let pending = client.calling(&format!("{name}__slow"), json!({"ms": 3_000}));
            journal.wait_for("call", 2).await;
            client.call(&format!("{name}__break_list"), json!({"on": true})).await;
            let told = |line: &str| line.contains("stay as they were") && line.contains(&format!("server=\"{name}\""));
            eventually("a line about it", || gateway.log().lines().any(told)).await;
            assert_eq!(text(&pending.result().await), "slept");
            assert!(gateway.tools("/mcp").await.contains(&format!("{name}__echo")));
            client.call(&format!("{name}__break_list"), json!({"on": false})).await;
            client.call(&format!("{name}__change_tools"), json!({"what": "add"})).await;
            let added = format!("{name}__added");
            gateway.wait_for_tools("/mcp", "the new tool", |tools| tools.contains(&added)).await;
            assert_eq!(journal.of("started").len(), 1, "it was not started again");
        }
    }
}
