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
    /// Does it stand in an event or in a response, rather than in a body of its own that a caller could be shown?
    pub inside: bool,
}

impl Told {
    /// Reads an error body of OpenAI's, Anthropic's, OpenRouter's or Ollama's form, or an event of a Responses stream.
    pub fn read(body: &[u8]) -> Told {
        let Ok(value) = serde_json::from_slice::<Value>(body) else { return Told::default() };
        let given = |place: &str| value.pointer(place).filter(|error| !error.is_null());
        let in_response = given("/response/error");
        let error = given("/error").or_else(|| given("/choices/0/error")).or(in_response).unwrap_or(&value);
        // The type of an event is none of the error's.
        let is_event = std::ptr::eq(error, &value) && value.get("type").is_some_and(|kind| kind == "error");
        let is_response = value.get("object").is_some_and(|object| object == "response");
        let word = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
        let message = error.as_str().map(str::to_owned).or_else(|| word("message")).or_else(|| word("detail"));
        let message = with_raw(message.unwrap_or_default(), error.pointer("/metadata/raw"));
        let stable = error.pointer("/metadata/error_type").or_else(|| error.pointer("/details/error_code"));
        let number = word("code").and_then(|code| code.parse().ok());
        Told {
            kind: word("type").filter(|_| !is_event),
            code: word("code").filter(|_| number.is_none()),
            number: number.or_else(|| u16::try_from(error.get("code")?.as_u64()?).ok()),
            param: word("param").or_else(|| missing_ability(&message).map(str::to_owned)),
            message,
            stable: stable.and_then(Value::as_str).map(str::to_owned),
            reasons: error.pointer("/metadata/reasons").and_then(Value::as_array).is_some_and(|list| !list.is_empty()),
            inside: is_event || is_response || in_response.is_some(),
        }
    }

