//! Answers that replicas share by Redis. A busy machine may take longer than Redis is granted, so that what is to be
//! found there is tried again until it is.

use super::*;
use std::time::Duration;

async fn replica(upstream: &Upstream, redis: &Redis) -> Gateway {
    let builder = gateway().with(upstream).redis(redis).env("CACHE_TTL_SECONDS", 60);
    builder.start().await.checked().await
}

/// An upstream that never says the same twice.
async fn upstream() -> Upstream {
    let upstream = upstream::openai().start().await;
    upstream.switch_by(|_| {
        let number = fastrand::u64(..);
        json(format!(
            r#"{{"id":"c","object":"chat.completion","model":"gpt-4o-mini","choices":[{{"index":0,"message":{{"role":
            "assistant","content":"{number}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":9,
            "completion_tokens":12,"total_tokens":21}}}}"#
        ))
    });
    upstream
}

/// The name under which Redis has this answer, if it comes there soon.
async fn name_of(redis: &Redis, answer: &Answer) -> Option<String> {
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    for _ in 0..40 {
        for name in redis.keys().await.into_iter().filter(|name| name.starts_with("amg:cache:")) {
            let held = redis.cli(&["GET", &name]).await;
            if held.as_str().is_some_and(|held| held.contains(&body)) {
                return Some(name);
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    None
}

/// Has a replica get a new answer, and gives it with its name in Redis.
async fn put(gateway: &Gateway, redis: &Redis, body: &Value) -> (Answer, String) {
    in_time("an answer in Redis", async {
        loop {
            let answer = with(gateway, "refresh", body).await;
            if let Some(name) = name_of(redis, &answer).await {
                return (answer, name);
            }
        }
    })
    .await
}

#[tokio::test]
async fn what_one_replica_has_the_others_have() {
    let Some(redis) = redis().await else { return };
    let streaming = upstream::openai().start().await;
    for (upstream, streams) in [(upstream().await, false), (streaming, true)] {
        let (one, other) = (replica(&upstream, &redis).await, replica(&upstream, &redis).await);
        let found = async {
            for number in 0.. {
                let body = chat("gpt-4o-mini", &format!("hi {number}"));
                let body = if streams { streamed(body) } else { body };
                let (first, _) = put(&one, &redis, &body).await;
                let calls = upstream.calls().len();
                let second = other.post(CHAT, body.clone()).await;
                if part(&second) == Some("hit") {
                    assert_eq!(upstream.calls().len(), calls);
                    return (first, second, body);
                }
            }
            unreachable!("it goes on until an answer is found")
        };
        let (first, second, body) = in_time("an answer of another replica's", found).await;
        assert_eq!(second.body, first.body);
        assert_eq!((second.provider(), second.model()), (first.provider(), first.model()));
        assert_eq!((second.attempts(), part(&first)), (Some(0), Some("miss")));
        // It has it itself now.
        redis.cli(&["FLUSHALL"]).await;
        assert_eq!(part(&other.post(CHAT, body).await), Some("hit"));
    }
}

#[tokio::test]
async fn an_answer_ends_everywhere_at_once() {
    let Some(redis) = redis().await else { return };
    let upstream = upstream().await;
    let (one, other) = (replica(&upstream, &redis).await, replica(&upstream, &redis).await);
    let body = chat("gpt-4o-mini", "hi");
    let (first, name) = put(&one, &redis, &body).await;
    let left = redis.cli(&["PTTL", &name]).await.as_i64().unwrap();
    assert!((1..=60_000).contains(&left), "{left}");
    other.advance(Duration::from_secs(61)).await;
    let second = other.post(CHAT, body).await;
    assert_eq!(part(&second), Some("miss"));
    assert_ne!(second.body, first.body);
}

#[tokio::test]
async fn a_new_answer_replaces_the_old_one() {
    let Some(redis) = redis().await else { return };
    let upstream = upstream().await;
    let (one, other) = (replica(&upstream, &redis).await, replica(&upstream, &redis).await);
    let body = chat("gpt-4o-mini", "hi");
    let (first, name) = put(&one, &redis, &body).await;
    let (second, same) = put(&other, &redis, &body).await;
    assert_eq!(name, same);
    assert_ne!(first.body, second.body);
    assert!(!name.contains("hi") && !name.contains("gpt"), "the name says nothing of what was asked");
}

#[tokio::test]
async fn what_is_no_answer_is_none() {
    let Some(redis) = redis().await else { return };
    let upstream = upstream().await;
    let body = chat("gpt-4o-mini", "hi");
    let (first, name) = put(&replica(&upstream, &redis).await, &redis, &body).await;
    redis.cli(&["SETRANGE", &name, "60", "????????"]).await;
    let second = replica(&upstream, &redis).await.post(CHAT, body.clone()).await;
    assert_eq!((second.status, part(&second)), (200, Some("miss")));
    assert_ne!(first.body, second.body);
    redis.cli(&["DEL", &name]).await;
    redis.cli(&["LPUSH", &name, "a list"]).await;
    let third = replica(&upstream, &redis).await.post(CHAT, body).await;
    assert_eq!((third.status, part(&third)), (200, Some("miss")));
}

#[tokio::test]
async fn without_redis_each_has_its_own() {
    let Some(mut redis) = redis().await else { return };
    let upstream = upstream().await;
    let one = replica(&upstream, &redis).await;
    put(&one, &redis, &chat("gpt-4o-mini", "hi")).await;
    redis.stop();
    assert_eq!(part(&one.chat("gpt-4o-mini", "hi").await), Some("hit"));
    for prompt in ["frozen", "gone"] {
        assert_eq!(part(&one.chat("gpt-4o-mini", prompt).await), Some("miss"));
        assert_eq!(part(&one.chat("gpt-4o-mini", prompt).await), Some("hit"));
        redis.kill();
    }
}
