//! A time in a table: `timestamptz` in PostgreSQL, ISO 8601 in SQLite.

use jiff::Timestamp;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::sqlite::{SqliteArgumentsBuffer, SqliteTypeInfo, SqliteValueRef};
use sqlx::{Decode, Encode, Postgres, Sqlite, Type};

/// A time in a table, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Timestamp);

/// PostgreSQL counts microseconds from the start of 2000.
const EPOCH: i64 = 946_684_800_000_000;

impl Type<Postgres> for Time {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("timestamptz")
    }
}

impl Encode<'_, Postgres> for Time {
    fn encode_by_ref(&self, out: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let micros = self.0.as_millisecond() * 1000 - EPOCH;
        <i64 as Encode<'_, Postgres>>::encode_by_ref(&micros, out)
    }
}

impl<'r> Decode<'r, Postgres> for Time {
    fn decode(value: PgValueRef<'r>) -> Result<Time, BoxDynError> {
        match value.format() {
            PgValueFormat::Binary => {
                let micros = <i64 as Decode<'r, Postgres>>::decode(value)?;
                Ok(Time(Timestamp::from_microsecond(micros.saturating_add(EPOCH))?))
            }
            PgValueFormat::Text => Ok(Time(value.as_str()?.replace(' ', "T").parse()?)),
        }
    }
}

impl Type<Sqlite> for Time {
    fn type_info() -> SqliteTypeInfo {
        <String as Type<Sqlite>>::type_info()
    }

    fn compatible(kind: &SqliteTypeInfo) -> bool {
        <String as Type<Sqlite>>::compatible(kind)
    }
}

impl Encode<'_, Sqlite> for Time {
    fn encode_by_ref(&self, out: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        <String as Encode<'_, Sqlite>>::encode(format!("{:.3}", self.0), out)
    }
}

impl<'r> Decode<'r, Sqlite> for Time {
    fn decode(value: SqliteValueRef<'r>) -> Result<Time, BoxDynError> {
        Ok(Time(read(<&str as Decode<'r, Sqlite>>::decode(value)?)?))
    }
}

/// A time as either database writes it, or people do by hand: with a space in the middle, with no zone, with no hour.
pub(super) fn read(text: &str) -> Result<Timestamp, jiff::Error> {
    let text = text.trim().replacen(' ', "T", 1);
    let zoned = text.parse().or_else(|_| format!("{text}Z").parse());
    zoned.or_else(|_| format!("{text}T00:00:00Z").parse())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_databases_and_people_write_them() {
        let expected: Timestamp = "2026-11-20T15:28:15.5Z".parse().unwrap();
        for text in [
            "2026-11-20T15:28:15.500Z",
            "2026-11-20 15:28:15.5+00",
            "2026-11-20 15:28:15.5",
            "2026-11-20T16:28:15.5+01:00",
        ] {
            assert_eq!(read(text).ok(), Some(expected), "{text}");
        }
        assert_eq!(read("2026-11-20").ok(), "2026-11-20T00:00:00Z".parse().ok());
        assert!(read("soon").is_err());
    }
}
