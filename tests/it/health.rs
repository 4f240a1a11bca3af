//! What is believed of providers and links: checks, marks, rests, trials, and what `/health` tells of them.

/// The cheap calls beside requests.
mod checks;
/// Marks and rests, and how they end.
mod marks;
/// What the start and `/health` tell.
mod told;
/// One trial goes ahead of the rest of the traffic.
mod trials;

use std::time::Duration;

use serde_json::Value;

use crate::kit::*;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A gateway whose checks have all the time in the world, so that no step of the clock ends one that is under way.
fn patient() -> GatewayBuilder {
    gateway().env("HEALTH_PROBE_TIMEOUT_MS", 3_600_000)
}

/// What `/health` says of a provider.
async fn of(gateway: &Gateway, name: &str) -> Value {
    gateway.get("/health").await.json["providers"][name].clone()
}

/// Waits until a provider's state is this.
async fn becomes(gateway: &Gateway, name: &str, status: &str) {
    in_time("the provider's state", async {
        while of(gateway, name).await["status"] != status {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Who serves now, and why not the first.
async fn served(gateway: &Gateway) -> (Option<String>, Option<String>) {
    let answer = gateway.chat("gpt-4o", "hello").await;
    (answer.provider().map(str::to_owned), answer.fallback().map(str::to_owned))
}

/// The first link serves.
async fn serves_first(gateway: &Gateway) {
    assert_eq!(served(gateway).await, (Some("openai".into()), None));
}

/// The first link is passed over for this.
async fn passes_over(gateway: &Gateway, why: &str) {
    assert_eq!(served(gateway).await, (Some("openrouter".into()), Some(format!("openai:{why}"))));
}
