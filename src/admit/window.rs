//! How much came in the last 60 seconds.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The length that limits are told for.
pub(super) const LENGTH: Duration = Duration::from_secs(60);
/// What came within so short a time is forgotten at once, with its last.
const STEP: Duration = Duration::from_secs(1);

/// A sum over the last 60 seconds, to the second: what is counted too long is never counted too short, so that no 60
/// seconds ever hold more than they may.
#[derive(Default)]
pub(super) struct Window {
    buckets: VecDeque<Bucket>,
    sum: u64,
}

struct Bucket {
    first: Instant,
    last: Instant,
    count: u64,
}

impl Window {
    /// What the last 60 seconds hold.
    pub(super) fn sum(&mut self, now: Instant) -> u64 {
        while let Some(oldest) = self.buckets.front().filter(|bucket| bucket.last + LENGTH <= now) {
            self.sum = self.sum.saturating_sub(oldest.count);
            self.buckets.pop_front();
        }
        self.sum
    }

    /// So much more came.
    pub(super) fn add(&mut self, now: Instant, count: u64) {
        if count == 0 {
            return;
        }
        self.sum = self.sum.saturating_add(count);
        match self.buckets.back_mut().filter(|bucket| now < bucket.first + STEP) {
            Some(bucket) => {
                bucket.last = bucket.last.max(now);
                bucket.count = bucket.count.saturating_add(count);
            }
            None => self.buckets.push_back(Bucket { first: now, last: now, count }),
        }
    }

    /// So much of what came last did not come after all.
    pub(super) fn take_back(&mut self, count: u64) {
        if let Some(bucket) = self.buckets.iter_mut().rev().find(|bucket| bucket.count >= count) {
            bucket.count -= count;
            self.sum = self.sum.saturating_sub(count);
        }
    }

    /// How long until the sum is below `limit`, where nothing more comes.
    pub(super) fn wait(&mut self, now: Instant, limit: u64) -> Duration {
        let mut sum = self.sum(now);
        for bucket in &self.buckets {
            if sum < limit {
                break;
            }
            sum = sum.saturating_sub(bucket.count);
            if sum < limit {
                return (bucket.last + LENGTH).saturating_duration_since(now);
            }
        }
        if sum < limit { Duration::ZERO } else { LENGTH }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_holds_more_than_the_limit_wherever_it_begins() {
        const LIMIT: u64 = 50;
        let start = Instant::now();
        let (mut window, mut came, mut random) = (Window::default(), Vec::new(), fastrand::Rng::with_seed(7));
        let mut now = start;
        for _ in 0..20_000 {
            now += Duration::from_millis(random.u64(0..200));
            if window.sum(now) < LIMIT {
                window.add(now, 1);
                came.push(now);
            }
        }
        for (at, first) in came.iter().enumerate() {
            let within = came[at..].iter().take_while(|time| **time < *first + LENGTH).count();
            assert!(within as u64 <= LIMIT, "{within} from {:?} on", *first - start);
        }
        // And it is no more than a second stricter than it must be.
        let minutes = (now - start).as_secs() / 61;
        assert!(came.len() as u64 >= LIMIT * minutes, "{} in {minutes} minutes", came.len());
        assert!(window.buckets.len() <= 61, "{}", window.buckets.len());
    }

    #[test]
    fn the_wait_is_as_long_as_it_must_be() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut window = Window::default();
        window.add(start, 1);
        window.add(after(20_000), 2);
        assert_eq!(window.wait(after(30_000), 3), Duration::from_secs(30));
        assert_eq!(window.wait(after(30_000), 2), Duration::from_secs(50));
        assert_eq!(window.wait(after(30_000), 4), Duration::ZERO);
        assert_eq!(window.wait(after(30_000), 0), LENGTH);
        assert_eq!(window.sum(after(59_999)), 3);
        assert_eq!(window.sum(after(60_000)), 2);
        window.take_back(1);
        assert_eq!(window.sum(after(60_000)), 1);
        assert_eq!(window.sum(after(80_000)), 0);
    }
}
