//! `GET /metrics`.

use crate::kit::*;
use std::collections::BTreeMap;

/// One sample: its labels in order, and its value.
type Samples = BTreeMap<String, Vec<(BTreeMap<String, String>, f64)>>;

/// Reads the text form, and fails where it is none.
fn samples(text: &str) -> Samples {
    let mut found = Samples::new();
    let mut types = BTreeMap::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            match (words.next(), words.next(), words.next()) {
                (Some("TYPE"), Some(name), Some(kind)) => drop(types.insert(name.to_owned(), kind.to_owned())),
                (Some("HELP"), Some(_), Some(_)) | (Some("EOF"), None, None) => {}
                other => panic!("{line}: {other:?}"),
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("no end of labels: {line}"));
        let label = |label: &str| {
            let (key, value) = label.split_once('=').unwrap_or_else(|| panic!("no label: {line}"));
            (key.to_owned(), value.trim_matches('"').to_owned())
        };
        let labels = labels.split("\",").filter(|part| !part.is_empty()).map(label).collect();
        let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
        assert!(types.keys().any(|known| name.starts_with(known.as_str())), "no TYPE before {line}");
        found.entry(name.to_owned()).or_default().push((labels, value));
    }
    found
}

async fn scrape(gateway: &Gateway) -> Samples {
    let answer = gateway.get("/metrics").await;
    assert_eq!(answer.status, 200);
    let kind = answer.header("content-type").unwrap_or_default();
    assert!(kind.starts_with("application/openmetrics-text") || kind.starts_with("text/plain"), "{kind}");
    samples(&String::from_utf8_lossy(&answer.body))
}

/// The value of the sample with exactly these labels.
#[track_caller]
fn value(samples: &Samples, name: &str, labels: &[(&str, &str)]) -> f64 {
    let wanted: BTreeMap<String, String> =
        labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let all = samples.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", samples.keys()));
    let found = all.iter().find(|(labels, _)| *labels == wanted);
    found.unwrap_or_else(|| panic!("no {name} with {wanted:?} in {all:?}")).1
}

#[tokio::test]
async fn names_and_labels() {
    let openai = upstream::openai().say(ok()).then(status(500)).start().await;
    let openrouter = upstream::openrouter().start().await;
    let anthropic = upstream::anthropic().probe(invalid_key()).start().await;
    let gateway = gateway().with(&openai).with(&openrouter).with(&anthropic).start().await;
    gateway.wait_for_log("openai: ✅").await;
    gateway.wait_for_log("anthropic: ❌").await;
    gateway.chat("gpt-4o-mini", "hi").await;
    gateway.stream("gpt-4o-mini", "hi").await;
    gateway.post("/v1/chat/completions", serde_json::json!({})).await;
    gateway.get("/nowhere").await;
    gateway.wait_for_log("stream=true").await;
    let samples = scrape(&gateway).await;
    let chat = ("endpoint", "/v1/chat/completions");
    let served = |provider, model, outcome| {
        value(
            &samples,
            "gateway_requests_total",
            &[chat, ("provider", provider), ("model", model), ("outcome", outcome)],
        )
    };
    assert_eq!(served("openai", "gpt-4o-mini", "ok"), 1.0);
    assert_eq!(served("openrouter", "openai/gpt-4o-mini", "ok"), 1.0);
    assert_eq!(served("", "", "invalid_request"), 1.0);
    let elsewhere = [("endpoint", "other"), ("provider", ""), ("model", ""), ("outcome", "not_found")];
    assert_eq!(value(&samples, "gateway_requests_total", &elsewhere), 1.0);
    let called = |provider, model, class| {
        value(
            &samples,
            "gateway_upstream_requests_total",
            &[("provider", provider), ("model", model), ("class", class)],
        )
    };
    assert_eq!(called("openai", "gpt-4o-mini", "ok"), 1.0);
    assert_eq!(called("openai", "gpt-4o-mini", "server_error"), 1.0);
    assert_eq!(called("openrouter", "openai/gpt-4o-mini", "ok"), 1.0);
    let step = [("from", "openai"), ("to", "openrouter"), ("reason", "server_error")];
    assert_eq!(value(&samples, "gateway_fallbacks_total", &step), 1.0);
    assert_eq!(value(&samples, "gateway_provider_healthy", &[("provider", "openai")]), 1.0);
    assert_eq!(value(&samples, "gateway_provider_healthy", &[("provider", "anthropic")]), 0.0);
    let tokens = |provider, model, direction| {
        value(&samples, "gateway_tokens_total", &[("provider", provider), ("model", model), ("direction", direction)])
    };
    assert_eq!((tokens("openai", "gpt-4o-mini", "input"), tokens("openai", "gpt-4o-mini", "output")), (9.0, 12.0));
    assert_eq!(tokens("openrouter", "openai/gpt-4o-mini", "output"), 12.0, "streams are counted too");
    let cost = value(&samples, "gateway_cost_usd_total", &[("provider", "openai"), ("model", "gpt-4o-mini")]);
    assert!((cost - 0.000_008_55).abs() < 1e-12, "{cost}");
    assert_eq!(value(&samples, "gateway_inflight_requests", &[]), 0.0);
    assert_eq!(value(&samples, "gateway_request_duration_seconds_count", &[chat]), 3.0);
    assert_eq!(value(&samples, "gateway_time_to_first_token_seconds_count", &[chat]), 1.0);
    assert!(value(&samples, "gateway_overhead_seconds_count", &[chat]) >= 1.0);
}

