//! What a request will use, and what a key's limits leave.

use crate::domain::money::Usd;
use crate::store::Figures;

/// What a request will use, as far as anybody can know beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Estimate {
    /// Tokens of its prompt and of its answer.
    pub tokens: u64,
    /// Money.
    pub cost: Usd,
}

/// What a key's limits leave, for whoever counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Allowance {
    /// The most requests in 60 seconds, and how many are left.
    pub requests: Option<(u64, u64)>,
    /// The most tokens in 60 seconds, and how many are left.
    pub tokens: Option<(u64, u64)>,
}

/// What came of a request that was let in.
pub(super) struct Settled {
    /// What was held for it.
    pub(super) held: Estimate,
    /// What it used.
    pub(super) used: Figures,
    /// The tokens that count in this minute.
    pub(super) tokens: u64,
}
