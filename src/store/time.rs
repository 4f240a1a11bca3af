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
        let text = <&str as Decode<'r, Sqlite>>::decode(value)?;
        // What people write by hand has a space in the middle, and no zone.
        let text = text.replacen(' ', "T", 1);
        let zoned = text.parse().or_else(|_| format!("{text}Z").parse());
        Ok(Time(zoned?))
    }
}
