//! A bound on the retries of the whole process, so that a fault upstream is never multiplied.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// The window, in seconds.
const WINDOW: usize = 10;
/// Retries in a window that are always granted.
const FLOOR: u64 = 10;
/// One retry is granted for so many requests in the window.
const REQUESTS_A_RETRY: u64 = 5;

/// At most 20 % of the last ten seconds' requests, or ten in ten seconds where that is more.
pub struct RetryBudget {
    start: Instant,
    slots: Mutex<[Slot; WINDOW]>,
}

/// What one second saw.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    second: u64,
    requests: u64,
    retries: u64,
}

impl RetryBudget {
    /// A budget that has seen nothing.
    pub fn new(now: Instant) -> RetryBudget {
        RetryBudget { start: now, slots: Mutex::default() }
    }

    /// A request begins.
    pub fn note_request(&self, now: Instant) {
        self.with(now, |slots, second| slots[second as usize % WINDOW].requests += 1);
    }

    /// May one more retry be made? Counts it, if so.
    pub fn take(&self, now: Instant) -> bool {
        self.with(now, |slots, second| {
            let recent = slots.iter().filter(|slot| slot.second + WINDOW as u64 > second);
            let (requests, retries) = recent.fold((0, 0), |sum, slot| (sum.0 + slot.requests, sum.1 + slot.retries));
            let granted = retries < FLOOR.max(requests / REQUESTS_A_RETRY);
            slots[second as usize % WINDOW].retries += u64::from(granted);
            granted
        })
    }

    fn with<R>(&self, now: Instant, change: impl FnOnce(&mut [Slot; WINDOW], u64) -> R) -> R {
        let second = now.saturating_duration_since(self.start).as_secs() + 1;
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = &mut slots[second as usize % WINDOW];
        if slot.second != second {
            *slot = Slot { second, ..Slot::default() };
        }
        change(&mut slots, second)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ten_in_ten_seconds_are_always_granted() {
        let now = Instant::now();
        let budget = RetryBudget::new(now);
        assert_eq!((0..50).filter(|_| budget.take(now)).count(), 10);
        assert!(!budget.take(now + Duration::from_secs(9)));
        assert!(budget.take(now + Duration::from_secs(10)));
    }

    #[test]
    fn a_fifth_of_the_requests_where_that_is_more() {
        let now = Instant::now();
        let budget = RetryBudget::new(now);
        (0..500).for_each(|_| budget.note_request(now));
        assert_eq!((0..500).filter(|_| budget.take(now)).count(), 100);
    }
}
