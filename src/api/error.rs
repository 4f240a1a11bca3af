//! Errors as callers see them: one place for status, headers and body.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::Instant;

use super::headers::{self, put, timing};
use crate::admit::Stranger;
use crate::chain;
use crate::domain::Dialect;
use crate::domain::facts::Caller;
use crate::domain::failure::Class;
use crate::gateway::{Gateway, GatewayError};
use crate::protocol::call::Call;
use crate::protocol::{BadRequest, ErrorView, Front};
use crate::telemetry::{self, Finished};

/// The longest wait that a caller is asked for. SDKs sleep for whatever they are told.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A request that this front itself refuses.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{0}")]
    Bad(#[from] BadRequest),
    #[error("The client key is missing or not known: send it as `Authorization: Bearer …` or `x-api-key: …`.")]
    Key,
    #[error("This client key was revoked.")]
    Revoked,
    #[error("This client key has expired, at {0:.0}.")]
    Expired(Timestamp),
    #[error("Client keys cannot be looked up now, since the database is away; try again shortly.")]
    Unreachable,
    #[error("This gateway asks for no client key, so that there is no usage of one to tell.")]
    NoKey,
    #[error("`x-gateway-timeout-ms` must be a whole number of milliseconds above 0.")]
    Timeout,
    #[error("`x-gateway-cache` must be `on`, `off` or `refresh`.")]
    Caching,
    #[error("Too many requests are under way; try again shortly.")]
    Overloaded,
    #[error("The body is larger than {0} bytes (MAX_BODY_BYTES).")]
    TooLarge(usize),
    #[error("The body did not come in time.")]
    Slow,
    #[error("The body broke off.")]
    Broken,
    #[error("The body is compressed; send it as it is, without `content-encoding`.")]
    Encoded,
    #[error("Nothing is kept here: this gateway has no database (DATABASE_URL=off).")]
    NoDatabase,
    #[error("There is no `{}` here.", shortened(.0))]
    NoSuchPath(String),
    #[error("`{}` does not take {} requests.", shortened(.0), .1)]
    NoSuchMethod(String, Method),
    #[error("`{}` is not a name of this server: set PUBLIC_BASE_URL to the address by which clients reach it.", shortened(.0))]
    Host(String),
    #[error("Pages of `{}` may not call this server: list them in API_CORS_ORIGIN.", shortened(.0))]
    Origin(String),
    #[error("The model `{}` is not on offer; `GET /v1/models` lists what is.", shortened(.0))]
    NoSuchModel(String),
}

/// The most characters of a caller's own words that an error repeats.
const MOST_REPEATED: usize = 200;

fn shortened(words: &str) -> Cow<'_, str> {
    match words.char_indices().nth(MOST_REPEATED) {
        None => Cow::Borrowed(words),
        Some((end, _)) => Cow::Owned(format!("{}…", &words[..end])),
    }
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Refusal::Bad(_) | Refusal::Timeout | Refusal::Caching | Refusal::Broken => StatusCode::BAD_REQUEST,
            Refusal::Key | Refusal::Revoked | Refusal::Expired(_) => StatusCode::UNAUTHORIZED,
            Refusal::Host(_) | Refusal::Origin(_) => StatusCode::FORBIDDEN,
            Refusal::Overloaded | Refusal::NoDatabase | Refusal::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::Slow => StatusCode::REQUEST_TIMEOUT,
            Refusal::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::NoSuchPath(_) | Refusal::NoSuchModel(_) | Refusal::NoKey => StatusCode::NOT_FOUND,
            Refusal::NoSuchMethod(..) => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    fn code(&self) -> Option<&'static str> {
        Some(match self {
            Refusal::Key | Refusal::Revoked | Refusal::Expired(_) => "invalid_api_key",
            Refusal::Unreachable => "store_unavailable",
            Refusal::NoKey => "no_client_key",
            Refusal::Overloaded => "overloaded",
            Refusal::NoDatabase => "store_unavailable",
            Refusal::TooLarge(_) => "request_too_large",
            Refusal::Host(_) => "host_not_allowed",
            Refusal::Origin(_) => "origin_not_allowed",
            Refusal::NoSuchPath(_) => "not_found",
            Refusal::NoSuchMethod(..) => "method_not_allowed",
            Refusal::NoSuchModel(_) => "model_not_found",
            Refusal::Bad(_)
            | Refusal::Timeout
            | Refusal::Caching
            | Refusal::Slow
            | Refusal::Broken
            | Refusal::Encoded => return None,
        })
    }

    /// The word for logs and records.
    fn outcome(&self) -> &'static str {
        self.code().unwrap_or("invalid_request")
    }

    fn param(&self) -> Option<&str> {
        match self {
            Refusal::Bad(bad) => bad.param.as_deref(),
            Refusal::Timeout => Some("x-gateway-timeout-ms"),
            Refusal::Caching => Some("x-gateway-cache"),
            Refusal::NoSuchModel(_) => Some("model"),
            _ => None,
        }
    }
}

