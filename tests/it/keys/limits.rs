//! Requests and tokens by the minute, budgets, models.

use serde_json::json;

use super::*;
use crate::kit::upstream::{anthropic, openai};

/// Each answer of the simulated provider has 9 tokens in and 12 out: 0.012 USD.
const PRICES: &str = r#"{"models":{"gpt-4o-mini":{"input":0,"output":1000}}}"#;

/// Starts it at those prices.
pub(super) async fn priced(gateway: GatewayBuilder) -> Gateway {
    gateway.file("prices.json", PRICES).env("MODEL_PRICES_FILE", "prices.json").start().await.checked().await
}

/// A chat that wants no more tokens than it gets, so that what is reserved is what it costs.
pub(super) async fn exact(caller: &Caller, key: &str) -> Answer {
    let mut body = chat("gpt-4o-mini", "hi");
    body["max_tokens"] = json!(12);
    caller.request("POST", "/v1/chat/completions").bearer(key).json(&body).send().await
}

#[tokio::test]
async fn requests_by_the_minute() {
    for database in databases().await {
        let made = make(&database, "ci", &["--rpm", "3"]).await;
        let (openai, anthropic) = (openai().start().await, anthropic().start().await);
        let gateway = gateway().with(&openai).with(&anthropic).database(&database).start().await.checked().await;
        for left in ["2", "1"] {
            let answer = chat_by(&gateway, &made.key, "claude-sonnet-4-5").await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("x-ratelimit-limit-requests"), Some("3"));
            assert_eq!(answer.header("x-ratelimit-remaining-requests"), Some(left));
            assert_eq!(answer.header("x-ratelimit-limit-tokens"), None);
        }
        let answer = chat_by(&gateway, &made.key, "gpt-4o-mini").await;
        assert_eq!(
            (answer.status, answer.header("x-ratelimit-limit-requests")),
            (200, Some("10000")),
            "the provider's"
        );
        gateway.advance(Duration::from_secs(20)).await;
        let refused = chat_by(&gateway, &made.key, "gpt-4o-mini").await;
        check_error(&refused, 429, "rate_limit_exceeded");
        assert_eq!(refused.header("x-ratelimit-remaining-requests"), Some("0"));
        assert_ne!(refused.header("x-should-retry"), Some("false"), "an SDK may try again");
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((30..=40).contains(&wait), "{wait}");
        // In the words of Anthropic's clients.
        let request = gateway.request("POST", "/v1/messages").bearer(&made.key);
        let refused = request.json(&messages("gpt-4o-mini", "hi")).send().await;
        assert_eq!((refused.status, refused.json["error"]["type"].as_str()), (429, Some("rate_limit_error")));
        assert_eq!((anthropic.calls().len(), openai.calls().len()), (2, 1));
        gateway.advance(Duration::from_secs(wait)).await;
        assert_eq!(chat_by(&gateway, &made.key, "gpt-4o-mini").await.status, 200, "as was said");
        for path in ["/v1/usage", "/v1/models"] {
            assert_eq!(gateway.request("GET", path).bearer(&made.key).send().await.status, 200, "{path}");
        }
    }
}

#[tokio::test]
async fn the_limit_of_all_keys_that_have_none() {
    let database = sqlite();
    let (one, other) = (make(&database, "one", &[]).await, make(&database, "other", &["--rpm", "2"]).await);
    let openai = openai().start().await;
    let gateway = gateway().with(&openai).database(&database);
    let gateway = gateway.env("RATE_LIMIT_RPM", 1).env("GATEWAY_API_KEYS", "sk-env").start().await;
    for (key, most) in [(&*one.key, 1), (&*other.key, 2), ("sk-env", 1)] {
        for _ in 0..most {
            assert_eq!(chat_by(&gateway, key, "gpt-4o-mini").await.status, 200);
        }
        check_error(&chat_by(&gateway, key, "gpt-4o-mini").await, 429, "rate_limit_exceeded");
    }
}

