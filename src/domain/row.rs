//! What is recorded of a request, or of an event: rows of tables, as plain data.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::{Builder, Uuid};

use super::attempt::{Attempt, Outcome};
use super::money::Usd;
use crate::secret::scrub;

/// A row to be written. In JSON it is an object with one field: its table's name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "nearly all are the large one, and a box would be one more allocation")]
pub enum Row {
    /// One request of a model.
    #[serde(rename = "llm_logs")]
    Call(CallRow),
    /// Something that happened, of whatever kind.
    #[serde(rename = "analytics_logs")]
    Event(EventRow),
}

/// One request of a model. The fields are the columns of `llm_logs`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallRow {
    /// Unique over all replicas.
    pub id: RowId,
    /// The request's id.
    pub request_id: Arc<str>,
    /// The path that was asked.
    pub endpoint: Cow<'static, str>,
    /// The route, where the model's name was one.
    pub route: Option<Box<str>>,
    /// The client key, where one was needed.
    pub key_id: Option<Arc<str>>,
    /// The caller's own user, in the caller's words.
    pub user_id: Option<Box<str>>,
    /// The caller's own conversation, in the caller's words.
    pub conversation_id: Option<Box<str>>,
    /// Who served.
    pub provider: Option<Cow<'static, str>>,
    /// The model that served.
    pub model: Option<Arc<str>>,
    /// The model as the caller wrote it.
    pub requested_model: Arc<str>,
    /// `ok`, a failure class, or an error's code.
    pub outcome: Cow<'static, str>,
    /// The status that the caller got.
    pub status: u16,
    /// Was it a stream?
    pub stream: bool,
    /// Did the answer come from the cache?
    pub cached: bool,
    /// Every link that took part, as `/v1/route` tells them.
    pub attempts: Attempts,
    /// Tokens of the prompt, cached ones included.
    pub input_tokens: Option<u64>,
    /// Of those, read from the provider's cache.
    pub cached_input_tokens: Option<u64>,
    /// Tokens of the answer.
    pub output_tokens: Option<u64>,
    /// What it cost, where that is known.
    #[serde(with = "dollars")]
    pub cost: Option<Usd>,
    /// From the request's first byte to the answer's last, in milliseconds.
    pub latency_ms: u64,
    /// To a stream's first content, in milliseconds.
    pub ttft_ms: Option<u64>,
    /// When the request ended.
    #[serde(with = "millis")]
    pub created_at: Timestamp,
}

/// Something that happened. The fields are the columns of `analytics_logs`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventRow {
    /// Unique over all replicas.
    pub id: RowId,
    /// The kind of event.
    pub event_type: Box<str>,
    /// What is told of it.
    pub event_data: Box<RawValue>,
    /// When it happened.
    #[serde(with = "millis")]
    pub created_at: Timestamp,
}

/// The links that took part, as they are, or as they came back from a line.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Box<RawValue>")]
pub enum Attempts {
    /// As they are.
    Live(Vec<Attempt>),
    /// As JSON.
    Told(Box<RawValue>),
}

impl From<Box<RawValue>> for Attempts {
    fn from(told: Box<RawValue>) -> Attempts {
        Attempts::Told(told)
    }
}

impl Serialize for Attempts {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Attempts::Live(attempts) => to.collect_seq(attempts.iter().map(Told::of)),
            Attempts::Told(told) => told.serialize(to),
        }
    }
}

/// One attempt, in the one shape that errors, `/v1/route` and the records share.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told<'a> {
    provider: &'a str,
    model: &'a str,
    outcome: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> Told<'a> {
    /// An attempt as it is told.
    pub fn of(attempt: &'a Attempt) -> Told<'a> {
        Told {
            provider: attempt.provider,
            model: &attempt.model,
            outcome: attempt.outcome.name(),
            status: attempt.status,
            duration_ms: attempt.duration_ms,
            message: attempt.message.as_deref().map(|message| storable(&scrub(message)).into_owned()),
            reason: match &attempt.outcome {
                Outcome::Skipped(passed) => Some(passed.reason()),
                Outcome::Ok | Outcome::Failed(_) => None,
            },
        }
    }
}

/// A row's id: in the order of time, and unique over all replicas (UUID version 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RowId(Uuid);

/// Bits of the counter in an id, behind its milliseconds.
const COUNTER: u32 = 22;

