//! What the start and `/health` tell.

use serde_json::json;

use super::*;
use crate::kit::upstream::{anthropic, ollama, openai, openrouter};

#[tokio::test]
async fn a_line_for_each_provider_at_the_start() {
    let openai = openai().start().await;
    let anthropic = anthropic().probe(invalid_key()).start().await;
    let openrouter = openrouter().closed().start().await;
    let gateway = gateway().with(&openai).with(&anthropic).with(&openrouter).start().await.checked().await;
    for line in [
        "Checking LLM provider connectivity...",
        "openai: ✅ Available\n",
        "anthropic: ❌ Unavailable (401 invalid x-api-key)\n",
        "openrouter: ❌ Unavailable (cannot connect: Connection refused (os error 111))\n",
        "oss-local: ❌ Unavailable (disabled: OSS_MODEL_ENABLED=false)\n",
    ] {
        gateway.wait_for_log(line).await;
    }
    let log = gateway.log();
    let at = |text: &str| log.find(text).unwrap();
    assert!(at("Checking LLM provider connectivity...") < at("openai: ✅ Available"));
    assert!(log.contains("API server started on http://127.0.0.1:"));
    gateway.assert_no_secrets();
}

#[tokio::test]
async fn a_line_for_each_provider_that_is_not_there() {
    let server = upstream::openai_compatible().probe(status(404)).start().await;
    let gateway = gateway().with(&server).start().await;
    gateway.wait_for_log("openai: ❌ Unavailable (not configured: OPENAI_API_KEY is unset)").await;
    gateway.wait_for_log("anthropic: ❌ Unavailable (not configured: ANTHROPIC_API_KEY is unset)").await;
    gateway.wait_for_log("openrouter: ❌ Unavailable (not configured: OPENROUTER_API_KEY is unset)").await;
    gateway.wait_for_log("oss-local: ✅ Available").await;
}

#[tokio::test]
async fn health_tells_every_state() {
    let openai = openai().always(status(500)).start().await;
    let openrouter = openrouter().probe(stall_before_head()).start().await;
    let ollama = ollama().probe(status(500)).start().await;
    let gateway = gateway().with(&openai).with(&openrouter).with(&ollama).env("HEALTH_PROBE_TIMEOUT_MS", 60_000);
    let gateway = gateway.start().await;
    becomes(&gateway, "openai", "healthy").await;
    becomes(&gateway, "oss-local", "unhealthy").await;
    gateway.chat("gpt-4o", "hello").await;
    let health = gateway.get("/health").await;
    assert_eq!((health.status, health.header("content-type")), (200, Some("application/json")));
    let states = ["openai", "anthropic", "oss-local"].map(|name| health.json["providers"][name]["status"].clone());
    assert_eq!(states, ["degraded", "unconfigured", "unhealthy"]);
    let anthropic =
        json!({"status": "unconfigured", "configured": false, "latency_ms": null, "error": null, "checked_at": null});
    assert_eq!(health.json["providers"]["anthropic"], anthropic);
    let openai = &health.json["providers"]["openai"];
    assert!(openai["configured"] == true && openai["latency_ms"].is_u64() && openai["error"].is_null(), "{openai}");
    let time = openai["checked_at"].as_str().unwrap();
    assert!(time.len() == "2025-11-29T21:12:23.000Z".len() && time.ends_with('Z'), "{time}");
    assert_eq!(health.json["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(health.json["status"], "degraded", "a configured provider is down");
    let disabled = gateway_without_local().await;
    assert_eq!(of(&disabled, "oss-local").await["status"], "disabled");
}

async fn gateway_without_local() -> Gateway {
    gateway().env("OSS_MODEL_ENABLED", false).start().await
}

#[tokio::test]
async fn a_link_that_rests_makes_its_provider_degraded_and_the_whole_still_ok() {
    let openai = openai().always(status(500)).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await.checked().await;
    passes_over(&gateway, "server_error").await;
    let health = gateway.get("/health").await.json;
    assert_eq!((&health["status"], &health["providers"]["openai"]["status"]), (&json!("ok"), &json!("degraded")));
    openai.switch(insufficient_quota());
    assert_eq!(gateway.chat("gpt-4o-mini", "hello").await.fallback(), Some("openai:quota"));
    let health = gateway.get("/health").await.json;
    assert_eq!(
        (&health["status"], &health["providers"]["openai"]["status"]),
        (&json!("degraded"), &json!("unhealthy"))
    );
    assert_eq!(health["providers"]["openai"]["error"], "429 You exceeded your current quota.");
}

#[tokio::test]
async fn health_calls_nobody() {
    let openai = openai().start().await;
    let gateway = gateway().with(&openai).start().await.checked().await;
    for path in
        ["/health", "/health/ready", "/health/live", "/healthz", "/readyz", "/health/liveliness", "/health/readiness"]
    {
        for _ in 0..5 {
            assert_eq!(gateway.get(path).await.status, 200, "{path}");
        }
    }
    assert_eq!((openai.probes().len(), openai.calls().len()), (1, 0));
}

#[tokio::test]
async fn ready_while_somebody_could_serve() {
    let mut openai = openai().probe(status(401)).start().await;
    let openrouter = openrouter().probe(status(401)).start().await;
    let gateway = patient().with(&openai).with(&openrouter).start().await.checked().await;
    becomes(&gateway, "openai", "unhealthy").await;
    becomes(&gateway, "openrouter", "unhealthy").await;
    for path in ["/health/ready", "/readyz", "/health/readiness"] {
        assert_eq!(gateway.get(path).await.status, 503, "{path}");
    }
    assert_eq!((gateway.get("/health").await.status, gateway.get("/health/live").await.status), (200, 200));
    openai.switch_probe(ok());
    openai.restart().await;
    gateway.advance(MINUTE).await;
    becomes(&gateway, "openai", "healthy").await;
    assert_eq!(gateway.get("/health/ready").await.status, 200);
    assert_eq!(gateway.get("/health").await.json["status"], "degraded");
}

#[tokio::test]
async fn not_ready_without_any_provider() {
    let gateway = gateway().start().await;
    assert_eq!(gateway.get("/health/ready").await.status, 503);
    assert_eq!(gateway.get("/health/live").await.status, 200);
    assert_eq!(gateway.get("/health").await.status, 200);
    gateway.wait_for_log("No provider is configured").await;
}

#[tokio::test]
async fn ready_again_where_no_check_can_tell() {
    let openai = openai().always(status(401)).probe(status(404)).start().await;
    let gateway = patient().with(&openai).start().await.checked().await;
    assert_eq!(gateway.chat("gpt-4o", "hello").await.status, 502);
    assert_eq!(gateway.get("/health/ready").await.status, 503);
    gateway.advance(MINUTE).await;
    openai.wait_for_probes(2).await;
    // Without this, no request would ever be sent there again, and nothing would ever be learned.
    in_time("a gateway that could serve", async {
        while gateway.get("/health/ready").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert_eq!(of(&gateway, "openai").await["status"], "unhealthy", "until its trial");
}
