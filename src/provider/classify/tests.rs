//! What providers' refusals mean: the golden table, then our own rows for each provider.

mod responses;

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use serde_json::json;

use super::*;
use crate::domain::failure::{Again, rule};
use crate::protocol::openai::OpenAi;
use crate::protocol::{Front, Inspected};
use crate::provider::{ALL, Spec};

fn spec(name: &str) -> &'static Spec {
    ALL.iter().find(|spec| spec.name == name || spec.aliases.contains(&name)).unwrap()
}

fn headers(list: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
    };
    list.iter().map(pair).collect()
}

/// The failure that an answer of `provider` is. An answer of 200 is looked into first.
fn refuse(provider: &str, status: u16, sent: &[(&str, &str)], body: &str) -> Failure {
    let chat = spec(provider).chat.unwrap();
    let error = Told::read(body.as_bytes());
    let mut status = StatusCode::from_u16(status).unwrap();
    if status == StatusCode::OK {
        match OpenAi.inspect(body.as_bytes()) {
            Ok(Inspected::Error) => status = error.status(),
            Ok(Inspected::Answer(_)) => panic!("an answer: {body}"),
            Err(failure) => return failure,
        }
    }
    let body = Bytes::copy_from_slice(body.as_bytes());
    let refused = Refused { status, headers: &headers(sent), body: &body, error };
    failure(Some(chat), chat.ways()[0].back.dialect(), &refused)
}

fn check(provider: &str, status: u16, sent: &[(&str, &str)], body: Value, expected: Class) {
    let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
    assert_eq!(refuse(provider, status, sent, &text).class, expected, "{provider} {status} {sent:?} {text}");
}

/// Rows of (status, body, class), without headers.
fn check_all(provider: &str, rows: &[(u16, Value, Class)]) {
    for (status, body, class) in rows {
        check(provider, *status, &[], body.clone(), *class);
    }
}

fn openai(code: &str, message: &str) -> Value {
    json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": code}})
}

fn claude(kind: &str, message: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_x"})
}

fn claude_code(kind: &str, code: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": "x", "details": {"error_code": code}}})
}

fn router(code: u16, message: &str, metadata: Value) -> Value {
    json!({"error": {"code": code, "message": message, "metadata": metadata}})
}

fn router_type(name: &str) -> Value {
    router(400, "x", json!({"error_type": name}))
}

