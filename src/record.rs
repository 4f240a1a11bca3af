//! What happened is written behind the request, in batches, by a thread of its own: a request only leaves its row in a
//! queue. Rows that the database does not take in time are put on disk, and written from there when it does.
//!
//! Nothing is lost: a process that ends puts all into the database or on disk, one that is killed has a fifth of a second
//! of rows in memory at most, and a row that is written twice stands once, by its id.

mod outbox;
mod writer;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::Notify;

use crate::domain::row::Row;
use crate::store::Store;
use crate::telemetry::metrics::METRICS;

/// The most rows that wait in memory: more than two seconds of the most that one process answers. Beyond it, where
/// neither the database nor the disk takes any, rows are lost, and counted.
const MOST_WAITING: usize = 100_000;
/// So many rows are not waited with any longer: what is handed over soon is still in the processor's cache.
const ENOUGH: usize = 512;
/// How long the process's end waits for the database before it puts the rest on disk.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// Takes rows; its clones share one queue.
#[derive(Clone, Default)]
pub struct Recorder(Option<Arc<Queue>>);

/// Rows that wait to be written.
#[derive(Default)]
struct Queue {
    rows: Mutex<Waiting>,
    /// There is a first row.
    wake: Notify,
    /// There are enough to be worth a step of the database.
    enough: Notify,
}

#[derive(Default)]
struct Waiting {
    rows: Vec<Row>,
    /// No more will come.
    closed: bool,
}

/// The thread that writes.
pub struct Writing {
    queue: Arc<Queue>,
    thread: JoinHandle<()>,
}

impl Recorder {
    /// Records nothing.
    pub fn off() -> Recorder {
        Recorder(None)
    }

    /// Writes to `store`, and to `folder` while that is away.
    ///
    /// # Errors
    /// Where the thread cannot be started.
    pub fn start(store: &Store, folder: PathBuf) -> std::io::Result<(Recorder, Writing)> {
        let queue = Arc::new(Queue::default());
        // One thread beside this one does what blocks, and is the only one that SQLite's pages are near to.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build()?;
        let (mine, appender, outbox) = (queue.clone(), store.appender(), outbox::Outbox::new(folder));
        let work = move || runtime.block_on(writer::run(&mine, appender, outbox));
        let thread = std::thread::Builder::new().name("recorder".to_owned()).spawn(work)?;
        Ok((Recorder(Some(queue.clone())), Writing { queue, thread }))
    }

    /// Is anything recorded?
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Leaves a row. Never waits.
    pub fn put(&self, row: Row) {
        let Some(queue) = &self.0 else { return };
        let mut waiting = queue.waiting();
        if waiting.rows.len() >= MOST_WAITING || waiting.closed {
            drop(waiting);
            METRICS.records_lost.inc();
            return;
        }
        waiting.rows.push(row);
        let count = waiting.rows.len();
        drop(waiting);
        match count {
            1 => queue.wake.notify_one(),
            ENOUGH => queue.enough.notify_one(),
            _ => {}
        }
    }
}

impl Writing {
    /// No more rows come: writes what is there, to the database or on disk.
    pub fn finish(self) {
        self.queue.waiting().closed = true;
        self.queue.wake.notify_one();
        if self.thread.join().is_err() {
            tracing::error!("the recorder has broken down");
        }
    }
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
