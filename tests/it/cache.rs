//! The response cache, as callers and operators see it.

mod flights;
mod fronts;
mod kept;
mod keys;
mod replicas;
mod streams;
mod told;

use crate::kit::*;
use serde_json::Value;

const CHAT: &str = "/v1/chat/completions";

/// A gateway that keeps answers for a minute.
async fn keeping(upstream: &Upstream) -> Gateway {
    gateway().with(upstream).env("CACHE_TTL_SECONDS", 60).start().await
}

/// An upstream whose answers can be told apart.
fn counting() -> UpstreamBuilder {
    let texts = ["one", "two", "three", "four", "five", "six"];
    texts.into_iter().fold(upstream::openai(), |upstream, text| upstream.say([Say::Text(text)]))
}

/// `x-gateway-cache`.
fn part(answer: &Answer) -> Option<&str> {
    answer.header("x-gateway-cache")
}

/// A chat with this `x-gateway-cache`.
async fn with(caller: &Caller, word: &str, body: &Value) -> Answer {
    caller.request("POST", CHAT).header("x-gateway-cache", word).json(body).send().await
}

/// Checks what was said and which part the cache had in it.
#[track_caller]
fn said(answer: &Answer, text: &str, in_cache: Option<&str>) {
    let body = String::from_utf8_lossy(&answer.body);
    assert_eq!((answer.status, answer.text().as_str(), part(answer)), (200, text, in_cache), "{body}");
}

/// Waits until so many requests are under way.
async fn under_way(gateway: &Gateway, requests: usize) {
    let wanted = format!("gateway_inflight_requests {requests}\n");
    in_time("requests under way", async {
        while !String::from_utf8_lossy(&gateway.get("/metrics").await.body).contains(&wanted) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// The count of one result in `gateway_cache_total`.
async fn counted(gateway: &Gateway, result: &str) -> u64 {
    let text = String::from_utf8_lossy(&gateway.get("/metrics").await.body).into_owned();
    let series = format!("gateway_cache_total{{result=\"{result}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&series)).map_or(0, |count| count.parse().unwrap())
}
