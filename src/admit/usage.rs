//! What a client key may know of itself.

use std::sync::Arc;

use super::Admit;
use super::allowance::Allowance;
use crate::domain::grant::{Grant, Period, Stretch};
use crate::domain::money::Usd;
use crate::store::Figures;

/// What a client key has used, and what is left.
#[derive(Debug, Clone)]
pub struct KeyUsage {
    /// The kind of period that this tells of.
    pub period: Period,
    /// That period.
    pub stretch: Stretch,
    /// What was used in it.
    pub used: Figures,
    /// What is reserved for requests under way.
    pub held: Usd,
    /// What is left of the limits by the minute.
    pub allowance: Allowance,
    /// What is left of the budget.
    pub left: Option<Usd>,
}

impl Admit {
    /// What `grant`'s key has used, and what is left. Asks nobody.
    pub fn usage(&self, grant: &Arc<Grant>) -> KeyUsage {
        let (account, wall, period) = (self.account(&grant.id), self.clock.wall(), grant.period());
        let (used, held) = account.figures(period, wall);
        let left = grant.budget.map(|budget| {
            let gone = used.spent.0.saturating_add(held.cost.0);
            Usd(budget.limit.0.saturating_sub(gone).max(0))
        });
        KeyUsage {
            period,
            stretch: period.stretch(wall),
            used,
            held: held.cost,
            allowance: account.allowance(grant, self.clock.now()),
            left,
        }
    }
}
