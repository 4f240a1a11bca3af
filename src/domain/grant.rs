//! What a client key allows.

use std::sync::Arc;

use jiff::Timestamp;

use super::money::Usd;

/// What a client key allows. A request keeps the one that it came in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its id; for a key of the environment, its name.
    pub id: Arc<str>,
    /// Its name in logs; never the key.
    pub name: Arc<str>,
    /// Patterns of the models that it may ask for, `*` for any letters; empty allows every one.
    pub models: Vec<Box<str>>,
    /// The most requests in 60 seconds.
    pub rpm: Option<u64>,
    /// The most tokens in 60 seconds.
    pub tpm: Option<u64>,
    /// The most money in a period.
    pub budget: Option<Budget>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// The most money in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The money.
    pub limit: Usd,
    /// The period.
    pub period: Period,
}

/// A stretch of the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// From midnight.
    Day,
    /// From Monday.
    Week,
    /// From the first.
    Month,
    /// All of time.
    Total,
}

impl Period {
    /// Every period.
    pub const ALL: [Period; 4] = [Period::Day, Period::Week, Period::Month, Period::Total];

    /// The name in commands and in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Period::Day => "day",
            Period::Week => "week",
            Period::Month => "month",
            Period::Total => "total",
        }
    }

    /// The period of this name.
    pub fn named(name: &str) -> Option<Period> {
        Period::ALL.into_iter().find(|period| period.name() == name)
    }
}
