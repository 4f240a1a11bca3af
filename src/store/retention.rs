//! Records older than the operator wants to keep them are deleted, in steps so small that nobody waits for them.

use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::pool::Pool;
use super::{Options, Store, StoreError, Time, on};
use crate::clock::Clock;
use crate::domain::row::RowId;

/// The most rows deleted at a time: a few milliseconds' work.
const STEP: i64 = 1000;
/// The least pause between two steps. At most a fifth of the time goes into deleting.
const PAUSE: Duration = Duration::from_millis(50);
/// The pause between two runs.
const HOUR: Duration = Duration::from_secs(3600);
/// The pause after a run that failed.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// A table whose rows have their time.
struct Table {
    name: &'static str,
    /// Are its ids in the order of time, and their index the one there is?
    by_id: bool,
    sqlite: &'static str,
    /// Several replicas may delete at once: each takes rows that no other has.
    postgres: &'static str,
}

macro_rules! by_time {
    ($name:literal) => {
        Table {
            name: $name,
            by_id: false,
            sqlite: concat!(
                "DELETE FROM ",
                $name,
                " WHERE id IN (SELECT id FROM ",
                $name,
                " WHERE created_at < $1 ORDER BY created_at LIMIT $2)"
            ),
            postgres: concat!(
                "DELETE FROM ",
                $name,
                " WHERE id = ANY (ARRAY(SELECT id FROM ",
                $name,
                " WHERE created_at < $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED))"
            ),
        }
    };
}

const TABLES: [Table; 4] = [
    Table {
        name: "llm_logs",
        by_id: true,
        sqlite: "DELETE FROM llm_logs WHERE id IN \
            (SELECT id FROM llm_logs WHERE id < $3 AND created_at < $1 ORDER BY id LIMIT $2)",
        postgres: "DELETE FROM llm_logs WHERE id = ANY (ARRAY(SELECT id FROM llm_logs \
            WHERE id < CAST($3 AS uuid) AND created_at < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED))",
    },
    by_time!("analytics_logs"),
    by_time!("generation_logs"),
    by_time!("api_usage_logs"),
];

/// Whether the calendar's time may be believed. A machine whose clock was set a year ahead by mistake would delete every
/// record there is, so two things that do not depend on that clock are held against it.
struct Credence {
    /// When this process began, by its own count and by the calendar.
    began: (Instant, Timestamp),
    /// A time that has surely passed: PostgreSQL's own now, or the last change of SQLite's file before this process.
    witness: Option<Timestamp>,
}

impl Credence {
    /// Why this is not the time, by all appearances; `None` where it may be.
    fn against(&self, now: (Instant, Timestamp), retention: Duration) -> Option<String> {
        let slack = SignedDuration::try_from(retention).unwrap_or(SignedDuration::MAX);
        let beyond = |said: Timestamp, known: Timestamp| said.duration_since(known) > slack;
        let counted = SignedDuration::try_from(now.0.saturating_duration_since(self.began.0)).unwrap_or_default();
        let expected = self.began.1.saturating_add(counted).unwrap_or(Timestamp::MAX);
        if beyond(now.1, expected) {
            return Some(format!("the clock was set forward: by the time that has passed it would be {expected:.0}"));
        }
        let witness = self.witness.filter(|witness| beyond(self.began.1, *witness))?;
        Some(format!("when this process began, the database knew of nothing after {witness:.0}"))
    }
}

