//! Limits of client keys, which are counted for all replicas together.

use super::*;
use crate::kit::upstream::openai;

/// Two replicas that allow a key twenty requests a minute.
async fn two(openai: &Upstream, redis: &Redis) -> [Gateway; 2] {
    let one = async || {
        let builder = gateway().with(openai).redis(redis).env("GATEWAY_API_KEYS", "sk-client-1,sk-client-2");
        let gateway = builder.env("RATE_LIMIT_RPM", 20).start().await.checked().await;
        redis_is(&gateway, true).await;
        gateway
    };
    [one().await, one().await]
}

/// How many of so many requests, by turns to each replica, were let in; the others are over the limit.
async fn let_in(replicas: &[Gateway; 2], key: &str, count: usize) -> usize {
    let mut let_in = 0;
    for at in 0..count {
        let request = replicas[at % 2].request("POST", "/v1/chat/completions").bearer(key);
        let answer = request.json(&chat("gpt-4o", "hello")).send().await;
        match answer.status {
            200 => let_in += 1,
            status => assert_eq!((status, &*answer.code()), (429, "rate_limit_exceeded"), "{}", answer.json),
        }
    }
    let_in
}

#[tokio::test]
async fn a_limit_is_one_for_all_replicas_and_each_has_its_own_where_redis_is_gone() {
    let Some(mut redis) = redis().await else { return };
    let openai = openai().always(ok()).start().await;
    let replicas = two(&openai, &redis).await;
    let first = let_in(&replicas, "sk-client-1", 30).await;
    // On a machine that is very busy Redis may have been too slow for a while, and then each counted for itself.
    if replicas.iter().all(|replica| !replica.log().contains("Redis cannot be had")) {
        assert_eq!(first, 20);
    }
    assert!((20..=30).contains(&first), "{first}");
    redis.kill();
    for replica in &replicas {
        redis_is(replica, false).await;
    }
    assert_eq!(let_in(&replicas, "sk-client-2", 50).await, 40);
    redis.restart().await;
    for replica in &replicas {
        redis_is(replica, true).await;
    }
    assert_eq!(let_in(&replicas, "sk-client-2", 10).await, 0, "what each knows by itself holds");
    assert!(replicas.iter().all(|replica| !replica.log().contains("Redis refused")));
}
