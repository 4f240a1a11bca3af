//! End-to-end tests: simulated providers, the real binary, real clients.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

/// Upstreams, the gateway's process, callers, checks.
mod kit;

/// Every translation, held against its golden files.
mod golden;

/// The official SDKs, Python and Node, served by each provider; run by `scripts/test`.
mod sdk;

/// Streams that break and go on at another link.
mod resume;
