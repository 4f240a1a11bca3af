//! Vectors: requests as they go to Ollama, and answers in the encoding that was asked for, whichever came.

use super::{bytes, json, same};
use ai_mcp_gateway::domain::vectors::{Encoding, Request};
use ai_mcp_gateway::protocol::embed::EmbedBack;
use ai_mcp_gateway::protocol::ollama::Ollama;
use ai_mcp_gateway::protocol::openai::{OpenAi, embeddings};
use ai_mcp_gateway::protocol::scan::scan_for;
use bytes::Bytes;
use serde_json::Value;

const OWN: &str = "b81-vectors-with-ollamas-own-fields";
const ORDER: &str = "b80-vectors-out-of-order";
const SHARED: &str = "20-embeddings";
const FLOAT: &str = "openai.response.float.json";
const BASE64: &str = "openai.response.base64.json";

/// The caller's request.
fn request(case: &str) -> Request {
    let call = scan_for(&OpenAi, bytes(case, "openai.request.json"), embeddings::facts).unwrap();
    embeddings::read(&call).unwrap()
}

#[track_caller]
fn check(found: &[u8], expected: &Value) {
    same(&serde_json::from_slice(found).unwrap(), expected, "").unwrap_or_else(|difference| panic!("{difference}"));
}

#[test]
fn requests_in_ollamas_form() {
    let mut expected = json(SHARED, "ollama.request.json");
    // The shared case leaves open what is to be cut: nothing is.
    expected["truncate"] = false.into();
    let written = Ollama.write_request(&request(SHARED), "nomic-embed-text").unwrap();
    check(&written.body, &expected);
    assert!(written.dropped.is_empty(), "{:?}", written.dropped);
    let written = Ollama.write_request(&request(OWN), "nomic-embed-text").unwrap();
    check(&written.body, &json(OWN, "ollama.request.json"));
    assert_eq!(written.dropped, ["input_type"]);
}

#[test]
fn ollamas_answers_in_either_encoding() {
    let answer = Ollama.read_answer(&bytes(SHARED, "ollama.response.json"), 2).unwrap();
    check(&embeddings::write(&answer, request(SHARED).encoding), &json(SHARED, BASE64));
    check(&embeddings::write(&answer, Encoding::Float), &json(SHARED, FLOAT));
}

/// What a caller of the case's request gets, who asks for `encoding`, where the provider has answered with `file`.
fn answered(case: &str, file: &str, encoding: Encoding) -> Bytes {
    let asked = Request { encoding, ..request(case) };
    embeddings::as_asked(bytes(case, file), &asked).unwrap_or_else(|failure| panic!("{failure:?}")).0
}

#[test]
fn answers_of_openais_form_in_either_encoding() {
    for (file, encoding, expected) in [
        (FLOAT, Encoding::Base64, BASE64),
        (BASE64, Encoding::Float, FLOAT),
        (FLOAT, Encoding::Float, FLOAT),
        (BASE64, Encoding::Base64, BASE64),
    ] {
        let passed = answered(SHARED, file, encoding);
        check(&passed, &json(SHARED, expected));
        assert_eq!(file == expected, passed == bytes(SHARED, file), "{file} for {encoding:?}");
    }
    check(&answered(ORDER, "openrouter.response.json", Encoding::Base64), &json(ORDER, BASE64));
}
