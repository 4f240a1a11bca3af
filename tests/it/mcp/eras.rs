//! Clients of both eras, over both transports.

use super::*;
use serde_json::json;

#[tokio::test]
async fn a_client_of_either_era_calls_a_tool_over_http() {
    let gateway = gateway().arg("--mock").start().await;
    for era in Era::ALL {
        let client = mcp(&gateway).era(era).connect().await;
        let names: Vec<_> = client.tools().await.iter().map(|tool| tool["name"].clone()).collect();
        assert!(names.contains(&json!("list_models")), "{names:?}");
        let told = client.call("list_models", json!({})).await;
        assert_eq!(told["isError"], json!(false), "{told}");
        if era == Era::Legacy {
            assert!(client.session().is_some());
            client.open_stream().await;
            assert_eq!(client.request("ping", json!({})).await.result(), json!({}));
        }
        assert_eq!(client.request("resources/read", json!({"uri": "gateway://nothing"})).await.code() / 1000, -32);
    }
}

#[tokio::test]
async fn a_client_of_either_era_calls_a_tool_over_stdio() {
    for era in Era::ALL {
        let client = over_stdio(gateway()).era(era).connect().await;
        let told = client.call("list_models", json!({})).await;
        assert_eq!(told["isError"], json!(false), "{told}");
        client.hang_up();
        assert_eq!(client.exit_code().await, Some(0));
        client.assert_only_messages();
    }
}
