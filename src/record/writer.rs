//! The recorder's thread: takes what waits, hands it to the database, and puts on disk what that does not take in time.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::outbox::Outbox;
use super::{LAST_PATIENCE, MOST_WAITING, Queue};
use crate::domain::row::Row;
use crate::store::{Appender, StoreError};
use crate::telemetry::metrics::METRICS;

/// How long rows are gathered before they are handed over.
const GATHER: Duration = Duration::from_millis(75);
/// How long the database may take before its rows are put on disk as well.
const SOON: Duration = Duration::from_millis(75);
/// How long it may take before its connection is given up.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause after it has refused or not answered.
const AGAIN_AFTER: Duration = Duration::from_millis(250);
/// The most rows handed over at a time.
const MOST_ROWS: usize = 5000;

/// Rows on their way to the database.
type Append = Pin<Box<dyn Future<Output = (Appender, Result<(), StoreError>)> + Send>>;

struct Underway {
    append: Append,
    rows: Arc<Vec<Row>>,
    since: Instant,
    /// Are they on disk as well, whatever comes?
    safe: bool,
    /// Do they come from disk?
    replayed: bool,
}

struct Writer<'a> {
    queue: &'a Queue,
    outbox: Outbox,
    /// Taken from the queue, and nowhere else yet.
    held: Vec<Row>,
    /// Since when.
    held_since: Instant,
    appender: Option<Appender>,
    underway: Option<Underway>,
    /// The database is not asked before this.
    not_before: Instant,
    /// The first so many held are handed over one by one: among them is one that the database will not take.
    singly: usize,
    /// Neither the database nor the disk takes any, and that has been told.
    stranded: bool,
}

/// A writer's life: until the queue is closed and empty.
pub(super) async fn run(queue: &Queue, appender: Appender, outbox: Outbox) {
    let now = Instant::now();
    let mut writer = Writer {
        queue,
        outbox,
        held: Vec::new(),
        held_since: now,
        appender: Some(appender),
        underway: None,
        not_before: now,
        singly: 0,
        stranded: false,
    };
    while !writer.turn().await {}
    writer.finish().await;
}

