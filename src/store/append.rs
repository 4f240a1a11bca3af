//! Rows are appended by a connection of their own, each row once however often it is handed over.

mod postgres;
mod sqlite;

use std::sync::Arc;

use super::{Options, Store, StoreError};
use crate::domain::row::Row;

/// Appends rows. Opens its connection when it needs one, and lets go of one that has failed.
pub struct Appender {
    store: Store,
    sqlite: Option<sqlite::Open>,
    postgres: Option<sqlx::PgConnection>,
}

impl Appender {
    pub(super) fn new(store: Store) -> Appender {
        Appender { store, sqlite: None, postgres: None }
    }

    /// Appends those of `rows` that are not there yet, all or none of them, and adds what they cost to what their keys
    /// have spent.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where one of the rows will never be taken.
    pub async fn append(&mut self, rows: Arc<Vec<Row>>) -> Result<(), StoreError> {
        if !self.store.is_ready() {
            return Err(StoreError::Away("it has not been opened yet".to_owned()));
        }
        let appended = match &self.store.0.options {
            Options::Off => Ok(()),
            Options::Sqlite(path) => sqlite::append(&mut self.sqlite, path.clone(), rows).await,
            Options::Postgres(url) => postgres::append(&mut self.postgres, url.expose(), &rows).await,
        };
        self.store.note_taken(&appended);
        appended
    }

    /// Lets go of a connection that did not answer in time.
    pub fn give_up(&mut self) {
        self.sqlite = None;
        self.postgres = None;
        self.store.note_taken::<()>(&Err(StoreError::silent()));
    }
}
