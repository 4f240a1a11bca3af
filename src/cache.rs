//! Answers kept for requests that ask the same.

use std::time::Duration;

/// The operator's settings.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How long an answer is kept; zero keeps none unless a request asks for it.
    pub ttl: Duration,
    /// The most that answers may take in this process, in bytes.
    pub most_bytes: u64,
    /// May one client key have the answers that another one paid for?
    pub shared: bool,
}
