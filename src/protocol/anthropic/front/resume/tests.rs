//! Streams that are gone on with.

use bytes::Bytes;
use serde_json::Value;

use super::*;
use crate::domain::chat::{Event, Finish, Usage};
use crate::protocol::resume::{Blocks, By};
use crate::protocol::scan::scan;
use crate::protocol::sse::{Splitter, parse};

fn call(body: &str) -> Call {
    scan(&Anthropic, Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

/// The place that a stream of these events has come to.
fn place(events: &[&str]) -> Place {
    let mut place = Place::default();
    events.iter().for_each(|event| Anthropic.note(None, event.as_bytes(), &mut place));
    place
}

/// What is written where a stream goes on from `blocks`.
fn gone_on(blocks: Blocks, events: &[Event]) -> Vec<Value> {
    let stamp = Stamp { id: "msg_1".into(), created: 0 };
    let (answering, provider, model, after) = ("m", "openrouter", "a/m", "network");
    let seam = Seam { stamp, blocks, answering, provider, model, by: By::Repeat, after };
    let mut out = BytesMut::new();
    let mut writer = Anthropic.go_on(&seam, false, &mut out);
    events.iter().for_each(|event| writer.write(event, &mut out));
    let mut splitter = Splitter::default();
    splitter.push(out.freeze());
    let cut = std::iter::from_fn(|| splitter.cut().unwrap());
    let data = cut.map(|raw| serde_json::from_slice::<Value>(&parse(&raw).data.unwrap()).unwrap());
    data.collect()
}

const START: &str = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","content":[]}}"#;
const TEXT: &str = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
const THOUGHT: &str = r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#;
const DELTA: &str = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}"#;
const STOP: &str = r#"{"type":"content_block_stop","index":0}"#;

#[test]
fn a_stream_tells_its_id_and_its_blocks() {
    let at = |events: &[&str]| {
        let Place { stamp, blocks } = place(events);
        (stamp.map(|stamp| stamp.id), blocks.begun, blocks.open)
    };
    let id = || Some("msg_1".to_owned());
    assert_eq!(at(&[r#"{"type":"ping"}"#, "[]", "?"]), (None, 0, None));
    assert_eq!(at(&[START]), (id(), 0, None));
    assert_eq!(at(&[START, TEXT, DELTA]), (id(), 1, Some(Kind::Text)));
    assert_eq!(at(&[START, THOUGHT]), (id(), 1, Some(Kind::Other)));
    assert_eq!(at(&[START, TEXT, STOP]), (id(), 1, None));
    assert_eq!(at(&[START, START.replace("msg_1", "msg_2").as_str()]), (id(), 0, None));
    let second = TEXT.replace(":0,", ":1,");
    assert_eq!(at(&[START, THOUGHT, STOP, &second]), (id(), 2, Some(Kind::Text)));
}

#[test]
fn text_goes_on_in_the_block_under_way_else_in_one_of_its_own() {
    let text = || Event::Text("b".into());
    for (blocks, before, index) in [
        (Blocks { begun: 2, open: Some(Kind::Text) }, &[][..], 1),
        (Blocks { begun: 1, open: Some(Kind::Other) }, &["content_block_stop 0", "content_block_start 1"][..], 1),
        (Blocks { begun: 1, open: None }, &["content_block_start 1"][..], 1),
        (Blocks::default(), &["content_block_start 0"][..], 0),
    ] {
        let usage = Usage { output: 7, ..Usage::default() };
        let end = [Event::Finish(Finish::Stop), Event::Usage(usage), Event::End];
        let written = gone_on(blocks, &[&[Event::Start { model: "m".into() }, text()][..], &end].concat());
        let told: Vec<String> = written
            .iter()
            .map(|event| match (&event["type"], &event["index"]) {
                (kind, Value::Null) => kind.as_str().unwrap().to_owned(),
                (kind, index) => format!("{} {index}", kind.as_str().unwrap()),
            })
            .collect();
        let delta = format!("content_block_delta {index}");
        let stop = format!("content_block_stop {index}");
        let behind = [&delta, &delta, &stop, "message_delta", "message_stop"];
        assert_eq!(told, [before, &behind].concat(), "{blocks:?}");
        assert_eq!(blocks.in_text(), Blocks { begun: index + 1, open: Some(Kind::Text) });
    }
}

#[test]
fn the_seam_is_marked_in_an_event_that_adds_nothing() {
    let written = gone_on(Blocks { begun: 1, open: Some(Kind::Text) }, &[Event::Text("b".into())]);
    let mark = serde_json::json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": ""},
        "x_gateway": {"resumed": {"provider": "openrouter", "model": "a/m", "by": "repeat", "after": "network"}}});
    assert_eq!(written[0], mark);
    assert_eq!(written[1]["delta"]["text"], "b");
}

#[test]
fn the_answer_so_far_becomes_the_last_turn() {
    let mut call = call(
        r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"} ],"thinking":{"type":"adaptive"},"output_config":{"effort":"low"},"top_k":1}"#,
    );
    let version = (http::HeaderName::from_static("anthropic-version"), http::HeaderValue::from_static("2023-06-01"));
    call.headers.push(version.clone());
    let begun = Anthropic.with_answer(&call, "so \"far\"").unwrap();
    let expected = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"} ,{"role":"assistant","content":"so \"far\""}],"top_k":1}"#;
    assert_eq!((begun.body, begun.headers), (Bytes::from(expected), vec![version]));
}

#[test]
fn a_turn_of_the_model_at_the_end_is_not_added_to() {
    let turns = r#"[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"text","text":"Oh"}]}]"#;
    let call = call(&format!(r#"{{"model":"m","max_tokens":9,"messages":{turns}}}"#));
    assert!(Anthropic.with_answer(&call, "so far").is_none());
}

#[test]
fn only_one_plain_text_is_gone_on_with() {
    let plain = |more: &str, change: fn(&mut Call)| {
        let turns = r#"[{"role":"user","content":"hi"}]"#;
        let mut call = call(&format!(r#"{{"model":"m","max_tokens":9,"stream":true,"messages":{turns}{more}}}"#));
        call.facts.stream = true;
        change(&mut call);
        Anthropic.is_plain(&call)
    };
    assert!(plain("", |_| {}) && plain(r#","thinking":{"type":"adaptive"},"container":null"#, |_| {}));
    assert!(!plain("", |call| call.facts.stream = false));
    assert!(!plain("", |call| call.facts.tools = true));
    assert!(!plain("", |call| call.facts.structured = true));
    for more in [
        r#","mcp_servers":[{"type":"url"}]"#,
        r#","container":"c_1""#,
        r#","context_management":{"edits":[]}"#,
        r#","system":[{"type":"document","citations":{"enabled":true}}]"#,
    ] {
        assert!(!plain(more, |_| {}), "{more}");
    }
}
