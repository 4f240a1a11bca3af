//! Keys, limits, budgets and records: the same as on every other front.

use super::*;
use crate::kit::upstream::openai;

const HI: &str = "hi";

#[tokio::test]
async fn a_key_allows_its_own_models_alone() {
    let (openai, database) = (openai().start().await, sqlite());
    let key = make_key(&database, "ci", &["--models", "gpt-4o*"]).await;
    let gateway = gateway().with(&openai).database(&database).start().await.checked().await;
    for era in Era::ALL {
        let client = mcp(&gateway).key(&key).era(era).connect().await;
        good(&client, "route", json!({"prompt": HI, "model": "gpt-4o-mini"})).await;
        let result = bad(&client, "route", json!({"prompt": HI, "model": "gpt-5"})).await;
        let error = &result["structuredContent"]["error"];
        assert_eq!((&error["code"], &error["param"]), (&json!("model_not_allowed"), &json!("model")));
        let result = bad(&client, "route", json!({"prompt": HI})).await;
        assert_eq!(result["structuredContent"]["error"]["code"], "model_not_allowed", "the general route");
        let models = good(&client, "list_models", json!({})).await["models"].clone();
        let ids: Vec<_> = models.as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
        assert!(!ids.is_empty() && ids.iter().all(|id| id.starts_with("gpt-4o")), "{ids:?}");
        let read = client.request("resources/read", json!({"uri": "gateway://models"})).await.result();
        assert!(!read["contents"][0]["text"].as_str().unwrap().contains("general"), "{read}");
    }
}

#[tokio::test]
async fn limits_and_budgets_hold_over_http_and_over_stdio() {
    let openai = openai().start().await;
    for over_http in [true, false] {
        for (args, code, words) in [
            (["--rpm", "1"], "rate_limit_exceeded", "Wait"),
            (["--budget", "0.0001"], "budget_exceeded", "usage_stats"),
        ] {
            let database = sqlite();
            let key = make_key(&database, "ci", &args).await;
            let builder = gateway().with(&openai).database(&database);
            let (client, _server) = match over_http {
                true => {
                    let server = builder.start().await;
                    (mcp(&server).key(&key).connect().await, Some(server))
                }
                false => (over_stdio(builder.env("GATEWAY_API_KEY", &key)).connect().await, None),
            };
            let arguments = json!({"prompt": "hi", "model": "gpt-4o"});
            good(&client, "route", arguments.clone()).await;
            let result = bad(&client, "route", arguments).await;
            let error = &result["structuredContent"]["error"];
            assert_eq!(error["code"], code, "{result}");
            assert!(text(&result).contains(words), "{result}");
            let told = good(&client, "usage_stats", json!({})).await;
            assert_eq!(told["key"]["key"]["name"], "ci", "{told}");
            assert!(told["key"]["limits"].is_object() && told["key"]["remaining"].is_object(), "{told}");
        }
    }
}

#[tokio::test]
async fn a_key_sees_its_own_figures_and_nobody_elses() {
    for database in databases().await {
        let openai = openai().start().await;
        let (one, other) = (make_key(&database, "one", &[]).await, make_key(&database, "other", &["--rpm", "9"]).await);
        let gateway = gateway().with(&openai).database(&database).start().await;
        let one = mcp(&gateway).key(&one).connect().await;
        let other = mcp(&gateway).key(&other).modern().connect().await;
        for _ in 0..3 {
            good(&one, "route", json!({"prompt": HI, "model": "gpt-4o"})).await;
        }
        good(&other, "route", json!({"prompt": HI, "model": "gpt-4o-mini"})).await;
        recorded(&database, 4).await;
        let told = good(&one, "usage_stats", json!({})).await;
        assert_eq!((&told["total"]["requests"], &told["key"]["key"]["name"]), (&json!(3), &json!("one")), "{told}");
        assert_eq!(told["rows"].as_array().unwrap().len(), 1);
        let told = good(&other, "usage_stats", json!({})).await;
        assert_eq!((&told["total"]["requests"], &told["rows"][0]["model"]), (&json!(1), &json!("gpt-4o-mini")));
        assert_eq!((&told["key"]["limits"]["rpm"], &told["key"]["remaining"]["requests"]), (&json!(9), &json!(8)));
    }
}

#[tokio::test]
async fn an_unknown_or_revoked_key_on_stdio_is_told_clearly() {
    let database = sqlite();
    let revoked = make_key(&database, "old", &[]).await;
    operate(&database, &["keys", "revoke", "old"]).await;
    for (key, words) in [("gw-nobodys-SECRET", "GATEWAY_API_KEY"), (&revoked, "revoked")] {
        for era in Era::ALL {
            let client = over_stdio(gateway().database(&database).env("GATEWAY_API_KEY", key)).era(era).connect().await;
            let outcome = client.request("tools/call", json!({"name": "route", "arguments": {"prompt": "hi"}})).await;
            let message = outcome.error()["message"].as_str().unwrap();
            assert!(message.contains(words) && !message.contains(key), "{message}");
            assert!(!client.process().stderr().contains(key));
        }
    }
    // Whether a database that is away knows it, nobody can say.
    let away = gateway().env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none").env("GATEWAY_API_KEY", &revoked);
    let client = over_stdio(away).connect().await;
    let outcome = client.request("tools/call", json!({"name": "route", "arguments": {"prompt": "hi"}})).await;
    assert!(outcome.error()["message"].as_str().unwrap().contains("database is away"), "{outcome:?}");
    // Without a key the operator is alone with the process.
    let client = mcp_over_stdio(gateway().database(&database).command(["mcp", "--mock"])).connect().await;
    good(&client, "route", json!({"prompt": "hi"})).await;
}

#[tokio::test]
async fn calls_are_recorded_and_counted() {
    for database in databases().await {
        let openai = openai().start().await;
        let gateway = gateway().with(&openai).database(&database).start().await;
        let (legacy, modern) = (mcp(&gateway).connect().await, mcp(&gateway).modern().connect().await);
        good(&legacy, "route", json!({"prompt": HI, "model": "gpt-4o"})).await;
        good(&modern, "chat", json!({"messages": [{"role": "user", "content": HI}], "model": "gpt-4o"})).await;
        bad(&legacy, "route", json!({"prompt": 7})).await;
        let stdio = over_stdio(crate::kit::gateway().with(&openai).database(&database)).connect().await;
        good(&stdio, "route", json!({"prompt": HI, "model": "gpt-4o"})).await;
        // What only looks costs nothing and is no request of a model.
        good(&stdio, "explain_route", json!({})).await;
        recorded(&database, 4).await;
        let sql = "SELECT endpoint || ' ' || coalesce(provider, '-') || ' ' || outcome AS first FROM llm_logs \
                   ORDER BY 1";
        let rows: Vec<_> = database.texts(sql).await.into_iter().flatten().collect();
        assert_eq!(rows, ["/mcp - invalid_request", "/mcp openai ok", "/mcp openai ok", "mcp openai ok"]);
        assert!(database.number("SELECT sum(cost) AS first FROM llm_logs").await > 0.0);
        let metrics = gateway.get("/metrics").await;
        let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
        let line = |outcome: &str| {
            metrics.lines().any(|line| line.contains("endpoint=\"/mcp\"") && line.contains(&format!("\"{outcome}\"")))
        };
        assert!(line("ok") && line("invalid_request"), "{metrics}");
    }
}
