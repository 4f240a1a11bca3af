//! `usage`: what was asked in the last hours, by provider, model and client key.

use std::process::ExitCode;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::table::Table;
use super::{options, with_store};
use crate::config::Config;
use crate::domain::money::Usd;
use crate::provider::mock;
use crate::store::{Store, UsageRow};

#[derive(Args)]
pub(super) struct UsageArgs {
    /// How many hours to look back on.
    #[arg(long, default_value = "24", value_parser = options::hours)]
    hours: u32,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(config: Config, args: UsageArgs) -> anyhow::Result<ExitCode> {
    with_store(config, async |store| tell(store, args).await)
}

async fn tell(store: &Store, args: UsageArgs) -> anyhow::Result<()> {
    let until = Timestamp::now();
    let since = until.saturating_add(SignedDuration::from_hours(-i64::from(args.hours)))?;
    let mut rows = store.usage(since).await?;
    // The mock is free, whatever its rows may say.
    rows.iter_mut().filter(|row| row.provider.as_deref() == Some(mock::SPEC.name)).for_each(|row| row.units = 0);
    let total = total(&rows);
    if args.json {
        let out = json!({
            "hours": args.hours,
            "since": format!("{since:.3}"),
            "until": format!("{until:.3}"),
            "total": figures(&total),
            "rows": rows.iter().map(row).collect::<Vec<_>>(),
        });
        println!("{out}");
        return Ok(());
    }
    let head = ["PROVIDER", "MODEL", "KEY", "CALLS", "SUCCESS", "INPUT", "OUTPUT", "COST (USD)", "LATENCY (MS)"];
    let mut table = Table::new(head);
    for (of, names) in rows.iter().map(|row| (row, names(row))).chain([(&total, ["TOTAL", "", ""].map(str::to_owned))])
    {
        let [provider, model, key] = names;
        let success = rate(of).map_or_else(|| "-".to_owned(), |rate| format!("{:.1} %", rate * 100.0));
        let latency = mean(of).map_or_else(|| "-".to_owned(), |mean| format!("{mean:.0}"));
        let [calls, input, output] = [of.calls, of.input_tokens, of.output_tokens].map(|count| count.to_string());
        table.row([provider, model, key, calls, success, input, output, Usd(of.units).to_string(), latency]);
    }
    println!("{table}");
    Ok(())
}

/// Provider, model and key, for people.
fn names(row: &UsageRow) -> [String; 3] {
    let said = |name: &Option<String>| name.clone().unwrap_or_else(|| "-".to_owned());
    [said(&row.provider), said(&row.model), said(if row.key_name.is_some() { &row.key_name } else { &row.key_id })]
}

fn row(row: &UsageRow) -> Value {
    let mut out = figures(row);
    out["provider"] = row.provider.clone().into();
    out["model"] = row.model.clone().into();
    out["key_id"] = row.key_id.clone().into();
    out["key"] = row.key_name.clone().or_else(|| row.key_id.clone()).into();
    out
}

fn figures(row: &UsageRow) -> Value {
    json!({
        "calls": row.calls,
        "ok": row.ok,
        "success_rate": rate(row),
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "cost_usd": Usd(row.units).dollars(),
        "mean_latency_ms": mean(row),
    })
}

fn rate(row: &UsageRow) -> Option<f64> {
    (row.calls > 0).then(|| row.ok as f64 / row.calls as f64)
}

fn mean(row: &UsageRow) -> Option<f64> {
    (row.calls > 0).then(|| row.latency_ms as f64 / row.calls as f64)
}

fn total(rows: &[UsageRow]) -> UsageRow {
    let sum = |of: fn(&UsageRow) -> i64| rows.iter().map(of).fold(0, i64::saturating_add);
    UsageRow {
        provider: None,
        model: None,
        key_id: None,
        key_name: None,
        calls: sum(|row| row.calls),
        ok: sum(|row| row.ok),
        input_tokens: sum(|row| row.input_tokens),
        output_tokens: sum(|row| row.output_tokens),
        units: sum(|row| row.units),
        latency_ms: sum(|row| row.latency_ms),
    }
}
