//! One row for each request, with what is true of it.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::kit::upstream::{anthropic, openai, openrouter};

/// The only row of a query, as JSON text.
async fn row(database: &Database, columns: &[&str], of: &str) -> Value {
    let mut row = serde_json::Map::new();
    for column in columns {
        let sql = format!("SELECT {column} AS first FROM llm_logs WHERE {of}");
        row.insert((*column).to_owned(), database.text(&sql).await.map_or(Value::Null, Value::String));
    }
    Value::Object(row)
}

#[tokio::test]
async fn a_whole_answer_and_a_stream() {
    for database in databases().await {
        let openai = openai().start().await;
        let gateway = gateway().with(&openai).database(&database).start().await;
        let whole = gateway.chat("gpt-4o-mini", "hello").await;
        let stream = gateway.stream("gpt-4o-mini", "hello").await;
        recorded(&database, 2).await;
        let columns = ["endpoint", "route", "provider", "model", "requested_model", "outcome", "status", "key_id"];
        for answer in [&whole, &stream] {
            let of = format!("request_id = '{}'", answer.header("x-request-id").unwrap());
            let expected = json!({
                "endpoint": "/v1/chat/completions", "route": null, "provider": "openai", "model": "gpt-4o-mini",
                "requested_model": "gpt-4o-mini", "outcome": "ok", "status": "200", "key_id": null,
            });
            assert_eq!(row(&database, &columns, &of).await, expected);
            let tokens = row(&database, &["input_tokens", "output_tokens", "cached_input_tokens"], &of).await;
            let usage = answer.usage();
            if !usage.is_null() {
                assert_eq!(tokens["input_tokens"], usage["prompt_tokens"].to_string());
                assert_eq!(tokens["output_tokens"], usage["completion_tokens"].to_string());
            }
            let attempts: Value =
                serde_json::from_str(row(&database, &["attempts"], &of).await["attempts"].as_str().expect("attempts"))
                    .expect("JSON");
            assert_eq!((&attempts[0]["provider"], &attempts[0]["outcome"]), (&json!("openai"), &json!("ok")));
        }
        let cost: f64 = whole.header("x-gateway-cost-usd").expect("a cost").parse().unwrap();
        let id = whole.header("x-request-id").unwrap();
        let sql = format!("SELECT cost AS first FROM llm_logs WHERE request_id = '{id}'");
        assert_eq!(database.number(&sql).await, cost);
        assert_eq!(database.number("SELECT count(ttft_ms) AS first FROM llm_logs").await, 1.0);
        let now = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
        let created = database.text("SELECT created_at AS first FROM llm_logs").await.unwrap();
        assert!(created.starts_with(&now), "{created}");
    }
}

#[tokio::test]
async fn whatever_becomes_of_a_request() {
    for database in databases().await {
        let (openai, openrouter) = (openai().always(overloaded()).start().await, openrouter().start().await);
        let gateway = gateway().with(&openai).with(&openrouter).database(&database).start().await;
        gateway.chat("gpt-4o", "a fallback").await;
        openrouter.switch(model_not_found());
        gateway.chat("gpt-4o", "all fail").await;
        gateway.post("/v1/chat/completions", json!({"model": "gpt-4o"})).await;
        gateway.post_raw("/v1/messages", "{", &[]).await;
        gateway.post("/v1/route", json!({"prompt": "x", "userId": "u-1", "conversationId": "c-1"})).await;
        gateway.post("/v1/embeddings", json!({"model": "text-embedding-3-small", "input": "x", "user": "u-2"})).await;
        recorded(&database, 6).await;
        let outcome = |of: &'static str| {
            let database = database.clone();
            async move { row(&database, &["outcome", "status"], of).await }
        };
        let fallback = outcome("provider = 'openrouter'").await;
        assert_eq!(fallback, json!({"outcome": "ok", "status": "200"}));
        let sql = "SELECT attempts AS first FROM llm_logs WHERE provider = 'openrouter'";
        let attempts: Value = serde_json::from_str(&database.text(sql).await.unwrap()).unwrap();
        assert_eq!(attempts[0]["outcome"], "server_error");
        assert_eq!(attempts[1]["provider"], "openrouter");
        let bad = outcome("endpoint = '/v1/messages'").await;
        assert_eq!(bad, json!({"outcome": "invalid_request", "status": "400"}));
        let route = row(&database, &["route", "user_id", "conversation_id"], "endpoint = '/v1/route'").await;
        assert_eq!(route, json!({"route": "general", "user_id": "u-1", "conversation_id": "c-1"}));
        let vectors = row(&database, &["user_id"], "endpoint = '/v1/embeddings'").await;
        assert_eq!(vectors, json!({"user_id": "u-2"}));
    }
}

