//! Ollama's form of vectors: golden 20, our own, and what is no answer.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;
use crate::domain::failure::Class;
use crate::domain::vectors::Encoding;

const REQUEST: &str = include_str!("../../../../tests/golden/20-embeddings/ollama.request.json");
const RESPONSE: &str = include_str!("../../../../tests/golden/20-embeddings/ollama.response.json");

fn ask(input: Input) -> Request {
    Request { input, dimensions: None, encoding: Encoding::Float, user: Some("u".into()), rest: BTreeMap::new() }
}

fn texts(list: &[&str]) -> Input {
    Input::Texts(list.iter().map(|text| (*text).to_owned()).collect())
}

fn written(request: &Request) -> (Value, Vec<String>) {
    let written = Ollama.write_request(request, "nomic-embed-text").unwrap();
    assert!(written.headers.is_empty());
    assert_eq!(written.ours, ["truncate"]);
    (serde_json::from_slice(&written.body).unwrap(), written.dropped)
}

#[test]
fn golden_20() {
    let mut expected: Value = serde_json::from_str(REQUEST).unwrap();
    // Nothing is to be cut silently.
    expected["truncate"] = false.into();
    assert_eq!(written(&ask(texts(&["a", "b"]))), (expected, Vec::new()));
    let answer = Ollama.read_answer(RESPONSE.as_bytes(), 2).unwrap();
    let vectors = vec![vec![1.0, -2.0, 0.5], vec![0.0, 0.25, -1.0]];
    let usage = Some(Usage { input: 4, ..Usage::default() });
    assert_eq!(answer, Answer { model: "nomic-embed-text".into(), vectors, usage });
}

#[test]
fn what_ollama_knows_passes_and_what_it_does_not_is_told() {
    let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
    let rest = [("keep_alive", r#""5m""#), ("options", r#"{"num_ctx":512}"#), ("input_type", r#""query""#)];
    let rest = rest.map(|(name, value)| (name.to_owned(), raw(value))).into();
    let request = Request { dimensions: Some(256), rest, ..ask(texts(&["a"])) };
    let body = json!({
        "model": "nomic-embed-text", "input": ["a"], "truncate": false, "dimensions": 256,
        "options": {"num_ctx": 512}, "keep_alive": "5m",
    });
    assert_eq!(written(&request), (body, vec!["input_type".to_owned()]));
}

#[test]
fn tokens_are_not_for_ollama() {
    let refused = Ollama.write_request(&ask(Input::Tokens(vec![vec![1]])), "m").unwrap_err();
    assert_eq!(refused.param, "input");
    assert!(refused.message.contains("send texts"), "{refused}");
}

#[test]
fn what_is_not_said_is_not_known() {
    let answer = Ollama.read_answer(br#"{"embeddings":[[1]]}"#, 1).unwrap();
    assert_eq!(answer, Answer { model: String::new(), vectors: vec![vec![1.0]], usage: None });
}

#[test]
fn what_is_no_answer_is_malformed() {
    for body in [
        "",
        "<html>",
        "{}",
        r#"["m",[[1]]]"#,
        r#"{"embedding":[1]}"#,
        r#"{"embeddings":[]}"#,
        r#"{"embeddings":[[1],[2]]}"#,
        r#"{"embeddings":[[]]}"#,
        r#"{"embeddings":[null]}"#,
        r#"{"embeddings":[["1"]]}"#,
        r#"{"embeddings":[[1e60]]}"#,
        r#"{"embeddings":[[1"#,
    ] {
        assert_eq!(Ollama.read_answer(body.as_bytes(), 1).unwrap_err().class, Class::Malformed, "{body}");
    }
}
