//! Values of options, and what to write where one is wrong.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::grant::Period;
use crate::domain::money::Usd;

/// Patterns of models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Models(pub(super) Vec<Box<str>>);

/// When a key ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiry {
    /// So many seconds from now.
    After(i64),
    /// Then.
    At(Timestamp),
}

/// The longest name, in characters.
const LONGEST_NAME: usize = 100;
/// The most that a limit may be.
const MOST: u64 = 1_000_000_000_000;
/// The largest budget, in USD.
const MOST_DOLLARS: f64 = 1_000_000.0;
/// The longest life of a key, in seconds: a hundred years.
const LONGEST_LIFE: i64 = 3_155_760_000;

/// The name of a key. One that looks like an id would be taken for another key's.
pub(super) fn name(text: &str) -> Result<String, String> {
    let name = text.trim();
    let length = name.chars().count();
    if length == 0 || length > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(format!("write a name of 1 to {LONGEST_NAME} printable characters, for example --name ci"));
    }
    let numbered = name.strip_prefix("key-").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    if numbered || name.starts_with("key_") || name == "anonymous" {
        return Err(format!(
            "`{name}` is how the gateway itself names keys; write another name, for example --name ci"
        ));
    }
    Ok(name.to_owned())
}

/// A limit by the minute.
pub(super) fn count(text: &str) -> Result<u64, String> {
    let count = text.parse().ok().filter(|count| (1..=MOST).contains(count));
    count.ok_or_else(|| format!("write a whole number from 1 to {MOST}, or leave the option out for no limit"))
}

/// Money.
pub(super) fn money(text: &str) -> Result<Usd, String> {
    let dollars = text.parse::<f64>().ok().filter(|dollars| *dollars > 0.0 && *dollars <= MOST_DOLLARS);
    let money = dollars.and_then(Usd::from_dollars).filter(|money| money.0 > 0);
    money.ok_or_else(|| "write an amount in USD above 0, for example --budget 25 or --budget 0.5".to_owned())
}

/// A period.
pub(super) fn period(text: &str) -> Result<Period, String> {
    Period::named(text).ok_or_else(|| "write --period day, week, month or total".to_owned())
}

/// Patterns between commas.
pub(super) fn models(text: &str) -> Result<Models, String> {
    let patterns: Vec<Box<str>> = text.split(',').map(|pattern| pattern.trim().into()).collect();
    let good = |pattern: &str| !pattern.is_empty() && pattern.len() <= 256 && !pattern.chars().any(char::is_control);
    match patterns.iter().all(|pattern| good(pattern)) {
        true => Ok(Models(patterns)),
        false => Err("write names between commas, for example --models 'gpt-4o*,code'".to_owned()),
    }
}

/// When a key ends.
pub(super) fn expiry(text: &str) -> Result<Expiry, String> {
    let wrong = || "write --expires 90d, 12h or 30m, or a day or time to come, such as 2099-01-31".to_owned();
    let at = text.parse::<Timestamp>().ok();
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    if let Some(at) = at.or_else(day) {
        return if at > Timestamp::now() { Ok(Expiry::At(at)) } else { Err(wrong()) };
    }
    let unit = match text.chars().last() {
        Some('d') => 86_400,
        Some('h') => 3600,
        Some('m') => 60,
        _ => return Err(wrong()),
    };
    let count = text[..text.len() - 1].parse::<u32>().ok().filter(|count| *count > 0);
    let seconds = count.and_then(|count| i64::from(count).checked_mul(unit)).filter(|life| *life <= LONGEST_LIFE);
    seconds.map(Expiry::After).ok_or_else(wrong)
}

/// Hours to look back on.
pub(super) fn hours(text: &str) -> Result<u32, String> {
    let hours = text.parse().ok().filter(|hours| (1..=876_000).contains(hours));
    hours.ok_or_else(|| "write a whole number of hours from 1, for example --hours 24".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_be_taken_for_something_else_are_refused() {
        for good in ["ci", " ci ", "Дмитрий's laptop", "'; DROP TABLE gateway_keys; --", "key-ring", "a\u{202e}b"]
        {
            assert_eq!(name(good).as_deref(), Ok(good.trim()), "{good}");
        }
        for bad in ["", "  ", "a\nb", "\u{1b}[31m", "a\0b", "key-1", "key_00", "anonymous", &"x".repeat(101)] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn lives_of_keys() {
        assert_eq!(expiry("90d"), Ok(Expiry::After(7_776_000)));
        assert_eq!(expiry("12h"), Ok(Expiry::After(43_200)));
        assert_eq!(expiry("30m"), Ok(Expiry::After(1800)));
        assert_eq!(expiry("2099-01-31"), Ok(Expiry::At("2099-01-31T00:00:00Z".parse().unwrap())));
        for bad in ["", "d", "0d", "-1d", "90", "90 days", "1.5d", "2020-01-01", "99999999d", "ü"] {
            assert!(expiry(bad).unwrap_err().contains("--expires"), "{bad}");
        }
    }

    #[test]
    fn amounts_and_patterns() {
        assert_eq!(money("0.5"), Ok(Usd(500_000_000_000)));
        for bad in ["0", "-1", "1e99", "NaN", "inf", "25 USD", "0.0000000000001"] {
            assert!(money(bad).unwrap_err().contains("--budget"), "{bad}");
        }
        assert_eq!(models("gpt-4o*, code"), Ok(Models(vec!["gpt-4o*".into(), "code".into()])));
        for bad in ["", "a,,b", ","] {
            assert!(models(bad).unwrap_err().contains("--models"), "{bad}");
        }
        assert!(count("0").is_err() && count("60").is_ok() && hours("0").is_err());
    }
}
