//! Limits that replicas hold together, by Redis.

use serde_json::json;

use super::limits::{exact, priced};
use super::*;
use crate::kit::upstream::{Upstream, openai};

/// Two replicas on one database and one Redis, both connected.
async fn two(database: &Database, redis: &Redis, openai: &Upstream) -> [Gateway; 2] {
    let mut replicas = Vec::new();
    for _ in 0..2 {
        let gateway = priced(gateway().env("REDIS_URL", redis.url()).database(database).with(openai)).await;
        connected(&gateway).await;
        replicas.push(gateway);
    }
    replicas.try_into().unwrap_or_else(|_| panic!("two replicas"))
}

/// Waits until it has Redis.
async fn connected(gateway: &Gateway) {
    in_time("Redis", async {
        while gateway.get("/health").await.json["redis"] != true {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// So many requests at once, by turns to each replica; how many were answered.
async fn at_once(replicas: &[Gateway; 2], key: &str, count: usize) -> usize {
    let asked = (0..count).map(|at| {
        let (caller, key) = (replicas[at % 2].caller(), key.to_owned());
        tokio::spawn(async move { exact(&caller, &key).await.status })
    });
    let mut answered = 0;
    for status in asked.collect::<Vec<_>>() {
        match status.await.unwrap() {
            200 => answered += 1,
            status => assert_eq!(status, 429),
        }
    }
    answered
}

#[tokio::test]
async fn limits_and_budgets_count_over_replicas() {
    let Some(redis) = redis().await else { return };
    for database in databases().await {
        let openai = openai().start().await;
        let replicas = two(&database, &redis, &openai).await;
        for (name, args) in [
            ("requests", &["--rpm", "10"][..]),
            ("money", &["--budget", "0.12"]),
            ("both", &["--rpm", "10", "--tpm", "100000", "--budget", "25"]),
        ] {
            let mut rounds = Vec::new();
            // On a busy machine Redis may answer too late; then each replica decides by itself, and lets ten in.
            for round in 0..10 {
                let made = make(&database, &format!("{name}-{round}"), args).await;
                for replica in &replicas {
                    let usage = || replica.request("GET", "/v1/usage").bearer(&made.key).send();
                    soon("the key", 200, usage).await;
                    connected(replica).await;
                }
                rounds.push(at_once(&replicas, &made.key, 60).await);
                if rounds.last() == Some(&10) {
                    break;
                }
            }
            assert!(rounds.iter().all(|round| (10..=20).contains(round)), "{name}: {rounds:?}");
            assert_eq!(rounds.last(), Some(&10), "{name}: {rounds:?}");
        }
    }
}

#[tokio::test]
async fn nothing_in_redis_stays_for_ever_and_keys_without_limits_leave_nothing() {
    let Some(redis) = redis().await else { return };
    let database = sqlite();
    let limited = make(&database, "limited", &["--rpm", "100", "--tpm", "100000", "--budget", "25"]).await;
    let free = make(&database, "free", &[]).await;
    let openai = openai().start().await;
    let replicas = two(&database, &redis, &openai).await;
    for _ in 0..5 {
        assert_eq!(exact(&replicas[0], &free.key).await.status, 200);
        assert_eq!(exact(&replicas[0], &limited.key).await.status, 200);
    }
    let names = || async {
        let keys = redis.keys().await;
        keys.into_iter().filter(|key| key.starts_with("amg:limit:")).collect::<Vec<_>>()
    };
    let held = format!("amg:limit:{{{}}}:held", limited.id);
    in_time("what was held to be given back", async {
        while redis.cli(&["HMGET", &held, "tokens", "cost"]).await != json!(["0", "0"]) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let names = names().await;
    assert!(names.len() >= 4 && names.iter().all(|name| name.contains(&limited.id)), "{names:?}");
    for name in names {
        let left = redis.cli(&["PTTL", &name]).await.as_i64().unwrap();
        assert!(left > 0, "{name} stays");
    }
}

#[tokio::test]
async fn what_replicas_count_together_is_what_was_spent() {
    let Some(redis) = redis().await else { return };
    // SQLite's file is one process's, and its ids are unique in that one alone.
    let Some(database) = postgres().await else { return };
    let made = make(&database, "ci", &["--budget", "1000", "--period", "total", "--tpm", "1000000"]).await;
    let openai = openai().start().await;
    let replicas = two(&database, &redis, &openai).await;
    for _ in 0..4 {
        assert_eq!(at_once(&replicas, &made.key, 50).await, 50);
    }
    let spent = format!("amg:limit:{{{}}}:spent:total:1970-01-01", made.id);
    // What a busy Redis has missed it learns from the database; what it has it is never told twice.
    in_time("Redis and the database to agree", async {
        for count in 201.. {
            assert_eq!(exact(&replicas[count % 2], &made.key).await.status, 200);
            let expected = json!((count as i64 * 12_000_000_000).to_string());
            for _ in 0..25 {
                tokio::time::sleep(Duration::from_millis(20)).await;
                if redis.cli(&["GET", &spent]).await == expected {
                    return;
                }
            }
        }
    })
    .await;
    recorded_units(&database, redis.cli(&["GET", &spent]).await.as_str().unwrap()).await;
}

/// Waits until the database has exactly so much of what was spent.
async fn recorded_units(database: &Database, units: &str) {
    let expected: f64 = units.parse().unwrap();
    in_time("the records", async {
        while database.number("SELECT CAST(sum(units) AS bigint) AS first FROM key_spend").await != expected {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_spent_is_known_again_after_redis_has_forgotten_it() {
    let Some(redis) = redis().await else { return };
    let database = sqlite();
    let made = make(&database, "ci", &["--budget", "0.036", "--period", "day"]).await;
    let openai = openai().start().await;
    let replicas = two(&database, &redis, &openai).await;
    for at in 0..3 {
        assert_eq!(exact(&replicas[at % 2], &made.key).await.status, 200);
    }
    for replica in &replicas {
        let spent = async || replica.request("GET", "/v1/usage").bearer(&made.key).send().await.json;
        in_time("what all have spent", async {
            while spent().await["used"]["cost_usd"] != json!(0.036) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }
    redis.cli(&["FLUSHALL"]).await;
    for replica in &replicas {
        check_error(&exact(replica, &made.key).await, 429, "budget_exceeded");
    }
}

#[tokio::test]
async fn without_redis_each_replica_goes_on_by_itself() {
    let Some(mut redis) = redis().await else { return };
    let database = sqlite();
    let made = make(&database, "ci", &["--rpm", "5"]).await;
    let openai = openai().start().await;
    let replicas = two(&database, &redis, &openai).await;
    assert_eq!(exact(&replicas[0], &made.key).await.status, 200);
    redis.stop();
    let mut answered = 1;
    for _ in 0..20 {
        let begun = std::time::Instant::now();
        answered += usize::from(exact(&replicas[0], &made.key).await.status == 200);
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    }
    assert_eq!(answered, 5, "what it has counted stays counted");
    redis.kill();
    check_error(&exact(&replicas[0], &made.key).await, 429, "rate_limit_exceeded");
    for _ in 0..5 {
        assert_eq!(exact(&replicas[1], &made.key).await.status, 200);
    }
    check_error(&exact(&replicas[1], &made.key).await, 429, "rate_limit_exceeded");
}

#[tokio::test]
async fn a_key_that_is_revoked_is_so_everywhere() {
    let Some(redis) = redis().await else { return };
    let Some(database) = postgres().await else { return };
    let made = make(&database, "ci", &["--rpm", "1000"]).await;
    let openai = openai().start().await;
    let replicas = two(&database, &redis, &openai).await;
    for replica in &replicas {
        assert_eq!(exact(replica, &made.key).await.status, 200);
    }
    good_command(&database, &["keys", "revoke", "ci"]).await;
    let since = std::time::Instant::now();
    for replica in &replicas {
        soon("the revocation", 401, async || exact(replica, &made.key).await).await;
    }
    // A second, and some more for a busy machine.
    assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
}
