//! Client keys, as their table has them.

use jiff::Timestamp;
use sqlx::Connection as _;

use super::{Store, StoreError, Time, on, time};
use crate::domain::grant::{Budget, Grant, Period};
use crate::domain::money::Usd;

/// A key to be kept. The key itself is not among its fields.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Its id, its name, and what it allows.
    pub grant: Grant,
    /// The SHA-256 of the key, in hexadecimal digits.
    pub hash: String,
    /// The beginning of the key, by which people know it again.
    pub prefix: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A key that is kept.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// Its id, its name, and what it allows.
    pub grant: Grant,
    /// The SHA-256 of the key, in hexadecimal digits.
    pub hash: String,
    /// The beginning of the key.
    pub prefix: String,
    /// Since when it is good no more.
    pub revoked_at: Option<Timestamp>,
    /// When it was last seen in use, give or take a minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

/// What came of a revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoked {
    /// It is revoked now.
    Now,
    /// It was before.
    Before,
}

/// A row as text and numbers: whatever people may have written by hand, one row never hides the others.
#[derive(sqlx::FromRow)]
struct Raw {
    id: String,
    name: String,
    key_hash: String,
    key_prefix: String,
    allowed_models: Option<String>,
    rpm: Option<i64>,
    tpm: Option<i64>,
    budget_usd: Option<String>,
    budget_period: Option<String>,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    last_used_at: Option<String>,
    created_at: Option<String>,
}

impl Store {
    /// Keeps a new key. `false` where there is one of this name already.
    ///
    /// # Errors
    /// Why it was not kept.
    pub async fn insert_key(&self, key: &NewKey) -> Result<bool, StoreError> {
        const INSERT: &str = "INSERT INTO gateway_keys (id, name, key_hash, key_prefix, allowed_models, rpm, tpm, \
            budget_usd, budget_period, expires_at, created_at) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, CAST($8 AS numeric), $9, $10, $11) ON CONFLICT (name) DO NOTHING";
        let number = |limit: Option<u64>| limit.map(|limit| i64::try_from(limit).unwrap_or(i64::MAX));
        let (grant, budget) = (&key.grant, key.grant.budget);
        let models = (!grant.models.is_empty()).then(|| serde_json::to_string(&grant.models)).transpose();
        let models = models.map_err(|error| StoreError::Refused(error.to_string()))?;
        let inserted: Result<u64, StoreError> = on!(&self.0.pool, db => {
            let query = sqlx::query(INSERT).bind(&*grant.id).bind(&*grant.name).bind(&key.hash).bind(&key.prefix);
            let query = query.bind(models).bind(number(grant.rpm)).bind(number(grant.tpm));
            let query = query.bind(budget.map(|budget| budget.limit.to_string()));
            let query = query.bind(budget.map(|budget| budget.period.name()));
            let query = query.bind(grant.expires_at.map(Time)).bind(Time(key.created_at));
            query.execute(db).await.map(|done| done.rows_affected())
        });
        self.note(&inserted);
        inserted.map(|rows| rows == 1)
    }

