//! What a key has used in each period.

use jiff::Timestamp;

use crate::domain::grant::{Period, Stretch};
use crate::domain::money::Usd;
use crate::store::Figures;

/// A page for each period of late. A clock that goes back finds the page of that time again, so that nothing is to be
/// had twice, and nobody is held to what a wrong clock has written elsewhere.
#[derive(Default)]
pub(super) struct Ledger(Vec<Page>);

struct Page {
    period: Period,
    stretch: Stretch,
    figures: Figures,
    /// What the database has of it.
    recorded: Usd,
}

/// So many pages are kept.
const MOST_PAGES: usize = 4;

impl Ledger {
    /// What was used in the period of this kind that `at` lies in.
    pub(super) fn at(&mut self, period: Period, at: Timestamp) -> Figures {
        self.page(period, at).figures
    }

    /// Of that, what the database has.
    pub(super) fn recorded(&mut self, period: Period, at: Timestamp) -> Usd {
        self.page(period, at).recorded
    }

    fn page(&mut self, period: Period, at: Timestamp) -> &mut Page {
        let found = self.0.iter().position(|page| page.period == period && page.stretch.holds(at));
        let place = found.unwrap_or_else(|| {
            if self.0.len() >= MOST_PAGES {
                let oldest = (0..self.0.len()).min_by_key(|place| self.0[*place].stretch.from);
                self.0.remove(oldest.unwrap_or_default());
            }
            let (figures, recorded) = Default::default();
            self.0.push(Page { period, stretch: period.stretch(at), figures, recorded });
            self.0.len() - 1
        });
        &mut self.0[place]
    }

    /// It is at least as much as the database has. What is known here and there overlaps, so that neither is added.
    pub(super) fn floor(&mut self, period: Period, at: Timestamp, recorded: Figures) {
        let page = self.page(period, at);
        let known = page.figures;
        page.recorded = page.recorded.max(recorded.spent);
        page.figures = Figures {
            spent: known.spent.max(recorded.spent),
            requests: known.requests.max(recorded.requests),
            input_tokens: known.input_tokens.max(recorded.input_tokens),
            output_tokens: known.output_tokens.max(recorded.output_tokens),
        };
    }

    /// Other replicas know that so much is spent.
    pub(super) fn learn(&mut self, period: Period, at: Timestamp, spent: Usd) {
        let page = self.page(period, at);
        page.figures.spent = page.figures.spent.max(spent);
    }

    /// So much more was used.
    pub(super) fn add(&mut self, period: Period, at: Timestamp, used: Figures) {
        let figures = &mut self.page(period, at).figures;
        figures.spent.0 = figures.spent.0.saturating_add(used.spent.0);
        figures.requests = figures.requests.saturating_add(used.requests);
        figures.input_tokens = figures.input_tokens.saturating_add(used.input_tokens);
        figures.output_tokens = figures.output_tokens.saturating_add(used.output_tokens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn spent(units: i64) -> Figures {
        Figures { spent: Usd(units), ..Figures::default() }
    }

    #[test]
    fn a_new_period_starts_at_nothing_and_a_clock_that_goes_back_finds_the_old_one() {
        let mut ledger = Ledger::default();
        let (today, tomorrow) = (at("2026-11-30T23:59:59Z"), at("2026-12-01T00:00:00Z"));
        ledger.add(Period::Month, today, spent(24));
        assert_eq!(ledger.at(Period::Month, tomorrow).spent, Usd(0));
        ledger.add(Period::Month, tomorrow, spent(3));
        assert_eq!(ledger.at(Period::Month, today).spent, Usd(24), "nothing is to be had twice");
        assert_eq!(ledger.at(Period::Month, tomorrow).spent, Usd(3), "nor is anybody locked out");
        assert_eq!(ledger.at(Period::Week, today).spent, Usd(0));
        for day in 1..28 {
            ledger.add(Period::Day, at(&format!("2026-11-{day:02}T00:00:00Z")), spent(1));
        }
        assert!(ledger.0.len() <= MOST_PAGES);
    }

    #[test]
    fn what_others_know_is_a_floor_and_never_counted_twice() {
        let mut ledger = Ledger::default();
        let now = at("2026-11-20T12:00:00Z");
        ledger.add(Period::Day, now, spent(10));
        ledger.floor(Period::Day, now, spent(8));
        assert_eq!(ledger.at(Period::Day, now).spent, Usd(10));
        ledger.floor(Period::Day, now, spent(15));
        ledger.add(Period::Day, now, spent(1));
        assert_eq!(ledger.at(Period::Day, now).spent, Usd(16));
    }
}