#[tokio::test]
async fn what_is_under_way() {
    let openai = upstream::openai().say(ok().held()).then([Say::Text("a"), Say::Wait, Say::Text("b")]).start().await;
    let gateway = gateway().with(&openai).start().await;
    let caller = gateway.caller();
    let request = tokio::spawn(async move { caller.chat("gpt-4o-mini", "hi").await });
    openai.wait_for_calls(1).await;
    assert_eq!(value(&scrape(&gateway).await, "gateway_inflight_requests", &[]), 1.0);
    openai.release();
    request.await.expect("the caller's task");
    let mut live = gateway.open("gpt-4o-mini", "hi").await;
    live.text().await;
    assert_eq!(value(&scrape(&gateway).await, "gateway_inflight_requests", &[]), 1.0, "a stream counts to its end");
    openai.release();
    live.rest().await;
    assert_eq!(value(&scrape(&gateway).await, "gateway_inflight_requests", &[]), 0.0);
}

#[tokio::test]
async fn names_of_models_are_bounded() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    for number in 0..250 {
        assert_eq!(gateway.chat(&format!("gpt-made-up-{number}"), "hi").await.status, 200);
    }
    gateway.chat("nobody-takes-this-one", "hi").await;
    let samples = scrape(&gateway).await;
    for (name, series) in &samples {
        let mut models: Vec<&String> = series.iter().filter_map(|(labels, _)| labels.get("model")).collect();
        models.sort_unstable();
        models.dedup();
        assert!(models.len() <= 203, "{name} has {} models", models.len());
        assert!(!models.iter().any(|model| model.as_str() == "nobody-takes-this-one"), "{name}");
    }
    let rest = [("endpoint", "/v1/chat/completions"), ("provider", "openai"), ("model", "other"), ("outcome", "ok")];
    assert_eq!(value(&samples, "gateway_requests_total", &rest), 50.0, "what is beyond the bound is counted together");
}

#[tokio::test]
async fn odd_names_do_not_break_the_text() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    for model in ["gpt-\"quoted\"", "gpt-back\\slash", "gpt-{braces}", "gpt-ünï", "gpt- space "] {
        assert_eq!(gateway.chat(model, "hi").await.status, 200, "{model}");
    }
    let text = gateway.get("/metrics").await;
    let text = String::from_utf8_lossy(&text.body).into_owned();
    assert!(text.contains(r#"model="gpt-\"quoted\"""#), "{text}");
    assert!(text.contains(r#"model="gpt-back\\slash""#), "{text}");
}
