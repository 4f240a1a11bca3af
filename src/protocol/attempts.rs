//! The list of attempts, in the one shape that errors, `/v1/route` and the records share.

use serde_json::Value;

use crate::domain::attempt::Attempt;
use crate::domain::row::Told;

/// The attempts as JSON objects, in order.
pub fn value(attempts: &[Attempt]) -> Value {
    let told: Vec<Told<'_>> = attempts.iter().map(Told::of).collect();
    serde_json::to_value(told).unwrap_or_default()
}
