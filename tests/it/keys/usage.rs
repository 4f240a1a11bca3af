//! What a key, and the operator, learn of what was used.

use serde_json::json;

use super::*;
use crate::kit::upstream::{anthropic, openai};

async fn usage_by(caller: &Caller, key: &str) -> Answer {
    caller.request("GET", "/v1/usage").bearer(key).send().await
}

async fn recorded(database: &Database, count: u64) {
    in_time("the records", async {
        while database.count("llm_logs").await < count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_learns_what_it_has_used_and_what_is_left() {
    for database in databases().await {
        let args = ["--rpm", "10", "--tpm", "1000", "--budget", "25", "--models", "gpt-4o*"];
        let (made, other) = (make(&database, "ci", &args).await, make(&database, "other", &[]).await);
        let openai = openai().start().await;
        let gateway = gateway().with(&openai).database(&database).start().await;
        let before = usage_by(&gateway, &made.key).await;
        assert_eq!(before.json["used"]["requests"], json!(0), "{:?}", before.json);
        let answer = chat_by(&gateway, &made.key, "gpt-4o").await;
        let cost: f64 = answer.header("x-gateway-cost-usd").unwrap().parse().unwrap();
        check_error(&chat_by(&gateway, &made.key, "gpt-5").await, 403, "model_not_allowed");
        let usage = usage_by(&gateway, &made.key).await;
        assert_eq!(usage.status, 200);
        let usage = usage.json;
        assert_eq!(usage["key"], json!({"id": made.id, "name": "ci", "expires_at": null}));
        assert_eq!(usage["period"]["name"], json!("month"));
        let month = jiff::Timestamp::now().strftime("%Y-%m-01T00:00:00Z").to_string();
        assert_eq!(usage["period"]["starts_at"], json!(month));
        let used = json!({
            "cost_usd": cost, "under_way_usd": 0.0, "requests": 2, "input_tokens": 9, "output_tokens": 12,
        });
        assert_eq!(usage["used"], used);
        let limits = json!({
            "rpm": 10, "tpm": 1000, "budget_usd": 25.0, "budget_period": "month", "models": ["gpt-4o*"],
        });
        assert_eq!(usage["limits"], limits);
        assert_eq!((&usage["remaining"]["requests"], &usage["remaining"]["tokens"]), (&json!(9), &json!(979)));
        let left = usage["remaining"]["budget_usd"].as_f64().unwrap();
        assert!((left + cost - 25.0).abs() < 1e-9, "{left}");
        // Another key's is its own.
        let others = usage_by(&gateway, &other.key).await.json;
        assert_eq!((&others["used"]["requests"], &others["remaining"]["budget_usd"]), (&json!(0), &Value::Null));
        check_error(&usage_by(&gateway, "wrong").await, 401, "invalid_api_key");
        // A process that starts anew tells the same.
        recorded(&database, 2).await;
        let anew = crate::kit::gateway().with(&openai).database(&database).start().await;
        assert_eq!(usage_by(&anew, &made.key).await.json["used"], used);
    }
}

#[tokio::test]
async fn where_no_key_is_needed_there_is_nothing_to_tell() {
    let gateway = gateway().start().await;
    check_error(&gateway.get("/v1/usage").await, 404, "no_client_key");
}

#[tokio::test]
async fn the_operators_figures_are_the_clients_own_sums() {
    for database in databases().await {
        let (one, other) = (make(&database, "one", &[]).await, make(&database, "other", &[]).await);
        let (openai, anthropic) = (openai().start().await, anthropic().start().await);
        let gateway = gateway().with(&openai).with(&anthropic).database(&database).arg("--mock").start().await;
        let (mut cost, mut output, mut calls) = (0.0, 0, 0);
        for (key, model, times) in
            [(&one.key, "gpt-4o-mini", 5), (&other.key, "gpt-4o", 3), (&one.key, "claude-sonnet-4-5", 2)]
        {
            for _ in 0..times {
                let answer = chat_by(&gateway, key, model).await;
                cost += answer.header("x-gateway-cost-usd").unwrap().parse::<f64>().unwrap();
                output += answer.usage()["completion_tokens"].as_i64().unwrap();
                calls += 1;
            }
        }
        // The mock costs nothing, and who fails is counted.
        let mock = chat_by(&gateway, &one.key, "mock-gpt").await;
        assert_eq!((mock.status, mock.provider()), (200, Some("mock")));
        assert_eq!(gateway.request("POST", "/v1/chat/completions").bearer(&one.key).send().await.status, 400);
        recorded(&database, calls + 2).await;
        let told = good_command(&database, &["usage", "--hours", "1", "--json"]).await.stdout;
        let told: Value = serde_json::from_str(&told).unwrap();
        let rows = told["rows"].as_array().unwrap();
        let sum = |field: &str| rows.iter().map(|row| row[field].as_f64().unwrap()).sum::<f64>();
        assert_eq!(told["total"]["calls"], json!(calls + 2));
        assert_eq!((sum("calls"), sum("ok")), ((calls + 2) as f64, (calls + 1) as f64));
        assert!((told["total"]["cost_usd"].as_f64().unwrap() - cost).abs() < 1e-12, "{cost}: {told}");
        assert!((sum("cost_usd") - cost).abs() < 1e-12, "{cost}: {told}");
        let of = |provider: &str, key: &str| {
            rows.iter().find(|row| row["provider"] == provider && row["key"] == key).cloned().unwrap_or_default()
        };
        assert_eq!(of("openai", "one")["calls"], json!(5), "{told}");
        assert_eq!(of("openai", "other")["model"], json!("gpt-4o"), "{told}");
        assert_eq!(of("anthropic", "one")["success_rate"], json!(1.0), "{told}");
        assert_eq!(of("mock", "one")["cost_usd"], json!(0.0), "{told}");
        assert!(of("openai", "one")["mean_latency_ms"].as_f64().unwrap() >= 0.0);
        let mocks = of("mock", "one")["output_tokens"].as_i64().unwrap();
        assert_eq!(told["total"]["output_tokens"], json!(output + mocks));
        let table = good_command(&database, &["usage"]).await.stdout;
        for words in ["PROVIDER", "openai", "gpt-4o-mini", "other", "100.0 %", "TOTAL"] {
            assert!(table.contains(words), "no {words:?} in\n{table}");
        }
    }
}
