//! The tables are brought up to date, by one of several processes that start together; the others wait for it.

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{ConnectOptions, Connection, PgConnection, SqliteConnection};

use super::error::is_busy;
use super::{Options, PATIENCE, Store, StoreError, pool};

/// The pause before SQLite is asked again that did not wait for another process; drawn from the second up to twice as long.
const AGAIN_AFTER: Duration = Duration::from_millis(15);

/// What makes the tables of one kind of database.
pub(super) struct Migrations(Migrator);

/// Those of SQLite.
pub(super) fn sqlite() -> Migrations {
    Migrations::new(sqlx::migrate!("src/store/migrations/sqlite"))
}

/// Those of PostgreSQL.
pub(super) fn postgres() -> Migrations {
    Migrations::new(sqlx::migrate!("src/store/migrations/postgres"))
}

/// The migrations that a database has had, by number and checksum; none where it has no such table.
macro_rules! applied {
    ($connection:expr) => {{
        const APPLIED: &str = "SELECT version, checksum FROM _sqlx_migrations WHERE success";
        let rows: Result<Vec<(i64, Vec<u8>)>, _> = sqlx::query_as(APPLIED).fetch_all($connection).await;
        match rows {
            Err(sqlx::Error::Database(_)) => Ok(Vec::new()),
            other => other,
        }
    }};
}
pub(super) use applied;

impl Migrations {
    fn new(mut all: Migrator) -> Migrations {
        // A newer binary may have been here before.
        all.set_ignore_missing(true);
        Migrations(all)
    }

    /// Has a database had all of them? Then nothing needs to be locked, or may be forbidden.
    pub(super) fn is_current(&self, applied: Vec<(i64, Vec<u8>)>) -> bool {
        let has =
            |version, checksum| applied.iter().any(|(known, sum)| (*known, sum.as_slice()) == (version, checksum));
        self.0.iter().all(|one| has(one.version, &*one.checksum))
    }
}

impl Store {
    /// Brings the tables up to date. Makes a file of SQLite where that is missing and `create` says so.
    pub(super) async fn migrate(&self, create: bool) -> Result<(), StoreError> {
        let migrated = async {
            match &self.0.options {
                Options::Off => Ok(()),
                Options::Sqlite(path) => migrate_sqlite(path, self.0.options.folder(), create).await,
                Options::Postgres(url) => migrate_postgres(url.expose()).await,
            }
        };
        tokio::time::timeout(PATIENCE, migrated).await.unwrap_or_else(|_| Err(StoreError::silent()))
    }
}

async fn migrate_sqlite(path: &Path, folder: &Path, create: bool) -> Result<(), StoreError> {
    if create {
        std::fs::create_dir_all(folder).map_err(|error| StoreError::Away(format!("{}: {error}", folder.display())))?;
    }
    loop {
        match try_sqlite(path, create).await {
            Err(MigrateError::Execute(error)) if is_busy(&error) => {
                tokio::time::sleep(AGAIN_AFTER.mul_f64(1.0 + fastrand::f64())).await;
            }
            other => return Ok(other?),
        }
    }
}

async fn try_sqlite(path: &Path, create: bool) -> Result<(), MigrateError> {
    let mut connection = SqliteConnection::connect_with(&pool::sqlite(path, create)).await?;
    let all = sqlite();
    if all.is_current(applied!(&mut connection)?) {
        return Ok(());
    }
    // Whoever comes second waits here, and finds everything done.
    let mut whole = connection.begin_with("BEGIN IMMEDIATE").await?;
    all.0.run_direct(None, &mut *whole, false).await?;
    Ok(whole.commit().await?)
}

/// By a connection of its own: the lock that others wait for goes with it, however this ends.
async fn migrate_postgres(url: &str) -> Result<(), StoreError> {
    let mut connection: PgConnection = pool::postgres(url)?.connect().await?;
    let all = postgres();
    if all.is_current(applied!(&mut connection)?) {
        return Ok(());
    }
    // A server keeps a session whose client has gone for as long as it waits for a lock.
    sqlx::query("SET lock_timeout = '3s'").execute(&mut connection).await?;
    all.0.run_direct(None, &mut connection, false).await?;
    Ok(connection.close().await?)
}
