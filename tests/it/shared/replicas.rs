//! What one replica sees of providers and links, the others know.

use futures_util::future::join_all;

use super::*;
use crate::kit::upstream::{openai, openrouter};
use serde_json::json;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A replica whose checks have all the time in the world.
fn replica(redis: &Redis) -> GatewayBuilder {
    gateway().env("HEALTH_PROBE_TIMEOUT_MS", 3_600_000).redis(redis)
}

/// OpenAI, which answers so and whose checks cannot tell, and OpenRouter, which is well.
async fn providers(first: impl Into<Reply>) -> (Upstream, Upstream) {
    (openai().always(first).probe(status(404)).start().await, openrouter().start().await)
}

/// Two replicas of these providers.
async fn two(redis: &Redis, openai: &Upstream, openrouter: &Upstream) -> (Gateway, Gateway) {
    let one = async || replica(redis).with(openai).with(openrouter).start().await.checked().await;
    let both = (one().await, one().await);
    listening(redis, 2).await;
    both
}

/// Waits until so many replicas listen.
async fn listening(redis: &Redis, replicas: u64) {
    in_time("replicas that listen", async {
        while redis.cli(&["PUBSUB", "NUMSUB", "amg:health"]).await[1] != replicas {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// What would become of a request for OpenAI now: `pending`, or the reason why it would be passed over. Calls nobody.
async fn would(gateway: &Gateway) -> String {
    let body = json!({"prompt": "hello", "model": "gpt-4o", "dryRun": true});
    let link = gateway.post("/v1/route", body).await.json["routing"]["attempts"][0].clone();
    link["reason"].as_str().or(link["outcome"].as_str()).expect("a first link").to_owned()
}

/// Waits until that is so.
async fn comes_to(gateway: &Gateway, what: &str) {
    let mut last = String::new();
    let waiting = async {
        while last != what {
            last = would(gateway).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "{what} never came; {last} it is");
}

/// Why the first link did not serve.
async fn fallback(gateway: &Gateway) -> Option<String> {
    gateway.chat("gpt-4o", "hello").await.fallback().map(str::to_owned)
}

/// Waits until there are these keys, beside the one that looks are made by.
async fn keys_are(redis: &Redis, keys: &[&str]) {
    let mut found = Vec::new();
    let waiting = async {
        loop {
            found = redis.keys().await;
            found.retain(|key| key != "amg:look");
            if found == keys {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "{found:?} and not {keys:?}");
}

/// How often Redis has run a command, whoever asked for it.
async fn runs(redis: &Redis, command: &str) -> u64 {
    let said = redis.cli(&["INFO", "commandstats"]).await;
    let line = format!("cmdstat_{command}:calls=");
    let text = said.as_str().expect("a text");
    let count = text.split(&line).nth(1).and_then(|rest| rest.split(',').next());
    count.map_or(0, |count| count.parse().expect("a number"))
}

#[tokio::test]
async fn a_mark_seen_by_one_is_passed_over_by_the_other_without_a_call() {
    let Some(redis) = redis().await else { return };
    let (openai, openrouter) = providers(status(401)).await;
    let (one, other) = two(&redis, &openai, &openrouter).await;
    assert_eq!(fallback(&one).await.as_deref(), Some("openai:auth"));
    comes_to(&other, "unhealthy").await;
    assert_eq!(fallback(&other).await.as_deref(), Some("openai:unhealthy"));
    assert_eq!(openai.calls().len(), 1);
    let told = other.get("/health").await.json["providers"]["openai"].clone();
    assert_eq!(told["status"], "unhealthy");
    assert!(told["error"].as_str().is_some_and(|error| error.starts_with("401")), "{told}");
}

#[tokio::test]
async fn a_rest_seen_by_one_is_kept_by_the_other() {
    let Some(redis) = redis().await else { return };
    let (openai, openrouter) = providers(status(500)).await;
    let (one, other) = two(&redis, &openai, &openrouter).await;
    assert_eq!(fallback(&one).await.as_deref(), Some("openai:server_error"));
    comes_to(&other, "resting").await;
    assert_eq!(fallback(&other).await.as_deref(), Some("openai:resting"));
    assert_eq!(openai.calls().len(), 1);
    openai.switch(ok());
    assert_eq!(other.chat("gpt-4o-mini", "hello").await.provider(), Some("openai"), "another link");
    // It ends by itself, on each replica's own clock.
    other.advance(15 * SECOND).await;
    assert_eq!(would(&other).await, "pending");
    assert_eq!(would(&one).await, "resting");
}

#[tokio::test]
async fn a_wait_that_a_provider_asked_for_is_kept_by_all() {
    let Some(redis) = redis().await else { return };
    let openai = openai().always(rate_limited(20)).probe(status(404)).start().await;
    let one = replica(&redis).with(&openai).start().await.checked().await;
    let other = replica(&redis).with(&openai).start().await.checked().await;
    listening(&redis, 2).await;
    assert_eq!(one.chat("gpt-4o", "hello").await.status, 429);
    comes_to(&other, "resting").await;
    let answer = other.chat("gpt-4o", "hello").await;
    assert_eq!(answer.status, 429);
    let wait: u64 = answer.header("retry-after").expect("a wait").parse().expect("seconds");
    assert!((1..=20).contains(&wait), "{wait}");
    assert_eq!(openai.calls().len(), 1);
}

#[tokio::test]
async fn a_good_call_ends_what_all_hold_against_a_provider_or_a_link() {
    let Some(redis) = redis().await else { return };
    for (failure, word, wait) in [(status(401), "unhealthy", MINUTE), (status(500), "resting", 15 * SECOND)] {
        let (openai, openrouter) = providers(failure).await;
        let (one, other) = two(&redis, &openai, &openrouter).await;
        fallback(&one).await;
        comes_to(&other, word).await;
        openai.switch(ok());
        // The trial is due at one of them, whose clock runs ahead.
        one.advance(wait).await;
        comes_to(&one, "pending").await;
        in_time("the trial", async { while fallback(&one).await.is_some() {} }).await;
        comes_to(&other, "pending").await;
        keys_are(&redis, &[]).await;
        assert_eq!(fallback(&other).await, None);
        drop((one, other));
        listening(&redis, 0).await;
    }
}

#[tokio::test]
async fn a_good_check_ends_a_mark_everywhere() {
    let Some(redis) = redis().await else { return };
    let (openai, openrouter) = (openai().always(status(401)).start().await, openrouter().start().await);
    let (one, other) = two(&redis, &openai, &openrouter).await;
    fallback(&one).await;
    comes_to(&other, "unhealthy").await;
    one.advance(MINUTE).await;
    comes_to(&one, "pending").await;
    comes_to(&other, "pending").await;
    assert_eq!(openai.calls().len(), 1);
}

#[tokio::test]
async fn a_doubled_rest_is_doubled_for_all() {
    let Some(redis) = redis().await else { return };
    let (openai, openrouter) = providers(status(500)).await;
    let (one, other) = two(&redis, &openai, &openrouter).await;
    fallback(&one).await;
    comes_to(&other, "resting").await;
    one.advance(15 * SECOND).await;
    assert_eq!(fallback(&one).await.as_deref(), Some("openai:server_error"));
    other.wait_for_log("rest_ms=30000").await;
    other.advance(25 * SECOND).await;
    assert_eq!(would(&other).await, "resting");
    other.advance(6 * SECOND).await;
    assert_eq!(fallback(&other).await.as_deref(), Some("openai:server_error"));
    other.wait_for_log("rest_ms=60000").await;
    one.wait_for_log("rest_ms=60000").await;
    assert_eq!(openai.calls().len(), 3);
}

#[tokio::test]
async fn who_starts_later_learns_what_is_known() {
    let Some(redis) = redis().await else { return };
    let (openai, openrouter) = providers(status(401)).await;
    let (one, _other) = two(&redis, &openai, &openrouter).await;
    fallback(&one).await;
    keys_are(&redis, &["amg:mark:openai", "amg:notes"]).await;
    let late = replica(&redis).with(&openai).with(&openrouter).start().await;
    comes_to(&late, "unhealthy").await;
    assert_eq!(openai.calls().len(), 1);
    // So does one that is started again.
    drop(one);
    let again = replica(&redis).with(&openai).with(&openrouter).start().await;
    comes_to(&again, "unhealthy").await;
}

#[tokio::test]
async fn a_rest_is_learned_later_with_its_length() {
    let Some(redis) = redis().await else { return };
    let (openai, openrouter) = providers(status(500)).await;
    let one = replica(&redis).with(&openai).with(&openrouter).start().await.checked().await;
    listening(&redis, 1).await;
    fallback(&one).await;
    one.advance(15 * SECOND).await;
    fallback(&one).await;
    keys_are(&redis, &["amg:notes", "amg:rest:openai:gpt-4o"]).await;
    in_time("the second rest", async {
        while !redis.cli(&["GET", "amg:rest:openai:gpt-4o"]).await.to_string().contains("30000") {}
    })
    .await;
    let late = replica(&redis).with(&openai).with(&openrouter).start().await;
    comes_to(&late, "resting").await;
    late.wait_for_log("rest_ms=30000").await;
}

#[tokio::test]
async fn what_a_lost_connection_missed_is_read_afterwards() {
    let Some(redis) = redis().await else { return };
    let (openai, openrouter) = providers(status(401)).await;
    let (one, other) = two(&redis, &openai, &openrouter).await;
    redis.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
    assert_eq!(fallback(&one).await.as_deref(), Some("openai:auth"));
    comes_to(&other, "unhealthy").await;
    listening(&redis, 2).await;
    assert!(!other.log().contains("Redis cannot be had"));
}

#[tokio::test]
async fn news_are_told_once_and_never_told_on() {
    let Some(redis) = redis().await else { return };
    let (openai, openrouter) = providers(status(401)).await;
    let (one, other) = two(&redis, &openai, &openrouter).await;
    let third = replica(&redis).with(&openai).with(&openrouter).start().await.checked().await;
    listening(&redis, 3).await;
    let storm = (0..50).map(|_| fallback(&one));
    join_all(storm).await;
    comes_to(&other, "unhealthy").await;
    comes_to(&third, "unhealthy").await;
    for _ in 0..20 {
        fallback(&other).await;
        fallback(&third).await;
    }
    assert_eq!(runs(&redis, "publish").await, 1);
    for gateway in [&one, &other, &third] {
        assert_eq!(gateway.log().matches("provider is unhealthy").count(), 1);
    }
}

#[tokio::test]
async fn nonsense_on_the_board_harms_nobody() {
    let Some(redis) = redis().await else { return };
    let (openai, openrouter) = providers(status(401)).await;
    let (one, other) = two(&redis, &openai, &openrouter).await;
    let long = "x".repeat(100_000);
    let texts = [
        "",
        "{}",
        "[1]",
        "\u{feff}{",
        r#"{"by":"x","what":"marked","provider":"nobody","left_ms":60000,"error":"no"}"#,
        r#"{"by":"x","what":"marked","provider":"anthropic","left_ms":60000,"error":"no"}"#,
        r#"{"by":"x","what":"rests","provider":"openai","model":"gpt-4o","left_ms":-1,"length_ms":1,"asked":false}"#,
        r#"{"by":"x","what":"ended","provider":"openai","model":"never"}"#,
        &long,
    ];
    for (at, text) in texts.into_iter().enumerate() {
        redis.cli(&["PUBLISH", "amg:health", text]).await;
        let key = format!("amg:mark:{at}");
        redis.cli(&["SET", &key, text]).await;
        redis.cli(&["ZADD", "amg:notes", "99999999999999", &key]).await;
    }
    // One that is of another kind, and one that is not there.
    redis.cli(&["LPUSH", "amg:mark:list", "x"]).await;
    redis.cli(&["ZADD", "amg:notes", "99999999999999", "amg:mark:none"]).await;
    let late = replica(&redis).with(&openai).with(&openrouter).start().await;
    listening(&redis, 3).await;
    assert_eq!(would(&late).await, "pending");
    assert_eq!(would(&other).await, "pending");
    assert_eq!(other.get("/health").await.json["providers"]["anthropic"]["status"], "unconfigured");
    fallback(&one).await;
    comes_to(&other, "unhealthy").await;
    // What makes sense is found among it.
    let later = replica(&redis).with(&openai).with(&openrouter).start().await;
    comes_to(&later, "unhealthy").await;
    assert_eq!(openai.calls().len(), 1);
}

#[tokio::test]
async fn a_time_that_is_too_long_is_cut() {
    let Some(redis) = redis().await else { return };
    let (openai, openrouter) = providers(ok()).await;
    let (one, _other) = two(&redis, &openai, &openrouter).await;
    let year = r#"{"by":"x","what":"marked","provider":"openai","left_ms":31536000000,"error":"no"}"#;
    redis.cli(&["PUBLISH", "amg:health", year]).await;
    comes_to(&one, "unhealthy").await;
    one.advance(MINUTE).await;
    comes_to(&one, "pending").await;
}

#[tokio::test]
async fn keys_are_ours_and_few_whatever_callers_ask_for() {
    let Some(redis) = redis().await else { return };
    let openai = openai().always(status(500)).probe(status(404)).start().await;
    let one = replica(&redis).with(&openai).start().await.checked().await;
    listening(&redis, 1).await;
    for hostile in ["openai/a b", "openai/x\"y", "openai/*", "openai/ä", &format!("openai/{}", "n".repeat(150))] {
        assert_eq!(one.chat(hostile, "hello").await.status, 502, "{hostile}");
    }
    for round in 0..7 {
        let many = (0..100).map(|at| {
            let one = one.caller();
            async move { one.chat(&format!("openai/model-{round}-{at}"), "hello").await.status }
        });
        assert!(join_all(many).await.iter().all(|status| *status == 502));
    }
    let size = async || redis.cli(&["ZCARD", "amg:notes"]).await.as_u64().expect("a number");
    let mut last = 0;
    in_time("all to be told", async {
        while last != size().await || last < 200 {
            last = size().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    assert!(last <= 500, "{last}");
    let keys = redis.keys().await;
    assert!(keys.len() as u64 <= last + 2, "{} keys, {last} notes", keys.len());
    for key in keys {
        assert!(key.starts_with("amg:") && key.bytes().all(|letter| letter.is_ascii_graphic()), "{key:?}");
    }
}
