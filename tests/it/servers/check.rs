//! `check` tells how the other servers are.

use super::*;

/// The line about the server of this name.
#[track_caller]
fn line<'a>(told: &'a Finished, name: &str) -> &'a str {
    let is_one = |line: &&str| line.contains(&format!("mcp {name} ")) || line.contains(&format!("mcp {name}:"));
    told.stdout.lines().find(is_one).unwrap_or_else(|| panic!("no line about {name}: {}", told.stdout))
}

#[tokio::test]
async fn each_server_has_a_line_up_or_down_and_none_decides_the_exit_code() {
    let web = http_server(&["--era", "legacy", "--only-tools"]).await;
    let locked = http_server(&["--token", "web-token-SECRET"]).await;
    let servers = servers()
        .stdio("files", &["--era", "modern", "--ignore-eof", "--fork"])
        .stdio("gone", &["--exit-at-start"])
        .entry("lost", json!({"command": "nonesuch-server"}))
        .http("web", &web)
        .http("locked", &locked);
    let openai = upstream::openai().start().await;
    for (builder, code) in [(gateway(), 1), (gateway().with(&openai), 0)] {
        let told = builder.mcp(&servers).command(["check"]).run().await;
        assert_eq!(told.code, Some(code), "{told:?}");
        assert!(line(&told, "files").contains("stdio, 2026-07-28, 16 tools"), "{}", told.stdout);
        assert!(line(&told, "web").contains("http, 2025-11-25, 16 tools"), "{}", told.stdout);
        let gone = line(&told, "gone");
        assert!(gone.contains("exit code 7") && gone.contains("it said: child: the licence has run out"), "{gone}");
        assert!(line(&told, "lost").contains("no program `nonesuch-server`"), "{}", told.stdout);
        assert!(
            line(&told, "locked").contains("401") && line(&told, "locked").contains("`headers`"),
            "{}",
            told.stdout
        );
        for (name, mark) in [("files", "✅"), ("web", "✅"), ("gone", "❌"), ("lost", "❌"), ("locked", "❌")] {
            assert!(line(&told, name).contains(mark), "{}", told.stdout);
        }
        for name in ["files", "gone"] {
            assert_eq!(servers.journal(name).running(), [0; 0], "{name}");
        }
    }
}

#[tokio::test]
async fn nobody_is_told_of_where_there_is_no_file() {
    let told = gateway().command(["check"]).run().await;
    assert!(!told.stdout.contains("mcp "), "{}", told.stdout);
}
