//! How a property is tried: for so many cases, or for so long.

use std::fmt::{Debug, Display};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseResult, TestRunner};

/// A case that takes longer never ends.
const ENDLESS: Duration = Duration::from_secs(60);

/// Holds `property` for what the strategy draws: `cases` of them, or as many as there is time for.
pub fn hold<T: Debug + 'static>(
    cases: u32,
    strategy: impl FnOnce() -> BoxedStrategy<T> + Send + 'static,
    property: impl Fn(T) -> TestCaseResult + Send + 'static,
) {
    let begun = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&begun);
    let trial = thread::spawn(move || {
        let strategy = strategy();
        let property = |value| {
            counter.fetch_add(1, Ordering::Relaxed);
            property(value)
        };
        match seconds() {
            None => run(cases, RngSeed::Fixed(1), &strategy, &property),
            Some(seconds) => {
                let end = Instant::now() + Duration::from_secs(seconds);
                while Instant::now() < end {
                    run(256, RngSeed::Random, &strategy, &property);
                }
            }
        }
    });
    wait(&trial, &begun);
    if let Err(panic) = trial.join() {
        std::panic::resume_unwind(panic);
    }
}

/// Fails where the two differ, and says where. `wire` is what lay between them.
pub fn same<T: Debug>(found: &T, expected: &T, wire: &[u8]) -> TestCaseResult {
    let (found, expected) = (format!("{found:#?}"), format!("{expected:#?}"));
    if found == expected {
        return Ok(());
    }
    let at = found.lines().zip(expected.lines()).take_while(|(one, other)| one == other).count();
    let part = |text: &str| text.lines().skip(at.saturating_sub(8)).take(12).collect::<Vec<_>>().join("\n");
    Err(fault(format!("line {at}\nfound\n{}\nexpected\n{}\n", part(&found), part(&expected)), wire))
}

/// A fault found in what went over the wire.
pub fn fault(why: impl Display, wire: &[u8]) -> TestCaseError {
    TestCaseError::fail(format!("{why}\n{}", String::from_utf8_lossy(wire)))
}

fn run<T: Debug>(cases: u32, rng_seed: RngSeed, strategy: &BoxedStrategy<T>, property: &dyn Fn(T) -> TestCaseResult) {
    let config = Config {
        cases,
        rng_seed,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        max_shrink_time: 60_000,
        ..Config::default()
    };
    if let Err(failure) = TestRunner::new(config).run(strategy, property) {
        panic!("{failure}");
    }
}

/// For how long to try, where the environment says so.
fn seconds() -> Option<u64> {
    let text = std::env::var("FUZZ_SECONDS").ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("FUZZ_SECONDS={text}: a number of seconds is wanted")))
}

/// Waits for the end, as long as cases begin.
fn wait(trial: &thread::JoinHandle<()>, begun: &AtomicU64) {
    let mut last = (0, Instant::now());
    while !trial.is_finished() {
        thread::sleep(Duration::from_millis(2));
        let count = begun.load(Ordering::Relaxed);
        if count != last.0 {
            last = (count, Instant::now());
        }
        assert!(last.1.elapsed() < ENDLESS, "case {count} does not end");
    }
}