#[tokio::test]
async fn tokens_by_the_minute() {
    for database in databases().await {
        let made = make(&database, "ci", &["--tpm", "30"]).await;
        let openai = openai().start().await;
        let gateway = priced(crate::kit::gateway().database(&database).with(&openai)).await;
        // 21 tokens each: the second begins below the limit, and the third does not.
        for _ in 0..2 {
            assert_eq!(exact(&gateway, &made.key).await.status, 200);
        }
        let refused = exact(&gateway, &made.key).await;
        check_error(&refused, 429, "rate_limit_exceeded");
        assert!(refused.error()["message"].as_str().unwrap().contains("30 tokens"), "{refused:?}");
        assert_eq!(refused.header("x-ratelimit-limit-tokens"), Some("30"));
        assert!(refused.header("retry-after").is_some());
        gateway.advance(Duration::from_secs(61)).await;
        let stream = gateway.request("POST", "/v1/chat/completions").bearer(&made.key);
        assert_eq!(stream.json(&streamed(chat("gpt-4o-mini", "hi"))).send().await.status, 200);
        assert_eq!(exact(&gateway, &made.key).await.status, 200, "a stream is settled at its end");
        check_error(&exact(&gateway, &made.key).await, 429, "rate_limit_exceeded");
    }
}

#[tokio::test]
async fn two_hundred_requests_on_a_budget_for_ten() {
    for database in databases().await {
        let made = make(&database, "ci", &["--budget", "0.12", "--period", "day"]).await;
        let openai = openai().start().await;
        let gateway = priced(crate::kit::gateway().database(&database).with(&openai)).await;
        let asked = (0..200).map(|_| {
            let (caller, key) = (gateway.caller(), made.key.clone());
            tokio::spawn(async move { exact(&caller, &key).await })
        });
        let mut statuses = Vec::new();
        for answer in asked.collect::<Vec<_>>() {
            let answer = answer.await.unwrap();
            if answer.status != 200 {
                check_error(&answer, 429, "budget_exceeded");
                assert_eq!(answer.header("x-should-retry"), Some("false"));
            }
            statuses.push(answer.status);
        }
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 10);
        assert_eq!(openai.calls().len(), 10);
        in_time("the records", async {
            while database.count("llm_logs").await < 200 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        let sql = "SELECT CAST(sum(units) AS bigint) AS first FROM key_spend";
        assert_eq!(database.number(sql).await, 120_000_000_000.0, "not a unit more or less");
        // What was spent is spent in the next process as well.
        drop(gateway);
        let gateway = priced(crate::kit::gateway().database(&database).with(&openai)).await;
        let refused = exact(&gateway, &made.key).await;
        check_error(&refused, 429, "budget_exceeded");
        let message = refused.error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("0.12 USD for this day") && message.contains("begins at"), "{message}");
        gateway.advance(Duration::from_secs(86_400)).await;
        assert_eq!(exact(&gateway, &made.key).await.status, 200, "a new day");
    }
}

#[tokio::test]
async fn what_is_reserved_is_given_back_however_a_request_ends() {
    let database = sqlite();
    let made = make(&database, "ci", &["--budget", "0.024", "--period", "total"]).await;
    let openai = openai().start().await;
    let gateway = priced(crate::kit::gateway().database(&database).with(&openai)).await;
    openai.switch(status(500));
    for _ in 0..5 {
        assert_eq!(exact(&gateway, &made.key).await.status, 502);
    }
    openai.switch(ok().held());
    for _ in 0..5 {
        let (caller, key) = (gateway.caller(), made.key.clone());
        let hung_up = tokio::spawn(async move { exact(&caller, &key).await });
        let calls = openai.calls().len();
        openai.wait_for_calls(calls + 1).await;
        hung_up.abort();
        openai.wait_for_disconnects(1).await;
        openai.forget();
    }
    openai.switch(ok());
    soon("the last one to be given back", 200, || exact(&gateway, &made.key)).await;
    assert_eq!(exact(&gateway, &made.key).await.status, 200);
    check_error(&exact(&gateway, &made.key).await, 429, "budget_exceeded");
}

