//! Why there is no answer, and what a caller learns of it.

use std::borrow::Cow;
use std::time::Duration;

use crate::admit::Refused;
use crate::chain::{Exhausted, Why};
use crate::domain::attempt::Attempt;
use crate::domain::failure::{Blame, Class, Failure, Said};
use crate::plan::NoChain;
use crate::protocol::{BadRequest, error_kind};
use crate::secret::scrub;

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GatewayError {
    /// The request is wrong whoever serves it.
    #[error(transparent)]
    BadRequest(#[from] BadRequest),
    /// The client key does not allow it, or not now.
    #[error(transparent)]
    NotAdmitted(#[from] Refused),
    /// Nobody could serve it.
    #[error(transparent)]
    NoChain(#[from] NoChain),
    /// The request itself was refused, or every link failed in the way of the caller's own fault.
    #[error("{}", .failure.message)]
    Refused {
        /// The refusal.
        failure: Box<Failure>,
        /// Every link that took part.
        attempts: Vec<Attempt>,
        /// Why the first link did not answer.
        fallback: Option<String>,
    },
    /// Every link failed.
    #[error("{}", all_failed(.attempts))]
    AllFailed {
        /// Every link that took part.
        attempts: Vec<Attempt>,
        /// Did every call end in our own waiting in vain?
        timed_out: bool,
        /// The least wait that providers have asked for.
        retry_after: Option<Duration>,
    },
    /// Every link is over its rate limit.
    #[error("Every provider of this chain is over its rate limit; the soonest to retry asks for {} s.", seconds(*.retry_after))]
    AllRateLimited {
        /// Every link that took part.
        attempts: Vec<Attempt>,
        /// The least wait that they ask for.
        retry_after: Duration,
    },
    /// The time was up.
    #[error("The deadline of {} ms passed before any provider had answered.", .timeout.as_millis())]
    Deadline {
        /// Every link that took part.
        attempts: Vec<Attempt>,
        /// The deadline, counted from the request.
        timeout: Duration,
    },
}

impl From<Failure> for GatewayError {
    fn from(failure: Failure) -> GatewayError {
        GatewayError::AllFailed {
            attempts: Vec::new(),
            timed_out: waited_in_vain(&failure),
            retry_after: failure.retry_after,
        }
    }
}

impl GatewayError {
    /// What an exhausted chain means for the caller.
    pub(super) fn from_chain(exhausted: Exhausted, fallback: Option<String>, timeout: Duration) -> GatewayError {
        let attempts = exhausted.attempts;
        let (mut failures, retry_after) = match exhausted.why {
            Why::Refused(failure) => return GatewayError::Refused { failure: Box::new(failure), attempts, fallback },
            Why::Deadline => return GatewayError::Deadline { attempts, timeout },
            Why::Failed { failures, retry_after } => (failures, retry_after),
        };
        // Links that could not carry the request count only where no other was called.
        if failures.iter().any(|failure| failure.blame != Blame::Unfit) {
            failures.retain(|failure| failure.blame != Blame::Unfit);
        } else if let Some(unfit) = failures.drain(..).next() {
            return GatewayError::Refused { failure: Box::new(unfit), attempts, fallback };
        }
        let all =
            |class: Class| failures.iter().all(|failure| failure.class == class && failure.blame == Blame::ByClass);
        if let Some(retry_after) = retry_after.filter(|_| all(Class::RateLimited)) {
            return GatewayError::AllRateLimited { attempts, retry_after };
        }
        let callers = [Class::ModelUnavailable, Class::ContextLength];
        let told = failures.iter().all(|failure| callers.contains(&failure.class)) && retry_after.is_none();
        let timed_out = !failures.is_empty() && failures.iter().all(waited_in_vain) && retry_after.is_none();
        match failures.pop() {
            Some(failure) if told => GatewayError::Refused { failure: Box::new(failure), attempts, fallback },
            _ => GatewayError::AllFailed { attempts, timed_out, retry_after },
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            GatewayError::BadRequest(_) => 400,
            GatewayError::NotAdmitted(Refused::Model(_)) => 403,
            GatewayError::NotAdmitted(_) => 429,
            GatewayError::NoChain(NoChain::NothingConfigured(_)) => 503,
            GatewayError::NoChain(NoChain::NoProvider { .. } | NoChain::NoVectors { .. }) => 404,
            GatewayError::Refused { failure, .. } => match (failure.class, failure.status) {
                (Class::ModelUnavailable, _) => 404,
                (Class::ContextLength, _) => 400,
                // An error inside an answer of 200 has no status of its own that a caller could use.
                (_, Some(status @ 400..=499)) => status,
                _ => 400,
            },
            GatewayError::AllFailed { timed_out, .. } => 502 + 2 * u16::from(*timed_out),
            GatewayError::AllRateLimited { .. } => 429,
            GatewayError::Deadline { .. } => 504,
        }
    }

    /// The machine's code.
    pub fn code(&self) -> Option<Cow<'_, str>> {
        let code = match self {
            GatewayError::BadRequest(_) => return None,
            GatewayError::NotAdmitted(Refused::Model(_)) => "model_not_allowed",
            GatewayError::NotAdmitted(Refused::Budget { .. }) => "budget_exceeded",
            GatewayError::NotAdmitted(_) => "rate_limit_exceeded",
            GatewayError::NoChain(NoChain::NothingConfigured(_)) => "no_provider_configured",
            GatewayError::NoChain(NoChain::NoProvider { .. } | NoChain::NoVectors { .. }) => "model_not_found",
            GatewayError::Refused { failure, .. } => return refused_code(failure),
            GatewayError::AllFailed { .. } => "all_providers_failed",
            GatewayError::AllRateLimited { .. } => "all_providers_rate_limited",
            GatewayError::Deadline { .. } => "deadline_exceeded",
        };
        Some(Cow::Borrowed(code))
    }

    /// The error's type, by OpenAI's names.
    pub fn kind(&self) -> &'static str {
        match self {
            GatewayError::BadRequest(_)
            | GatewayError::NoChain(NoChain::NoProvider { .. } | NoChain::NoVectors { .. })
            | GatewayError::Refused { .. } => "invalid_request_error",
            GatewayError::NotAdmitted(Refused::Model(_)) => "permission_error",
            GatewayError::NotAdmitted(_) => error_kind(Class::RateLimited),
            GatewayError::AllRateLimited { .. } => error_kind(Class::RateLimited),
            GatewayError::NoChain(_) | GatewayError::AllFailed { .. } | GatewayError::Deadline { .. } => "server_error",
        }
    }

    /// The field at fault.
    pub fn param(&self) -> Option<&str> {
        match self {
            GatewayError::BadRequest(bad) => bad.param.as_deref(),
            GatewayError::NoChain(NoChain::NoProvider { .. } | NoChain::NoVectors { .. })
            | GatewayError::NotAdmitted(Refused::Model(_)) => Some("model"),
            GatewayError::Refused { failure, .. } => failure.said.as_ref()?.param.as_deref(),
            _ => None,
        }
    }

    /// Words for the caller; secrets removed.
    pub fn message(&self) -> String {
        match self {
            GatewayError::BadRequest(_) | GatewayError::NotAdmitted(_) | GatewayError::NoChain(_) => self.to_string(),
            _ => scrub(&self.to_string()),
        }
    }

    /// The provider's own words, where the error is the caller's own fault.
    pub fn said(&self) -> Option<&Said> {
        match self {
            GatewayError::Refused { failure, .. } => failure.said.as_deref().filter(|said| !said.body.is_empty()),
            _ => None,
        }
    }

    /// Every link that took part.
    pub fn attempts(&self) -> &[Attempt] {
        match self {
            GatewayError::BadRequest(_) | GatewayError::NotAdmitted(_) | GatewayError::NoChain(_) => &[],
            GatewayError::Refused { attempts, .. }
            | GatewayError::AllFailed { attempts, .. }
            | GatewayError::AllRateLimited { attempts, .. }
            | GatewayError::Deadline { attempts, .. } => attempts,
        }
    }

    /// Did the chain as a whole fail, so that each link's end is worth telling?
    pub fn is_chains(&self) -> bool {
        matches!(
            self,
            GatewayError::AllFailed { .. } | GatewayError::AllRateLimited { .. } | GatewayError::Deadline { .. }
        )
    }

    /// How long the caller should wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            GatewayError::AllRateLimited { retry_after, .. } => Some(*retry_after),
            GatewayError::AllFailed { retry_after, .. } => *retry_after,
            GatewayError::NotAdmitted(Refused::Requests { wait, .. } | Refused::Tokens { wait, .. }) => Some(*wait),
            // Somebody has to set a variable and start anew: that is not soon.
            GatewayError::NoChain(NoChain::NothingConfigured(_)) => Some(Duration::from_secs(60)),
            _ => None,
        }
    }

    /// May the same request be made again after that wait? Where the gateway has tried already, an SDK that tries again
    /// would multiply its tries.
    pub fn invites_another_try(&self) -> bool {
        matches!(self, GatewayError::NotAdmitted(Refused::Requests { .. } | Refused::Tokens { .. }))
    }

    /// The word for logs and metrics.
    pub fn outcome(&self) -> Cow<'_, str> {
        match self {
            GatewayError::Refused { failure, .. } => Cow::Borrowed(failure.class.name()),
            other => other.code().unwrap_or(Cow::Borrowed(Class::InvalidRequest.name())),
        }
    }
}

/// The provider's own code, or the one that OpenAI has for the class.
fn refused_code(failure: &Failure) -> Option<Cow<'_, str>> {
    if let Some(code) = failure.said.as_ref().and_then(|said| said.code.as_deref()) {
        return Some(Cow::Borrowed(code));
    }
    let code = match (failure.class, failure.status) {
        (Class::ContextLength, _) => "context_length_exceeded",
        (Class::ContentPolicy, _) => "content_policy_violation",
        (Class::ModelUnavailable, _) => "model_not_found",
        (_, Some(413)) => "request_too_large",
        _ => return None,
    };
    Some(Cow::Borrowed(code))
}

/// Did the gateway itself wait in vain? A provider that says "504" has answered.
fn waited_in_vain(failure: &Failure) -> bool {
    failure.class == Class::Timeout && failure.status.is_none()
}

fn all_failed(attempts: &[Attempt]) -> String {
    format!("Every provider of this chain failed: {}.", crate::telemetry::summary(attempts))
}

/// Whole seconds, at least one.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs_f64().ceil().max(1.0) as u64
}