#[tokio::test]
async fn a_client_that_hangs_up() {
    for database in databases().await {
        let openai = openai().say([Say::Text("begun"), Say::Stall]).start().await;
        let gateway = gateway().with(&openai).database(&database).start().await;
        let mut live = gateway.open("gpt-4o", "hello").await;
        live.event().await;
        drop(live);
        recorded(&database, 1).await;
        let gone = row(&database, &["outcome", "status", "stream"], "1 = 1").await;
        assert_eq!((&gone["outcome"], &gone["status"]), (&json!("client_gone"), &json!("499")));
        // What was used until then is a guess, and better than nothing.
        assert!(database.number("SELECT output_tokens AS first FROM llm_logs").await > 0.0);
    }
}

#[tokio::test]
async fn what_callers_write_is_kept_as_it_is() {
    let hostile = [
        "'; DROP TABLE llm_logs; --",
        "\"quoted\" \\ back",
        "line\nbreak\ttab\u{1b}[31m",
        "\u{1f600} 漢字 \u{202e}",
        "{\"json\": [1]}",
        "%s %n {0} $1 ?",
    ];
    for database in databases().await {
        let anthropic = anthropic().start().await;
        let gateway = gateway().with(&anthropic).database(&database).start().await;
        for user in hostile {
            let mut body = messages("claude-sonnet-4-5", user);
            body["metadata"] = json!({"user_id": user});
            assert_eq!(gateway.post("/v1/messages", body).await.status, 200);
        }
        // A letter that no database takes, and more of them than anybody reads.
        let mut body = messages("claude-sonnet-4-5", "x");
        body["metadata"] = json!({"user_id": format!("nul\0{}", "x".repeat(100_000))});
        gateway.post("/v1/messages", body).await;
        recorded(&database, hostile.len() as u64 + 1).await;
        let mut users: Vec<String> =
            database.texts("SELECT user_id AS first FROM llm_logs").await.into_iter().flatten().collect();
        users.retain(|user| !user.starts_with("nul\u{fffd}xxx"));
        users.sort_unstable();
        let mut expected = hostile.map(str::to_owned);
        expected.sort_unstable();
        assert_eq!(users, expected);
        // What was said is nowhere.
        gateway.assert_no_secrets();
    }
}

#[tokio::test]
async fn what_a_provider_says_is_kept_whatever_it_is() {
    for database in databases().await {
        let words = r#"{"error": {"message": "no\u0000 \ud83d\ude00 ' \" \\ ", "type": "x"}}"#;
        let openai = openai().always(raw(words).status(500)).start().await;
        let gateway = gateway().with(&openai).database(&database).start().await;
        gateway.chat("gpt-4o", "hello").await;
        recorded(&database, 1).await;
        let attempts = database.text("SELECT attempts AS first FROM llm_logs").await.unwrap();
        assert!(serde_json::from_str::<Value>(&attempts).unwrap()[0]["message"].is_string(), "{attempts}");
        assert_eq!(metric(&gateway, "gateway_records_lost_total").await, 0);
    }
}

#[tokio::test]
async fn nothing_is_kept_where_nothing_is_to_be() {
    let openai = openai().start().await;
    let gateway = gateway().with(&openai).env("DATABASE_URL", "off").start().await;
    assert_eq!(gateway.chat("gpt-4o", "hello").await.status, 200);
    let health = gateway.get("/health").await.json;
    assert_eq!((&health["database"], &health["status"]), (&json!(false), &json!("ok")));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!gateway.folder().join("data").exists());
}
