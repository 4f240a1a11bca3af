//! Marks and rests, and how they end.

use super::*;
use crate::kit::upstream::{openai, openrouter};
use serde_json::json;

/// OpenAI, which answers so, and OpenRouter, which is well.
async fn two(first: Reply) -> (Gateway, Upstream, Upstream) {
    two_with(first, &[]).await
}

async fn two_with(first: Reply, settings: &[(&str, &str)]) -> (Gateway, Upstream, Upstream) {
    let openai = openai().always(first).start().await;
    let openrouter = openrouter().start().await;
    let mut builder = patient().with(&openai).with(&openrouter);
    for (name, value) in settings {
        builder = builder.env(name, value);
    }
    (builder.start().await.checked().await, openai, openrouter)
}

#[tokio::test]
async fn a_mark_lasts_for_a_minute_and_ends_with_a_good_check() {
    let (gateway, openai, _openrouter) = two(status(401)).await;
    passes_over(&gateway, "auth").await;
    openai.switch(ok());
    gateway.advance(50 * SECOND).await;
    passes_over(&gateway, "unhealthy").await;
    assert_eq!((openai.calls().len(), openai.probes().len()), (1, 1), "left alone");
    gateway.advance(10 * SECOND).await;
    becomes(&gateway, "openai", "healthy").await;
    assert_eq!(openai.probes().len(), 2);
    serves_first(&gateway).await;
}

