//! Tools that only look.

use super::*;
use crate::kit::upstream::{anthropic, openai};

#[tokio::test]
async fn explain_route_tells_the_chain_and_calls_nobody() {
    let (openai, anthropic) = (openai().start().await, anthropic().start().await);
    let routes = r#"{"general":["gpt-4o","claude-sonnet-4-5"],"code":["claude-sonnet-4-5"]}"#;
    let builder = || gateway().with(&openai).with(&anthropic).env("ROUTE_MODELS", routes);
    let everywhere = everywhere(builder).await;
    for client in &everywhere.clients {
        for (arguments, expected) in [
            (json!({}), json!(["openai", "anthropic"])),
            (json!({"taskType": "code"}), json!(["anthropic"])),
            (json!({"taskType": "general", "layer": "code"}), json!(["anthropic"])),
            (json!({"model": "gpt-4o-mini"}), json!(["openai"])),
        ] {
            let told = good(client, "explain_route", arguments.clone()).await;
            let links = told["routing"]["attempts"].as_array().unwrap();
            let providers: Vec<_> = links.iter().map(|link| link["provider"].clone()).collect();
            assert_eq!(json!(providers), expected, "{arguments}: {told}");
            assert!(links.iter().all(|link| link["outcome"] == "pending"), "{told}");
        }
        let result = bad(client, "explain_route", json!({"model": "nobodys/model"})).await;
        assert_eq!(result["structuredContent"]["error"]["code"], "model_not_found", "{result}");
    }
    check_not_called([&openai, &anthropic]);
}

#[tokio::test]
async fn list_models_says_what_the_models_endpoint_says() {
    let openai = openai().start().await;
    let gateway = gateway().with(&openai).start().await.checked().await;
    let listed = gateway.get("/v1/models").await.json["data"].clone();
    let expected: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|model| json!({"id": model["id"], "owned_by": model["owned_by"]}))
        .collect();
    for era in Era::ALL {
        let client = mcp(&gateway).era(era).connect().await;
        assert_eq!(good(&client, "list_models", json!({})).await["models"], json!(expected));
    }
    assert!(expected.contains(&json!({"id": "general", "owned_by": "gateway"})), "{expected:?}");
}

#[tokio::test]
async fn provider_health_says_what_health_says() {
    let (openai, anthropic) = (openai().start().await, anthropic().probe(invalid_key()).start().await);
    let gateway = gateway().with(&openai).with(&anthropic).start().await.checked().await;
    let client = mcp(&gateway).connect().await;
    let mut told = good(&client, "provider_health", json!({})).await;
    let mut health = gateway.get("/health").await.json;
    for told in [&mut told, &mut health] {
        told["timestamp"] = Value::Null;
    }
    assert_eq!(told, health);
    assert_eq!(told["providers"]["anthropic"]["status"], "unhealthy");
    assert_eq!(told["providers"]["openrouter"]["configured"], json!(false));
    gateway.assert_no_secrets();
}

#[tokio::test]
async fn usage_stats_tells_what_was_recorded() {
    for database in databases().await {
        let openai = openai().start().await;
        let gateway = gateway().with(&openai).database(&database).arg("--mock").start().await;
        let client = mcp(&gateway).connect().await;
        let nothing = good(&client, "usage_stats", json!({})).await;
        assert_eq!((&nothing["total"]["requests"], &nothing["hours"]), (&json!(0), &json!(24)));
        let mut cost = 0.0;
        for model in ["gpt-4o", "gpt-4o", "mock-gpt"] {
            let told = good(&client, "route", json!({"prompt": "hi", "model": model})).await;
            cost += told["performance"]["cost"].as_f64().unwrap_or_default();
        }
        bad(&client, "route", json!({"prompt": ""})).await;
        recorded(&database, 4).await;
        let told = good(&client, "usage_stats", json!({"hours": 1})).await;
        assert_eq!((&told["total"]["requests"], &told["total"]["answered"]), (&json!(4), &json!(3)), "{told}");
        assert!((told["total"]["cost_usd"].as_f64().unwrap() - cost).abs() < 1e-12 && cost > 0.0, "{cost}: {told}");
        let of = |provider: &str| {
            told["rows"].as_array().unwrap().iter().find(|row| row["provider"] == provider).cloned().unwrap_or_default()
        };
        assert_eq!((&of("openai")["requests"], &of("openai")["model"]), (&json!(2), &json!("gpt-4o")), "{told}");
        assert_eq!(of("mock")["cost_usd"], json!(0.0));
        assert_eq!(told["key"], Value::Null);
    }
}

#[tokio::test]
async fn usage_stats_of_a_database_that_is_away_fails_by_its_result() {
    let url = "postgres://nobody@127.0.0.1:1/none";
    let client = over_stdio(gateway().env("DATABASE_URL", url)).connect().await;
    let result = bad(&client, "usage_stats", json!({})).await;
    assert_eq!(result["structuredContent"]["error"]["code"], "store_unavailable");
}