impl Store {
    /// Deletes what is older than `retention` for as long as it is polled: soon, and then every hour.
    pub async fn keep_tidy(&self, retention: Duration, clock: &Clock) {
        let began = (clock.now(), clock.wall());
        self.ready().await;
        let mut credence = None;
        let mut told = false;
        loop {
            let pause = match self.tidy(&mut credence, began, retention, clock).await {
                Ok(Ok(())) => {
                    told = false;
                    HOUR
                }
                Ok(Err(against)) => {
                    if !std::mem::replace(&mut told, true) {
                        let now = clock.wall();
                        tracing::error!(
                            "no record is deleted although its time may be over: it is {now:.0} by the clock, but \
                             {against}; if the clock is right, start the gateway anew"
                        );
                    }
                    HOUR
                }
                Err(error) => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(%error, "old records cannot be deleted now");
                    }
                    AGAIN_AFTER
                }
            };
            clock.sleep(pause).await;
        }
    }

    /// One run over all tables; inside, why nothing may be deleted.
    async fn tidy(
        &self,
        credence: &mut Option<Credence>,
        began: (Instant, Timestamp),
        retention: Duration,
        clock: &Clock,
    ) -> Result<Result<(), String>, StoreError> {
        let credence = match credence {
            Some(known) => known,
            None => credence.insert(Credence { began, witness: self.witness().await? }),
        };
        let now = clock.wall();
        if let Some(against) = credence.against((clock.now(), now), retention) {
            return Ok(Err(against));
        }
        let Ok(before) = now.checked_sub(retention) else { return Ok(Ok(())) };
        for table in &TABLES {
            let rows = self.tidy_table(table, before, clock).await?;
            if rows > 0 {
                tracing::info!(table = table.name, rows, "records from before {before:.0} deleted");
            }
        }
        Ok(Ok(()))
    }

    /// Step after step, until one finds fewer rows than it might have taken.
    async fn tidy_table(&self, table: &Table, before: Timestamp, clock: &Clock) -> Result<u64, StoreError> {
        let mut rows = 0;
        loop {
            let began = Instant::now();
            let deleted = self.delete(table, before).await?;
            rows += deleted;
            if deleted < STEP.unsigned_abs() {
                return Ok(rows);
            }
            clock.sleep(PAUSE.max(began.elapsed() * 4)).await;
        }
    }

    /// One step.
    async fn delete(&self, table: &Table, before: Timestamp) -> Result<u64, StoreError> {
        match &self.0.pool {
            Pool::Sqlite(pool) => {
                let step = sqlx::query(table.sqlite).bind(Time(before)).bind(STEP);
                let step = if table.by_id { step.bind(RowId::least_number(before)) } else { step };
                on!(@one pool, connection => step.execute(connection).await).map(|done| done.rows_affected())
            }
            Pool::Postgres(pool) => {
                let step = sqlx::query(table.postgres).bind(Time(before)).bind(STEP);
                let step = if table.by_id { step.bind(RowId::least(before).to_string()) } else { step };
                on!(@one pool, connection => step.execute(connection).await).map(|done| done.rows_affected())
            }
        }
    }

    /// A time that has surely passed, whatever the clock of this machine says now.
    async fn witness(&self) -> Result<Option<Timestamp>, StoreError> {
        match &self.0.pool {
            Pool::Sqlite(_) => Ok(self.0.last_change),
            Pool::Postgres(pool) => {
                let now: Result<Time, StoreError> =
                    on!(@one pool, connection => sqlx::query_scalar("SELECT now()").fetch_one(connection).await);
                now.map(|now| Some(now.0))
            }
        }
    }
}

/// When SQLite's file was last changed, by whomever; `None` where there is none.
pub(super) fn last_change(options: &Options) -> Option<Timestamp> {
    let path = options.path()?;
    let beside = path.with_file_name(format!("{}-wal", path.file_name()?.to_string_lossy()));
    let changed = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
    let latest: SystemTime = [changed(path), changed(&beside)].into_iter().flatten().max()?;
    Timestamp::try_from(latest).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    #[tokio::test]
    async fn a_clock_that_was_set_ahead_is_not_believed() {
        let (clock, stepper) = Clock::stepped();
        let began = (clock.now(), clock.wall());
        let credence = |witness| Credence { began, witness };
        let ago = |days: i64| Some(clock.wall() - SignedDuration::from_hours(days * 24));
        let against = |of: Credence, wall| of.against((clock.now(), wall), 90 * DAY);
        assert_eq!(against(credence(None), clock.wall()), None, "a new database");
        assert_eq!(against(credence(ago(1)), clock.wall()), None);
        assert!(against(credence(ago(91)), clock.wall()).is_some_and(|why| why.contains("knew of nothing after")));
        let ahead = clock.wall() + SignedDuration::from_hours(24 * 365);
        assert!(against(credence(None), ahead).is_some_and(|why| why.contains("set forward")));
        let behind = clock.wall() - SignedDuration::from_hours(24 * 365);
        assert_eq!(against(credence(ago(1)), behind), None, "which deletes less, not more");
        // Time that has really passed, as far as this process can tell.
        stepper.advance(60 * DAY);
        assert_eq!(against(credence(None), clock.wall()), None);
        stepper.advance(365 * DAY);
        assert_eq!(against(credence(Some(began.1)), clock.wall()), None);
    }
}
