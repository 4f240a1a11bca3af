//! The cheap calls beside requests.

use std::time::{Duration, Instant};

use super::*;
use crate::kit::upstream::{ollama, openai, openrouter};

#[tokio::test]
async fn it_listens_and_serves_while_checks_hang() {
    let openai = openai().probe(stall_before_head()).start().await;
    let openrouter = openrouter().probe(stall_before_head()).start().await;
    let builder = gateway().with(&openai).with(&openrouter).env("HEALTH_PROBE_TIMEOUT_MS", 60_000);
    let began = Instant::now();
    let gateway = builder.start().await;
    assert!(began.elapsed() < SECOND, "{:?} to listen", began.elapsed());
    openai.wait_for_probes(1).await;
    let began = Instant::now();
    serves_first(&gateway).await;
    assert!(began.elapsed() < 2 * SECOND, "{:?} to answer", began.elapsed());
    // A call that went well says as much as a check.
    assert_eq!(of(&gateway, "openai").await["status"], "healthy");
    assert_eq!(of(&gateway, "openrouter").await["status"], "unknown");
    assert_eq!(gateway.get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn a_state_is_believed_for_a_minute_and_then_checked_again() {
    let openai = openai().start().await;
    let openrouter = openrouter().start().await;
    let gateway = patient().with(&openai).with(&openrouter).start().await.checked().await;
    assert_eq!((openai.probes().len(), openrouter.probes().len()), (1, 1));
    gateway.advance(55 * SECOND).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!((openai.probes().len(), openrouter.probes().len()), (1, 1), "too soon");
    gateway.advance(5 * SECOND).await;
    openai.wait_for_probes(2).await;
    openrouter.wait_for_probes(2).await;
    assert!(openai.calls().is_empty() && openai.strays().is_empty() && openrouter.strays().is_empty());
    // Authenticated, at the cheapest place.
    assert_eq!(openai.probes()[0].path, "/v1/models");
    assert_eq!(openrouter.probes()[0].path, "/api/v1/key");
    assert_eq!(openrouter.probes()[0].key(), Some("sk-or-test-openrouter-SECRET"));
}

#[tokio::test]
async fn the_operators_own_minute() {
    let openai = openai().start().await;
    let gateway = patient().with(&openai).env("HEALTH_CACHE_TTL_MS", 5000).start().await.checked().await;
    gateway.advance(5 * SECOND).await;
    openai.wait_for_probes(2).await;
    assert_eq!(gateway.get("/health").await.status, 200);
}

#[tokio::test]
async fn one_check_of_a_provider_at_a_time() {
    let openai = openai().probe(ok().held()).start().await;
    let gateway = gateway().with(&openai).env("HEALTH_PROBE_TIMEOUT_MS", 3_600_000).start().await;
    openai.wait_for_probes(1).await;
    for _ in 0..5 {
        gateway.advance(MINUTE).await;
        assert_eq!(gateway.chat("gpt-4o", "hello").await.status, 200);
    }
    assert_eq!(openai.probes().len(), 1);
    openai.release();
    gateway.wait_for_log("openai: ✅ Available").await;
}

#[tokio::test]
async fn no_request_waits_for_a_check() {
    let openai = openai().start().await;
    let gateway = gateway().with(&openai).env("HEALTH_PROBE_TIMEOUT_MS", 60_000).start().await.checked().await;
    openai.switch_probe(stall_before_head());
    gateway.advance(MINUTE).await;
    openai.wait_for_probes(2).await;
    for _ in 0..3 {
        assert_eq!(gateway.chat("gpt-4o", "hello").await.status, 200);
    }
}

/// What a check that ends so makes of the provider, and who serves then.
async fn check_that(probe: Reply, status: &str, error: &str, fallback: Option<&str>) {
    let openai = openai().probe(probe).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await;
    gateway.wait_for_log("openai: ").await;
    becomes(&gateway, "openai", status).await;
    let told = of(&gateway, "openai").await;
    assert_eq!(told["error"].as_str().unwrap_or_default(), error);
    assert!(!told["checked_at"].is_null());
    let answer = gateway.chat("gpt-4o", "hello").await;
    assert_eq!((answer.status, answer.fallback()), (200, fallback));
    assert_eq!(openai.calls().len(), usize::from(fallback.is_none()), "passed over without a call");
    let overall = if status == "unhealthy" { "degraded" } else { "ok" };
    assert_eq!(gateway.get("/health").await.json["status"], overall);
    gateway.assert_no_secrets();
}

#[tokio::test]
async fn a_check_that_is_refused() {
    check_that(status(401), "unhealthy", "401 Simulated 401.", Some("openai:unhealthy")).await;
    check_that(forbidden(), "unhealthy", "403 Not here.", Some("openai:unhealthy")).await;
    check_that(status(500), "unhealthy", "500 Simulated 500.", Some("openai:unhealthy")).await;
    check_that(html().status(502), "unhealthy", "status 502", Some("openai:unhealthy")).await;
}

#[tokio::test]
async fn a_check_that_cannot_tell() {
    for code in [404, 405, 501, 429] {
        check_that(status(code), "unknown", "", None).await;
    }
}

#[tokio::test]
async fn a_check_that_hangs() {
    let openai = openai().probe(stall_before_head()).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await;
    openai.wait_for_probes(1).await;
    becomes(&gateway, "openrouter", "healthy").await;
    gateway.advance(3 * SECOND).await;
    becomes(&gateway, "openai", "unhealthy").await;
    assert_eq!(of(&gateway, "openai").await["error"], "no answer within 3000 ms");
    passes_over(&gateway, "unhealthy").await;
    assert!(openai.calls().is_empty());
}

#[tokio::test]
async fn a_check_that_finds_nobody() {
    let mut openai = openai().closed().start().await;
    let openrouter = openrouter().start().await;
    let gateway = patient().with(&openai).with(&openrouter).start().await.checked().await;
    becomes(&gateway, "openai", "unhealthy").await;
    let error = of(&gateway, "openai").await["error"].as_str().unwrap().to_owned();
    assert!(error.contains("Connection refused"), "{error}");
    passes_over(&gateway, "unhealthy").await;
    // It is found again by the next check, without a request.
    openai.restart().await;
    gateway.advance(MINUTE).await;
    becomes(&gateway, "openai", "healthy").await;
    serves_first(&gateway).await;
}

#[tokio::test]
async fn a_good_check_that_began_before_a_refusal_does_not_undo_it() {
    let openai = openai().always(status(401)).probe(ok().held()).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await;
    openai.wait_for_probes(1).await;
    passes_over(&gateway, "auth").await;
    openai.release();
    gateway.wait_for_log("openai: ✅ Available").await;
    assert_eq!(of(&gateway, "openai").await["status"], "unhealthy");
    passes_over(&gateway, "unhealthy").await;
}

#[tokio::test]
async fn a_bad_check_that_began_before_a_good_call_does_not_undo_it() {
    let openai = openai().probe(status(500).held()).start().await;
    let gateway = gateway().with(&openai).start().await;
    openai.wait_for_probes(1).await;
    assert_eq!(gateway.chat("gpt-4o", "hello").await.status, 200);
    openai.release();
    gateway.wait_for_log("openai: ❌ Unavailable").await;
    assert_eq!(of(&gateway, "openai").await["status"], "healthy");
}

#[tokio::test]
async fn the_local_server_is_checked_where_it_can_be() {
    let ollama = ollama().start().await;
    let gateway = gateway().with(&ollama).start().await.checked().await;
    assert_eq!(of(&gateway, "oss-local").await["status"], "healthy");
    let paths: Vec<String> = ollama.probes().into_iter().map(|probe| probe.path).collect();
    assert_eq!(paths, ["/api/tags"]);
}

#[tokio::test]
async fn a_local_server_without_ollamas_list_is_checked_by_openais() {
    let server = upstream::openai_compatible().start().await;
    let gateway = gateway().with(&server).start().await.checked().await;
    assert_eq!(of(&gateway, "oss-local").await["status"], "healthy");
    assert_eq!(server.probes()[0].path, "/v1/models");
}
