//! Which limit of its key stands against a request.

use std::time::Duration;

use jiff::Timestamp;

use super::allowance::Allowance;
use crate::domain::grant::{Budget, Period};
use crate::domain::money::Usd;

/// Which limit of its key stands against a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The key does not allow this model.
    #[error("This client key does not allow the model `{0}`; `GET /v1/models` lists those that it allows.")]
    Model(String),
    /// Too many requests in the last 60 seconds.
    #[error("This client key allows {limit} requests in 60 seconds; the next one can be made in {} s.", seconds(*.wait))]
    Requests {
        /// The most.
        limit: u64,
        /// How long until there is room for one.
        wait: Duration,
    },
    /// Too many tokens in the last 60 seconds.
    #[error("This client key allows {limit} tokens in 60 seconds; the next request can be made in {} s.", seconds(*.wait))]
    Tokens {
        /// The most.
        limit: u64,
        /// How long until there is room.
        wait: Duration,
    },
    /// All of the budget is spent, or reserved for what is under way.
    #[error("This client key's budget of {} USD {} is used up{}.", .limit, of(*.period), ends(*.until, *.under_way))]
    Budget {
        /// The most.
        limit: Usd,
        /// In which period.
        period: Period,
        /// When the next period begins.
        until: Option<Timestamp>,
        /// Is some of it only reserved, for requests under way?
        under_way: bool,
    },
}

impl Refused {
    /// What is left of the limit that stands against it.
    pub fn allowance(&self) -> Allowance {
        match self {
            Refused::Requests { limit, .. } => Allowance { requests: Some((*limit, 0)), tokens: None },
            Refused::Tokens { limit, .. } => Allowance { requests: None, tokens: Some((*limit, 0)) },
            Refused::Model(_) | Refused::Budget { .. } => Allowance::default(),
        }
    }

    pub(super) fn budget(budget: Budget, now: Timestamp, spent: Usd) -> Refused {
        let Budget { limit, period } = budget;
        Refused::Budget { limit, period, until: period.stretch(now).until, under_way: spent < limit }
    }
}

fn of(period: Period) -> &'static str {
    match period {
        Period::Day => "for this day",
        Period::Week => "for this week",
        Period::Month => "for this month",
        Period::Total => "in total",
    }
}

fn ends(until: Option<Timestamp>, under_way: bool) -> String {
    let reserved = if under_way { ", in part by requests under way" } else { "" };
    match until {
        Some(until) => format!("{reserved}; the next period begins at {until:.0}"),
        None => reserved.to_owned(),
    }
}

/// Whole seconds, at least one.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs_f64().ceil().max(1.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_name_the_period_and_its_end() {
        let budget = Budget { limit: Usd(25_000_000_000_000), period: Period::Month };
        let now = "2026-11-20T15:28:15Z".parse().unwrap();
        let said = Refused::budget(budget, now, Usd(25_000_000_000_000)).to_string();
        let expected = "This client key's budget of 25 USD for this month is used up; the next period begins at \
                        2026-12-01T00:00:00Z.";
        assert_eq!(said, expected);
        let said = Refused::budget(Budget { period: Period::Total, ..budget }, now, Usd(0)).to_string();
        assert_eq!(said, "This client key's budget of 25 USD in total is used up, in part by requests under way.");
    }
}