    /// Every key, revoked ones included, oldest first.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub async fn keys(&self) -> Result<Vec<KeyRow>, StoreError> {
        const ALL: &str = "SELECT id, name, key_hash, key_prefix, allowed_models, CAST(rpm AS bigint) AS rpm, \
            CAST(tpm AS bigint) AS tpm, CAST(budget_usd AS text) AS budget_usd, budget_period, \
            CAST(expires_at AS text) AS expires_at, CAST(revoked_at AS text) AS revoked_at, \
            CAST(last_used_at AS text) AS last_used_at, CAST(created_at AS text) AS created_at \
            FROM gateway_keys ORDER BY created_at, id";
        let rows: Result<Vec<Raw>, StoreError> = on!(&self.0.pool, db => sqlx::query_as(ALL).fetch_all(db).await);
        self.note(&rows);
        Ok(rows?.into_iter().map(KeyRow::from).collect())
    }

    /// Is there a key, or has there ever been one?
    ///
    /// # Errors
    /// Why that is not known.
    pub async fn had_keys(&self) -> Result<bool, StoreError> {
        const HAD: &str = "SELECT CAST(count(*) AS bigint) FROM watched_tables \
            WHERE name = 'gateway_keys' AND (had_rows OR EXISTS (SELECT 1 FROM gateway_keys))";
        let count: Result<i64, StoreError> = on!(&self.0.pool, db => sqlx::query_scalar(HAD).fetch_one(db).await);
        self.note(&count);
        count.map(|count| count > 0)
    }

    /// Revokes the key of this id or name. `None` where there is none.
    ///
    /// # Errors
    /// Why that is not known.
    pub async fn revoke_key(&self, which: &str, at: Timestamp) -> Result<Option<Revoked>, StoreError> {
        const REVOKE: &str =
            "UPDATE gateway_keys SET revoked_at = $2 WHERE (id = $1 OR name = $1) AND revoked_at IS NULL";
        const COUNT: &str = "SELECT CAST(count(*) AS bigint) FROM gateway_keys WHERE id = $1 OR name = $1";
        let came: Result<(u64, i64), StoreError> = on!(&self.0.pool, db => {
            let done = sqlx::query(REVOKE).bind(which).bind(Time(at)).execute(&mut *db).await?;
            let count: i64 = sqlx::query_scalar(COUNT).bind(which).fetch_one(db).await?;
            Ok::<_, sqlx::Error>((done.rows_affected(), count))
        });
        self.note(&came);
        Ok(match came? {
            (0, 0) => None,
            (0, _) => Some(Revoked::Before),
            _ => Some(Revoked::Now),
        })
    }

    /// Notes when keys were last used: their ids, and those times.
    ///
    /// # Errors
    /// Why it was not noted.
    pub async fn touch_keys(&self, used: &[(String, Timestamp)]) -> Result<(), StoreError> {
        const TOUCH: &str = "UPDATE gateway_keys SET last_used_at = $2 \
            WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
        let touched: Result<(), StoreError> = on!(&self.0.pool, db => {
            let mut whole = db.begin().await?;
            for (id, at) in used {
                sqlx::query(TOUCH).bind(id).bind(Time(*at)).execute(&mut *whole).await?;
            }
            whole.commit().await
        });
        self.note(&touched);
        touched
    }
}

impl From<Raw> for KeyRow {
    fn from(raw: Raw) -> KeyRow {
        // What cannot be read allows nothing.
        let limit = |limit: Option<i64>| limit.map(|limit| u64::try_from(limit).unwrap_or_default());
        let moment = |text: Option<String>| text.map(|text| time::read(&text).unwrap_or(Timestamp::UNIX_EPOCH));
        let budget = raw.budget_usd.map(|dollars| Budget {
            limit: dollars.parse().ok().and_then(Usd::from_dollars).unwrap_or_default(),
            period: match raw.budget_period.as_deref() {
                None => Period::Month,
                Some(name) => Period::named(name.trim()).unwrap_or(Period::Total),
            },
        });
        let grant = Grant {
            id: raw.id.into(),
            name: raw.name.into(),
            models: raw.allowed_models.as_deref().map(patterns).unwrap_or_default(),
            rpm: limit(raw.rpm),
            tpm: limit(raw.tpm),
            budget,
            expires_at: moment(raw.expires_at),
        };
        KeyRow {
            grant,
            hash: raw.key_hash,
            prefix: raw.key_prefix,
            revoked_at: moment(raw.revoked_at),
            last_used_at: moment(raw.last_used_at),
            created_at: moment(raw.created_at),
        }
    }
}

/// A JSON array of patterns, or patterns between commas, as people write them by hand. What is neither allows nothing.
fn patterns(text: &str) -> Vec<Box<str>> {
    let text = text.trim();
    if text.is_empty() || text == "null" || text == "[]" {
        return Vec::new();
    }
    if text.starts_with('[') {
        return serde_json::from_str(text).unwrap_or_else(|_| vec!["".into()]);
    }
    text.split(',').map(|pattern| pattern.trim().into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_by_hand_never_allows_more() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(patterns(text).iter().map(|pattern| &**pattern).collect::<Vec<_>>(), expected, "{text}");
        };
        check("", &[]);
        check("[]", &[]);
        check(r#"["gpt-4o*","code"]"#, &["gpt-4o*", "code"]);
        check("gpt-4o*, code", &["gpt-4o*", "code"]);
        check("[1, 2]", &[""]);
        check("{", &["{"]);
    }
}
