//! Requests as OpenAI wants them: without other vendors' fields, and with usage asked for.

use bytes::Bytes;
use serde_json::{Value, json};

use super::*;
use crate::models::Models;
use crate::protocol::{scan, splice};

/// What `more` in a short request becomes, and which fields the caller is told were dropped.
fn check(more: &str, expected: &str, dropped: &[&str]) {
    let wrap = |more: &str| format!(r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}]{more}}}"#);
    let call = scan::scan(&OpenAi, Bytes::from(wrap(more))).unwrap();
    let mut edits = Edits::default();
    Chat.edit(&call, &Card::PLAIN, &mut edits);
    let sent = splice::splice(&call, &edits).concat();
    assert_eq!(std::str::from_utf8(&sent).unwrap(), wrap(expected));
    assert_eq!(edits.dropped, dropped);
}

#[test]
fn fields_of_other_vendors_are_dropped_and_told() {
    let foreign = r#","top_k":40,"odd":1,"reasoning":{"effort":"low"},"provider":{"order":["x"]},"cache_control":{}"#;
    check(foreign, r#","odd":1"#, &["cache_control", "provider", "reasoning", "top_k"]);
    check(r#","temperature":1.0,"odd":{"top_k":1}"#, r#","temperature":1.0,"odd":{"top_k":1}"#, &[]);
}

#[test]
fn usage_is_asked_for_in_streams_alone() {
    check("", "", &[]);
    check(r#","stream":false"#, r#","stream":false"#, &[]);
    check(r#","stream":true"#, r#","stream":true,"stream_options":{"include_usage":true}"#, &[]);
    let null = r#","stream":true,"stream_options":null"#;
    check(null, r#","stream":true,"stream_options":{"include_usage":true}"#, &[]);
    let off = r#","stream_options":{"include_usage":false,"include_obfuscation":false},"stream":true"#;
    let on = r#","stream_options":{"include_usage":true,"include_obfuscation":false},"stream":true"#;
    check(off, on, &[]);
    check(on, on, &[]);
}

#[test]
fn models_are_listed_by_id() {
    let list = json!({"object": "list", "data": [{"id": "a"}, {"name": "no id"}, {"id": "b"}]}).to_string();
    assert_eq!(Chat.read_models(list.as_bytes()), ["a", "b"]);
    assert_eq!(Chat.read_models(b"<html>"), Vec::<String>::new());
    assert_eq!(Chat.read_models(Value::Null.to_string().as_bytes()), Vec::<String>::new());
}

#[test]
fn what_other_vendors_answers_leave_in_the_history_is_taken_out() {
    let edited = |messages: &str| {
        let body = format!(r#"{{"model":"m","messages":{messages}}}"#);
        let call = scan::scan(&OpenAi, Bytes::from(body)).unwrap();
        let mut edits = Edits::default();
        Chat.edit(&call, &Card::PLAIN, &mut edits);
        String::from_utf8(splice::splice(&call, &edits).concat()).unwrap()
    };
    let with = r#"[{"role":"user","content":[{"type":"text","text":"say \"reasoning\"","cache_control":{}}]},{"role":"assistant","content":"b","reasoning":"c","reasoning_details":[]}]"#;
    let without = r#"[{"role":"user","content":[{"type":"text","text":"say \"reasoning\""}]},{"role":"assistant","content":"b"}]"#;
    assert_eq!(edited(with), format!(r#"{{"model":"m","messages":{without}}}"#));
    assert_eq!(edited(without), format!(r#"{{"model":"m","messages":{without}}}"#));
}

#[test]
fn thoughts_stay_behind_unless_the_model_wants_to_hear_them() {
    let adjusted = |model: &str| {
        let thought = Thought { text: "hm".into(), ..Thought::default() };
        let mut chat = Conversation {
            messages: vec![Message::Assistant(vec![Part::Thought(thought)])],
            ..Conversation::default()
        };
        Chat.adjust(&mut chat, &Models::builtin().card(model), Dialect::OpenAi);
        chat.messages
    };
    assert_eq!(adjusted("gpt-4o"), [Message::Assistant(vec![])]);
    assert!(matches!(&adjusted("deepseek-chat")[0], Message::Assistant(parts) if parts.len() == 1));
}

#[test]
fn thoughts_of_other_models_stay_behind_and_openais_own_do_not() {
    let packed = "eyJnYXRld2F5X3Rob3VnaHQiOjEsInRleHQiOiJobSJ9";
    let thought = |encrypted: &str| format!(r#"{{"type":"reasoning","summary":[],"encrypted_content":"{encrypted}"}}"#);
    let said = format!(r#"{{"role":"user", "content":"what is {packed}?"}}"#);
    let body = |items: &str| format!(r#"{{"model":"m","input":{items}}}"#);
    let sent = |body: String| {
        let call = scan::scan(&Responses, Bytes::from(body)).unwrap();
        let mut edits = Edits::default();
        Chat.edit(&call, &Card::PLAIN, &mut edits);
        String::from_utf8(splice::splice(&call, &edits).concat()).unwrap()
    };
    let own = thought("gAAAAAB");
    let mixed = format!("[{said}, {},{own}]", thought(packed));
    assert_eq!(sent(body(&mixed)), body(&format!("[{said},{own}]")));
    let own = format!("[ {said}, {own} ]");
    assert_eq!(sent(body(&own)), body(&own));
    assert_eq!(sent(body(&format!(r#""{packed}""#))), body(&format!(r#""{packed}""#)));
}