    /// The status that an error inside an answer of 200, or inside a stream, stands for.
    pub fn status(&self) -> StatusCode {
        let by_number = self.number.and_then(|number| StatusCode::from_u16(number).ok());
        if let Some(status) = by_number.filter(|status| status.is_client_error() || status.is_server_error()) {
            return status;
        }
        self.words().find_map(status_by_word).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Do the words of the message hold `words`, in whatever case? `words` are in lower case.
    pub fn says(&self, words: &str) -> bool {
        self.message.to_ascii_lowercase().contains(words)
    }

    /// What names the error, the surest first.
    fn words(&self) -> impl Iterator<Item = &str> {
        [&self.stable, &self.code, &self.kind].into_iter().filter_map(Option::as_deref)
    }
}

/// OpenRouter's own words, followed by those of the provider behind it: only they say what is wrong.
fn with_raw(message: String, raw: Option<&Value>) -> String {
    const LONGEST_RAW: usize = 1000;
    let inner = match raw {
        None | Some(Value::Null) => return message,
        Some(Value::String(text)) => match Told::read(text.as_bytes()).message {
            told if told.is_empty() => text.clone(),
            told => told,
        },
        Some(value) => match Told::read(value.to_string().as_bytes()).message {
            told if told.is_empty() => value.to_string(),
            told => told,
        },
    };
    let inner: String = inner.trim().chars().take(LONGEST_RAW).collect();
    match (message.is_empty(), inner.is_empty()) {
        (_, true) => message,
        (true, _) => inner,
        _ => format!("{message}: {inner}"),
    }
}

/// The field that asks for what Ollama says its model cannot do; it names none itself.
fn missing_ability(message: &str) -> Option<&'static str> {
    let (_, ability) = message.split_once("does not support ")?;
    match ability.trim_end_matches('.') {
        "thinking" => Some("think"),
        "tools" => Some("tools"),
        _ => None,
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
        body: if error.inside { Bytes::new() } else { refused.body.clone() },
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
    if let Some(class) = error.words().find_map(by_word) {
        return class;
    }
    let gone = matches!(refused.status, StatusCode::NOT_FOUND | StatusCode::GONE);
    match by_status(refused.status) {
        Class::InvalidRequest | Class::ServerError if is_context_length(&error.message) => Class::ContextLength,
        // Not even an error's form: nothing is served at this address.
        Class::InvalidRequest if refused.status == StatusCode::NOT_FOUND && error.message.is_empty() => {
            Class::Malformed
        }
        Class::InvalidRequest if gone && error.says("model") => Class::ModelUnavailable,
        Class::InvalidRequest if error.says("usage policy") => Class::ContentPolicy,
        class => class,
    }
}

/// The class that a provider's own name for an error settles, whatever the status.
fn by_word(word: &str) -> Option<Class> {
    Some(match word {
        "context_length_exceeded" | "token_limit_exceeded" => Class::ContextLength,
        "content_policy_violation"
        | "image_content_policy_violation"
        | "bio_policy"
        | "misalignment_policy_violation"
        | "refusal" => Class::ContentPolicy,
        "insufficient_quota"
        | "billing_error"
        | "billing_hard_limit_reached"
        | "billing_not_active"
        | "payment_required" => Class::Quota,
        "model_not_found" => Class::ModelUnavailable,
        "rate_limit_exceeded" => Class::RateLimited,
        "string_above_max_length"
        | "string_too_long"
        | "unsupported_parameter"
        | "unsupported_value"
        | "invalid_value" => Class::InvalidRequest,
        _ => return None,
    })
}

fn by_status(status: StatusCode) -> Class {
    match status.as_u16() {
        401 | 403 => Class::Auth,
        402 => Class::Quota,
        408 | 504 | 524 => Class::Timeout,
        429 => Class::RateLimited,
        // "The client has gone": but we are still here.
        499 => Class::ServerError,
        400..=498 => Class::InvalidRequest,
        500..=599 => Class::ServerError,
        _ => Class::Malformed,
    }
}

/// The status that belongs to an error's name, where the error came without one.
fn status_by_word(word: &str) -> Option<StatusCode> {
    Some(match word {
        "invalid_request_error"
        | "invalid_request"
        | "invalid_prompt"
        | "invalid_value"
        | "unsupported_parameter"
        | "unsupported_value"
        | "string_above_max_length"
        | "string_too_long"
        | "context_length_exceeded"
        | "token_limit_exceeded"
        | "max_tokens_exceeded"
        | "content_policy_violation"
        | "refusal" => StatusCode::BAD_REQUEST,
        "authentication_error" | "authentication" | "invalid_api_key" => StatusCode::UNAUTHORIZED,
        "billing_error" | "payment_required" => StatusCode::PAYMENT_REQUIRED,
        "permission_error" | "permission_denied" => StatusCode::FORBIDDEN,
        "not_found_error" | "not_found" | "model_not_found" => StatusCode::NOT_FOUND,
        "request_too_large" | "payload_too_large" => StatusCode::PAYLOAD_TOO_LARGE,
        "unprocessable" => StatusCode::UNPROCESSABLE_ENTITY,
        "rate_limit_error" | "rate_limit_exceeded" | "insufficient_quota" => StatusCode::TOO_MANY_REQUESTS,
        "provider_unavailable" => StatusCode::BAD_GATEWAY,
        "timeout_error" | "timeout" | "vector_store_timeout" => StatusCode::GATEWAY_TIMEOUT,
        "overloaded_error" | "provider_overloaded" => return StatusCode::from_u16(529).ok(),
        // A dozen codes of Responses, and OpenRouter's, for pictures that cannot be used.
        picture if picture.contains("image") => StatusCode::BAD_REQUEST,
        _ => return None,
    })
}

/// Words of a prompt that is too long, where no code says so.
fn is_context_length(message: &str) -> bool {
    const WORDS: [&str; 8] = [
        "prompt is too long",
        "exceed context limit",
        "maximum context length is",
        "exceeds the available context size",
        "exceeds the context length",
        "exceeds maximum context length",
        "longer than the model's context length",
        "maximum number of tokens allowed",
    ];
    let message = message.to_ascii_lowercase();
    WORDS.iter().any(|words| message.contains(words))
}

/// Do these words of a refusal say no more than that there is no such page?
pub fn names_nothing(message: &str) -> bool {
    const WORDS: [&str; 4] = ["not found", "file not found", "404 page not found", "method not allowed"];
    WORDS.iter().any(|words| message.trim_end_matches('.').eq_ignore_ascii_case(words))
}

/// How long the answer asks us to wait: `retry-after-ms`, or `retry-after` in seconds or as a date. `None` where it
/// does not ask, or in words that mean no time.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |text: &str| text.parse().ok().and_then(span);
    let millis = text("retry-after-ms").and_then(|text| text.parse().ok()).and_then(|ms: f64| span(ms / 1000.0));
    if let Some(wait) = millis {
        return Some(wait);
    }
    let asked = text("retry-after")?;
    seconds(asked).or_else(|| {
        let date = httpdate::parse_http_date(asked).ok()?;
        Some(date.duration_since(SystemTime::now()).unwrap_or_default())
    })
}

/// A length of time, a year at most; `None` where it is negative or endless.
fn span(seconds: f64) -> Option<Duration> {
    const YEAR: f64 = 365.0 * 86_400.0;
    if !seconds.is_finite() {
        return None;
    }
    Duration::try_from_secs_f64(seconds.min(YEAR)).ok()
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

#[cfg(test)]
mod tests;
