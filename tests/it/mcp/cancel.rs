//! Calls that nobody waits for any more: the provider's call ends at once, and the record says so.

use super::*;
use crate::kit::upstream::openai;
use std::time::{Duration, Instant};

/// How soon the provider's call must end; a busy machine is given a little more than the quarter of a second.
const SOON: Duration = Duration::from_millis(1000);

async fn check_gone(database: &Database, endpoint: &str) {
    let sql = "SELECT endpoint || ' ' || outcome AS first FROM llm_logs ORDER BY id DESC LIMIT 1";
    in_time("the record", async {
        while database.count("llm_logs").await == 0
            || database.text(sql).await != Some(format!("{endpoint} client_gone"))
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_call_that_is_cancelled_ends_upstream() {
    let openai = openai().always(stall_before_head()).start().await;
    for watched in [false, true] {
        for era in Era::ALL {
            for (at, endpoint) in ["/mcp", "mcp"].into_iter().enumerate() {
                let database = sqlite();
                // An answer that would be kept is got beside the call, and ends with its last reader.
                let kept = if watched { 60 } else { 0 };
                let builder = gateway().with(&openai).database(&database).env("CACHE_TTL_SECONDS", kept);
                let (client, _server) = match at {
                    0 => {
                        let server = builder.start().await;
                        (mcp(&server).era(era).connect().await, Some(server))
                    }
                    _ => (over_stdio(builder).era(era).connect().await, None),
                };
                openai.forget();
                let arguments = json!({"prompt": "hi", "model": "gpt-4o"});
                let calling = match watched {
                    true => client.calling_watched("route", arguments),
                    false => client.calling("route", arguments),
                };
                openai.wait_for_calls(1).await;
                let since = Instant::now();
                calling.cancel().await;
                openai.wait_for_disconnects(1).await;
                assert!(since.elapsed() < SOON, "{era:?} {endpoint}: ended after {:?} only", since.elapsed());
                check_gone(&database, endpoint).await;
                // Nothing more is said of it, and the session goes on.
                let before = client.notes().len();
                good(&client, "list_models", json!({})).await;
                assert_eq!(client.notes().len(), before, "{:?}", client.notes());
            }
        }
    }
}

#[tokio::test]
async fn a_legacy_client_that_only_loses_its_connection_has_not_cancelled() {
    let openai = openai().always(ok().held()).start().await;
    let gateway = gateway().with(&openai).start().await;
    let client = mcp(&gateway).connect().await;
    let calling = client.calling("route", json!({"prompt": "hi", "model": "gpt-4o"}));
    openai.wait_for_calls(1).await;
    calling.hang_up();
    good(&client, "list_models", json!({})).await;
    assert_eq!(openai.disconnects(), 0);
    openai.release();
    gateway.wait_for_log("outcome=\"ok\"").await;
}

#[tokio::test]
async fn a_session_that_ends_takes_its_calls_along() {
    let openai = openai().always(stall_before_head()).start().await;
    let gateway = gateway().with(&openai).start().await;
    let client = mcp(&gateway).connect().await;
    let _calling = client.calling("route", json!({"prompt": "hi", "model": "gpt-4o"}));
    openai.wait_for_calls(1).await;
    assert_eq!(client.end_session().await, 204);
    openai.wait_for_disconnects(1).await;
    gateway.wait_for_log("outcome=\"client_gone\"").await;
}

#[tokio::test]
async fn a_cancellation_of_nothing_is_nothing() {
    for era in Era::ALL {
        let client = over_stdio(gateway()).era(era).connect().await;
        for id in [json!(99), json!("x"), Value::Null] {
            client.notify("notifications/cancelled", json!({"requestId": id})).await;
        }
        good(&client, "list_models", json!({})).await;
        client.assert_only_messages();
    }
}
