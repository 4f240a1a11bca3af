//! The one source of time, so that tests can step it and nothing has to sleep.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// Tells the time and waits; real by default, ahead of the real time by as much as it was stepped.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead: Option<watch::Receiver<Duration>>,
}

/// Steps a [`Clock`] and all its clones.
#[derive(Debug)]
pub struct Stepper(watch::Sender<Duration>);

/// The time a wait was given has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed;

impl Clock {
    /// Real time.
    pub fn real() -> Clock {
        Clock::default()
    }

    /// Time that can be stepped forward; it also flows by itself.
    pub fn stepped() -> (Clock, Stepper) {
        let (sender, receiver) = watch::channel(Duration::ZERO);
        (Clock { ahead: Some(receiver) }, Stepper(sender))
    }

    /// Now.
    pub fn now(&self) -> Instant {
        match &self.ahead {
            None => Instant::now(),
            Some(ahead) => Instant::now() + *ahead.borrow(),
        }
    }

    /// Now, for people: the calendar's time, in UTC.
    pub fn wall(&self) -> jiff::Timestamp {
        let ahead = self.ahead.as_ref().map(|ahead| *ahead.borrow()).unwrap_or_default();
        jiff::Timestamp::now().saturating_add(ahead).unwrap_or(jiff::Timestamp::MAX)
    }

    /// Waits until `deadline`.
    pub async fn sleep_until(&self, deadline: Instant) {
        let Some(mut ahead) = self.ahead.clone() else { return tokio::time::sleep_until(deadline).await };
        loop {
            let offset = *ahead.borrow_and_update();
            if Instant::now() + offset >= deadline {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep_until(deadline - offset) => return,
                changed = ahead.changed() => {
                    if changed.is_err() {
                        return tokio::time::sleep_until(deadline - offset).await;
                    }
                }
            }
        }
    }

    /// Waits for `duration`.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now() + duration).await;
    }

    /// Runs `work` until `deadline`.
    ///
    /// # Errors
    /// [`Elapsed`] when the deadline comes first; `work` is dropped.
    pub async fn until<F: Future>(&self, deadline: Instant, work: F) -> Result<F::Output, Elapsed> {
        let mut work = pin!(work);
        tokio::select! {
            biased;
            output = &mut work => Ok(output),
            () = self.sleep_until(deadline) => Err(Elapsed),
        }
    }
}

impl Default for Stepper {
    /// A stepper that steps nothing.
    fn default() -> Stepper {
        Stepper(watch::channel(Duration::ZERO).0)
    }
}

impl Stepper {
    /// Moves the clock forward.
    pub fn advance(&self, step: Duration) {
        self.0.send_modify(|ahead| *ahead += step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_step_ends_a_wait() {
        let (clock, stepper) = Clock::stepped();
        let waiter = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(3600)).await }
        });
        tokio::task::yield_now().await;
        stepper.advance(Duration::from_secs(1800));
        assert!(!waiter.is_finished());
        stepper.advance(Duration::from_secs(1800));
        waiter.await.unwrap();
    }

    #[tokio::test]
    async fn work_that_is_ready_wins_over_a_deadline_that_has_passed() {
        let clock = Clock::real();
        assert_eq!(clock.until(clock.now(), async { 7 }).await, Ok(7));
        assert_eq!(clock.until(clock.now(), std::future::pending::<()>()).await, Err(Elapsed));
    }
}
