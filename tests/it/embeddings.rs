//! `POST /v1/embeddings`: every provider, both encodings, whatever the provider sends; chains; what is told of it.

/// Chains: none but those that somebody named.
mod chains;
/// Both encodings, whichever comes.
mod encodings;
/// The local server.
mod local;
/// Headers, the log, metrics, costs.
mod told;
/// Refusals, and answers that are none.
mod troubles;

use base64::Engine;
use serde_json::{Value, json};

use crate::kit::upstream::{anthropic, ollama, openai, openai_compatible, openrouter};
use crate::kit::*;

const PATH: &str = "/v1/embeddings";
const SMALL: &str = "text-embedding-3-small";

/// A request for the vectors of `texts`.
fn ask(model: &str, texts: &[&str]) -> Value {
    json!({"model": model, "input": texts})
}

/// The same with a field more.
fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

/// The vectors of an answer of OpenAI's form, each of which must be in its place and in this encoding.
#[track_caller]
fn vectors_of(answer: &Answer, base64: bool) -> Vec<Vec<f32>> {
    let body = String::from_utf8_lossy(&answer.body);
    assert_eq!((answer.status, &answer.json["object"]), (200, &json!("list")), "{body}");
    let data = answer.json["data"].as_array().unwrap_or_else(|| panic!("no list: {body}"));
    let read = |(at, item): (usize, &Value)| {
        assert_eq!((&item["object"], &item["index"]), (&json!("embedding"), &json!(at)), "{body}");
        match &item["embedding"] {
            Value::String(text) if base64 => decoded(text),
            Value::Array(numbers) if !base64 => {
                numbers.iter().map(|number| number.as_f64().expect("a number") as f32).collect()
            }
            other => panic!("not in the encoding that was asked for: {other}"),
        }
    };
    data.iter().enumerate().map(read).collect()
}

fn decoded(text: &str) -> Vec<f32> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).expect("base64");
    bytes.chunks(4).map(|number| f32::from_le_bytes(number.try_into().expect("four bytes"))).collect()
}
