//! What is recorded: every request once, whatever becomes of it, of the database and of the process.

/// The database goes, hangs, comes back, or was never there.
mod away;
/// The disk is full.
mod full;
/// One row for each request, with what is true of it.
mod rows;

use std::time::Duration;

use crate::kit::*;

/// Waits until the database has so many requests.
async fn recorded(database: &Database, count: u64) {
    in_time("the records", async {
        while database.count("llm_logs").await < count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(database.count("llm_logs").await, count);
}

/// A figure of `/metrics`, without labels.
async fn metric(gateway: &Gateway, name: &str) -> u64 {
    let text = String::from_utf8(gateway.get("/metrics").await.body).expect("text");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().expect("a number")
}
