//! Connections to whichever database it is.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, PgPool, SqlitePool};

use super::file::InUse;
use super::{Options, StoreError};

/// Connections to a database.
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// Runs queries by one connection of whichever database it is, both of which take the same text and the same types. Not
/// for longer than [`PATIENCE`]: a connection that does not answer by then is given up, since the pool would wait for its
/// answer for ever.
macro_rules! on {
    ($pool:expr, $connection:ident => $body:expr) => {
        match $pool {
            $crate::store::pool::Pool::Sqlite(pool) => $crate::store::pool::on!(@one pool, $connection => $body),
            $crate::store::pool::Pool::Postgres(pool) => $crate::store::pool::on!(@one pool, $connection => $body),
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
pub(super) use on;

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
    pub(super) fn lazy(options: &Options, file: &InUse) -> Result<Option<Pool>, StoreError> {
        Ok(match options {
            Options::Off => None,
            Options::Sqlite(path) => {
                let pool = SqlitePoolOptions::new().max_connections(MOST_CONNECTIONS).acquire_timeout(ACQUIRE);
                let file = file.clone();
                let pool = pool.before_acquire(move |_, held| {
                    let covered = file.covers(held.age);
                    Box::pin(async move { Ok(covered) })
                });
                Some(Pool::Sqlite(pool.connect_lazy_with(sqlite(path, false))))
            }
            Options::Postgres(url) => {
                let pool = PgPoolOptions::new().max_connections(MOST_CONNECTIONS).acquire_timeout(ACQUIRE);
                Some(Pool::Postgres(pool.connect_lazy_with(postgres(url.expose())?)))
            }
        })
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Pool::Sqlite(_) => "SQLite",
            Pool::Postgres(_) => "PostgreSQL",
        }
    }
}

/// How to open a SQLite file. One that has been taken away is not made anew: somebody may be about to put it back.
pub(super) fn sqlite(path: &Path, create: bool) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(create)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY)
        .disable_statement_logging()
}

/// How to connect to PostgreSQL.
pub(super) fn postgres(url: &str) -> Result<PgConnectOptions, StoreError> {
    let known = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let options = known.then(|| PgConnectOptions::from_str(url).ok()).flatten();
    let options = options.ok_or_else(|| StoreError::Refused("not an address of the form postgres://…".to_owned()))?;
    Ok(options.application_name("ai-mcp-gateway").disable_statement_logging())
}
