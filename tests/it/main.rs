//! End-to-end tests: simulated providers, the real binary, real clients.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

/// Upstreams, the gateway's process, callers, checks.
mod kit;

/// Every translation, held against its golden files.
mod golden;

/// Everything a provider can do wrong, and what must come of it.
mod faults;

/// What is believed of providers and links.
mod health;

/// Chains: who is asked in which order, and what is told of it.
mod fallback;

/// Bad input is refused in OpenAI's form, and nobody is called.
mod bad_input;

/// The environment, `.env`, the log, commands and exit codes.
mod config;

/// One battery for every provider.
mod conformance;

/// The endpoints as a client sees them.
mod api;

/// The official SDKs, Python and Node, served by each provider; run by `scripts/test`.
mod sdk;

/// Streams that break and go on at another link.
mod resume;

/// The house's own rules, read off the source.
mod tidy;

/// What the documents say, held against what there is.
mod docs;