impl From<Stranger> for Refusal {
    fn from(stranger: Stranger) -> Refusal {
        match stranger {
            Stranger::Unknown => Refusal::Key,
            Stranger::Revoked => Refusal::Revoked,
            Stranger::Expired(at) => Refusal::Expired(at),
            Stranger::Unreachable => Refusal::Unreachable,
        }
    }
}

/// Refuses a request before it reaches the gateway, and logs it.
pub(super) fn refuse(front: &dyn Front, caller: &Caller, refusal: Refusal) -> Response {
    telemetry::request_finished(&Finished {
        outcome: refusal.outcome(),
        status: refusal.status().as_u16(),
        ..Finished::of(caller)
    });
    told(front, caller, refusal)
}

/// Refuses a request of a model, and records it.
pub(super) fn turn_away(gateway: &Gateway, front: &dyn Front, caller: &Caller, refusal: Refusal) -> Response {
    gateway.turned_away(caller, refusal.outcome(), refusal.status().as_u16());
    told(front, caller, refusal)
}

fn told(front: &dyn Front, caller: &Caller, refusal: Refusal) -> Response {
    let status = refusal.status();
    let message = refusal.to_string();
    let kind = match status {
        StatusCode::SERVICE_UNAVAILABLE => "server_error",
        _ => "invalid_request_error",
    };
    let view = ErrorView {
        status: status.as_u16(),
        kind,
        code: refusal.code(),
        param: refusal.param(),
        message: &message,
        attempts: None,
        request_id: Some(&caller.request_id),
    };
    let wait = matches!(refusal, Refusal::Overloaded | Refusal::Unreachable).then_some(Duration::from_secs(1));
    envelope(status, front, front.error_body(&view), caller, HeaderMap::new(), wait)
}

/// Tells the caller of `call` why the gateway has no answer, and whether it was looked for in the cache.
pub(super) fn unanswered(
    gateway: &Gateway,
    call: &Call,
    front: &dyn Front,
    caller: &Caller,
    error: &GatewayError,
) -> Response {
    let mut response = respond(front, caller, error, gateway.clock().now());
    if gateway.looked_in_cache(call, caller, error) {
        response.headers_mut().insert(&headers::CACHE, HeaderValue::from_static("miss"));
    }
    response
}

/// Tells a caller why the gateway has no answer.
pub(super) fn respond(front: &dyn Front, caller: &Caller, error: &GatewayError, now: Instant) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut headers = HeaderMap::new();
    let final_word = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
    if final_word && !error.invites_another_try() {
        headers.insert("x-should-retry", HeaderValue::from_static("false"));
    }
    if let GatewayError::NotAdmitted(refused) = error {
        headers::allowance(&mut headers, refused.allowance());
    }
    let attempts = error.attempts();
    if !attempts.is_empty() {
        headers.insert(&headers::ATTEMPTS, HeaderValue::from(chain::called(attempts)));
        let upstream = Duration::from_millis(attempts.iter().map(|attempt| attempt.duration_ms).sum());
        put(&mut headers, &headers::TIMING, &timing(now.saturating_duration_since(caller.began), upstream));
    }
    if let GatewayError::Refused { failure, attempts, fallback } = error {
        headers.extend(failure.headers.iter().cloned());
        if let Some(last) = attempts.last().filter(|_| failure.is_of_call()) {
            put(&mut headers, &headers::PROVIDER, last.provider);
            put(&mut headers, &headers::MODEL, &last.model);
        }
        if let Some(fallback) = fallback.as_ref().filter(|_| attempts.len() > 1) {
            put(&mut headers, &headers::FALLBACK, fallback);
        }
    }
    envelope(status, front, body(front, caller, error), caller, headers, error.retry_after())
}

/// The error in the form of `front`: as the provider said it where that is this form already.
pub(super) fn body(front: &dyn Front, caller: &Caller, error: &GatewayError) -> Bytes {
    let code = error.code();
    if let Some(said) = error.said() {
        // A class that OpenAI's SDKs know by its code gets that code; all else is as it came.
        let plain = matches!(error, GatewayError::Refused { failure, .. } if failure.class == Class::InvalidRequest);
        let coded = plain || front.dialect() == Dialect::Anthropic || said.code.as_deref() == code.as_deref();
        if form(said.dialect) == form(front.dialect()) && said.kind.is_some() && coded {
            return said.body.clone();
        }
    }
    let message = error.message();
    front.error_body(&ErrorView {
        status: error.status(),
        kind: error.kind(),
        code: code.as_deref(),
        param: error.param(),
        message: &message,
        attempts: error.is_chains().then_some(error.attempts()),
        request_id: Some(&caller.request_id),
    })
}

/// The language whose form a language's errors have: all of OpenAI's endpoints share one.
fn form(dialect: Dialect) -> Dialect {
    if dialect == Dialect::Responses { Dialect::OpenAi } else { dialect }
}

fn envelope(
    status: StatusCode,
    front: &dyn Front,
    body: Bytes,
    caller: &Caller,
    mut headers: HeaderMap,
    wait: Option<Duration>,
) -> Response {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers::name(&mut headers, front, &caller.request_id);
    if let Some(wait) = wait {
        let seconds = wait.min(LONGEST_WAIT).as_secs_f64().ceil().max(1.0) as u64;
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
