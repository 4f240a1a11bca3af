//! A provider's own errors, in its own form.

use super::kind::{Form, Kind};
use super::reply::Trouble;
use super::request::Call;
use serde_json::{Value, json};

/// Status and body of the provider's error for this trouble.
pub(super) fn render(kind: Kind, form: Option<Form>, trouble: Trouble, call: &Call, number: usize) -> (u16, Value) {
    let model = call.model();
    match (kind, form) {
        (Kind::Anthropic, _) | (_, Some(Form::Anthropic)) => {
            let (status, name, message) = anthropic(trouble, model);
            let id = format!("req_{}_{number}", kind.name());
            let error = json!({"type": name, "message": message});
            (status, json!({"type": "error", "error": error, "request_id": id}))
        }
        (Kind::OpenRouter, _) => openrouter(trouble, model),
        (Kind::Ollama, None | Some(Form::Ollama)) => {
            let (status, message) = ollama(trouble, model);
            (status, json!({"error": message}))
        }
        (Kind::Ollama, _) => {
            let (status, message) = ollama(trouble, model);
            let name = match status {
                400 => "invalid_request_error",
                404 => "not_found_error",
                _ => "api_error",
            };
            (status, json!({"error": {"message": message, "type": name, "param": null, "code": null}}))
        }
        _ => openai(trouble, model, call.key().unwrap_or_default()),
    }
}

fn openai(trouble: Trouble, model: &str, key: &str) -> (u16, Value) {
    let caller = "invalid_request_error";
    let (status, name, code, param, message) = match trouble {
        Trouble::InvalidKey => {
            (401, caller, Some("invalid_api_key"), None, format!("Incorrect API key provided: {key}."))
        }
        Trouble::Forbidden => (403, caller, Some("unsupported_country_region_territory"), None, "Not here.".into()),
        Trouble::InsufficientQuota | Trouble::CreditExhausted => {
            let name = "insufficient_quota";
            (429, name, Some(name), None, "You exceeded your current quota.".into())
        }
        Trouble::RateLimited(_) => {
            (429, "requests", Some("rate_limit_exceeded"), None, "Rate limit reached for requests.".into())
        }
        Trouble::ContextLength => {
            let message = "This model's maximum context length is 128000 tokens.".into();
            (400, caller, Some("context_length_exceeded"), Some("messages"), message)
        }
        Trouble::ModelNotFound => {
            let message = format!("The model `{model}` does not exist or you do not have access to it.");
            (404, caller, Some("model_not_found"), None, message)
        }
        Trouble::Overloaded => (503, "server_error", None, None, "The engine is currently overloaded.".into()),
        Trouble::ContentPolicy => {
            let message = "Your request was rejected by our safety system.".into();
            (400, caller, Some("content_policy_violation"), None, message)
        }
        Trouble::InvalidRequest => {
            (400, caller, Some("invalid_value"), Some("temperature"), "Invalid value for 'temperature'.".into())
        }
        Trouble::Status(status) if status < 500 => (status, caller, None, None, format!("Simulated {status}.")),
        Trouble::Status(status) => (status, "server_error", None, None, format!("Simulated {status}.")),
    };
    (status, json!({"error": {"message": message, "type": name, "param": param, "code": code}}))
}

fn anthropic(trouble: Trouble, model: &str) -> (u16, &'static str, String) {
    let caller = "invalid_request_error";
    match trouble {
        Trouble::InvalidKey => (401, "authentication_error", "invalid x-api-key".into()),
        Trouble::Forbidden => (403, "permission_error", "Your key may not use this resource".into()),
        Trouble::InsufficientQuota => (402, "billing_error", "Your account has no credit left".into()),
        Trouble::CreditExhausted => (400, caller, "Your credit balance is too low to access the Anthropic API.".into()),
        Trouble::RateLimited(_) => (429, "rate_limit_error", "This request would exceed your rate limit".into()),
        Trouble::ContextLength => (400, caller, "prompt is too long: 250000 tokens > 200000 maximum".into()),
        Trouble::ModelNotFound => (404, "not_found_error", format!("model: {model}")),
        Trouble::Overloaded => (529, "overloaded_error", "Overloaded".into()),
        Trouble::ContentPolicy | Trouble::InvalidRequest => {
            (400, caller, "temperature: Input should be less than or equal to 1".into())
        }
        Trouble::Status(status) => (status, named(status), format!("Simulated {status}")),
    }
}

fn named(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

fn openrouter(trouble: Trouble, model: &str) -> (u16, Value) {
    let (status, error_type, message) = match trouble {
        Trouble::InvalidKey => (401, "authentication", "User not found.".into()),
        Trouble::Forbidden => (403, "permission_denied", "This key may not do that.".into()),
        Trouble::InsufficientQuota | Trouble::CreditExhausted => {
            (402, "payment_required", "Insufficient credits.".into())
        }
        Trouble::RateLimited(_) => (429, "rate_limit_exceeded", "Rate limit exceeded.".into()),
        Trouble::ContextLength => {
            (400, "context_length_exceeded", "This endpoint's maximum context length is 128000 tokens.".into())
        }
        Trouble::ModelNotFound => (404, "not_found", format!("No endpoints found for {model}.")),
        Trouble::Overloaded => (529, "provider_overloaded", "Provider returned error".into()),
        Trouble::ContentPolicy => {
            let metadata = json!({
                "reasons": ["violence"], "flagged_input": "hello", "provider_name": "Simulated", "model_slug": model,
            });
            return (403, json!({"error": {"code": 403, "message": "Input was flagged.", "metadata": metadata}}));
        }
        Trouble::InvalidRequest => (400, "invalid_request", "temperature: too large.".into()),
        Trouble::Status(status) => {
            return (status, json!({"error": {"code": status, "message": format!("Simulated {status}.")}}));
        }
    };
    (status, json!({"error": {"code": status, "message": message, "metadata": {"error_type": error_type}}}))
}

fn ollama(trouble: Trouble, model: &str) -> (u16, String) {
    match trouble {
        Trouble::InvalidKey => (401, "unauthorized".into()),
        Trouble::Forbidden => (403, "forbidden".into()),
        Trouble::InsufficientQuota | Trouble::CreditExhausted => (402, "usage limit reached".into()),
        Trouble::RateLimited(_) => (429, "too many requests".into()),
        Trouble::ContextLength => (400, "the request exceeds the available context size".into()),
        Trouble::ModelNotFound => (404, format!("model '{model}' not found")),
        Trouble::Overloaded => (503, "server busy, please try again.  maximum pending requests exceeded".into()),
        Trouble::ContentPolicy | Trouble::InvalidRequest => (400, "invalid value of temperature".into()),
        Trouble::Status(status) => (status, format!("simulated {status}")),
    }
}
