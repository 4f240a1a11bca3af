//! What holds for callers of every protocol alike, each in its own form.

/// What has no end.
mod bounds;
/// What is refused at the door: keys, sizes, paths, too many at once.
mod door;
/// How a chain ends that nobody answers.
mod errors;
/// The mock, the metrics, and what is asked twice.
mod everyday;
/// Streams drawn at random.
mod scripts;
/// Clients that hang up, and usage that nobody has counted.
mod spending;

use crate::kit::*;
use serde_json::{Value, json};

/// Those whose errors and streams are not tested elsewhere.
const NEW: [Front; 2] = [Front::Messages, Front::Responses];

/// Checks an error: its form, status, type and code.
#[track_caller]
fn check_refused(front: Front, what: &str, answer: &Answer, status: u16, code: &str) {
    let body = String::from_utf8_lossy(&answer.body);
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{front:?}, {what}: {body}");
    assert_eq!(front.fault_of_error(answer), None, "{front:?}, {what}");
    assert_eq!(answer.error()["type"], front.error_type(status), "{front:?}, {what}: {body}");
}
