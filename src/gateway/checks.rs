//! The checks of providers, beside requests: one at a time for each, and no request waits for one.

use std::sync::Arc;
use std::time::Duration;

use super::Gateway;
use crate::health::Check;
use crate::provider::{Probe, Provider};
use crate::upstream::probe::Found;

/// The least time between two looks at whether a check is due.
const LEAST_PAUSE: Duration = Duration::from_millis(10);

impl Gateway {
    /// Checks `provider` now, unless a request is its trial already.
    pub async fn check(&self, provider: &Provider) -> Option<Found> {
        let permit = self.shared.health.begin_check(provider)?;
        let began = self.shared.clock.now();
        let found = self.upstream.probe(provider).await;
        let latency = self.shared.clock.now().saturating_duration_since(began);
        let check = match found.clone() {
            Found::Up(models) => Check::Good { latency, models },
            Found::Down(status, message) => Check::Bad { status, message },
            Found::CannotTell => Check::CannotTell,
        };
        self.shared.health.checked(provider, check, began, permit);
        Some(found)
    }

    /// Checks `provider` again and again, each time its state is no longer believed.
    pub async fn keep_checking(self: Arc<Self>, provider: Arc<Provider>) {
        if provider.spec.probe == Probe::Never {
            return;
        }
        loop {
            let clock = &self.shared.clock;
            let due = self.shared.health.check_due(&provider);
            clock.sleep_until(due.max(clock.now() + LEAST_PAUSE)).await;
            if self.shared.health.check_due(&provider) <= clock.now() {
                self.check(&provider).await;
            }
        }
    }
}
