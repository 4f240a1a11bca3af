//! What a provider's refusal means: its error code first, then its status, then its words.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::ChatAdapter;
use crate::domain::Dialect;
use crate::domain::failure::{Class, Failure, Said};

/// An answer that says no.
pub struct Refused<'a> {
    /// Its status; for an error inside an answer of 200, the one that the error names.
    pub status: StatusCode,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body as it came.
    pub body: &'a Bytes,
    /// Its body as it reads.
    pub error: Told,
}

/// An error's parts, whichever provider's form they came in.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// `error.type`.
    pub kind: Option<String>,
    /// `error.code`, where it is a word.
    pub code: Option<String>,
    /// `error.code`, where it is an HTTP status.
    pub number: Option<u16>,
    /// `error.param`.
    pub param: Option<String>,
    /// The words; empty where the body is no JSON error.
    pub message: String,
    /// OpenRouter's `metadata.error_type`, or Anthropic's `details.error_code`: stable where the words are not.
    pub stable: Option<String>,
    /// Does OpenRouter's moderation give reasons?
    pub reasons: bool,
}

impl Told {
    /// Reads an error body of OpenAI's, Anthropic's, OpenRouter's or Ollama's form.
    pub fn read(body: &[u8]) -> Told {
        let Ok(value) = serde_json::from_slice::<Value>(body) else { return Told::default() };
        let error = match value.get("error") {
            Some(error) if !error.is_null() => error,
            _ => value.pointer("/choices/0/error").unwrap_or(&value),
        };
        let word = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
        let message = error.as_str().map(str::to_owned).or_else(|| word("message")).or_else(|| word("detail"));
        let stable = error.pointer("/metadata/error_type").or_else(|| error.pointer("/details/error_code"));
        Told {
            kind: word("type"),
            code: word("code"),
            number: error.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok()),
            param: word("param"),
            message: message.unwrap_or_default(),
            stable: stable.and_then(Value::as_str).map(str::to_owned),
            reasons: error.pointer("/metadata/reasons").and_then(Value::as_array).is_some_and(|list| !list.is_empty()),
        }
    }

    /// The status that an error inside an answer of 200, or inside a stream, stands for.
    pub fn status(&self) -> StatusCode {
        let by_number = self.number.and_then(|number| StatusCode::from_u16(number).ok());
        if let Some(status) = by_number.filter(|status| status.is_client_error() || status.is_server_error()) {
            return status;
        }
        let word = self.code.as_deref().or(self.kind.as_deref()).unwrap_or_default();
        let number = match word {
            "invalid_request_error" => 400,
            "authentication_error" | "invalid_api_key" => 401,
            "billing_error" => 402,
            "permission_error" => 403,
            "not_found_error" | "model_not_found" => 404,
            "request_too_large" => 413,
            "rate_limit_error" | "rate_limit_exceeded" | "insufficient_quota" => 429,
            "timeout_error" => 504,
            "overloaded_error" => 529,
            _ => 500,
        };
        StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Makes a [`Failure`] of a refusal: the provider's own reading first, then the common one.
pub fn failure(chat: Option<&dyn ChatAdapter>, dialect: Dialect, refused: &Refused<'_>) -> Failure {
    let class = chat.and_then(|chat| chat.classify(refused)).unwrap_or_else(|| common(refused));
    let error = &refused.error;
    let message = match error.message.as_str() {
        "" => format!("status {}", refused.status.as_u16()),
        message => message.to_owned(),
    };
    let said = Said {
        dialect,
        body: refused.body.clone(),
        kind: error.kind.clone(),
        code: error.code.clone(),
        param: error.param.clone(),
    };
    Failure {
        status: Some(refused.status.as_u16()),
        retry_after: retry_after(refused.headers),
        said: Some(Box::new(said)),
        ..Failure::after_sending(class, message)
    }
}

/// What a refusal means at any provider (docs: protocols/translation.md, 7).
pub fn common(refused: &Refused<'_>) -> Class {
    let error = &refused.error;
    let words = [error.stable.as_deref(), error.code.as_deref(), error.kind.as_deref()];
    if let Some(class) = words.into_iter().flatten().find_map(by_word) {
        return class;
    }
    let class = by_status(refused.status);
    match class {
        Class::InvalidRequest | Class::ServerError if is_context_length(&error.message) => Class::ContextLength,
        Class::InvalidRequest if error.message.is_empty() && refused.status == StatusCode::NOT_FOUND => {
            Class::Malformed
        }
        Class::InvalidRequest if refused.status == StatusCode::NOT_FOUND && names_model(&error.message) => {
            Class::ModelUnavailable
        }
        Class::InvalidRequest if error.message.contains("usage policy") => Class::ContentPolicy,
        class => class,
    }
}

fn by_word(word: &str) -> Option<Class> {
    Some(match word {
        "context_length_exceeded" | "token_limit_exceeded" => Class::ContextLength,
        "content_policy_violation" | "refusal" => Class::ContentPolicy,
        "insufficient_quota" | "billing_error" | "payment_required" | "billing_hard_limit_reached" => Class::Quota,
        "model_not_found" => Class::ModelUnavailable,
        "rate_limit_exceeded" => Class::RateLimited,
        "string_above_max_length"
        | "string_too_long"
        | "unsupported_parameter"
        | "unsupported_value"
        | "invalid_value"
        | "invalid_prompt" => Class::InvalidRequest,
        _ => return None,
    })
}

fn by_status(status: StatusCode) -> Class {
    match status.as_u16() {
        401 | 403 => Class::Auth,
        402 => Class::Quota,
        408 | 504 | 524 => Class::Timeout,
        429 => Class::RateLimited,
        400..=499 => Class::InvalidRequest,
        500..=599 => Class::ServerError,
        _ => Class::Malformed,
    }
}

/// Words of a prompt that is too long, where no code says so.
fn is_context_length(message: &str) -> bool {
    const WORDS: [&str; 6] = [
        "prompt is too long",
        "exceed context limit",
        "maximum context length is",
        "exceeds the available context size",
        "longer than the model's context length",
        "maximum number of tokens allowed",
    ];
    WORDS.iter().any(|words| message.contains(words))
}

fn names_model(message: &str) -> bool {
    message.to_ascii_lowercase().contains("model")
}

/// How long the answer asks us to wait: `retry-after-ms`, or `retry-after` in seconds or as a date.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let millis = text("retry-after-ms").and_then(|ms| ms.parse::<f64>().ok());
    let seconds = text("retry-after").and_then(|seconds| seconds.parse::<f64>().ok());
    if let Some(seconds) = millis.map(|ms| ms / 1000.0).or(seconds) {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(text("retry-after")?).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

/// The ids in a list of models: OpenAI's and Anthropic's `data[].id`.
pub fn listed_ids(body: &[u8]) -> Vec<String> {
    listed(body, "data", "id")
}

/// The strings under `field` of the objects in the array `list`.
pub fn listed(body: &[u8], list: &str, field: &str) -> Vec<String> {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let entries = value.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    entries.iter().filter_map(|entry| entry.get(field)?.as_str().map(str::to_owned)).collect()
}
