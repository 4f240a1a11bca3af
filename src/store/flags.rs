//! `feature_flags`: what operators change while the gateway runs.

use super::{Store, StoreError, Time, on};

/// A row of `feature_flags`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Its name.
    pub key: String,
    /// Its value as a switch.
    pub on: bool,
    /// Its value as text.
    pub text: Option<String>,
    /// What somebody noted on it.
    pub description: Option<String>,
    /// When it was last changed.
    pub updated_at: Time,
}

/// The most rows that are read.
const MOST: i64 = 10_000;
/// A longer text is read up to here, which leaves it too long for whatever it is meant to be.
const LONGEST: i32 = 16_384;

impl Store {
    /// Every flag there is.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub async fn flags(&self) -> Result<Vec<Flag>, StoreError> {
        type Columns = (String, i32, Option<String>, Option<String>, Time);
        const ALL: &str = "
            SELECT CAST(substr(flag_key, 1, 200) AS text), CASE WHEN flag_value THEN 1 ELSE 0 END,
                CAST(substr(flag_value_text, 1, $1) AS text), CAST(substr(description, 1, $1) AS text), updated_at
            FROM feature_flags ORDER BY flag_key LIMIT $2";
        let rows: Vec<Columns> = on!(&self.0.pool, connection => {
            sqlx::query_as(ALL).bind(LONGEST).bind(MOST).fetch_all(connection).await
        })?;
        let flag = |(key, on, text, description, updated_at)| Flag { key, on: on != 0, text, description, updated_at };
        Ok(rows.into_iter().map(flag).collect())
    }

    /// Gives a flag a text, and says why, as operators do by SQL.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub async fn set_flag(&self, key: &str, text: &str, description: &str, at: Time) -> Result<(), StoreError> {
        const SET: &str = "
            INSERT INTO feature_flags (flag_key, flag_value, flag_value_text, description, created_at, updated_at)
            VALUES ($1, false, $2, $3, $4, $4)
            ON CONFLICT (flag_key) DO UPDATE SET flag_value_text = excluded.flag_value_text,
                description = excluded.description, updated_at = excluded.updated_at";
        on!(&self.0.pool, connection => {
            sqlx::query(SET).bind(key).bind(text).bind(description).bind(at).execute(connection).await.map(drop)
        })
    }
}
