//! Requests as OpenRouter wants them: the golden case and the fields that decide.

use bytes::Bytes;
use serde_json::{Value, json};

use super::*;
use crate::protocol::{scan, splice};

fn provider(settings: &[(&'static str, &str)]) -> Provider {
    let settings = settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Provider::new(&SPEC, "https://openrouter.ai/api/v1".into(), None, settings)
}

/// What `body` becomes on its way to the model `model`.
fn sent(body: &str, model: &str) -> Value {
    let call = scan::scan(&OpenAi, Bytes::copy_from_slice(body.as_bytes())).unwrap();
    let mut edits = Edits::default();
    edits.set("model", json!(model).to_string());
    Chat.edit(&call, &Card::PLAIN, &mut edits);
    assert!(edits.dropped.is_empty());
    serde_json::from_slice(&splice::splice(&call, &edits).concat()).unwrap()
}

/// Which fields are added to a short request, or changed in it, by `more` being there.
fn check(more: Value, expected: Value) {
    let mut body = json!({"model": "x/y", "messages": [{"role": "user", "content": "hi"}]});
    let mut whole = body.clone();
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    for (name, value) in expected.as_object().unwrap() {
        whole[name] = value.clone();
    }
    assert_eq!(sent(&body.to_string(), "x/y"), whole, "{more}");
}

fn golden(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn golden_21() {
    let body = include_str!("../../../tests/golden/21-openrouter-request/openai.request.json");
    let expected = golden(include_str!("../../../tests/golden/21-openrouter-request/openrouter.request.json"));
    assert_eq!(sent(body, "anthropic/claude-sonnet-5.5"), expected);
}

#[test]
fn golden_21_headers() {
    let expected = golden(include_str!("../../../tests/golden/21-openrouter-request/openrouter.request.headers.json"));
    let mut headers = HeaderMap::new();
    Chat.headers(&provider(&[(SITE_URL, "https://example.com/gateway"), (APP_NAME, "gateway")]), &mut headers);
    for name in ["http-referer", "x-openrouter-title"] {
        assert_eq!(headers[name].to_str().unwrap(), expected[name]);
    }
    assert_eq!(headers["x-title"], headers["x-openrouter-title"]);
    assert_eq!(headers.len(), 3);
    assert_eq!(SPEC.auth, Auth::Bearer);
}

#[test]
fn headers_only_where_there_is_something_to_tell() {
    let mut headers = HeaderMap::new();
    Chat.headers(&provider(&[]), &mut headers);
    Chat.headers(&provider(&[(SITE_URL, ""), (APP_NAME, "two\nlines")]), &mut headers);
    assert!(headers.is_empty());
}

#[test]
fn the_effort_is_put_where_openrouter_looks() {
    let required = json!({"require_parameters": true});
    let low = json!({"reasoning": {"effort": "low"}, "provider": required});
    check(json!({"reasoning_effort": "low"}), low.clone());
    check(json!({"reasoning_effort": "low", "reasoning": null}), low);
    check(json!({"reasoning_effort": "none"}), json!({"reasoning": {"effort": "none"}}));
    check(json!({"reasoning_effort": null}), json!({"reasoning_effort": null}));
    let both = json!({"reasoning_effort": "low", "reasoning": {"max_tokens": 9}});
    let mut kept = both.clone();
    kept["provider"] = required;
    check(both, kept);
}

#[test]
fn parameters_are_required_where_losing_them_would_matter() {
    let with_provider = |body: Value| {
        let mut expected = body.clone();
        expected["provider"] = json!({"require_parameters": true});
        check(body, expected);
    };
    with_provider(json!({"tools": [{"type": "function", "function": {"name": "f"}}]}));
    with_provider(json!({"response_format": {"type": "json_object"}}));
    with_provider(json!({"response_format": {"type": "json_schema", "json_schema": {"name": "r", "schema": {}}}}));
    with_provider(json!({"reasoning": {"effort": "high"}}));
    with_provider(json!({"tools": [{}], "provider": null}));
    let untouched = |body: Value| check(body.clone(), body);
    untouched(json!({"temperature": 1, "stream": true}));
    untouched(json!({"tools": []}));
    untouched(json!({"response_format": {"type": "text"}}));
    untouched(json!({"tools": [{}], "provider": {"order": ["a"]}}));
}
