//! Why the database did not do what was asked.

/// Why the database did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// It cannot be had now, or cannot write now: the same may go well later.
    #[error("{0}")]
    Away(String),
    /// It will never take this.
    #[error("{0}")]
    Refused(String),
}

impl StoreError {
    /// It was asked, and said nothing.
    pub(super) fn silent() -> StoreError {
        StoreError::Away("it did not answer in time".to_owned())
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        // An address may stand in the words, and a password in the address.
        let words = crate::secret::scrub(&error.to_string());
        match &error {
            sqlx::Error::Database(said) if is_data(&**said) => StoreError::Refused(words),
            // It has answered, and what stands there is not what belongs there.
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreError::Refused(words),
            _ => StoreError::Away(words),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> StoreError {
        StoreError::Away(crate::secret::scrub(&error.to_string()))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        use rusqlite::ErrorCode::{ConstraintViolation, TooBig, TypeMismatch};
        let words = error.to_string();
        match error.sqlite_error_code() {
            Some(ConstraintViolation | TooBig | TypeMismatch) => StoreError::Refused(words),
            _ => StoreError::Away(words),
        }
    }
}

/// Is another process writing to the file of SQLite? Not always does SQLite wait for it.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|said| said.code());
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

/// Is it the data that it will not take? In PostgreSQL classes 22 (data) and 23 (constraints); in SQLite 18 (too big),
/// 19 (constraint) and 20 (mismatch), below their extended codes.
fn is_data(said: &dyn sqlx::error::DatabaseError) -> bool {
    let Some(code) = said.code() else { return false };
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => matches!(number & 0xff, 18..=20),
        _ => code.starts_with("22") || code.starts_with("23"),
    }
}
