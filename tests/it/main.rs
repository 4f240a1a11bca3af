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

/// Everything a provider can do wrong, and what must come of it.
mod faults;

/// Redis, by which replicas share what they know.
mod shared;

/// What is believed of providers and links.
mod health;

/// Chains: who is asked in which order, and what is told of it.
mod fallback;

/// Bad input is refused in the caller's form, and nobody is called.
mod bad_input;

/// Callers of Anthropic Messages.
mod messages;

/// Callers of OpenAI Responses.
mod responses;

/// What holds for callers of every protocol.
mod fronts;

/// Bugs that other gateways had.
mod known_bugs;

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

/// Vectors: both encodings, whatever providers send, and no fallback that nobody named.
mod embeddings;

/// The response cache: what is kept, for whom, and what those share who ask at the same time.
mod cache;

/// What is recorded of requests, whatever becomes of the database and of the process.
mod records;

/// The house's own rules, read off the source.
mod tidy;

/// What the documents say, held against what there is.
mod docs;

/// What must be so of the codecs for every input.
mod properties;

/// Client keys: who is let in, how fast, and for how much.
mod keys;

/// What operators change in the database while the gateway runs.
mod flags;

/// An application's own events.
mod events;

/// Records whose time is over.
mod retention;

/// The SQL of operators' runbooks, on PostgreSQL.
mod operators;

/// MCP: the gateway's own tools and resources, for clients of both eras, over HTTP and over stdio.
mod mcp;

/// Other MCP servers: started, watched, listed and ended.
mod servers;

/// Requests that are other servers', for clients of both eras: sent on, watched, asked back, answered.
mod aggregate;