#[tokio::test]
async fn a_mark_is_renewed_by_a_bad_check() {
    let (gateway, openai, _openrouter) = two(status(401)).await;
    passes_over(&gateway, "auth").await;
    openai.switch_probe(status(401));
    for round in 2..4 {
        let before = of(&gateway, "openai").await["checked_at"].clone();
        gateway.advance(MINUTE).await;
        openai.wait_for_probes(round).await;
        in_time("the end of the check", async {
            while of(&gateway, "openai").await["checked_at"] == before {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        passes_over(&gateway, "unhealthy").await;
    }
    assert_eq!(openai.calls().len(), 1);
}

#[tokio::test]
async fn a_mark_is_for_all_models_of_a_provider_and_a_rest_for_one() {
    let (gateway, openai, _openrouter) = two(status(500)).await;
    passes_over(&gateway, "server_error").await;
    openai.switch(ok());
    assert_eq!(gateway.chat("gpt-4o-mini", "hello").await.provider(), Some("openai"), "another link");
    passes_over(&gateway, "resting").await;
    openai.switch(insufficient_quota());
    assert_eq!(gateway.chat("gpt-4o-mini", "hello").await.fallback(), Some("openai:quota"));
    assert_eq!(gateway.chat("gpt-4.1", "hello").await.fallback(), Some("openai:unhealthy"));
}

#[tokio::test]
async fn rests_grow_while_trials_fail() {
    let (gateway, openai, _openrouter) = two(status(500)).await;
    for (round, seconds) in [15, 30, 60, 60].into_iter().enumerate() {
        assert_eq!(served(&gateway).await.1.as_deref(), Some("openai:server_error"), "round {round}");
        gateway.wait_for_log(&format!("rest_ms={}", seconds * 1000)).await;
        gateway.advance(Duration::from_secs(seconds - 5)).await;
        passes_over(&gateway, "resting").await;
        assert_eq!(openai.calls().len(), round + 1);
        gateway.advance(5 * SECOND).await;
    }
    assert_eq!(gateway.log().matches("rest_ms=60000").count(), 2);
    // A trial that goes well starts it all afresh.
    openai.switch(ok());
    serves_first(&gateway).await;
    openai.switch(status(500));
    passes_over(&gateway, "server_error").await;
    in_time("another first rest", async {
        while gateway.log().matches("rest_ms=15000").count() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_operators_own_first_rest() {
    let (gateway, openai, _openrouter) = two_with(status(500), &[("LINK_REST_MS", "40000")]).await;
    passes_over(&gateway, "server_error").await;
    gateway.wait_for_log("rest_ms=40000").await;
    gateway.advance(40 * SECOND).await;
    served(&gateway).await;
    gateway.wait_for_log("rest_ms=60000").await;
    assert_eq!(openai.calls().len(), 2);
}

#[tokio::test]
async fn a_good_check_does_not_end_a_rest() {
    let settings = [("LINK_REST_MS", "60000"), ("HEALTH_CACHE_TTL_MS", "5000")];
    let (gateway, openai, _openrouter) = two_with(status(500), &settings).await;
    passes_over(&gateway, "server_error").await;
    openai.switch(ok());
    let probes = openai.probes().len();
    for round in 1..=2 {
        gateway.advance(10 * SECOND).await;
        openai.wait_for_probes(probes + round).await;
        becomes(&gateway, "openai", "degraded").await;
        passes_over(&gateway, "resting").await;
    }
    assert_eq!(openai.calls().len(), 1);
}

#[tokio::test]
async fn a_good_call_ends_a_mark_and_a_rest() {
    for (failure, word) in [(status(401), "unhealthy"), (status(500), "resting")] {
        let (gateway, openai, openrouter) = two(failure).await;
        served(&gateway).await;
        passes_over(&gateway, word).await;
        // Nobody else is left, so the first link is called after all.
        openai.switch(ok());
        openrouter.switch(status(500));
        let answer = gateway.chat("gpt-4o", "hello").await;
        assert_eq!((answer.provider(), answer.fallback(), answer.attempts()), (Some("openai"), None, Some(2)));
        openai.forget();
        serves_first(&gateway).await;
        assert_eq!(openai.calls().len(), 1);
        assert_eq!(of(&gateway, "openai").await["status"], "healthy");
    }
}

#[tokio::test]
async fn a_call_that_began_before_the_rest_and_goes_well_ends_it_too() {
    let (gateway, openai, _openrouter) = two(ok().held()).await;
    let caller = gateway.caller();
    let slow = tokio::spawn(async move { caller.chat("gpt-4o", "slow").await });
    openai.wait_for_calls(1).await;
    openai.switch(status(500));
    passes_over(&gateway, "server_error").await;
    openai.switch(ok());
    passes_over(&gateway, "resting").await;
    openai.release();
    assert_eq!(slow.await.unwrap().status, 200);
    serves_first(&gateway).await;
}

#[tokio::test]
async fn a_rest_that_was_asked_for_outlasts_a_good_call() {
    let (gateway, openai, _openrouter) = two(ok().held()).await;
    let caller = gateway.caller();
    let slow = tokio::spawn(async move { caller.chat("gpt-4o", "slow").await });
    openai.wait_for_calls(1).await;
    openai.switch(rate_limited(30));
    passes_over(&gateway, "rate_limited").await;
    openai.release();
    assert_eq!(slow.await.unwrap().status, 200);
    passes_over(&gateway, "resting").await;
    gateway.advance(30 * SECOND).await;
    openai.switch(ok());
    serves_first(&gateway).await;
}

#[tokio::test]
async fn a_shorter_wait_does_not_cut_a_longer_one() {
    let (gateway, openai, openrouter) = two(model_not_found()).await;
    passes_over(&gateway, "model_unavailable").await;
    openai.switch(rate_limited_unsaid());
    openrouter.switch(invalid_key());
    served(&gateway).await;
    assert_eq!(openai.calls().len(), 2, "tried last");
    openrouter.switch(ok());
    openai.switch(ok());
    // The provider that was refused is unhealthy, so it is tried last; the other one rests for the whole minute.
    gateway.advance(5 * SECOND).await;
    assert_eq!(gateway.chat("gpt-4o-mini", "hello").await.provider(), Some("openai"));
    let answer = gateway.post("/v1/route", json!({"prompt": "hello", "model": "gpt-4o", "dryRun": true})).await;
    let attempts = &answer.json["routing"]["attempts"];
    assert_eq!((&attempts[0]["outcome"], &attempts[0]["reason"]), (&json!("skipped"), &json!("resting")), "{attempts}");
}

#[tokio::test]
async fn a_failure_in_mid_stream_lets_the_link_rest() {
    let (gateway, openai, _openrouter) = two(Reply::exactly([Say::Text("hi"), Say::Cut])).await;
    let answer = gateway.stream("gpt-4o", "hello").await;
    assert_eq!((answer.status, answer.text().as_str(), answer.done()), (200, "hi", false));
    gateway.wait_for_log("rest_ms=15000").await;
    openai.switch(ok());
    passes_over(&gateway, "resting").await;
}

#[tokio::test]
async fn a_client_that_hangs_up_is_held_against_nobody() {
    let (gateway, openai, _openrouter) = two(Reply::from([Say::Text("hi"), Say::Stall])).await;
    let mut live = gateway.open("gpt-4o", "hello").await;
    live.text().await;
    drop(live);
    openai.wait_for_disconnects(1).await;
    openai.switch(stall_before_head());
    let caller = gateway.caller();
    let gone = tokio::spawn(async move { caller.chat("gpt-4o", "hello").await });
    openai.wait_for_calls(2).await;
    gone.abort();
    openai.wait_for_disconnects(2).await;
    openai.switch(ok());
    serves_first(&gateway).await;
    assert_eq!(of(&gateway, "openai").await["status"], "healthy");
}

#[tokio::test]
async fn a_gateway_is_never_less_available_than_its_only_provider() {
    for probe in [status(401), stall_before_head(), status(503)] {
        let openai = openai().probe(probe).start().await;
        let gateway = gateway().with(&openai).env("HEALTH_PROBE_TIMEOUT_MS", 100).start().await;
        becomes(&gateway, "openai", "unhealthy").await;
        let answer = gateway.stream("gpt-4o", "hello").await;
        check(&answer, "hello from openai", None, [&openai]);
        assert_eq!(answer.attempts(), Some(1));
        openai.switch(status(500));
        openai.forget();
        for _ in 0..3 {
            check_error(&gateway.chat("gpt-4o", "hello").await, 502, "all_providers_failed");
        }
        assert_eq!(openai.calls().len(), 3, "called although it rests");
    }
}

#[tokio::test]
async fn links_that_were_passed_over_are_tried_last_in_order_and_stand_once() {
    let openai = openai().probe(status(401)).always(status(500)).start().await;
    let openrouter = openrouter().probe(status(401)).always(overloaded()).start().await;
    let ollama = upstream::ollama().always(html()).start().await;
    let gateway = gateway().with(&openai).with(&openrouter).with(&ollama).start().await.checked().await;
    becomes(&gateway, "openrouter", "unhealthy").await;
    becomes(&gateway, "openai", "unhealthy").await;
    let answer = gateway.chat("gpt-4o", "hello").await;
    check_error(&answer, 502, "all_providers_failed");
    let told = answer.error()["attempts"].clone();
    let ends = |field: &str| told.as_array().unwrap().iter().map(|one| one[field].clone()).collect::<Vec<_>>();
    assert_eq!(ends("provider"), ["oss-local", "openai", "openrouter"]);
    assert_eq!(ends("outcome"), ["malformed", "server_error", "server_error"]);
    assert_eq!(answer.attempts(), Some(3));
    check_called([&ollama, &openai, &openrouter]);
    // All three are passed over at first now; the last one rests on, since the second helps.
    openrouter.switch(ok());
    let answer = gateway.post("/v1/route", json!({"prompt": "hello", "model": "gpt-4o"})).await;
    let routing = &answer.json["routing"];
    assert_eq!(routing["summary"], "oss-local (resting) -> openai (server_error) -> openrouter:openai/gpt-4o");
    assert_eq!(answer.fallback(), Some("openai:server_error"));
}
