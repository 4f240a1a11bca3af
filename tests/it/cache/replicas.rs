//! Answers that replicas share by Redis.

use super::*;
use std::time::Duration;

async fn replica(upstream: &Upstream, redis: &Redis) -> Gateway {
    let builder = gateway().with(upstream).redis(redis).env("CACHE_TTL_SECONDS", 60);
    builder.start().await.checked().await
}

/// The names of the answers that replicas share, once there are so many.
async fn put(redis: &Redis, answers: usize) -> Vec<String> {
    in_time("answers in Redis", async {
        loop {
            let names: Vec<String> =
                redis.keys().await.into_iter().filter(|name| name.starts_with("amg:cache:")).collect();
            if names.len() >= answers {
                return names;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
}

#[tokio::test]
async fn what_one_replica_has_the_others_have() {
    let Some(redis) = redis().await else { return };
    let upstream = upstream::openai().start().await;
    let (one, other) = (replica(&upstream, &redis).await, replica(&upstream, &redis).await);
    let first = (one.chat("gpt-4o-mini", "hi").await, one.stream("gpt-4o-mini", "hi").await);
    put(&redis, 2).await;
    let second = (other.chat("gpt-4o-mini", "hi").await, other.stream("gpt-4o-mini", "hi").await);
    for (first, second) in [(&first.0, &second.0), (&first.1, &second.1)] {
        assert_eq!((part(first), part(second)), (Some("miss"), Some("hit")));
        assert_eq!(second.body, first.body);
        assert_eq!((second.provider(), second.model()), (first.provider(), first.model()));
        assert_eq!(second.attempts(), Some(0));
    }
    assert_eq!(upstream.calls().len(), 2);
    // It has them itself now.
    redis.cli(&["FLUSHALL"]).await;
    assert_eq!(part(&other.chat("gpt-4o-mini", "hi").await), Some("hit"));
    for name in put(&redis, 0).await {
        assert!(!name.contains("hi"), "names say nothing of what was asked");
    }
}

#[tokio::test]
async fn an_answer_ends_everywhere_at_once() {
    let Some(redis) = redis().await else { return };
    let upstream = counting().start().await;
    let (one, other) = (replica(&upstream, &redis).await, replica(&upstream, &redis).await);
    said(&one.chat("gpt-4o-mini", "hi").await, "one", Some("miss"));
    let name = put(&redis, 1).await.remove(0);
    let left = redis.cli(&["PTTL", &name]).await.as_i64().unwrap();
    assert!((1..=60_000).contains(&left), "{left}");
    other.advance(Duration::from_secs(61)).await;
    said(&other.chat("gpt-4o-mini", "hi").await, "two", Some("miss"));
}

/// Waits until something else than `before` is kept under `name`.
async fn replaced(redis: &Redis, name: &str, before: &Value) {
    in_time("another answer in Redis", async {
        while redis.cli(&["GET", name]).await == *before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_new_answer_replaces_the_old_one() {
    let Some(redis) = redis().await else { return };
    let upstream = counting().start().await;
    let (one, other) = (replica(&upstream, &redis).await, replica(&upstream, &redis).await);
    let body = chat("gpt-4o-mini", "hi");
    said(&one.post(CHAT, body.clone()).await, "one", Some("miss"));
    let name = put(&redis, 1).await.remove(0);
    let before = redis.cli(&["GET", &name]).await;
    said(&with(&other, "refresh", &body).await, "two", Some("miss"));
    replaced(&redis, &name, &before).await;
    said(&replica(&upstream, &redis).await.post(CHAT, body).await, "two", Some("hit"));
}

#[tokio::test]
async fn what_is_no_answer_is_none() {
    let Some(redis) = redis().await else { return };
    let upstream = counting().start().await;
    let one = replica(&upstream, &redis).await;
    said(&one.chat("gpt-4o-mini", "hi").await, "one", Some("miss"));
    let name = put(&redis, 1).await.remove(0);
    redis.cli(&["SETRANGE", &name, "60", "????????"]).await;
    let torn = redis.cli(&["GET", &name]).await;
    let two = replica(&upstream, &redis).await;
    said(&two.chat("gpt-4o-mini", "hi").await, "two", Some("miss"));
    replaced(&redis, &name, &torn).await;
    let three = replica(&upstream, &redis).await;
    said(&three.chat("gpt-4o-mini", "hi").await, "two", Some("hit"));
    redis.cli(&["DEL", &name]).await;
    redis.cli(&["LPUSH", &name, "a list"]).await;
    let four = replica(&upstream, &redis).await;
    said(&four.chat("gpt-4o-mini", "hi").await, "three", Some("miss"));
}

#[tokio::test]
async fn without_redis_each_has_its_own() {
    let Some(mut redis) = redis().await else { return };
    let upstream = counting().start().await;
    let one = replica(&upstream, &redis).await;
    said(&one.chat("gpt-4o-mini", "hi").await, "one", Some("miss"));
    put(&redis, 1).await;
    redis.stop();
    said(&one.chat("gpt-4o-mini", "hi").await, "one", Some("hit"));
    said(&one.chat("gpt-4o-mini", "ho").await, "two", Some("miss"));
    said(&one.chat("gpt-4o-mini", "ho").await, "two", Some("hit"));
    redis.kill();
    said(&one.chat("gpt-4o-mini", "hu").await, "three", Some("miss"));
    said(&one.chat("gpt-4o-mini", "hu").await, "three", Some("hit"));
}
