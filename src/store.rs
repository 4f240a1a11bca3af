//! The database: SQLite in a file, or PostgreSQL. The only room that names sqlx.
//!
//! It may be away at the start or later: [`Store::keep`] opens and migrates it as soon as it can be had, and
//! [`Store::is_up`] says how it stood when it was last used.

mod append;
mod error;
mod file;
mod flags;
mod follow;
mod keys;
mod migrate;
mod pool;
mod retention;
mod spend;
mod time;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::secret::Secret;
pub use append::Appender;
pub use error::StoreError;
use file::InUse;
pub use flags::Flag;
use follow::Versions;
pub use follow::Watched;
pub use keys::{KeyRow, NewKey, Revoked};
use pool::{Pool, on};
pub use spend::{Figures, UsageRow};
pub use time::Time;

/// Which database.
#[derive(Clone)]
pub enum Options {
    /// None: nothing is recorded, and there are no client keys but those of the environment.
    Off,
    /// A file, created with its folder where it is missing.
    Sqlite(PathBuf),
    /// A server's address, which may hold a password.
    Postgres(Secret),
}

/// The pause between two tries to open the database.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// The longest that one try may take, or one query of the operator's commands.
const PATIENCE: Duration = Duration::from_secs(5);

/// The database, open or not.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    pool: Pool,
    options: Options,
    /// Has it been opened and migrated since the start?
    ready: watch::Sender<bool>,
    /// Did the last look at it go well?
    up: AtomicBool,
    /// Has it taken the records that it was handed last?
    takes: AtomicBool,
    /// SQLite's file.
    file: InUse,
    /// When it was last changed before this process.
    last_change: Option<jiff::Timestamp>,
    /// How often the tables have changed that are kept in memory.
    versions: Versions,
}

impl Store {
    /// The database of `options`; nothing is opened yet. `None` where there is none.
    ///
    /// # Errors
    /// Where the address cannot be read.
    pub fn new(options: &Options) -> Result<Option<Store>, StoreError> {
        let file = InUse::default();
        let Some(pool) = Pool::lazy(options, &file)? else { return Ok(None) };
        let (ready, _) = watch::channel(false);
        let (up, takes) = (AtomicBool::new(false), AtomicBool::new(true));
        let (versions, last_change) = (Versions::default(), retention::last_change(options));
        let options = options.clone();
        Ok(Some(Store(Arc::new(Inner { pool, options, ready, up, takes, file, last_change, versions }))))
    }

    /// Opens it and brings its tables up to date, once.
    ///
    /// # Errors
    /// Why it cannot be had.
    pub async fn open(&self) -> Result<(), StoreError> {
        let opened = self.migrate(true).await;
        if opened.is_ok() {
            self.0.ready.send_replace(true);
        }
        self.note(&opened);
        opened
    }

    /// Opens it as soon as it can be had, and from then on tells of changes ([`Store::changes`]).
    pub async fn keep(&self, clock: &Clock) {
        let mut told = false;
        while !self.is_ready()
            && let Err(error) = self.open().await
        {
            if !std::mem::replace(&mut told, true) {
                tracing::error!(%error, "the database cannot be had; requests go on, and records wait on disk");
            }
            // A step of the clock is no reason to ask more often.
            tokio::time::timeout(AGAIN_AFTER, clock.sleep(AGAIN_AFTER)).await.ok();
        }
        tracing::info!("the database is ready: {}", self.0.pool.name());
        self.follow().await;
    }

    /// Waits until it has been opened and migrated.
    pub async fn ready(&self) {
        self.0.ready.subscribe().wait_for(|ready| *ready).await.ok();
    }

    /// Has it been opened and migrated since the start?
    pub fn is_ready(&self) -> bool {
        *self.0.ready.borrow()
    }

    /// Can it be read, whatever becomes of records?
    pub fn answers(&self) -> bool {
        self.0.up.load(Ordering::Relaxed)
    }

    /// Did its last use go well?
    pub fn is_up(&self) -> bool {
        self.answers() && self.0.takes.load(Ordering::Relaxed)
    }

    /// Its kind, for people.
    pub fn name(&self) -> &'static str {
        self.0.pool.name()
    }

    /// Writes rows by a connection of its own.
    pub fn appender(&self) -> Appender {
        Appender::new(self.clone())
    }

    /// Notes what came of a use, for [`Store::is_up`].
    fn note<T>(&self, came: &Result<T, StoreError>) {
        let up = match came {
            Ok(_) | Err(StoreError::Refused(_)) => true,
            Err(StoreError::Away(_)) => false,
        };
        if self.0.up.swap(up, Ordering::Relaxed)
            && !up
            && let Err(error) = came
        {
            tracing::warn!(%error, "the database is away; requests go on, and records wait on disk");
        }
    }

    /// Notes what came of handing it records. They may be refused by one that can be read well: one that is full, or that
    /// nobody may write to.
    fn note_taken<T>(&self, came: &Result<T, StoreError>) {
        let takes = !matches!(came, Err(StoreError::Away(_)));
        if self.0.takes.swap(takes, Ordering::Relaxed)
            && !takes
            && let Err(error) = came
        {
            tracing::warn!(%error, "the database takes no records; requests go on, and records wait on disk");
        }
    }
}

impl Options {
    /// The database of an address: `sqlite://data/ai-mcp-gateway.db`, `postgres://…`, or `off`.
    ///
    /// # Errors
    /// Why it is no such address.
    pub fn parse(url: &str) -> Result<Options, String> {
        if url == "off" {
            return Ok(Options::Off);
        }
        if let Some(rest) = url.strip_prefix("sqlite:") {
            let path = rest.trim_start_matches("//");
            let path =
                if rest.starts_with("///") { format!("/{}", path.trim_start_matches('/')) } else { path.to_owned() };
            return match path.is_empty() || path.contains(':') || path.contains('?') {
                true => Err("sqlite:// is followed by a file's path".to_owned()),
                false => Ok(Options::Sqlite(PathBuf::from(path))),
            };
        }
        pool::postgres(url).map(|_| Options::Postgres(Secret::new(url))).map_err(|error| error.to_string())
    }

    /// SQLite's file.
    fn path(&self) -> Option<&Path> {
        match self {
            Options::Sqlite(path) => Some(path),
            Options::Off | Options::Postgres(_) => None,
        }
    }

    /// The folder for what this process keeps beside the database: that of SQLite's file, else `data`.
    pub fn folder(&self) -> &Path {
        match self {
            Options::Sqlite(path) => path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new(".")),
            Options::Off | Options::Postgres(_) => Path::new("data"),
        }
    }
}
