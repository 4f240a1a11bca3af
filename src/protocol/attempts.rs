//! The list of attempts, in the one shape that errors, `/v1/route` and the records share.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::row::storable;
use crate::secret::scrub;

/// The attempts as JSON objects, in order.
pub fn value(attempts: &[Attempt]) -> Value {
    serde_json::to_value(told(attempts)).unwrap_or_default()
}

/// The same as text, for the records.
pub fn raw(attempts: &[Attempt]) -> Box<RawValue> {
    to_raw_value(&told(attempts)).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

fn told(attempts: &[Attempt]) -> Vec<Told<'_>> {
    attempts.iter().map(Told::of).collect()
}

/// One attempt in that shape.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
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
    fn of(attempt: &'a Attempt) -> Told<'a> {
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
