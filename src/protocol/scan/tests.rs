//! Bodies of every spelling.

use super::*;
use crate::protocol::openai::OpenAi;

fn names(body: &str) -> Vec<String> {
    let found = fields(body.as_bytes()).unwrap();
    for field in &found {
        assert!(body[field.whole.clone()].starts_with('"'), "{body}");
        assert!(body[field.whole.clone()].ends_with(&body[field.value.clone()]), "{body}");
    }
    found.iter().map(|field| String::from_utf8(field.name(body.as_bytes()).to_vec()).unwrap()).collect()
}

#[test]
fn fields_stand_where_they_are_written() {
    assert_eq!(names(r#"{"a":1,"b":{"c":[1,2]},"d":"x"}"#), ["a", "b", "d"]);
    assert_eq!(names("{ \"a\" : 1.50e+3 ,\n\t\"b\"\r:\n null }"), ["a", "b"]);
    assert_eq!(names(r#"{"fallb\u0061cks":[],"q\"uo\\te":1}"#), ["fallbacks", "q\"uo\\te"]);
    assert_eq!(names("{}"), Vec::<String>::new());
}

fn refuse(body: &str, param: Option<&str>, says: &str) {
    let error = scan(&OpenAi, Bytes::copy_from_slice(body.as_bytes())).err().unwrap_or_else(|| panic!("{body}"));
    assert_eq!(error.param.as_deref(), param, "{body}: {}", error.message);
    assert!(error.message.contains(says), "{body}: {}", error.message);
}

#[test]
fn what_is_wrong_is_named() {
    refuse("", None, "empty");
    refuse("[]", None, "must be a JSON object");
    refuse("{", None, "not valid JSON");
    refuse(r#"{"model":"m"}{"#, None, "not valid JSON");
    refuse(r#"{"model":"m","model":"n","messages":[{}]}"#, Some("model"), "twice");
    refuse(r#"{"messages":[{}]}"#, Some("model"), "missing");
    refuse(r#"{"model":"m"}"#, Some("messages"), "missing");
    refuse(r#"{"model":"m","messages":[ ]}"#, Some("messages"), "empty");
    refuse(r#"{"model":7,"messages":[{}]}"#, Some("model"), "must be a string, not a number");
    refuse(r#"{"model":"m","messages":"hi"}"#, Some("messages"), "must be an array, not a string");
    refuse(r#"{"model":"m","messages":[{}],"stream":"yes"}"#, Some("stream"), "true or false");
    refuse(r#"{"model":"m","messages":[{}],"n":0}"#, Some("n"), "1 to 128");
    refuse(r#"{"model":"m","messages":[{}],"max_tokens":1.5}"#, Some("max_tokens"), "whole number");
    refuse(r#"{"model":"m","messages":[{}],"fallbacks":"x"}"#, Some("fallbacks"), "array of model names");
}

#[test]
fn facts_are_read() {
    let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":[{"type":"image_url"}]}],"stream":true,
        "stream_options":{"include_usage":true},"tools":[{}],"fallbacks":["a","b"],"n":2,"reasoning_effort":"low"}"#;
    let facts = scan(&OpenAi, Bytes::from_static(body.as_bytes())).unwrap().facts;
    assert!(facts.stream && facts.include_usage && facts.tools && facts.vision && facts.reasoning);
    assert_eq!((facts.choices, facts.fallbacks), (2, Some(vec!["a".to_owned(), "b".to_owned()])));
}

#[test]
fn deep_nesting_is_no_danger() {
    let deep = format!(r#"{{"model":"m","messages":[{{}}],"x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(scan(&OpenAi, Bytes::from(deep)).is_ok());
}
