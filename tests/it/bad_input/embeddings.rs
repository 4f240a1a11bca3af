//! A request for vectors is checked whole before any call, whoever would serve.

use super::{Bad, bad, check_all};
use crate::kit::{gateway, upstream};

fn with_input(input: &str) -> String {
    format!(r#"{{"model":"MODEL","input":{input}}}"#)
}

fn with_field(field: &str) -> String {
    format!(r#"{{"model":"MODEL",{field},"input":"hi"}}"#)
}

/// `input`, and the body around it.
fn inputs() -> Vec<Bad> {
    let many = |item: &str| format!("[{}]", vec![item; 2049].join(","));
    vec![
        bad("empty body", "", None, "empty"),
        bad("not JSON", "hi", None, "not valid JSON"),
        bad("an array", "[]", None, "must be a JSON object"),
        bad("no fields", "{}", "model", "missing"),
        bad("no input", r#"{"model":"MODEL"}"#, "input", "missing"),
        bad("input null", with_input("null"), "input", "missing"),
        bad("input empty", with_input(r#""""#), "input", "empty"),
        bad("no items", with_input("[ ]"), "input", "empty"),
        bad("an empty item", with_input(r#"["a",""]"#), "input[1]", "empty"),
        bad("no tokens", with_input("[[1],[]]"), "input[1]", "empty"),
        bad("a number", with_input("7"), "input", "a string or an array"),
        bad("an object", with_input("{}"), "input", "a string or an array"),
        bad("a boolean", with_input("true"), "input", "a string or an array"),
        bad("an item that is null", with_input("[null]"), "input[0]", "a text"),
        bad("an item that is an object", with_input(r#"[{"text":"a"}]"#), "input[0]", "a text"),
        bad("texts and tokens", with_input(r#"["a",1]"#), "input[1]", "a text"),
        bad("tokens and texts", with_input(r#"[1,"a"]"#), "input", "tokens alone"),
        bad("lists and texts", with_input(r#"[[1],"a"]"#), "input[1]", "tokens alone"),
        bad("half a token", with_input("[1.5]"), "input", "tokens alone"),
        bad("a negative token", with_input("[[-1]]"), "input[0]", "tokens alone"),
        bad("2049 texts", with_input(&many(r#""a""#)), "input", "at most 2048"),
        bad("2049 lists", with_input(&many("[1]")), "input", "at most 2048"),
        bad("a million numbers and a text", with_input(&format!("[{}\"a\"]", "1,".repeat(1 << 20))), "input", "tokens"),
        bad("a lone surrogate", with_input(r#"["a","\ud800"]"#), "input[1]", "cannot be read"),
        bad("input twice", with_field(r#""input":"a""#), "input", "given twice"),
        bad("messages instead", r#"{"model":"MODEL","messages":[]}"#, "input", "missing"),
    ]
}

/// Every other field.
fn fields() -> Vec<Bad> {
    [
        ("model", r#"{"input":"hi"}"#.to_owned(), "missing"),
        ("model", r#"{"input":"hi","model":7}"#.to_owned(), "a string, not a number"),
        ("model", r#"{"input":"hi","model":" "}"#.to_owned(), "empty"),
        ("encoding_format", with_field(r#""encoding_format":"hex""#), "`float` or `base64`"),
        ("encoding_format", with_field(r#""encoding_format":"""#), "`float` or `base64`"),
        ("encoding_format", with_field(r#""encoding_format":64"#), "a string"),
        ("dimensions", with_field(r#""dimensions":0"#), "at least 1"),
        ("dimensions", with_field(r#""dimensions":-256"#), "at least 1"),
        ("dimensions", with_field(r#""dimensions":2.5"#), "a whole number"),
        ("dimensions", with_field(r#""dimensions":"256""#), "a whole number, not a string"),
        ("dimensions", with_field(r#""dimensions":1e18"#), "no more than"),
        ("stream", with_field(r#""stream":true"#), "not streamed"),
        ("stream", with_field(r#""stream":"no""#), "true or false"),
        ("user", with_field(r#""user":{}"#), "a string, not an object"),
        ("fallbacks", with_field(r#""fallbacks":"x""#), "an array of model names"),
        ("models", with_field(r#""models":[1]"#), "an array of model names"),
    ]
    .map(|(param, body, words)| bad(param, body, param, words))
    .into()
}

#[tokio::test]
async fn a_bad_request_for_vectors_reaches_nobody() {
    let (openai, ollama) = (upstream::openai().start().await, upstream::ollama().start().await);
    let gateway = gateway().with(&openai).with(&ollama).start().await;
    for model in ["text-embedding-3-small", "ollama/nomic-embed-text"] {
        let rows = inputs().into_iter().chain(fields()).collect();
        check_all(&gateway, "/v1/embeddings", model, rows, &[&openai, &ollama]).await;
    }
}

#[tokio::test]
async fn other_methods_are_not_taken() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    assert_eq!(gateway.get("/v1/embeddings").await.status, 405);
}
