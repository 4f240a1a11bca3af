//! Changes of the tables that are kept in memory, wherever they were made: within a second they are in force everywhere.
//!
//! A connection of its own looks at `watched_tables` again and again, which also tells whether the database can be had.
//! PostgreSQL says by `NOTIFY` when it is worth a look at once.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::{Connection, SqliteConnection};
use tokio::sync::watch;

use super::file::FileId;
use super::pool::{self, Pool};
use super::{Options, Store, StoreError, migrate};

/// A table that is kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    /// `feature_flags`.
    Flags,
    /// `gateway_keys`.
    Keys,
}

/// How often each has changed, as far as is known here; 0 before the first look.
#[derive(Default)]
pub(super) struct Versions {
    flags: watch::Sender<i64>,
    keys: watch::Sender<i64>,
}

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(400);
/// How long changes that come at once are gathered before the look at them.
const GATHER: Duration = Duration::from_millis(20);
/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// What PostgreSQL's triggers tell changes by.
const CHANNEL: &str = "gateway_changes";
const LOOK: &str = "SELECT name, version FROM watched_tables";

/// The connection that looks.
enum Eye {
    /// And the file that it has open.
    Sqlite(SqliteConnection, FileId),
    /// It listens as well.
    Postgres(PgListener),
}

impl Store {
    /// Tells of each change of a table. The first value other than 0 says that the table can be read.
    pub fn changes(&self, of: Watched) -> watch::Receiver<i64> {
        self.0.versions.of(of).subscribe()
    }

    /// Looks for changes for as long as it is polled.
    pub(super) async fn follow(&self) {
        let mut eye = None;
        loop {
            let seen = self.look(&mut eye).await;
            if seen.is_err() {
                // A connection that hangs is let go of, and so is one to a file that is another's now.
                eye = None;
            }
            self.note(&seen);
            match &mut eye {
                Some(Eye::Postgres(listener)) => match tokio::time::timeout(PAUSE, listener.try_recv()).await {
                    Err(_) => {}
                    Ok(Ok(Some(_))) => tokio::time::sleep(GATHER).await,
                    // It is lost, and with it whatever it was told meanwhile.
                    Ok(Ok(None) | Err(_)) => {
                        eye = None;
                        tokio::time::sleep(GATHER).await;
                    }
                },
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// One look. After a time without, everything counts as changed: who knows what has happened meanwhile.
    async fn look(&self, eye: &mut Option<Eye>) -> Result<(), StoreError> {
        let anew = eye.is_none();
        let open = match eye {
            Some(open) => open,
            None => {
                let opened = tokio::time::timeout(PATIENCE, self.open_eye()).await;
                let (opened, is_current) = opened.unwrap_or_else(|_| Err(StoreError::silent()))?;
                if !is_current {
                    // Another database than before: a file that was put there, a server that was set up anew.
                    self.migrate(false).await?;
                }
                eye.insert(opened)
            }
        };
        let looked = tokio::time::timeout(PATIENCE, open.look(self.0.options.path())).await;
        for (name, version) in looked.unwrap_or_else(|_| Err(StoreError::silent()))? {
            let Some(of) = Watched::ALL.into_iter().find(|of| of.table() == name) else { continue };
            // From 1, so that a table that has never changed is told of as well.
            let seen = version.saturating_add(1);
            self.0.versions.of(of).send_if_modified(|known| std::mem::replace(known, seen) != seen || anew);
        }
        Ok(())
    }

    /// Opens the connection that looks, and says whether the tables are those of this binary.
    async fn open_eye(&self) -> Result<(Eye, bool), StoreError> {
        match (&self.0.pool, &self.0.options) {
            (Pool::Sqlite(_), Options::Sqlite(path)) => {
                let file = FileId::of(path)?;
                if self.0.file.is_another(file) {
                    tracing::warn!(path = %path.display(), "the database's file is another one; it is opened anew");
                }
                let mut connection = SqliteConnection::connect_with(&pool::sqlite(path, false)).await?;
                let is_current = migrate::sqlite().is_current(migrate::applied!(&mut connection)?);
                Ok((Eye::Sqlite(connection, file), is_current))
            }
            (Pool::Postgres(_), Options::Postgres(url)) => {
                let only = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
                let only = only.connect_lazy_with(pool::postgres(url.expose())?);
                let mut listener = PgListener::connect_with(&only).await?;
                listener.eager_reconnect(false);
                listener.listen(CHANNEL).await?;
                let is_current = migrate::postgres().is_current(migrate::applied!(&mut listener)?);
                Ok((Eye::Postgres(listener), is_current))
            }
            _ => Err(StoreError::Away("there is no database".to_owned())),
        }
    }
}

impl Eye {
    /// Each table's version.
    async fn look(&mut self, path: Option<&Path>) -> Result<Vec<(String, i64)>, StoreError> {
        match self {
            Eye::Sqlite(connection, file) => {
                // An open file can be read long after another one has taken its name.
                if let Some(path) = path
                    && FileId::of(path)? != *file
                {
                    return Err(StoreError::Away("its file is another one".to_owned()));
                }
                Ok(sqlx::query_as(LOOK).fetch_all(connection).await?)
            }
            Eye::Postgres(listener) => {
                // This look will show whatever they tell.
                while listener.next_buffered().is_some() {}
                Ok(sqlx::query_as(LOOK).fetch_all(listener).await?)
            }
        }
    }
}

impl Watched {
    const ALL: [Watched; 2] = [Watched::Flags, Watched::Keys];

    fn table(self) -> &'static str {
        match self {
            Watched::Flags => "feature_flags",
            Watched::Keys => "gateway_keys",
        }
    }
}

impl Versions {
    fn of(&self, of: Watched) -> &watch::Sender<i64> {
        match of {
            Watched::Flags => &self.flags,
            Watched::Keys => &self.keys,
        }
    }
}
