//! What was spent: by each key in a period, and by everybody in the last hours.

use jiff::Timestamp;

use super::pool::Pool;
use super::{Store, StoreError, Time};
use crate::domain::grant::Period;
use crate::domain::money::Usd;
use crate::domain::row::RowId;

/// What was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Money.
    pub spent: Usd,
    /// Requests, refused ones included.
    pub requests: u64,
    /// Tokens of prompts.
    pub input_tokens: u64,
    /// Tokens of answers.
    pub output_tokens: u64,
}

/// What a provider's model did for a key.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct UsageRow {
    /// Who served; `None` where nobody did.
    pub provider: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The key's id; `None` where none was needed.
    pub key_id: Option<String>,
    /// The key's name, where its table knows it.
    pub key_name: Option<String>,
    /// Requests.
    pub calls: i64,
    /// Of those, answered.
    pub ok: i64,
    /// Tokens of prompts.
    pub input_tokens: i64,
    /// Tokens of answers.
    pub output_tokens: i64,
    /// Money, in units of [`Usd`].
    pub units: i64,
    /// All latencies added up, in milliseconds.
    pub latency_ms: i64,
}

/// A key with its sums.
type Sums = (String, i64, i64, i64, i64);

impl Store {
    /// What each key has spent in the stretch of `period` that `at` lies in, by its id. All of time is added up for those
    /// keys alone whose budgets are for that.
    ///
    /// # Errors
    /// Why that is not known.
    pub async fn spent(&self, period: Period, at: Timestamp) -> Result<Vec<(String, Figures)>, StoreError> {
        /// The same sums of days that each database compares in its own way.
        macro_rules! spent {
            ($from:literal, $until:literal, $which:literal) => {
                concat!(
                    "SELECT key_id, CAST(sum(units) AS bigint), CAST(sum(requests) AS bigint), \
                     CAST(sum(input_tokens) AS bigint), CAST(sum(output_tokens) AS bigint) FROM key_spend \
                     WHERE day >= ",
                    $from,
                    " AND day < ",
                    $until,
                    $which,
                    " GROUP BY key_id"
                )
            };
        }
        macro_rules! of_total {
            ($from:literal, $until:literal) => {
                spent!(
                    $from,
                    $until,
                    " AND key_id IN (SELECT id FROM gateway_keys WHERE budget_usd IS NOT NULL \
                     AND budget_period NOT IN ('day', 'week', 'month'))"
                )
            };
        }
        let (stretch, total) = (period.stretch(at), period == Period::Total);
        let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
        let (from, until) = (day(stretch.from), stretch.until.map_or_else(|| "9999-12-31".to_owned(), day));
        let rows: Result<Vec<Sums>, sqlx::Error> = match &self.0.pool {
            Pool::Sqlite(db) => {
                let sql = if total { of_total!("$1", "$2") } else { spent!("$1", "$2", "") };
                sqlx::query_as(sql).bind(from).bind(until).fetch_all(db).await
            }
            Pool::Postgres(db) => {
                let sql = match total {
                    true => of_total!("CAST($1 AS date)", "CAST($2 AS date)"),
                    false => spent!("CAST($1 AS date)", "CAST($2 AS date)", ""),
                };
                sqlx::query_as(sql).bind(from).bind(until).fetch_all(db).await
            }
        };
        let rows = rows.map_err(StoreError::from);
        self.note(&rows);
        let count = |number: i64| u64::try_from(number).unwrap_or_default();
        let figures = |(key, units, requests, input, output): Sums| {
            let (requests, input_tokens, output_tokens) = (count(requests), count(input), count(output));
            (key, Figures { spent: Usd(units), requests, input_tokens, output_tokens })
        };
        Ok(rows?.into_iter().map(figures).collect())
    }

    /// What was recorded since `since`, by provider, model and key.
    ///
    /// # Errors
    /// Why that is not known.
    pub async fn usage(&self, since: Timestamp) -> Result<Vec<UsageRow>, StoreError> {
        /// The same figures from a range that each database finds by an index of its own.
        macro_rules! usage {
            ($range:literal) => {
                concat!(
                    "SELECT logs.provider, logs.model, logs.key_id, keys.name AS key_name, \
                     CAST(count(*) AS bigint) AS calls, \
                     CAST(sum(CASE WHEN logs.outcome = 'ok' THEN 1 ELSE 0 END) AS bigint) AS ok, \
                     CAST(coalesce(sum(CASE WHEN logs.cached THEN 0 ELSE logs.input_tokens END), 0) AS bigint) \
                     AS input_tokens, \
                     CAST(coalesce(sum(CASE WHEN logs.cached THEN 0 ELSE logs.output_tokens END), 0) AS bigint) \
                     AS output_tokens, \
                     CAST(coalesce(sum(CAST(round(logs.cost * 1000000000000) AS bigint)), 0) AS bigint) AS units, \
                     CAST(sum(logs.latency_ms) AS bigint) AS latency_ms \
                     FROM llm_logs AS logs LEFT JOIN gateway_keys AS keys ON keys.id = logs.key_id WHERE ",
                    $range,
                    " GROUP BY logs.provider, logs.model, logs.key_id, keys.name ORDER BY units DESC, calls DESC, \
                     logs.provider, logs.model, keys.name"
                )
            };
        }
        let rows: Result<Vec<UsageRow>, sqlx::Error> = match &self.0.pool {
            Pool::Sqlite(db) => {
                let least = RowId::least_number(since);
                sqlx::query_as(usage!("logs.id >= $1")).bind(least).fetch_all(db).await
            }
            Pool::Postgres(db) => sqlx::query_as(usage!("logs.created_at >= $1")).bind(Time(since)).fetch_all(db).await,
        };
        let rows = rows.map_err(StoreError::from);
        self.note(&rows);
        rows
    }
}
