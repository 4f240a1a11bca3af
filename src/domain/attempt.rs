//! What came of each link of a chain, as answers, logs and tables tell it.

use std::fmt;
use std::sync::Arc;

use super::failure::Class;

/// Why a link was passed over without a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passed {
    /// Its provider is marked unhealthy.
    Unhealthy,
    /// It rests after a failure of its own.
    Resting,
    /// It rests because the provider asked for it.
    RateLimited,
    /// It cannot serve what the request needs; the reason is for people.
    Unfit(String),
}

impl Passed {
    /// The name in `x-gateway-fallback` and in summaries.
    pub fn name(&self) -> &'static str {
        match self {
            Passed::Unhealthy => "unhealthy",
            Passed::Resting | Passed::RateLimited => "resting",
            Passed::Unfit(_) => "unfit",
        }
    }

    /// The reason for people.
    pub fn reason(&self) -> &str {
        match self {
            Passed::Unfit(reason) => reason,
            other => other.name(),
        }
    }
}

/// How one link ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It served.
    Ok,
    /// It was called and failed.
    Failed(Class),
    /// It was not called.
    Skipped(Passed),
}

impl Outcome {
    /// `ok`, the failure's class, or `skipped`.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Failed(class) => class.name(),
            Outcome::Skipped(_) => "skipped",
        }
    }

    /// The word for summaries and headers: the failure's class, or why the link was passed over.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Skipped(passed) => passed.name(),
            other => other.name(),
        }
    }
}

/// Somebody who looks on while the links of a chain are tried.
pub trait Onlooker: fmt::Debug + Send + Sync {
    /// A link is tried now: the first one, or the next one after this.
    fn tries(&self, provider: &'static str, model: &str, after: Option<&Attempt>);
}

/// One link of a chain and what came of it, all its tries together.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The provider's name.
    pub provider: &'static str,
    /// The model that was asked of it.
    pub model: Arc<str>,
    /// How it ended.
    pub outcome: Outcome,
    /// The provider's HTTP status, where it answered.
    pub status: Option<u16>,
    /// Time spent on it, waits between tries included, in milliseconds.
    pub duration_ms: u64,
    /// The last failure's message, secrets removed.
    pub message: Option<String>,
}
