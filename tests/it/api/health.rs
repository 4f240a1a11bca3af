//! `/health` and its kin.

use super::check_time;
use crate::kit::*;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn the_whole_picture() {
    let openai = upstream::openai().start().await;
    let anthropic = upstream::anthropic().probe(invalid_key()).start().await;
    let gateway = gateway().with(&openai).with(&anthropic).start().await;
    gateway.wait_for_log("openai: ✅").await;
    gateway.wait_for_log("anthropic: ❌").await;
    openai.forget();
    let answer = gateway.get("/health").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let health = answer.json;
    let keys: Vec<&str> = health.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(keys, ["status", "redis", "database", "timestamp", "version", "providers"]);
    assert_eq!(health["status"], "degraded", "a configured provider is down");
    assert_eq!(health["redis"], json!(false));
    assert!(health["database"].is_boolean());
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    check_time(&health["timestamp"]);
    let openai_now = &health["providers"]["openai"];
    assert_eq!((&openai_now["status"], &openai_now["configured"]), (&json!("healthy"), &json!(true)));
    assert!(openai_now["latency_ms"].is_u64() && openai_now["error"].is_null(), "{openai_now}");
    check_time(&openai_now["checked_at"]);
    let anthropic_now = &health["providers"]["anthropic"];
    assert_eq!((&anthropic_now["status"], &anthropic_now["configured"]), (&json!("unhealthy"), &json!(true)));
    assert!(
        anthropic_now["error"]
            .as_str()
            .is_some_and(|error| error.contains("401") && error.contains("invalid x-api-key")),
        "{anthropic_now}"
    );
    check_time(&anthropic_now["checked_at"]);
    let none =
        json!({"status": "unconfigured", "configured": false, "latency_ms": null, "error": null, "checked_at": null});
    assert_eq!(health["providers"]["openrouter"], none);
    assert_eq!(
        health["providers"]["oss-local"],
        json!({"status": "disabled", "configured": false, "latency_ms": null, "error": null, "checked_at": null})
    );
    assert_eq!(health["providers"].as_object().map(serde_json::Map::len), Some(4), "no mock: {health}");
    assert!(openai.probes().is_empty() && openai.calls().is_empty(), "/health makes no call of its own");
}

#[tokio::test]
async fn all_is_well_where_what_is_configured_is_well() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let before = gateway.get("/health").await.json;
    assert!(matches!(before["providers"]["openai"]["status"].as_str(), Some("unknown" | "healthy")), "{before}");
    assert_eq!(before["status"], "ok", "unknown is treated as healthy");
    gateway.wait_for_log("openai: ✅").await;
    assert_eq!(gateway.get("/health").await.json["status"], "ok");
    assert_eq!(gateway.get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn a_resting_link_degrades_its_provider_and_not_the_whole() {
    let openai = upstream::openai().always(status(500)).start().await;
    let gateway = gateway().with(&openai).start().await;
    gateway.wait_for_log("openai: ✅").await;
    gateway.chat("gpt-4o-mini", "hi").await;
    let health = gateway.get("/health").await.json;
    assert_eq!(health["providers"]["openai"]["status"], "degraded");
    assert_eq!(health["status"], "ok");
}

#[tokio::test]
async fn the_process_lives_whatever_its_providers_do() {
    let openai = upstream::openai().probe(invalid_key()).start().await;
    let gateway = gateway().with(&openai).start().await;
    gateway.wait_for_log("openai: ❌").await;
    for path in ["/health/live", "/healthz", "/health/liveliness"] {
        assert_eq!(gateway.get(path).await.status, 200, "{path}");
        assert_eq!(gateway.request("HEAD", path).send().await.status, 200, "{path}");
    }
    assert_eq!(gateway.get("/health").await.status, 200);
}

#[tokio::test]
async fn ready_while_somebody_could_serve() {
    let openai = upstream::openai().start().await;
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&openai).with(&anthropic).start().await;
    gateway.wait_for_log("openai: ✅").await;
    gateway.wait_for_log("anthropic: ✅").await;
    let ready = async |expected: u16, when: &str| {
        for path in ["/health/ready", "/readyz", "/health/readiness"] {
            let answer = gateway.get(path).await;
            assert_eq!(answer.status, expected, "{path} {when}: {}", answer.json);
            assert!(answer.json["status"].is_string(), "{path}");
        }
    };
    ready(200, "with both").await;
    openai.switch(invalid_key());
    gateway.chat("gpt-4o-mini", "hi").await;
    ready(200, "with one").await;
    anthropic.switch(invalid_key());
    gateway.chat("claude-sonnet-4-5", "hi").await;
    ready(503, "with none").await;
    openai.switch(ok());
    openai.switch_probe(ok());
    gateway.advance(Duration::from_secs(61)).await;
    let mut status = 0;
    for _ in 0..200 {
        status = gateway.get("/health/ready").await.status;
        if status == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(status, 200, "one is well again");
    assert_eq!((openai.calls().len(), anthropic.calls().len()), (1, 1), "none of it costs a token");
}

#[tokio::test]
async fn a_draining_process_takes_nothing_new_and_finishes_what_runs() {
    let openai = upstream::openai().say(Reply::from(Say::Text("late")).held()).start().await;
    let mut gateway = gateway().with(&openai).start().await;
    let caller = gateway.caller();
    let request = tokio::spawn(async move { caller.chat("gpt-4o-mini", "hi").await });
    openai.wait_for_calls(1).await;
    assert_eq!(gateway.get("/health/ready").await.status, 200);
    gateway.signal(Signal::SIGTERM);
    gateway.wait_for_log("draining").await;
    let mut refused = false;
    for _ in 0..200 {
        refused = gateway.request("GET", "/health/ready").try_send().await.is_err();
        if refused {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(refused, "a new connection is still taken");
    openai.release();
    let answer = request.await.expect("the caller's task");
    assert_eq!((answer.status, answer.text().as_str()), (200, "late"), "what runs is finished");
    assert!(gateway.exit().await.success());
}

#[tokio::test]
async fn times_follow_the_clock() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    gateway.wait_for_log("openai: ✅").await;
    let at = |health: &Value| -> jiff::Timestamp {
        health["providers"]["openai"]["checked_at"].as_str().expect("a time").parse().expect("a time")
    };
    let first = at(&gateway.get("/health").await.json);
    gateway.advance(Duration::from_secs(61)).await;
    openai.wait_for_probes(2).await;
    let mut second = first;
    for _ in 0..200 {
        second = at(&gateway.get("/health").await.json);
        if second != first {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(second.duration_since(first).as_secs() >= 60, "{first} {second}");
}
