//! What can go wrong between here and Redis, and whose fault it is.

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// Redis is away, or cannot be worked with: it is left aside for a while.
    #[error("{0}")]
    Away(String),
    /// Redis refused this one request, which is our mistake or that of somebody who wrote under our names.
    #[error("{0}")]
    Refused(String),
    /// The connection is still being opened.
    #[error("the connection takes too long to open")]
    Connecting,
}

/// Refusals that say how the server is, not what is wrong with the request.
const STATES: [&str; 15] = [
    "LOADING",
    "READONLY",
    "MASTERDOWN",
    "CLUSTERDOWN",
    "TRYAGAIN",
    "MOVED",
    "ASK",
    "OOM",
    "MISCONF",
    "NOREPLICAS",
    "BUSY",
    "NOAUTH",
    "WRONGPASS",
    "NOPERM",
    "DENIED",
];
/// A general error's words that say the same.
const FULL: &str = "max number of clients";

impl Fault {
    /// What `error` means, in words that `scrub` has gone over.
    pub(super) fn of(error: &RedisError, scrub: impl Fn(&str) -> String) -> Fault {
        let words = scrub(&error.to_string());
        let refused = match error.kind() {
            ErrorKind::Server(ServerErrorKind::ResponseError | ServerErrorKind::CrossSlot) | ErrorKind::Extension => {
                !tells_state(error)
            }
            ErrorKind::Server(ServerErrorKind::NoScript | ServerErrorKind::ExecAbort) => true,
            _ => false,
        };
        if refused { Fault::Refused(words) } else { Fault::Away(words) }
    }

    /// The same while a connection is opened: whoever refuses that is away.
    pub(super) fn or_away(self) -> Fault {
        match self {
            Fault::Refused(words) => Fault::Away(words),
            other => other,
        }
    }
}

/// Before its version 7, Redis says what stopped a script in the midst of a general error's words.
fn tells_state(error: &RedisError) -> bool {
    let code = error.code().unwrap_or_default();
    let detail = error.detail().unwrap_or_default();
    if detail.contains(FULL) {
        return true;
    }
    STATES.iter().any(|state| {
        code == *state || detail.split(' ').any(|word| word.strip_prefix('-').is_some_and(|word| word == *state))
    })
}
