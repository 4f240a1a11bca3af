//! Connections to whichever database it is, and the migrations of each.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, PgPool, SqlitePool};

use super::{Options, StoreError};

/// Connections to a database.
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// Runs one expression on whichever database is open: both drivers take the same text and the same types.
macro_rules! on {
    ($pool:expr, $db:ident => $body:expr) => {
        match $pool {
            $crate::store::pool::Pool::Sqlite($db) => $body,
            $crate::store::pool::Pool::Postgres($db) => $body,
        }
    };
}
pub(super) use on;

/// Runs queries by one connection, as [`on`] does, but not for longer than [`PATIENCE`]: a connection that does not
/// answer by then is given up, since the pool would wait for its answer for ever.
macro_rules! bounded {
    ($pool:expr, $connection:ident => $body:expr) => {
        match $pool {
            $crate::store::pool::Pool::Sqlite(pool) => $crate::store::pool::bounded!(@one pool, $connection => $body),
            $crate::store::pool::Pool::Postgres(pool) => $crate::store::pool::bounded!(@one pool, $connection => $body),
        }
    };
    (@one $pool:expr, $connection:ident => $body:expr) => {
        match $pool.acquire().await {
            Err(error) => Err($crate::store::StoreError::from(error)),
            Ok(mut held) => {
                let $connection = &mut *held;
                let done = tokio::time::timeout($crate::store::pool::PATIENCE, async { $body }).await;
                match done {
                    Ok(done) => done.map_err($crate::store::StoreError::from),
                    Err(_) => {
                        drop(held.detach());
                        Err($crate::store::StoreError::silent())
                    }
                }
            }
        }
    };
}
pub(super) use bounded;

/// Connections that queries may use at once; rows are written by one of their own.
const MOST_CONNECTIONS: u32 = 4;
/// How long a query waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(2);
/// How long a query may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
/// How long SQLite waits for another process that writes.
const BUSY: Duration = Duration::from_secs(2);

impl Pool {
    /// Opens nothing yet; `None` where there is no database.
    pub(super) fn lazy(options: &Options) -> Result<Option<Pool>, StoreError> {
        Ok(match options {
            Options::Off => None,
            Options::Sqlite(path) => {
                let to = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Normal)
                    .busy_timeout(BUSY)
                    .disable_statement_logging();
                let pool = SqlitePoolOptions::new().max_connections(MOST_CONNECTIONS).acquire_timeout(ACQUIRE);
                Some(Pool::Sqlite(pool.connect_lazy_with(to)))
            }
            Options::Postgres(url) => {
                let pool = PgPoolOptions::new().max_connections(MOST_CONNECTIONS).acquire_timeout(ACQUIRE);
                Some(Pool::Postgres(pool.connect_lazy_with(postgres(url.expose())?)))
            }
        })
    }

    /// Brings the tables up to date. Safe while others do the same: PostgreSQL locks, and SQLite is tried again.
    pub(super) async fn migrate(&self, options: &Options) -> Result<(), StoreError> {
        match self {
            Pool::Sqlite(pool) => {
                let folder = options.folder();
                std::fs::create_dir_all(folder)
                    .map_err(|error| StoreError::Away(format!("{}: {error}", folder.display())))?;
                let mut all = sqlx::migrate!("src/store/migrations/sqlite");
                Ok(all.set_ignore_missing(true).run(pool).await?)
            }
            Pool::Postgres(pool) => {
                let mut all = sqlx::migrate!("src/store/migrations/postgres");
                Ok(all.set_ignore_missing(true).run(pool).await?)
            }
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Pool::Sqlite(_) => "SQLite",
            Pool::Postgres(_) => "PostgreSQL",
        }
    }
}

/// How to connect to PostgreSQL.
pub(super) fn postgres(url: &str) -> Result<PgConnectOptions, StoreError> {
    let known = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let options = known.then(|| PgConnectOptions::from_str(url).ok()).flatten();
    let options = options.ok_or_else(|| StoreError::Refused("not an address of the form postgres://…".to_owned()))?;
    Ok(options.application_name("ai-mcp-gateway").disable_statement_logging())
}
