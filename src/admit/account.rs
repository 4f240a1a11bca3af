//! What one key has used of late, and what is reserved for its requests under way.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::time::Instant;

use super::allowance::{Allowance, Estimate, Settled};
use super::ledger::Ledger;
use super::refused::Refused;
use super::window::Window;
use crate::domain::grant::{Grant, Period};
use crate::domain::money::Usd;
use crate::store::Figures;

/// What one key has used.
#[derive(Default)]
pub(super) struct Account {
    state: Mutex<State>,
    /// When it was last used, in milliseconds, and which such time the database knows.
    used: AtomicI64,
    noted: AtomicI64,
}

#[derive(Default)]
struct State {
    requests: Window,
    tokens: Window,
    held: Estimate,
    ledger: Ledger,
}

/// How long a use waits to be noted after one that was.
const NOTED_FOR: i64 = 60_000;

impl Account {
    /// Counts a request in, and holds what it will use.
    pub(super) fn enter(
        &self,
        grant: &Grant,
        estimate: Estimate,
        now: Instant,
        wall: Timestamp,
    ) -> Result<Allowance, Refused> {
        let mut state = self.state();
        if let Some(budget) = grant.budget {
            let spent = state.ledger.at(budget.period, wall).spent;
            if spent.0.saturating_add(state.held.cost.0) >= budget.limit.0 {
                return Err(Refused::budget(budget, wall, spent));
            }
        }
        let allowance = state.allowance(grant, now);
        if let Some((limit, 0)) = allowance.requests {
            return Err(Refused::Requests { limit, wait: state.requests.wait(now, limit) });
        }
        if let Some((limit, 0)) = allowance.tokens {
            let below = limit.saturating_sub(state.held.tokens);
            return Err(Refused::Tokens { limit, wait: state.tokens.wait(now, below) });
        }
        if grant.rpm.is_some() {
            state.requests.add(now, 1);
        }
        state.held.tokens = state.held.tokens.saturating_add(estimate.tokens);
        state.held.cost.0 = state.held.cost.0.saturating_add(estimate.cost.0);
        Ok(state.allowance(grant, now))
    }

    /// A request that was let in is turned away after all: as if it had not come.
    pub(super) fn undo(&self, grant: &Grant, estimate: Estimate) {
        let mut state = self.state();
        if grant.rpm.is_some() {
            state.requests.take_back(1);
        }
        state.let_go(estimate);
    }

    /// A request has ended without having used anything.
    pub(super) fn release(&self, estimate: Estimate) {
        self.state().let_go(estimate);
    }

    /// A request has ended: what it used stands in for what was held.
    pub(super) fn settle(&self, grant: &Grant, settled: Settled, now: Instant, wall: Timestamp) {
        let mut state = self.state();
        state.let_go(settled.held);
        if grant.tpm.is_some() {
            // What is old is forgotten here too: those that are let in are not the only ones to fill it.
            state.tokens.sum(now);
            state.tokens.add(now, settled.tokens);
        }
        state.ledger.add(grant.period(), wall, settled.used);
    }

    /// A request that was never let in has ended.
    pub(super) fn count(&self, period: Period, wall: Timestamp, used: Figures) {
        self.state().ledger.add(period, wall, used);
    }

    /// The database has so much in the period that `at` lies in.
    pub(super) fn floor(&self, period: Period, at: Timestamp, recorded: Figures) {
        self.state().ledger.floor(period, at, recorded);
    }

    /// Other replicas know that so much is spent in the period that `at` lies in.
    pub(super) fn learn(&self, period: Period, at: Timestamp, spent: Usd) {
        self.state().ledger.learn(period, at, spent);
    }

    /// What the database has, as far as is known, of the period that `at` lies in.
    pub(super) fn recorded(&self, period: Period, at: Timestamp) -> Usd {
        self.state().ledger.recorded(period, at)
    }

    /// What was used in the period that `at` lies in, and what is held beside it.
    pub(super) fn figures(&self, period: Period, at: Timestamp) -> (Figures, Estimate) {
        let mut state = self.state();
        (state.ledger.at(period, at), state.held)
    }

    /// What is left of `grant`.
    pub(super) fn allowance(&self, grant: &Grant, now: Instant) -> Allowance {
        self.state().allowance(grant, now)
    }

    /// It is used.
    pub(super) fn use_at(&self, now: Timestamp) {
        self.used.store(now.as_millisecond(), Ordering::Relaxed);
    }

    /// When it was last used, where that is worth noting.
    pub(super) fn unnoted(&self) -> Option<Timestamp> {
        let used = self.used.load(Ordering::Relaxed);
        let noted = self.noted.load(Ordering::Relaxed);
        let worth = used > 0 && (noted == 0 || used.saturating_sub(noted) >= NOTED_FOR);
        Timestamp::from_millisecond(used).ok().filter(|_| worth)
    }

    /// Such a use has been noted.
    pub(super) fn note(&self, at: Timestamp) {
        self.noted.store(at.as_millisecond(), Ordering::Relaxed);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn allowance(&mut self, grant: &Grant, now: Instant) -> Allowance {
        let left = |limit: u64, used: u64| (limit, limit.saturating_sub(used));
        let (requests, tokens) = (self.requests.sum(now), self.tokens.sum(now).saturating_add(self.held.tokens));
        Allowance {
            requests: grant.rpm.map(|limit| left(limit, requests)),
            tokens: grant.tpm.map(|limit| left(limit, tokens)),
        }
    }

    fn let_go(&mut self, estimate: Estimate) {
        self.held.tokens = self.held.tokens.saturating_sub(estimate.tokens);
        self.held.cost.0 = self.held.cost.0.saturating_sub(estimate.cost.0);
    }
}

#[cfg(test)]
mod tests;
