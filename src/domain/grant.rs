//! What a client key allows.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

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

impl Grant {
    /// May its caller ask for `name`, which is a model's name as it is written, or a route's?
    pub fn allows(&self, name: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|pattern| matches(pattern, name))
    }

    /// Is there any limit that a request could be refused by?
    pub fn is_limited(&self) -> bool {
        self.rpm.is_some() || self.tpm.is_some() || self.budget.is_some()
    }

    /// The period that its spending is told for.
    pub fn period(&self) -> Period {
        self.budget.map_or(Period::Month, |budget| budget.period)
    }
}

/// Does `name` look like `pattern`, in which `*` stands for any letters?
fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, mut rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(head) else { return false };
    // Each piece between stars is looked for from the left; what is behind the last star must end the name.
    while let Some((piece, behind)) = rest.split_once('*') {
        let Some(at) = name.find(piece) else { return false };
        (name, rest) = (&name[at + piece.len()..], behind);
    }
    name.ends_with(rest)
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

    /// The stretch of this kind that `at` lies in.
    pub fn stretch(self, at: Timestamp) -> Stretch {
        let today = at.to_zoned(TimeZone::UTC).date();
        let (from, until) = match self {
            Period::Day => (today, today.checked_add(1.day())),
            Period::Week => {
                let monday = today.saturating_sub(i64::from(today.weekday().to_monday_zero_offset()).days());
                (monday, monday.checked_add(7.days()))
            }
            Period::Month => (today.first_of_month(), today.first_of_month().checked_add(1.month())),
            Period::Total => return Stretch { from: Timestamp::UNIX_EPOCH, until: None },
        };
        let midnight = |date: Date| date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).ok();
        Stretch { from: midnight(from).unwrap_or(Timestamp::UNIX_EPOCH), until: until.ok().and_then(midnight) }
    }
}

/// From one midnight to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The first moment.
    pub from: Timestamp,
    /// The first moment behind it; `None` where it never ends.
    pub until: Option<Timestamp>,
}

impl Stretch {
    /// Does it hold `at`? What was before the first of all days belongs to all of time.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.until.is_none_or(|until| self.from <= at && at < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_letters() {
        let check = |pattern: &str, name: &str, expected: bool| {
            assert_eq!(matches(pattern, name), expected, "{pattern} over {name}");
        };
        for (pattern, name) in [
            ("code", "code"),
            ("gpt-4o*", "gpt-4o"),
            ("gpt-4o*", "gpt-4o-mini"),
            ("*", ""),
            ("*", "anything"),
            ("*-mini", "gpt-4o-mini"),
            ("openrouter/*/gpt*mini", "openrouter/openai/gpt-4o-mini"),
            ("a*b*b", "abb"),
            ("**", "x"),
        ] {
            check(pattern, name, true);
        }
        for (pattern, name) in [
            ("code", "coder"),
            ("gpt-4o*", "openai/gpt-4o"),
            ("gpt-4o*", "GPT-4o"),
            ("*-mini", "gpt-4o-mini-high"),
            ("a*b*b", "ab"),
            ("ab*ba", "aba"),
            ("", "x"),
        ] {
            check(pattern, name, false);
        }
    }

    #[test]
    fn periods_begin_at_midnight_in_utc() {
        let check = |period: Period, at: &str, from: &str, until: Option<&str>| {
            let stretch = period.stretch(at.parse().unwrap());
            let until = until.map(|until| until.parse().unwrap());
            assert_eq!(stretch, Stretch { from: from.parse().unwrap(), until }, "{period:?} of {at}");
            assert!(stretch.holds(at.parse().unwrap()));
        };
        let friday = "2026-11-20T23:59:59.999Z";
        check(Period::Day, friday, "2026-11-20T00:00:00Z", Some("2026-11-21T00:00:00Z"));
        check(Period::Week, friday, "2026-11-16T00:00:00Z", Some("2026-11-23T00:00:00Z"));
        check(Period::Week, "2026-11-16T00:00:00Z", "2026-11-16T00:00:00Z", Some("2026-11-23T00:00:00Z"));
        check(Period::Month, friday, "2026-11-01T00:00:00Z", Some("2026-12-01T00:00:00Z"));
        check(Period::Month, "2026-12-31T12:00:00Z", "2026-12-01T00:00:00Z", Some("2027-01-01T00:00:00Z"));
        check(Period::Total, friday, "1970-01-01T00:00:00Z", None);
    }
}
