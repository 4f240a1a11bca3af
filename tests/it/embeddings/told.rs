//! What is told of vectors: headers, the log, metrics, costs.

use super::*;

#[tokio::test]
async fn headers_say_who_served() {
    let openai = openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let request = gateway.request("POST", PATH).header("x-request-id", "mine").json(&ask(SMALL, &["a"]));
    let answer = request.send().await;
    for (name, value) in [
        ("x-request-id", "mine"),
        ("x-gateway-provider", "openai"),
        ("x-gateway-model", SMALL),
        ("x-gateway-attempts", "1"),
        // Nine tokens at two cents a million.
        ("x-gateway-cost-usd", "0.00000018"),
        ("content-type", "application/json"),
        ("x-ratelimit-limit-requests", "10000"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert!(answer.header("x-provider-request-id").is_some_and(|id| id.starts_with("req_openai")));
    assert!(answer.header("server-timing").is_some_and(|timing| timing.contains("upstream;dur=")));
    assert_eq!(answer.fallback(), None);
}

#[tokio::test]
async fn a_cost_is_told_where_it_is_known() {
    let openrouter = openrouter().start().await;
    let ollama = ollama().start().await;
    let gateway = gateway().with(&openrouter).with(&ollama).start().await;
    let cost = async |model: &str, odd: Odd| {
        openrouter.switch(vectors(odd));
        ollama.switch(vectors(odd));
        let body = with(ask(model, &["a"]), "encoding_format", json!("base64"));
        gateway.post(PATH, body).await.header("x-gateway-cost-usd").map(str::to_owned)
    };
    assert_eq!(
        cost("openai/text-embedding-3-large", Odd::Nothing).await.as_deref(),
        Some("0.00000117"),
        "by the table"
    );
    assert_eq!(cost("openai/text-embedding-3-large", Odd::Cost(25)).await.as_deref(), Some("0.00000025"), "as told");
    assert_eq!(cost("qwen/qwen3-embedding-8b", Odd::Cost(7)).await.as_deref(), Some("0.00000007"));
    assert_eq!(cost("qwen/qwen3-embedding-8b", Odd::Nothing).await, None);
    assert_eq!(cost("openai/text-embedding-3-large", Odd::NoUsage).await, None, "an estimate is no cost");
    assert_eq!(cost("ollama/nomic-embed-text", Odd::Nothing).await, None);
}

#[tokio::test]
async fn usage_that_nobody_counted_is_an_estimate() {
    let ollama = ollama().always(vectors(Odd::NoUsage)).start().await;
    let gateway = gateway().with(&ollama).env("LOG_FORMAT", "json").start().await;
    let answer = gateway.post(PATH, ask("ollama/nomic-embed-text", &["12345678", "1234"])).await;
    assert_eq!(answer.json["usage"], json!({"prompt_tokens": 3, "total_tokens": 3}));
    gateway.wait_for_log(r#""usage_estimated":true"#).await;
}

#[tokio::test]
async fn one_line_in_the_log_without_the_texts() {
    let openai = openai().start().await;
    let gateway = gateway().with(&openai).env("LOG_FORMAT", "json").env("LOG_LEVEL", "trace").start().await;
    let request = gateway.request("POST", PATH).header("x-request-id", "one");
    request.json(&with(ask(SMALL, &["TEXT-MARKER"]), "user", json!("USER-MARKER"))).send().await;
    gateway.request("POST", PATH).header("x-request-id", "two").json(&ask(SMALL, &[""])).send().await;
    gateway.request("POST", PATH).header("x-request-id", "three").json(&ask("claude-opus-5", &["a"])).send().await;
    gateway.wait_for_log(r#""request_id":"three""#).await;
    let log = gateway.log();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let line = |id: &str| {
        let found: Vec<&Value> =
            lines.iter().filter(|line| line["message"] == "request" && line["request_id"] == id).collect();
        assert_eq!(found.len(), 1, "{id}: {log}");
        found[0].clone()
    };
    let one = line("one");
    for (key, expected) in [
        ("endpoint", json!(PATH)),
        ("asked", json!(SMALL)),
        ("chain", json!("openai:text-embedding-3-small")),
        ("outcome", json!("ok")),
        ("status", json!(200)),
        ("stream", json!(false)),
        ("input_tokens", json!(9)),
        ("output_tokens", json!(0)),
    ] {
        assert_eq!(one[key], expected, "{key} of {one}");
    }
    assert!(one["cost_usd"].as_f64().is_some_and(|cost| (cost - 1.8e-7).abs() < 1e-12), "{one}");
    let two = line("two");
    assert_eq!(
        (&two["outcome"], &two["status"], &two["asked"]),
        (&json!("invalid_request"), &json!(400), &json!(SMALL))
    );
    assert_eq!((&line("three")["outcome"], &line("three")["status"]), (&json!("model_not_found"), &json!(404)));
    assert!(!log.contains("MARKER"), "{log}");
}

#[tokio::test]
async fn metrics_count_it_like_any_request() {
    let openai = openai().say(ok()).then(status(500)).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await;
    gateway.post(PATH, ask(SMALL, &["a"])).await;
    let copy = json!(["openrouter/openai/text-embedding-3-small"]);
    gateway.post(PATH, with(ask(SMALL, &["a"]), "fallbacks", copy)).await;
    gateway.post(PATH, ask(SMALL, &[])).await;
    let text = gateway.get("/metrics").await.body;
    let text = String::from_utf8_lossy(&text);
    let value = |series: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {series} in\n{text}")).parse::<f64>().expect("a number")
    };
    let path = r#"endpoint="/v1/embeddings""#;
    let counts = [
        format!(r#"gateway_requests_total{{{path},provider="openai",model="{SMALL}",outcome="ok"}}"#),
        format!(r#"gateway_requests_total{{{path},provider="openrouter",model="openai/{SMALL}",outcome="ok"}}"#),
        format!(r#"gateway_requests_total{{{path},provider="",model="",outcome="invalid_request"}}"#),
        format!(r#"gateway_upstream_requests_total{{provider="openai",model="{SMALL}",class="ok"}}"#),
        format!(r#"gateway_upstream_requests_total{{provider="openai",model="{SMALL}",class="server_error"}}"#),
        r#"gateway_fallbacks_total{from="openai",to="openrouter",reason="server_error"}"#.to_owned(),
    ];
    for series in counts {
        assert_eq!(value(&series), 1.0, "{series}");
    }
    let tokens = format!(r#"gateway_tokens_total{{provider="openai",model="{SMALL}",direction="input"}}"#);
    assert_eq!(value(&tokens), 9.0);
    assert!(!text.contains(r#"direction="output""#), "vectors are no tokens");
    let cost = value(&format!(r#"gateway_cost_usd_total{{provider="openai",model="{SMALL}"}}"#));
    assert!((cost - 1.8e-7).abs() < 1e-12, "{cost}");
    assert_eq!(value(&format!("gateway_request_duration_seconds_count{{{path}}}")), 3.0);
}