#[test]
fn golden_18() {
    let cases = include_str!("../../../tests/golden/18-errors/cases.json");
    let cases: Vec<Value> = serde_json::from_str(cases).unwrap();
    assert_eq!(cases.len(), 31);
    for case in &cases {
        let upstream = &case["upstream"];
        let sent: Vec<(&str, &str)> = upstream["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        let body = upstream["body"].as_str().map_or_else(|| upstream["body"].to_string(), str::to_owned);
        let status = u16::try_from(upstream["status"].as_u64().unwrap()).unwrap();
        let failure = refuse(upstream["provider"].as_str().unwrap(), status, &sent, &body);
        let name = &case["name"];
        assert_eq!(failure.class.name(), case["class"], "{name}");
        assert!(failure.sent, "{name}");
        let rule = rule(failure.class);
        assert_eq!(rule.next, case["next_link"], "{name}");
        // The contract has the last word on a short wait, and on a timeout before the request had left.
        match failure.class {
            Class::RateLimited => assert_eq!(rule.again, Again::AfterWait, "{name}"),
            Class::Timeout => assert_eq!(rule.again, Again::ConnectOnly, "{name}"),
            _ => assert_eq!(rule.again == Again::Retries, case["retry_same_link"], "{name}"),
        }
    }
}

#[test]
fn openai_by_code_then_status_then_words() {
    check_all(
        "openai",
        &[
            (400, openai("unsupported_parameter", "x"), Class::InvalidRequest),
            (400, openai("unsupported_value", "x"), Class::InvalidRequest),
            (400, openai("invalid_value", "x"), Class::InvalidRequest),
            (
                400,
                openai("string_above_max_length", "x is longer than the model's context length"),
                Class::InvalidRequest,
            ),
            (409, openai("x", "conflict"), Class::InvalidRequest),
            (413, json!("<html>Request Entity Too Large</html>"), Class::InvalidRequest),
            (422, openai("x", "unprocessable"), Class::InvalidRequest),
            (405, openai("x", "no"), Class::InvalidRequest),
            (400, openai("context_length_exceeded", "x"), Class::ContextLength),
            (400, openai("x", "This model's maximum context length is 8192 tokens."), Class::ContextLength),
            (400, openai("content_policy_violation", "x"), Class::ContentPolicy),
            (
                400,
                openai("invalid_prompt", "Invalid prompt: flagged as violating our usage policy."),
                Class::ContentPolicy,
            ),
            (400, openai("invalid_prompt", "Invalid prompt: too odd."), Class::InvalidRequest),
            (404, openai("model_not_found", "x"), Class::ModelUnavailable),
            (403, openai("model_not_found", "your project has no access"), Class::ModelUnavailable),
            (404, json!({"error": {"message": "The model `x` does not exist", "code": null}}), Class::ModelUnavailable),
            (410, json!({"error": {"message": "The model `x` was retired"}}), Class::ModelUnavailable),
            (404, json!({"error": {"message": "no such file"}}), Class::InvalidRequest),
            (404, json!("<html>Not Found</html>"), Class::Malformed),
            (404, json!("404 page not found"), Class::Malformed),
            (401, openai("invalid_api_key", "x"), Class::Auth),
            (403, openai("unsupported_country_region_territory", "x"), Class::Auth),
            (
                403,
                json!({"error": {"message": "You are not allowed to generate embeddings from this model", "code": null}}),
                Class::InvalidRequest,
            ),
            (403, json!("<html>Forbidden</html>"), Class::Auth),
            (402, json!({}), Class::Quota),
            (429, openai("insufficient_quota", "x"), Class::Quota),
            (429, json!({"error": {"message": "x", "type": "insufficient_quota", "code": null}}), Class::Quota),
            (429, openai("billing_not_active", "x"), Class::Quota),
            (429, openai("rate_limit_exceeded", "x"), Class::RateLimited),
            (429, json!("slow down"), Class::RateLimited),
            (500, json!({"error": {"message": "x", "type": "server_error"}}), Class::ServerError),
            (502, json!("{\"error\":"), Class::ServerError),
            (503, json!({}), Class::ServerError),
            (520, json!("<html>"), Class::ServerError),
            (499, json!({}), Class::ServerError),
            (408, json!({}), Class::Timeout),
            (504, json!("<html>"), Class::Timeout),
            (301, json!(""), Class::Malformed),
            (200, json!(""), Class::Malformed),
            (200, json!("data: {}"), Class::Malformed),
        ],
    );
}

#[test]
fn words_of_a_prompt_that_is_too_long() {
    for words in [
        "Prompt is too long: 12 tokens",
        "input length and max_tokens exceed context limit: 9 > 8",
        "This model's maximum context length is 4096 tokens",
        "the request exceeds the available context size",
        "the prompt is longer than the model's context length",
        "exceeds the maximum number of tokens allowed",
        "the input length exceeds the context length",
        "input exceeds maximum context length",
    ] {
        for (provider, status) in [("openai", 400), ("anthropic", 400), ("openrouter", 400), ("ollama", 500)] {
            check(provider, status, &[], json!({"error": {"message": words}}), Class::ContextLength);
        }
        check("ollama", 400, &[], json!({"error": words}), Class::ContextLength);
        check("openai", 401, &[], json!({"error": {"message": words}}), Class::Auth);
    }
}

#[test]
fn anthropic_by_kind_code_and_words() {
    check_all(
        "anthropic",
        &[
            (400, claude("invalid_request_error", "messages: required"), Class::InvalidRequest),
            (409, claude("conflict_error", "x"), Class::InvalidRequest),
            (413, claude("request_too_large", "x"), Class::InvalidRequest),
            (400, claude("invalid_request_error", "prompt is too long: 2 tokens > 1 maximum"), Class::ContextLength),
            (404, claude("not_found_error", "model: x"), Class::ModelUnavailable),
            (404, claude("not_found_error", "x"), Class::ModelUnavailable),
            (404, json!("<html>"), Class::Malformed),
            (401, claude("authentication_error", "x"), Class::Auth),
            (403, claude("permission_error", "x"), Class::Auth),
            (400, claude_code("invalid_request_error", "organization_on_hold"), Class::Auth),
            (400, claude_code("invalid_request_error", "tool_name_conflict"), Class::InvalidRequest),
            (402, claude("billing_error", "x"), Class::Quota),
            (429, claude_code("rate_limit_error", "contract_spend_limit_reached"), Class::Quota),
            (400, claude_code("invalid_request_error", "enforced_spend_limit_reached"), Class::Quota),
            (429, claude("rate_limit_error", "You have hit your monthly Spend limit"), Class::Quota),
            (400, claude("invalid_request_error", "Your credit balance is too low to go on."), Class::Quota),
            (400, claude("invalid_request_error", "You have reached your specified API usage limits."), Class::Quota),
            (400, claude("invalid_request_error", "You have reached your specified usage limit."), Class::Quota),
            (429, claude("rate_limit_error", "x"), Class::RateLimited),
            (429, claude_code("rate_limit_error", "ramp_limit_exceeded"), Class::RateLimited),
            (500, claude("api_error", "x"), Class::ServerError),
            (503, claude("api_error", "x"), Class::ServerError),
            (529, claude("overloaded_error", "x"), Class::ServerError),
            (504, claude("timeout_error", "x"), Class::Timeout),
        ],
    );
    let spend = claude("rate_limit_error", "spend is being slowed down");
    check("anthropic", 429, &[("retry-after", "9")], spend, Class::RateLimited);
}

#[test]
fn openrouter_by_type_then_status() {
    let classes = [
        (Class::InvalidRequest, "invalid_request invalid_prompt invalid_image image_too_large image_too_small"),
        (Class::InvalidRequest, "unsupported_image_format image_not_found image_download_failed unprocessable"),
        (Class::InvalidRequest, "max_tokens_exceeded string_too_long payload_too_large precondition_failed unmapped"),
        (Class::ContextLength, "context_length_exceeded token_limit_exceeded"),
        (Class::ContentPolicy, "content_policy_violation refusal"),
        (Class::ModelUnavailable, "not_found"),
        (Class::Auth, "authentication permission_denied"),
        (Class::Quota, "payment_required"),
        (Class::RateLimited, "rate_limit_exceeded"),
        (Class::ServerError, "provider_overloaded provider_unavailable provider_something_new server"),
        (Class::Timeout, "timeout"),
    ];
    for (class, names) in classes {
        for name in names.split(' ') {
            check("openrouter", 400, &[], router_type(name), class);
        }
    }
    let none = || json!({});
    check_all(
        "openrouter",
        &[
            (400, router(400, "x/y is not a valid model ID", none()), Class::ModelUnavailable),
            (400, router(400, "x", none()), Class::InvalidRequest),
            (404, router(404, "No endpoints found for x/y.", none()), Class::ModelUnavailable),
            (404, json!("<html>"), Class::Malformed),
            (410, router(410, "gone", none()), Class::InvalidRequest),
            (413, router(413, "x", none()), Class::InvalidRequest),
            (401, router(401, "User not found.", none()), Class::Auth),
            (403, router(403, "x", json!({"reasons": []})), Class::Auth),
            (403, router(403, "x", json!({"reasons": ["violence"]})), Class::ContentPolicy),
            (403, router(403, "x", json!({"reasons": ["a"], "error_type": "permission_denied"})), Class::ContentPolicy),
            (402, router(402, "x", none()), Class::Quota),
            (429, router(429, "x", none()), Class::RateLimited),
            (408, router(408, "x", none()), Class::Timeout),
            (524, json!("<html>"), Class::Timeout),
            (529, router(529, "x", none()), Class::ServerError),
        ],
    );
    let busy = router(402, "x", json!({"error_type": "payment_required"}));
    check("openrouter", 402, &[("retry-after", "3")], busy, Class::RateLimited);
}

#[test]
fn openrouter_tells_what_the_provider_behind_it_said() {
    let raw = json!({"error": {"message": "prompt is too long: 9 > 8"}}).to_string();
    let body = |raw: Value| router(400, "Provider returned error", json!({"provider_name": "X", "raw": raw}));
    for raw in [json!(raw), serde_json::from_str(&raw).unwrap(), json!("prompt is too long: 9 > 8")] {
        let failure = refuse("openrouter", 400, &[], &body(raw).to_string());
        assert_eq!(failure.class, Class::ContextLength);
        assert_eq!(failure.message, "Provider returned error: prompt is too long: 9 > 8");
    }
    let failure = refuse("openrouter", 400, &[], &body(json!("é".repeat(5000))).to_string());
    assert_eq!(failure.message.chars().count(), "Provider returned error: ".len() + 1000);
    let untold = [Value::Null, json!(""), json!("  ")];
    for raw in untold {
        assert_eq!(refuse("openrouter", 400, &[], &body(raw).to_string()).message, "Provider returned error");
    }
}

#[test]
fn the_local_server() {
    check_all(
        "ollama",
        &[
            (400, json!({"error": "invalid options"}), Class::InvalidRequest),
            (404, json!({"error": "model \"x\" not found, try pulling it first"}), Class::ModelUnavailable),
            (404, json!({"error": {"message": "The model `x` does not exist.", "code": 404}}), Class::ModelUnavailable),
            (404, json!({"detail": "Not Found"}), Class::Malformed),
            (404, json!("404 page not found"), Class::Malformed),
            (501, json!({"error": "this model does not support embeddings"}), Class::InvalidRequest),
            (500, json!({"error": {"message": "this model does not support embeddings"}}), Class::InvalidRequest),
            (501, json!({"error": "not implemented"}), Class::ServerError),
            (401, json!({"error": "unauthorized"}), Class::Auth),
            (402, json!({"error": "x"}), Class::Quota),
            (403, json!({"error": "x"}), Class::Quota),
            (429, json!({"error": "x"}), Class::RateLimited),
            (500, json!({"error": "model runner has unexpectedly stopped"}), Class::ServerError),
            (502, json!({"error": "x"}), Class::ServerError),
            (499, json!({"error": "canceled"}), Class::ServerError),
        ],
    );
}

#[test]
fn what_an_ollama_model_cannot_do_names_the_field_that_asked_for_it() {
    let param = |message: &str| {
        let failure = refuse("ollama", 400, &[], &json!({"error": message}).to_string());
        assert_eq!(failure.class, Class::InvalidRequest);
        failure.said.unwrap().param
    };
    assert_eq!(param("\"x\" does not support thinking").as_deref(), Some("think"));
    assert_eq!(param("registry.ollama.ai/library/x does not support tools").as_deref(), Some("tools"));
    assert_eq!(param("x does not support cooking"), None);
}

#[test]
fn errors_inside_an_answer_of_200() {
    let status = |body: Value| Told::read(body.to_string().as_bytes()).status().as_u16();
    assert_eq!(status(router(502, "x", json!({}))), 502);
    assert_eq!(status(json!({"error": {"code": "429", "message": "x"}})), 429);
    assert_eq!(status(json!({"choices": [{"error": {"code": 503, "message": "x"}}]})), 503);
    assert_eq!(status(openai("unsupported_value", "x")), 400);
    assert_eq!(status(openai("not_in_our_list", "x")), 400);
    assert_eq!(status(json!({"error": {"code": "server_error", "message": "x"}})), 500);
    assert_eq!(status(json!({"error": {"code": 200, "message": "x"}})), 500);
    assert_eq!(status(json!({"error": {"code": 99999, "message": "x"}})), 500);
    assert_eq!(status(json!({"error": "model runner has unexpectedly stopped"})), 500);
    assert_eq!(status(json!({"error": {"metadata": {"error_type": "provider_overloaded"}}})), 529);
    assert_eq!(status(claude("overloaded_error", "x")), 529);
    assert_eq!(status(claude("rate_limit_error", "x")), 429);
    assert_eq!(status(claude("timeout_error", "x")), 504);
    assert_eq!(status(claude("billing_error", "x")), 402);
    check_all(
        "openrouter",
        &[
            (200, router(429, "x", json!({})), Class::RateLimited),
            (200, json!({"choices": [{"error": {"code": 502, "message": "x"}, "message": {}}]}), Class::ServerError),
            (200, json!({"error": {"code": "server_error", "message": "x"}}), Class::ServerError),
            (200, router(403, "x", json!({"reasons": ["a"]})), Class::ContentPolicy),
            (200, json!({"error": {"message": "x", "metadata": {"error_type": "timeout"}}}), Class::Timeout),
        ],
    );
}

#[test]
fn a_failure_carries_what_was_said() {
    let body = openai("unsupported_parameter", "no max_tokens").to_string().replace("null", "\"max_tokens\"");
    let failure = refuse("openai", 400, &[("retry-after", "2")], &body);
    assert_eq!((failure.status, failure.message.as_str()), (Some(400), "no max_tokens"));
    assert_eq!(failure.retry_after, Some(Duration::from_secs(2)));
    let said = failure.said.unwrap();
    assert_eq!((said.dialect, &said.body[..]), (Dialect::OpenAi, body.as_bytes()));
    let words = [said.kind.as_deref(), said.code.as_deref(), said.param.as_deref()];
    assert_eq!(words, [Some("invalid_request_error"), Some("unsupported_parameter"), Some("max_tokens")]);
    assert_eq!(refuse("openai", 502, &[], "<html>").message, "status 502");
}

#[test]
fn retry_after_in_every_form() {
    let wait = |list: &[(&str, &str)]| retry_after(&headers(list));
    let seconds = |text: &str| wait(&[("retry-after", text)]);
    assert_eq!(wait(&[]), None);
    assert_eq!(seconds("7"), Some(Duration::from_secs(7)));
    assert_eq!(seconds(" 1.5 "), Some(Duration::from_millis(1500)));
    assert_eq!(seconds("0"), Some(Duration::ZERO));
    for garbage in ["", "-1", "soon", "nan", "inf", "-inf", "Fri, 31 Foo 1999 23:59:59 GMT"] {
        assert_eq!(seconds(garbage), None, "{garbage}");
    }
    for huge in ["1e300", "99999999999999999999"] {
        assert_eq!(seconds(huge), Some(Duration::from_secs(365 * 86_400)), "{huge}");
    }
    assert_eq!(seconds("Fri, 31 Dec 1999 23:59:59 GMT"), Some(Duration::ZERO));
    let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(30));
    let until = seconds(&soon).unwrap();
    assert!(until > Duration::from_secs(25) && until <= Duration::from_secs(30), "{until:?}");
    assert_eq!(wait(&[("retry-after-ms", "250")]), Some(Duration::from_millis(250)));
    assert_eq!(wait(&[("retry-after-ms", "250"), ("retry-after", "9")]), Some(Duration::from_millis(250)));
    for garbage in ["x", "-5", "nan"] {
        let both = [("retry-after-ms", garbage), ("retry-after", "9")];
        assert_eq!(wait(&both), Some(Duration::from_secs(9)), "{garbage}");
    }
}
