//! Real databases: SQLite in a file of its own, and PostgreSQL, of which `scripts/test` starts a server.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection, Executor, PgConnection, SqliteConnection};
use tempfile::TempDir;

/// Names the server that tests may make databases on: `postgres://user@host:port/postgres`.
const SERVER: &str = "TEST_POSTGRES";

/// An empty database, which goes with the test.
#[derive(Clone)]
pub enum Database {
    /// A file in a folder of its own.
    Sqlite(Arc<TempDir>),
    /// A SQLite file that somebody else has made.
    File(PathBuf),
    /// A database of its own on the server, at this address.
    Postgres(String),
}

/// A new SQLite file, not made yet.
pub fn sqlite() -> Database {
    Database::Sqlite(Arc::new(TempDir::new().expect("a temporary folder")))
}

/// A new database on the PostgreSQL server; `None`, said aloud, where there is none: `scripts/test` starts one.
pub async fn postgres() -> Option<Database> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let Ok(server) = std::env::var(SERVER) else {
        assert!(std::env::var_os("CI").is_none(), "{SERVER} must name a PostgreSQL server in CI");
        eprintln!("no PostgreSQL: start the tests by scripts/test, or name a server by {SERVER}");
        return None;
    };
    let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut connection = PgConnection::connect(&server).await.expect("the server answers");
    connection.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("a database");
    let (head, _) = server.rsplit_once('/').expect("an address with a database");
    Some(Database::Postgres(format!("{head}/{name}")))
}

/// A new database of each kind that there is here.
pub async fn databases() -> Vec<Database> {
    [Some(sqlite()), postgres().await].into_iter().flatten().collect()
}

impl Database {
    /// What `DATABASE_URL` is to be.
    pub fn url(&self) -> String {
        match self {
            Database::Sqlite(folder) => format!("sqlite://{}/gateway.db", folder.path().display()),
            Database::File(path) => format!("sqlite://{}", path.display()),
            Database::Postgres(url) => url.clone(),
        }
    }

    /// Is it PostgreSQL?
    pub fn is_postgres(&self) -> bool {
        matches!(self, Database::Postgres(_))
    }

    /// Where PostgreSQL listens: host and port.
    pub fn address(&self) -> String {
        let url = self.url();
        let (_, rest) = url.rsplit_once('@').expect("an address with a user");
        rest.split('/').next().expect("a host").to_owned()
    }

    /// The same PostgreSQL database by way of another address, such as a proxy's.
    pub fn by(&self, address: &str) -> Database {
        Database::Postgres(self.url().replace(&self.address(), address))
    }

    /// Runs statements, several where they are divided by semicolons.
    pub async fn run(&self, sql: &str) {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match self {
            Database::Sqlite(_) | Database::File(_) => self.sqlite().await.execute(sqlx::raw_sql(sql)).await.map(drop),
            Database::Postgres(_) => self.postgres().await.execute(sqlx::raw_sql(sql)).await.map(drop),
        }
        .expect("the statement runs");
    }

    /// The first column of the first row, as text; `None` where it is null or there is no row.
    pub async fn text(&self, sql: &str) -> Option<String> {
        self.texts(sql).await.into_iter().next().flatten()
    }

    /// The first column of all rows, as text.
    pub async fn texts(&self, sql: &str) -> Vec<Option<String>> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT CAST(x.first AS text) FROM ({sql}) AS x"));
        match self {
            Database::Sqlite(_) | Database::File(_) => {
                sqlx::query_scalar(sql).fetch_all(&mut self.sqlite().await).await
            }
            Database::Postgres(_) => sqlx::query_scalar(sql).fetch_all(&mut self.postgres().await).await,
        }
        .expect("the query runs; its column is called `first`")
    }

    /// A figure; the query's column is called `first`.
    pub async fn number(&self, sql: &str) -> f64 {
        self.text(sql).await.map_or(0.0, |text| text.parse().expect("a number"))
    }

    /// How many rows a table has, where it is there yet.
    pub async fn count(&self, table: &str) -> u64 {
        let there = match self {
            Database::Sqlite(_) | Database::File(_) => {
                format!("SELECT count(*) AS first FROM sqlite_master WHERE name = '{table}'")
            }
            Database::Postgres(_) => format!("SELECT count(*) AS first FROM pg_tables WHERE tablename = '{table}'"),
        };
        match self.number(&there).await {
            0.0 => 0,
            _ => self.number(&format!("SELECT count(*) AS first FROM {table}")).await as u64,
        }
    }

    async fn sqlite(&self) -> SqliteConnection {
        let mut connection = SqliteConnection::connect(&format!("{}?mode=rwc", self.url())).await.expect("it opens");
        connection.execute("PRAGMA busy_timeout = 10000").await.expect("a pragma");
        connection
    }

    async fn postgres(&self) -> PgConnection {
        PgConnection::connect(&self.url()).await.expect("the server answers")
    }
}
