//! Redis that goes, hangs, refuses, and comes back under requests: each is answered, and soon all is shared again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;
use crate::kit::upstream::openai;

/// A gateway whose requests have something to ask of Redis: limits to be counted, answers to be kept.
async fn serving(openai: &Upstream, url: &str) -> Gateway {
    let builder = gateway().with(openai).env("REDIS_URL", url);
    let builder = builder.env("RATE_LIMIT_RPM", 1_000_000).env("CACHE_TTL_SECONDS", 60);
    builder.env("GATEWAY_API_KEYS", "sk-client-1").start().await.checked().await
}

/// Requests without end, four at a time, each of which must be answered well.
struct Requests {
    over: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Requests {
    fn of(gateway: &Gateway) -> Requests {
        let (over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let task = |who: usize| {
            let (caller, over, answered) = (gateway.caller(), over.clone(), answered.clone());
            tokio::spawn(async move {
                let mut at = 0;
                while !over.load(Ordering::Relaxed) {
                    at += 1;
                    let request = caller.request("POST", "/v1/chat/completions").bearer("sk-client-1");
                    let answer = request.json(&chat("gpt-4o", &format!("hello {who} {at}"))).send().await;
                    assert_eq!(answer.status, 200, "{}", answer.json);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        let tasks = (0..4).map(task).collect();
        Requests { over, answered, tasks }
    }

    /// Waits for so many more.
    async fn more(&self, count: usize) {
        let before = self.answered.load(Ordering::Relaxed);
        let so = || {
            self.answered.load(Ordering::Relaxed) >= before + count || self.tasks.iter().any(|task| task.is_finished())
        };
        eventually("requests to be answered", so).await;
    }

    async fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        for task in self.tasks {
            in_time("the last answer", task).await.expect("every request is answered");
        }
    }
}

#[tokio::test]
async fn requests_go_on_while_redis_is_killed_frozen_flushed_loading_or_read_only() {
    let Some(mut redis) = redis().await else { return };
    let openai = openai().always(ok()).start().await;
    let gateway = serving(&openai, &redis.url()).await;
    redis_is(&gateway, true).await;
    let requests = Requests::of(&gateway);
    requests.more(40).await;

    redis.kill();
    redis_is(&gateway, false).await;
    requests.more(40).await;
    redis.restart().await;
    redis_is(&gateway, true).await;
    requests.more(40).await;

    redis.stop();
    redis_is(&gateway, false).await;
    requests.more(40).await;
    redis.cont();
    redis_is(&gateway, true).await;

    redis.read_only().await;
    redis_is(&gateway, false).await;
    requests.more(40).await;
    redis.writable().await;
    redis_is(&gateway, true).await;

    // Scripts are forgotten as well: they are sent again, and nothing was lost.
    let lost = gateway.log().matches("Redis cannot be had").count();
    redis.cli(&["FLUSHALL"]).await;
    redis.cli(&["SCRIPT", "FLUSH"]).await;
    requests.more(40).await;
    redis_is(&gateway, true).await;
    assert_eq!(gateway.log().matches("Redis cannot be had").count(), lost);

    redis.restart_loading().await;
    requests.more(40).await;
    redis_is(&gateway, true).await;
    requests.more(40).await;
    requests.end().await;
    assert_eq!(openai.strays().len(), 0);
    assert!(!gateway.log().contains("Redis refused"), "{}", gateway.log());
}

#[tokio::test]
async fn a_frozen_redis_costs_a_wait_and_not_one_for_each_request() {
    let Some(redis) = redis().await else { return };
    let openai = openai().always(ok()).start().await;
    let gateway = serving(&openai, &redis.url()).await;
    redis_is(&gateway, true).await;
    redis.stop();
    let began = std::time::Instant::now();
    for at in 0..300 {
        let request = gateway.request("POST", "/v1/chat/completions").bearer("sk-client-1");
        assert_eq!(request.json(&chat("gpt-4o", &format!("hello {at}"))).send().await.status, 200);
    }
    // 50 ms for each would be 15 s.
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    redis_is(&gateway, false).await;
    let said = gateway.log().matches("Redis cannot be had").count();
    assert!((1..=2).contains(&said), "{said} lines");
    redis.cont();
    redis_is(&gateway, true).await;
}

#[tokio::test]
async fn a_way_to_redis_that_is_cut_or_hangs_is_missed_and_found_again() {
    let Some(redis) = redis().await else { return };
    let wall = wall(&redis.address()).await;
    let openai = openai().always(ok()).start().await;
    let gateway = serving(&openai, &format!("redis://{}", wall.address())).await;
    redis_is(&gateway, true).await;
    let requests = Requests::of(&gateway);
    for away in [Wall::cut, Wall::freeze] {
        away(&wall);
        redis_is(&gateway, false).await;
        requests.more(40).await;
        wall.open();
        redis_is(&gateway, true).await;
        requests.more(40).await;
    }
    requests.end().await;
}
