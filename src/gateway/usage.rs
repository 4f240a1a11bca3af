//! What was used: by a client key as its limits have it, and by everybody as the records have it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Gateway;
use crate::admit::KeyUsage;
use crate::domain::grant::Grant;
use crate::domain::money::Usd;
use crate::provider::mock;
use crate::store::{StoreError, UsageRow};

impl Gateway {
    /// What a client key has used, and what is left, as `GET /v1/usage` tells it.
    pub fn key_usage(&self, grant: &Arc<Grant>) -> Value {
        told(grant, &self.usage_of(grant))
    }

    /// What was recorded in the last `hours`, by provider and model: of `grant`'s key alone, or of everybody where there
    /// is none. `None` where there is no database.
    ///
    /// # Errors
    /// Why that is not known.
    pub async fn recorded(&self, hours: u32, grant: Option<&Grant>) -> Result<Option<Value>, StoreError> {
        let Some(store) = &self.shared.store else { return Ok(None) };
        let until = self.clock().wall();
        let since = until.saturating_add(SignedDuration::from_hours(-i64::from(hours)));
        let since = since.unwrap_or(Timestamp::UNIX_EPOCH);
        let mut rows = store.usage(since).await?;
        if let Some(grant) = grant {
            rows.retain(|row| row.key_id.as_deref() == Some(&*grant.id));
        }
        let rows = by_model(rows);
        let total = rows.iter().fold(Sum::default(), |sum, row| sum.with(row));
        Ok(Some(json!({
            "hours": hours,
            "since": format!("{since:.3}"),
            "until": format!("{until:.3}"),
            "total": total.told(),
            "rows": rows.iter().map(row).collect::<Vec<_>>(),
        })))
    }
}

/// The same rows without their keys, those of one model added up, in the order in which each came first.
fn by_model(rows: Vec<UsageRow>) -> Vec<UsageRow> {
    let mut sums: Vec<UsageRow> = Vec::new();
    for row in rows {
        match sums.iter_mut().find(|sum| sum.provider == row.provider && sum.model == row.model) {
            Some(sum) => add(sum, &row),
            None => sums.push(UsageRow { key_id: None, key_name: None, ..row }),
        }
    }
    // The mock is free, whatever its rows may say.
    sums.iter_mut().filter(|row| row.provider.as_deref() == Some(mock::SPEC.name)).for_each(|row| row.units = 0);
    sums
}

fn add(sum: &mut UsageRow, row: &UsageRow) {
    sum.calls = sum.calls.saturating_add(row.calls);
    sum.ok = sum.ok.saturating_add(row.ok);
    sum.input_tokens = sum.input_tokens.saturating_add(row.input_tokens);
    sum.output_tokens = sum.output_tokens.saturating_add(row.output_tokens);
    sum.units = sum.units.saturating_add(row.units);
    sum.latency_ms = sum.latency_ms.saturating_add(row.latency_ms);
}

/// Figures of several rows.
#[derive(Default)]
struct Sum {
    calls: i64,
    ok: i64,
    input: i64,
    output: i64,
    units: i64,
}

impl Sum {
    fn with(self, row: &UsageRow) -> Sum {
        Sum {
            calls: self.calls.saturating_add(row.calls),
            ok: self.ok.saturating_add(row.ok),
            input: self.input.saturating_add(row.input_tokens),
            output: self.output.saturating_add(row.output_tokens),
            units: self.units.saturating_add(row.units),
        }
    }

    fn told(&self) -> Value {
        json!({
            "requests": self.calls,
            "answered": self.ok,
            "input_tokens": self.input,
            "output_tokens": self.output,
            "cost_usd": Usd(self.units).dollars(),
        })
    }
}

fn row(row: &UsageRow) -> Value {
    let mut out = Sum::default().with(row).told();
    out["provider"] = row.provider.clone().into();
    out["model"] = row.model.clone().into();
    out["mean_latency_ms"] = (row.calls > 0).then(|| row.latency_ms as f64 / row.calls as f64).into();
    out
}

fn told(grant: &Grant, usage: &KeyUsage) -> Value {
    let time = |at: Timestamp| format!("{at:.0}");
    let budget = grant.budget;
    let starts = usage.stretch.until.map(|_| time(usage.stretch.from));
    json!({
        "object": "usage",
        "key": {"id": &*grant.id, "name": &*grant.name, "expires_at": grant.expires_at.map(time)},
        "period": {"name": usage.period.name(), "starts_at": starts, "ends_at": usage.stretch.until.map(time)},
        "used": {
            "cost_usd": usage.used.spent.dollars(),
            "under_way_usd": usage.held.dollars(),
            "requests": usage.used.requests,
            "input_tokens": usage.used.input_tokens,
            "output_tokens": usage.used.output_tokens,
        },
        "limits": {
            "rpm": grant.rpm,
            "tpm": grant.tpm,
            "budget_usd": budget.map(|budget| budget.limit.dollars()),
            "budget_period": budget.map(|budget| budget.period.name()),
            "models": (!grant.models.is_empty()).then_some(&grant.models),
        },
        "remaining": {
            "requests": usage.allowance.requests.map(|(_, left)| left),
            "tokens": usage.allowance.tokens.map(|(_, left)| left),
            "budget_usd": usage.left.map(Usd::dollars),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(provider: &str, model: &str, key: &str, calls: i64) -> UsageRow {
        let text = |text: &str| Some(text.to_owned());
        UsageRow {
            provider: text(provider),
            model: text(model),
            key_id: text(key),
            key_name: None,
            calls,
            ok: calls - 1,
            input_tokens: 10 * calls,
            output_tokens: calls,
            units: 1_000 * calls,
            latency_ms: 50 * calls,
        }
    }

    #[test]
    fn keys_are_added_up_and_the_mock_is_free() {
        let rows = by_model(vec![used("openai", "m", "a", 3), used("mock", "m", "a", 2), used("openai", "m", "b", 4)]);
        let figures: Vec<_> = rows.iter().map(|row| (row.calls, row.ok, row.units, row.key_id.clone())).collect();
        assert_eq!(figures, [(7, 5, 7_000, None), (2, 1, 0, None)]);
        assert_eq!(row(&rows[0])["mean_latency_ms"], json!(50.0));
    }
}