impl RowId {
    /// A new id for a row of this time.
    pub fn new(at: Timestamp) -> RowId {
        // From anywhere, so that two processes that share a file, which they should not, hardly ever meet.
        static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(fastrand::u64(..)));
        let ms = u64::try_from(at.as_millisecond()).unwrap_or_default();
        let count = NEXT.fetch_add(1, Ordering::Relaxed) & ((1 << COUNTER) - 1);
        // The version takes four bits behind twelve of these, and the variant two behind those.
        let (high, low) = (count >> (COUNTER - 12), count & ((1 << (COUNTER - 12)) - 1));
        let tail = (u128::from(high) << 64) | (u128::from(low) << 52) | u128::from(fastrand::u64(..) >> 12);
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&tail.to_be_bytes()[6..]);
        RowId(Builder::from_unix_timestamp_millis(ms, &bytes).into_uuid())
    }

    /// The least number that a row of this time, or a later one, can have in a database of one process.
    pub fn least_number(at: Timestamp) -> i64 {
        at.as_millisecond().max(0) << COUNTER
    }

    /// The least id that a row of this time, or a later one, can have.
    pub fn least(at: Timestamp) -> RowId {
        let ms = u64::try_from(at.as_millisecond()).unwrap_or_default();
        RowId(Builder::from_unix_timestamp_millis(ms, &[0; 10]).into_uuid())
    }

    /// The id as a number, for a database that one process alone writes: its time and its counter.
    pub fn number(self) -> i64 {
        let bits = self.0.as_u128();
        let (ms, high, low) = ((bits >> 80) as i64, (bits >> 64) as i64 & 0xfff, (bits >> 52) as i64 & 0x3ff);
        (ms << COUNTER) | (high << (COUNTER - 12)) | low
    }
}

impl fmt::Display for RowId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// Text as every database takes it: without the letter NUL.
pub fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// JSON as every database takes it: without the letter NUL in any name or text.
pub fn storable_json(mut value: Value) -> Box<RawValue> {
    fn clean(value: &mut Value) {
        match value {
            Value::String(text) if text.contains('\0') => *text = storable(text).into_owned(),
            Value::Array(items) => items.iter_mut().for_each(clean),
            Value::Object(fields) => {
                if fields.keys().any(|name| name.contains('\0')) {
                    let all = std::mem::take(fields).into_iter();
                    *fields = all.map(|(name, value)| (storable(&name).into_owned(), value)).collect();
                }
                fields.values_mut().for_each(clean);
            }
            _ => {}
        }
    }
    clean(&mut value);
    serde_json::value::to_raw_value(&value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// Dollars as a plain decimal number, to the last unit.
mod dollars {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::value::RawValue;

    use super::Usd;

    pub fn serialize<S: Serializer>(cost: &Option<Usd>, to: S) -> Result<S::Ok, S::Error> {
        let raw = cost.map(|cost| RawValue::from_string(cost.to_string()));
        raw.transpose().map_err(serde::ser::Error::custom)?.serialize(to)
    }

    pub fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Option<Usd>, D::Error> {
        let dollars = Option::<f64>::deserialize(from)?;
        Ok(dollars.and_then(Usd::from_dollars))
    }
}

/// Times to the millisecond.
mod millis {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{time:.3}"))
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Timestamp, D::Error> {
        Timestamp::deserialize(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_in_order_and_their_numbers_too() {
        let at: Timestamp = "2026-11-20T15:28:15.123Z".parse().unwrap();
        let ids: Vec<RowId> = (0..5000).map(|_| RowId::new(at)).collect();
        // The counter wraps once in four million.
        let numbers: Vec<i64> = ids.iter().map(|id| id.number()).collect();
        let sorted = |list: &[i64]| list.windows(2).filter(|pair| pair[0] >= pair[1]).count();
        assert!(sorted(&numbers) <= 1, "{}", sorted(&numbers));
        assert_eq!(ids[0].0.get_version_num(), 7);
        let later = RowId::least_number(at + jiff::SignedDuration::from_millis(1));
        assert!(numbers.iter().all(|number| (RowId::least_number(at)..later).contains(number)));
        let later = RowId::least(at + jiff::SignedDuration::from_millis(1));
        assert!(ids.iter().all(|id| (RowId::least(at)..later).contains(id)));
        assert_eq!(RowId::least(Timestamp::UNIX_EPOCH).to_string(), "00000000-0000-7000-8000-000000000000");
    }

    #[test]
    fn a_row_comes_back_from_its_line() {
        let row = Row::Event(EventRow {
            id: RowId::new(Timestamp::UNIX_EPOCH),
            event_type: "voucher_issued".into(),
            event_data: storable_json(serde_json::json!({"a\0": ["b\0", 1.0]})),
            created_at: "2026-11-20T15:28:15.123456Z".parse().unwrap(),
        });
        let line = serde_json::to_string(&row).unwrap();
        assert!(line.contains(r#""created_at":"2026-11-20T15:28:15.123Z""#), "{line}");
        assert!(line.contains("{\"a\u{fffd}\":[\"b\u{fffd}\",1.0]}"), "{line}");
        let back: Row = serde_json::from_str(&line).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), line);
    }
}
