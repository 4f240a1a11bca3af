//! Bodies with another model and fewer fields.

use super::*;
use crate::domain::facts::Facts;
use crate::protocol::openai::OpenAi;
use crate::protocol::scan::scan;

fn call(body: &str) -> Call {
    let mut call = scan(&OpenAi, Bytes::copy_from_slice(body.as_bytes())).unwrap();
    call.facts = Facts::default();
    call
}

fn check(body: &str, edit: impl FnOnce(&mut Edits), expected: &str) {
    let mut edits = Edits::default();
    edit(&mut edits);
    let pieces = splice(&call(body), &edits);
    let out: Vec<u8> = pieces.iter().flat_map(|piece| piece.iter().copied()).collect();
    let out = String::from_utf8(out).unwrap();
    assert_eq!(out, expected);
    serde_json::from_str::<serde_json::Value>(&out).unwrap();
}

const BODY: &str = "{ \"model\" : \"a\", \"messages\":[{}] ,\n \"fallbacks\":[\"b\"], \"odd\": 1.50e+3 }";

#[test]
fn only_the_model_changes() {
    check(BODY, |edits| edits.set("model", "\"x/y\""), &BODY.replace("\"a\"", "\"x/y\""));
    assert_eq!(splice(&call(BODY), &Edits::default()), [BODY.as_bytes()]);
}

#[test]
fn the_same_model_leaves_one_piece() {
    let mut edits = Edits::default();
    edits.set("model", "\"a\"");
    assert_eq!(splice(&call(BODY), &edits).len(), 1);
}

#[test]
fn fields_are_cut_wherever_they_stand() {
    let cut = "{ \"model\" : \"a\", \"messages\":[{}],\"odd\": 1.50e+3 }";
    check(BODY, |edits| edits.cut("fallbacks"), cut);
    let first = r#"{"fallbacks":[],"model":"a","messages":[{}]}"#;
    check(first, |edits| edits.cut("fallbacks"), r#"{"model":"a","messages":[{}]}"#);
    let last = r#"{"model":"a","messages":[{}],"models":[],"fallbacks":[]}"#;
    let both = |edits: &mut Edits| {
        edits.cut("fallbacks");
        edits.cut("models");
    };
    check(last, both, r#"{"model":"a","messages":[{}]}"#);
    let escaped = r#"{"model":"a","fallb\u0061cks":[],"messages":[{}]}"#;
    check(escaped, |edits| edits.cut("fallbacks"), r#"{"model":"a","messages":[{}]}"#);
}

#[test]
fn fields_are_added_at_the_end() {
    let body = r#"{"model":"a","messages":[{}],"models":[]}"#;
    let edit = |edits: &mut Edits| {
        edits.cut("models");
        edits.set("model", "\"b\"");
        edits.set("stream_options", r#"{"include_usage":true}"#);
    };
    check(body, edit, r#"{"model":"b","messages":[{}],"stream_options":{"include_usage":true}}"#);
}