#[tokio::test]
async fn what_other_processes_have_spent_counts_in_every_period() {
    for database in databases().await {
        let openai = openai().start().await;
        let start = || priced(gateway().database(&database).with(&openai));
        let (one, other) = (start().await, start().await);
        for period in ["day", "week", "month", "total"] {
            let made = make(&database, period, &["--budget", "0.03", "--period", period]).await;
            for process in [&one, &other] {
                let usage = || process.request("GET", "/v1/usage").bearer(&made.key).send();
                soon("the key", 200, usage).await;
            }
            for _ in 0..3 {
                assert_eq!(exact(&one, &made.key).await.status, 200);
            }
            check_error(&exact(&one, &made.key).await, 429, "budget_exceeded");
            let spent = async || other.request("GET", "/v1/usage").bearer(&made.key).send().await;
            in_time("what the other has spent", async {
                while spent().await.json["used"]["cost_usd"] != json!(0.036) {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
            .await;
            check_error(&exact(&other, &made.key).await, 429, "budget_exceeded");
        }
    }
}

#[tokio::test]
async fn models_that_a_key_allows() {
    for database in databases().await {
        let made = make(&database, "ci", &["--models", "gpt-4o*,code"]).await;
        let openai = openai().start().await;
        let gateway = gateway().with(&openai).database(&database).start().await.checked().await;
        for model in ["gpt-4o", "gpt-4o-mini", "code"] {
            assert_eq!(chat_by(&gateway, &made.key, model).await.status, 200, "{model}");
        }
        let calls = openai.calls().len();
        for model in ["gpt-5", "openai/gpt-4o", "general", "auto", "no such model"] {
            let refused = chat_by(&gateway, &made.key, model).await;
            check_error(&refused, 403, "model_not_allowed");
            assert!(refused.error()["message"].as_str().unwrap().contains(model), "{refused:?}");
        }
        let mut body = chat("gpt-4o", "hi");
        for field in ["fallbacks", "models"] {
            body[field] = json!(["gpt-4o-mini", "gpt-5"]);
            let refused = gateway.request("POST", "/v1/chat/completions").bearer(&made.key).json(&body).send().await;
            check_error(&refused, 403, "model_not_allowed");
            body.as_object_mut().unwrap().remove(field);
        }
        let post =
            async |path: &str, body: Value| gateway.request("POST", path).bearer(&made.key).json(&body).send().await;
        let refused = post("/v1/messages", messages("claude-sonnet-4-5", "hi")).await;
        assert_eq!((refused.status, refused.json["error"]["type"].as_str()), (403, Some("permission_error")));
        for (path, body) in [
            ("/v1/responses", responses("gpt-5", "hi")),
            ("/v1/route", json!({"prompt": "hi"})),
            ("/v1/embeddings", json!({"model": "text-embedding-3-small", "input": "x"})),
        ] {
            check_error(&post(path, body).await, 403, "model_not_allowed");
        }
        let count = post("/v1/messages/count_tokens", messages("gpt-5", "hi")).await;
        assert_eq!(count.status, 403, "{count:?}");
        assert_eq!(post("/v1/route", json!({"prompt": "hi", "layer": "code"})).await.status, 200);
        assert_eq!(openai.calls().len(), calls + 1);
        let listed = gateway.request("GET", "/v1/models").bearer(&made.key).send().await;
        let ids: Vec<&str> =
            listed.json["data"].as_array().unwrap().iter().filter_map(|one| one["id"].as_str()).collect();
        assert!(ids.contains(&"code") && ids.iter().all(|id| *id == "code" || id.starts_with("gpt-4o")), "{ids:?}");
        let one = gateway.request("GET", "/v1/models/general").bearer(&made.key).send().await;
        check_error(&one, 404, "model_not_found");
    }
}

#[tokio::test]
async fn what_the_cache_answers_costs_nothing() {
    let database = sqlite();
    let made = make(&database, "ci", &["--budget", "0.024", "--period", "total"]).await;
    let openai = openai().start().await;
    let gateway = gateway().with(&openai).database(&database).env("CACHE_TTL_SECONDS", 60);
    let gateway = gateway.file("prices.json", PRICES).env("MODEL_PRICES_FILE", "prices.json").start().await;
    let ask = async |prompt: &str| {
        let mut body = chat("gpt-4o-mini", prompt);
        body["max_tokens"] = json!(12);
        gateway.request("POST", "/v1/chat/completions").bearer(&made.key).json(&body).send().await
    };
    for expected in ["miss", "hit", "hit", "hit", "hit"] {
        let answer = ask("one").await;
        assert_eq!((answer.status, answer.header("x-gateway-cache")), (200, Some(expected)));
    }
    assert_eq!(ask("two").await.status, 200);
    let refused = ask("three").await;
    check_error(&refused, 429, "budget_exceeded");
    assert_eq!(refused.header("x-gateway-cache"), None, "it did not come to that");
    assert_eq!(openai.calls().len(), 2);
    // Its tokens are not counted again, neither here nor in the database nor by the operator's command.
    in_time("the records", async {
        while database.number("SELECT sum(requests) AS first FROM key_spend").await < 7.0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let used = gateway.request("GET", "/v1/usage").bearer(&made.key).send().await.json["used"]["output_tokens"].clone();
    let kept = database.number("SELECT sum(output_tokens) AS first FROM key_spend").await;
    assert_eq!(used.as_f64(), Some(kept));
    assert_eq!(kept, 2.0 * database.number("SELECT min(output_tokens) AS first FROM llm_logs").await);
}
