//! End-to-end tests: simulated providers, the real binary, real clients.
#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

/// Upstreams, the gateway's process, callers, checks.
mod kit;

/// Every translation, held against its golden files.
mod golden;

/// Streams: what they say, when it arrives, and what becomes of those that fail.
mod stream;

/// Clients that hang up.
mod cancel;

/// The process's end.
mod drain;

/// Connections on both sides.
mod connections;

/// Too much of something.
mod limits;

/// Slow clients.
mod slow;

/// Whole answers: their bounds.
mod whole;

/// Streams that break and go on at another link.
mod resume;