impl Writer<'_> {
    /// One turn: waits for something to do, and does it. True when no more rows will come.
    async fn turn(&mut self) -> bool {
        let idle = self.held.is_empty() && self.underway.is_none() && !self.outbox.any();
        let ended = match &mut self.underway {
            Some(underway) => tokio::select! {
                ended = &mut underway.append => Some(ended),
                () = tokio::time::sleep(GATHER) => None,
            },
            None => {
                if idle {
                    self.queue.wake.notified().await;
                }
                tokio::select! {
                    () = self.queue.enough.notified() => {}
                    () = tokio::time::sleep(GATHER) => {}
                }
                None
            }
        };
        if let Some((appender, came)) = ended {
            self.ended(appender, came);
        }
        let closed = self.take();
        self.save_what_is_late();
        self.hand_over();
        METRICS.records_waiting.set(i64::try_from(self.waiting()).unwrap_or(i64::MAX));
        closed
    }

    fn waiting(&self) -> usize {
        self.held.len() + self.underway.as_ref().map_or(0, |underway| underway.rows.len())
    }

    /// Takes what waits in the queue.
    fn take(&mut self) -> bool {
        let mut waiting = self.queue.waiting();
        let closed = waiting.closed;
        // Where nothing takes any, what is more than this waits in the queue, which is bounded.
        if !waiting.rows.is_empty() && self.held.len() < MOST_WAITING {
            if self.held.is_empty() {
                self.held_since = Instant::now();
                std::mem::swap(&mut self.held, &mut waiting.rows);
            } else {
                self.held.append(&mut waiting.rows);
            }
        }
        closed
    }

    /// What came of rows that were on their way.
    fn ended(&mut self, appender: Appender, came: Result<(), StoreError>) {
        self.appender = Some(appender);
        let Some(underway) = self.underway.take() else { return };
        let Err(error) = came else { return };
        match error {
            StoreError::Refused(why) if underway.rows.len() == 1 => {
                METRICS.records_lost.inc();
                tracing::error!(error = why, "the database will not take a record");
                return;
            }
            // One of them is at fault: they are handed over one by one, which finds it.
            StoreError::Refused(_) => {
                self.singly = underway.rows.len();
                let later = std::mem::take(&mut self.held);
                self.held = underway.rows.iter().cloned().chain(later).collect();
                return;
            }
            StoreError::Away(_) => self.not_before = Instant::now() + AGAIN_AFTER,
        }
        if underway.replayed {
            self.outbox.again();
        } else if !underway.safe {
            self.keep(&underway.rows);
        }
    }

    /// Puts rows on disk, or holds them where that does not go.
    fn keep(&mut self, rows: &[Row]) {
        let put = self.outbox.put(rows);
        if let Err(error) = &put {
            self.held.extend_from_slice(rows);
            if !self.stranded {
                tracing::error!(%error, "records go neither into the database nor on disk; they wait in memory");
            }
        }
        self.stranded = put.is_err();
    }

    /// Rows that are in memory alone for too long are put on disk.
    fn save_what_is_late(&mut self) {
        let now = Instant::now();
        if let Some(underway) = &mut self.underway
            && !underway.safe
            && now >= underway.since + SOON
        {
            underway.safe = self.outbox.put(&underway.rows).is_ok();
        }
        let stuck = self.underway.is_some() || now < self.not_before;
        if stuck && !self.held.is_empty() && now >= self.held_since + SOON {
            let held = std::mem::take(&mut self.held);
            self.singly = 0;
            self.keep(&held);
        }
    }

    /// Hands rows over, where the database is free.
    fn hand_over(&mut self) {
        if self.underway.is_some() || Instant::now() < self.not_before {
            return;
        }
        let replayed = self.held.is_empty();
        let rows: Vec<Row> = if replayed {
            match self.outbox.next() {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::error!(%error, "records on disk cannot be read");
                    self.not_before = Instant::now() + AGAIN_AFTER;
                    return;
                }
            }
        } else {
            let most = if self.singly > 0 { 1 } else { MOST_ROWS };
            self.singly = self.singly.saturating_sub(1);
            let rest = self.held.split_off(self.held.len().min(most));
            std::mem::replace(&mut self.held, rest)
        };
        if rows.is_empty() {
            return;
        }
        let Some(mut appender) = self.appender.take() else { return };
        let rows = Arc::new(rows);
        let handed = rows.clone();
        let append = Box::pin(async move {
            let came = tokio::time::timeout(PATIENCE, appender.append(handed)).await;
            let came = came.unwrap_or_else(|_| {
                appender.give_up();
                Err(StoreError::Away("it did not answer in time".to_owned()))
            });
            (appender, came)
        });
        self.underway = Some(Underway { append, rows, since: Instant::now(), safe: replayed, replayed });
    }

    /// No more rows will come: all of them into the database, or else on disk.
    async fn finish(mut self) {
        let until = Instant::now() + LAST_PATIENCE;
        loop {
            self.take();
            self.hand_over();
            let Some(underway) = &mut self.underway else { break };
            match tokio::time::timeout_at(until, &mut underway.append).await {
                Ok((appender, came)) => self.ended(appender, came),
                Err(_) => break,
            }
            if self.held.is_empty() {
                break;
            }
        }
        let mut left = std::mem::take(&mut self.held);
        if let Some(underway) = self.underway.take().filter(|underway| !underway.safe) {
            left.extend_from_slice(&underway.rows);
        }
        if let Err(error) = if left.is_empty() { Ok(()) } else { self.outbox.put(&left) } {
            METRICS.records_lost.inc_by(left.len() as u64);
            tracing::error!(%error, rows = left.len(), "records can be put neither into the database nor on disk");
        }
    }
}
