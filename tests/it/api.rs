//! The endpoints as a client sees them.

mod headers;
mod health;
mod ids;
mod keys;
mod logs;
mod metrics;
mod models;
mod passthrough;
mod route;

use crate::kit::Answer;

/// Milliseconds by name in `server-timing`.
fn timing(answer: &Answer, name: &str) -> f64 {
    let header = answer.header("server-timing").unwrap_or_else(|| panic!("no server-timing in {:?}", answer.headers));
    let part = header.split(", ").find_map(|part| part.strip_prefix(&format!("{name};dur=")));
    part.unwrap_or_else(|| panic!("no {name} in {header}")).parse().expect("milliseconds")
}

/// The moment that an ISO 8601 text names, which must be in UTC and to the millisecond.
#[track_caller]
fn check_time(value: &serde_json::Value) {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no time"));
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    assert!(parsed.is_ok() && text.len() == "2025-11-29T21:12:23.000Z".len() && text.ends_with('Z'), "{text}");
}
