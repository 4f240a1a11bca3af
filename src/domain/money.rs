//! Money in whole numbers: prices and costs that add up without drift.

use std::fmt;

use super::chat::Usage;

/// United States dollars in units of 10⁻¹² (a price of 1 USD per million tokens is 1,000,000 units a token).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Usd(pub i64);

/// Units of [`Usd`] in one dollar.
const UNITS: f64 = 1e12;

impl Usd {
    /// From dollars, rounded to the nearest unit; not finite or too large is `None`.
    pub fn from_dollars(dollars: f64) -> Option<Usd> {
        let units = (dollars * UNITS).round();
        (units.is_finite() && units.abs() < i64::MAX as f64).then_some(Usd(units as i64))
    }

    /// In dollars, for people and JSON.
    pub fn dollars(self) -> f64 {
        self.0 as f64 / UNITS
    }
}

/// Dollars as a plain decimal number, never in the form of 1e-7, which not every client reads.
impl fmt::Display for Usd {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: u64 = 1_000_000_000_000;
        let (sign, units) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let (whole, mut part, mut digits) = (units / UNITS, units % UNITS, 12);
        if part == 0 {
            return write!(out, "{sign}{whole}");
        }
        while part.is_multiple_of(10) {
            (part, digits) = (part / 10, digits - 1);
        }
        write!(out, "{sign}{whole}.{part:0digits$}")
    }
}

/// What a model costs, each in [`Usd`] a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Price {
    /// Prompt tokens that were not cached.
    pub input: Usd,
    /// Answer tokens, reasoning included.
    pub output: Usd,
    /// Prompt tokens read from the provider's cache.
    pub cache_read: Usd,
    /// Prompt tokens written to the provider's cache (five minutes).
    pub cache_write: Usd,
    /// Prompt tokens written to the provider's cache for an hour.
    pub cache_write_1h: Usd,
}

impl Price {
    /// What `usage` costs. Reasoning tokens are inside the output already.
    pub fn cost(&self, usage: &Usage) -> Usd {
        let of = |tokens: u64, price: Usd| i64::try_from(tokens).unwrap_or(i64::MAX).saturating_mul(price.0);
        let hour = usage.cache_write_1h.min(usage.cache_write);
        let parts = [
            of(usage.uncached(), self.input),
            of(usage.cache_read, self.cache_read),
            of(usage.cache_write - hour, self.cache_write),
            of(hour, self.cache_write_1h),
            of(usage.output, self.output),
        ];
        Usd(parts.into_iter().fold(0, i64::saturating_add))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_as_people_write_it() {
        let text = |units| Usd(units).to_string();
        assert_eq!(text(0), "0");
        assert_eq!(text(1), "0.000000000001");
        assert_eq!(text(2_500_000_000_000), "2.5");
        assert_eq!(text(-30_000_000), "-0.00003");
        assert_eq!(text(7_000_000_000_000), "7");
    }

    #[test]
    fn a_cached_prompt_is_not_billed_twice() {
        let price = Price {
            input: Usd(1_000_000),
            output: Usd(5_000_000),
            cache_read: Usd(100_000),
            cache_write: Usd(1_250_000),
            cache_write_1h: Usd(2_000_000),
        };
        let usage = Usage { input: 150, cache_read: 100, cache_write: 30, output: 12, ..Usage::default() };
        let cost = price.cost(&usage);
        assert_eq!(cost, Usd(20 * 1_000_000 + 100 * 100_000 + 30 * 1_250_000 + 12 * 5_000_000));
        assert_eq!(cost.dollars(), 0.000_127_5);
        assert_eq!(cost.to_string(), "0.0001275");
    }
}
