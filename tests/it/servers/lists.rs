//! What is shown of a server.

use crate::kit::*;

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
