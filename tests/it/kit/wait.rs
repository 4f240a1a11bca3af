//! Waiting with a bound, so that a test that would hang fails with a name instead.

use std::future::Future;
use std::time::{Duration, Instant};

/// Longest wait for anything; generous, since machines that run tests are busy.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The outcome of `what`, or a failed test.
pub async fn in_time<T>(what: &str, outcome: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, outcome).await {
        Ok(outcome) => outcome,
        Err(_) => panic!("waited {PATIENCE:?} in vain for {what}"),
    }
}

/// Waits until it is so, looking again every few milliseconds.
pub async fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < end, "waited {PATIENCE:?} in vain for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until the figure has stood still for a quarter of a second, and gives it.
pub async fn settled(mut figure: impl FnMut() -> u64) -> u64 {
    let mut last = figure();
    let mut still = Instant::now();
    let end = still + PATIENCE;
    while still.elapsed() < Duration::from_millis(250) {
        assert!(Instant::now() < end, "the figure never stood still");
        tokio::time::sleep(Duration::from_millis(10)).await;
        let now = figure();
        if now != last {
            (last, still) = (now, Instant::now());
        }
    }
    last
}
