//! The list of attempts, in the one shape that errors, `/v1/route` and the records share.

use serde_json::{Map, Value};

use crate::domain::attempt::{Attempt, Outcome};
use crate::secret::scrub;

/// The attempts as JSON objects, in order.
pub fn value(attempts: &[Attempt]) -> Value {
    attempts.iter().map(one).collect()
}

fn one(attempt: &Attempt) -> Value {
    let mut out = Map::new();
    out.insert("provider".into(), attempt.provider.into());
    out.insert("model".into(), (&*attempt.model).into());
    out.insert("outcome".into(), attempt.outcome.name().into());
    if let Some(status) = attempt.status {
        out.insert("status".into(), status.into());
    }
    out.insert("durationMs".into(), attempt.duration_ms.into());
    if let Some(message) = &attempt.message {
        out.insert("message".into(), scrub(message).into());
    }
    if let Outcome::Skipped(passed) = &attempt.outcome {
        out.insert("reason".into(), passed.reason().into());
    }
    Value::Object(out)
}
