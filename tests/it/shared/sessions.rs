//! Sessions of MCP clients: whichever replica is asked next takes them up.

use serde_json::json;

use super::*;

/// A client that goes on with another's session at `server`.
fn going_on(server: &Gateway, session: &str) -> Mcp {
    mcp(server).header("mcp-session-id", session).start()
}

/// The status and the body of a request within a session that is not known.
async fn unknown(server: &Gateway, session: &str) -> u16 {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let request = server.request("POST", "/mcp").header("accept", "application/json, text/event-stream");
    request.header("mcp-session-id", session).json(&body).send().await.status
}

#[tokio::test]
async fn a_session_goes_on_at_another_replica_and_after_a_restart() {
    let Some(redis) = redis().await else { return };
    let [one, other] = [gateway().arg("--mock").redis(&redis), gateway().arg("--mock").redis(&redis)];
    let (one, other) = (one.start().await, other.start().await);
    redis_is(&one, true).await;
    redis_is(&other, true).await;
    let client = mcp(&one).connect().await;
    let session = client.session().expect("a session");
    let tools = client.tools().await;
    assert_eq!(going_on(&other, &session).tools().await, tools);
    // Both have it now, and each serves it.
    assert_eq!(client.tools().await, tools);
    drop(one);
    assert_eq!(going_on(&other, &session).tools().await, tools);
    let third = gateway().arg("--mock").redis(&redis).start().await;
    redis_is(&third, true).await;
    assert_eq!(going_on(&third, &session).tools().await, tools);
    assert!(redis.cli(&["KEYS", "amg:mcp:*"]).await.to_string().contains("amg:mcp:"));
}

#[tokio::test]
async fn a_session_that_was_ended_is_forgotten_by_all() {
    let Some(redis) = redis().await else { return };
    let (one, other) = (gateway().redis(&redis).start().await, gateway().redis(&redis).start().await);
    redis_is(&one, true).await;
    redis_is(&other, true).await;
    let client = mcp(&one).connect().await;
    let session = client.session().expect("a session");
    assert!([200, 202, 204].contains(&client.end_session().await));
    assert_eq!(unknown(&other, &session).await, 404);
    assert_eq!(unknown(&one, &session).await, 404);
    assert_eq!(unknown(&one, "never-there").await, 404);
}
