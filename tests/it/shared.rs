//! Redis: what replicas share by it, and that no request suffers by it.

/// Redis that goes, hangs, refuses, and comes back.
mod away;
/// What clients use up at one counts at all.
mod counters;
/// What one sees, the others know.
mod replicas;
/// Sessions of MCP clients.
mod sessions;
/// What the start, `/health` and `check` tell.
mod told;

use std::time::Duration;

use crate::kit::*;

/// Waits until `/health` says this of Redis.
async fn redis_is(gateway: &Gateway, up: bool) {
    in_time(if up { "Redis to be back" } else { "Redis to be missed" }, async {
        while gateway.get("/health").await.json["redis"] != up {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Waits until `/health` says this of the whole.
async fn status_is(gateway: &Gateway, status: &str) {
    in_time("the status of the whole", async {
        while gateway.get("/health").await.json["status"] != status {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
