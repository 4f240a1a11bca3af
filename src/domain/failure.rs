//! What a failure means and what follows from it: one table for text, images and video.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use super::Dialect;
use super::brief::brief;

/// The failure classes of the contract, for every kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The caller's own mistake: nobody else would answer it either.
    InvalidRequest,
    /// The provider's moderation or safety refusal.
    ContentPolicy,
    /// The prompt is too long for this model.
    ContextLength,
    /// Unknown or retired model, or no access to it.
    ModelUnavailable,
    /// The operator's key was refused.
    Auth,
    /// The operator's money or allowance has run out.
    Quota,
    /// Too many requests for now.
    RateLimited,
    /// The provider failed on its side.
    ServerError,
    /// Nothing came in time.
    Timeout,
    /// The provider could not be reached, or the connection broke before an answer began.
    Network,
    /// An answer that is not the protocol's.
    Malformed,
    /// The caller hung up.
    ClientGone,
}

/// When the same link is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Not at all.
    Never,
    /// Only where the request had not left: a connection that could not be made in time.
    ConnectOnly,
    /// As often as the operator's retries allow.
    Retries,
    /// Once, where the provider asked for a wait short enough to be sat out.
    AfterWait,
}

/// What a failure does to later requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nothing.
    Nothing,
    /// The provider is passed over until it is checked again.
    Provider,
    /// This link rests, for longer each time its trial fails.
    RestLink,
    /// This link rests for a minute.
    RestMinute,
    /// This link rests as long as the provider asked.
    RestAsAsked,
}

/// What follows from a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Is the same link tried again?
    pub again: Again,
    /// Is the next link tried?
    pub next: bool,
    /// What is remembered for later requests?
    pub mark: Mark,
}

/// The contract's failure table, a line for each class.
#[rustfmt::skip]
pub const fn rule(class: Class) -> Rule {
    const fn row(again: Again, next: bool, mark: Mark) -> Rule { Rule { again, next, mark } }
    match class {
        Class::InvalidRequest   => row(Again::Never,       false, Mark::Nothing),
        Class::ContentPolicy    => row(Again::Never,       false, Mark::Nothing),
        Class::ContextLength    => row(Again::Never,       true,  Mark::Nothing),
        Class::ModelUnavailable => row(Again::Never,       true,  Mark::RestMinute),
        Class::Auth             => row(Again::Never,       true,  Mark::Provider),
        Class::Quota            => row(Again::Never,       true,  Mark::Provider),
        Class::RateLimited      => row(Again::AfterWait,   true,  Mark::RestAsAsked),
        Class::ServerError      => row(Again::Retries,     true,  Mark::RestLink),
        Class::Timeout          => row(Again::ConnectOnly, true,  Mark::RestLink),
        Class::Network          => row(Again::Retries,     true,  Mark::Provider),
        Class::Malformed        => row(Again::Never,       true,  Mark::RestLink),
        Class::ClientGone       => row(Again::Never,       false, Mark::Nothing),
    }
}

impl Class {
    /// Every class, in the table's order.
    pub const ALL: [Class; 12] = [
        Class::InvalidRequest,
        Class::ContentPolicy,
        Class::ContextLength,
        Class::ModelUnavailable,
        Class::Auth,
        Class::Quota,
        Class::RateLimited,
        Class::ServerError,
        Class::Timeout,
        Class::Network,
        Class::Malformed,
        Class::ClientGone,
    ];

    /// The name in answers, headers, logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Class::InvalidRequest => "invalid_request",
            Class::ContentPolicy => "content_policy",
            Class::ContextLength => "context_length",
            Class::ModelUnavailable => "model_unavailable",
            Class::Auth => "auth",
            Class::Quota => "quota",
            Class::RateLimited => "rate_limited",
            Class::ServerError => "server_error",
            Class::Timeout => "timeout",
            Class::Network => "network",
            Class::Malformed => "malformed",
            Class::ClientGone => "client_gone",
        }
    }

    /// Is this the caller's own fault, to be told as the provider told it?
    pub const fn is_callers(self) -> bool {
        matches!(self, Class::InvalidRequest | Class::ContentPolicy | Class::ContextLength | Class::ModelUnavailable)
    }
}

/// Whose doing a failure is, where its class alone does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Blame {
    /// As the class says.
    #[default]
    ByClass,
    /// Our own translation wrote what the provider refused: logged as an error, and the next link is tried.
    Translation,
    /// The request cannot be put into this link's protocol: passed over as `unfit`, nothing was called.
    Unfit,
    /// The gateway itself found the caller's mistake while it read the request: refused, nothing was called.
    Caller,
}

/// One failed call, or one that could not be made.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What it means.
    pub class: Class,
    /// The provider's HTTP status, where it answered.
    pub status: Option<u16>,
    /// For people; secrets are removed before it is shown.
    pub message: String,
    /// How long the provider asked us to wait.
    pub retry_after: Option<Duration>,
    /// Had the request left this process?
    pub sent: bool,
    /// Whose doing it is.
    pub blame: Blame,
    /// The provider's own error, where it sent one.
    pub said: Option<Box<Said>>,
    /// Headers of the provider that the caller gets with it: its rate limits and its own id of the request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// A provider's error as it came, and its parts by OpenAI's names.
#[derive(Debug, Clone)]
pub struct Said {
    /// The language of `body`.
    pub dialect: Dialect,
    /// The bytes as they came; at most 1 MiB is kept.
    pub body: Bytes,
    /// `type`, where there is one.
    pub kind: Option<String>,
    /// `code`, where it is a string.
    pub code: Option<String>,
    /// `param`, where there is one.
    pub param: Option<String>,
}

impl Failure {
    /// A failure of `class`, before the request left.
    pub fn new(class: Class, message: impl Into<String>) -> Failure {
        Failure {
            class,
            status: None,
            message: brief(message),
            retry_after: None,
            sent: false,
            blame: Blame::ByClass,
            said: None,
            headers: Vec::new(),
        }
    }

    /// A failure of `class` after the request had left.
    pub fn after_sending(class: Class, message: impl Into<String>) -> Failure {
        Failure { sent: true, ..Failure::new(class, message) }
    }

    /// A request that this link's protocol cannot carry; `param` names the field at fault.
    pub fn unfit(dialect: Dialect, param: impl Into<String>, message: impl Into<String>) -> Failure {
        let said = Said {
            dialect,
            body: Bytes::new(),
            kind: Some("invalid_request_error".into()),
            code: Some("unsupported_parameter".into()),
            param: Some(param.into()),
        };
        Failure { blame: Blame::Unfit, said: Some(Box::new(said)), ..Failure::new(Class::InvalidRequest, message) }
    }

    /// Was a provider called, and is this what came of it?
    pub fn is_of_call(&self) -> bool {
        matches!(self.blame, Blame::ByClass | Blame::Translation)
    }

    /// What follows: the class's row, or the next link without any mark where the fault is ours.
    pub fn rule(&self) -> Rule {
        match self.blame {
            Blame::ByClass | Blame::Caller => rule(self.class),
            Blame::Translation | Blame::Unfit => Rule { again: Again::Never, next: true, mark: Mark::Nothing },
        }
    }
}
