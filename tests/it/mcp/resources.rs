//! The gateway's own resources.

use super::*;
use crate::kit::upstream::openai;

async fn read(client: &Mcp, uri: &str) -> Value {
    let result = client.request("resources/read", json!({"uri": uri})).await.result();
    let contents = &result["contents"][0];
    assert_eq!((&contents["uri"], &contents["mimeType"]), (&json!(uri), &json!("application/json")));
    serde_json::from_str(contents["text"].as_str().expect("a text")).expect("JSON")
}

#[tokio::test]
async fn they_are_listed_and_read() {
    let openai = openai().start().await;
    let everywhere = everywhere(|| gateway().with(&openai)).await;
    for client in &everywhere.clients {
        let listed = client.list("resources/list").await;
        let uris: Vec<_> = listed.iter().map(|one| one["uri"].as_str().unwrap()).collect();
        assert_eq!(uris, ["gateway://health", "gateway://models", "gateway://config"]);
        for one in &listed {
            assert!(one["description"].is_string() && one["title"].is_string(), "{one}");
            assert_eq!(one["mimeType"], "application/json");
        }
        let health = read(client, "gateway://health").await;
        assert_eq!(health["providers"]["openai"]["configured"], json!(true), "{health}");
        let models = read(client, "gateway://models").await;
        assert!(models["models"].as_array().unwrap().contains(&json!({"id": "general", "owned_by": "gateway"})));
        let config = read(client, "gateway://config").await;
        assert_eq!(config["providers"]["openai"], json!({"configured": true, "set": null}), "{config}");
        assert_eq!(config["providers"]["anthropic"], json!({"configured": false, "set": "ANTHROPIC_API_KEY"}));
        assert!(config["routes"]["general"].is_array() && config["limits"]["timeout_ms"].is_u64(), "{config}");
        assert_eq!(config["database"], "SQLite");
        let all = format!("{health}{models}{config}");
        assert!(!all.contains("SECRET") && !all.contains("127.0.0.1"), "{all}");
        assert_eq!(client.list("resources/templates/list").await, Vec::<Value>::new());
        assert_eq!(client.list("prompts/list").await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn one_that_nobody_has_is_an_error_of_its_era() {
    let everywhere = everywhere(gateway).await;
    for client in &everywhere.clients {
        for uri in ["gateway://secrets", "gateway://", "file:///etc/passwd"] {
            let expected = if client.spoken() == Era::Legacy { -32002 } else { -32602 };
            let outcome = client.request("resources/read", json!({"uri": uri})).await;
            assert_eq!((outcome.code(), &outcome.error()["data"]), (expected, &json!({"uri": uri})));
        }
    }
}
