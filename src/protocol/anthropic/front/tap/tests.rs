//! Streams that pass as bytes.

use super::*;

fn check(tap: &mut AnthropicTap, data: &str, expected: Seen) {
    assert_eq!(tap.see(None, data.as_bytes()), expected, "{data}");
}

fn start(index: u32, block: &str) -> String {
    format!(r#"{{"type":"content_block_start","index":{index},"content_block":{block}}}"#)
}

fn delta(index: u32, delta: &str) -> String {
    format!(r#"{{"type":"content_block_delta","index":{index},"delta":{delta}}}"#)
}

fn stop(index: u32) -> String {
    format!(r#"{{"type":"content_block_stop","index":{index}}}"#)
}

fn text(words: &str) -> String {
    delta(0, &format!(r#"{{"type":"text_delta","text":"{words}"}}"#))
}

#[test]
fn a_stream_from_start_to_stop() {
    let mut tap = AnthropicTap::default();
    let usage = r#"{"input_tokens":20,"cache_read_input_tokens":100,"output_tokens":1}"#;
    let begun = format!(r#"{{"type":"message_start","message":{{"model":"m","content":[],"usage":{usage}}}}}"#);
    check(&mut tap, &begun, Seen::Pass);
    check(&mut tap, r#"{"type":"ping"}"#, Seen::Pass);
    check(&mut tap, &start(0, r#"{"type":"text","text":""}"#), Seen::Pass);
    check(&mut tap, &text("hi"), Seen::Content);
    check(&mut tap, &stop(0), Seen::Pass);
    let interrupted = tap.learned();
    assert_eq!(interrupted.usage.map(|usage| (usage.input, usage.output)), Some((120, 1)));
    let end = r#"{"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"input_tokens":null,"output_tokens":12,"cost":0.5}}"#;
    check(&mut tap, end, Seen::Pass);
    assert!(!tap.finished(), "the reason is not yet the end");
    check(&mut tap, r#"{"type":"message_stop"}"#, Seen::Terminal);
    assert!(tap.finished() && tap.owed().is_empty());
    let Learned { model, usage, finish } = tap.learned();
    let usage = usage.map(|usage| (usage.input, usage.output, usage.cost));
    assert_eq!((model.as_deref(), usage, finish), (Some("m"), Some((120, 12, Some(0.5))), Some(Finish::Length)));
}

#[test]
fn what_says_something_is_content() {
    let delta = |fields: &str| delta(1, &format!("{{{fields}}}"));
    for (event, expected) in [
        (start(1, r#"{"type":"text","text":"a","citations":null}"#), Seen::Content),
        (start(1, r#"{"type":"thinking","thinking":"","signature":""}"#), Seen::Pass),
        (start(1, r#"{"type":"thinking","thinking":"hm","signature":""}"#), Seen::Content),
        (start(1, r#"{"type":"redacted_thinking","data":"ZW5j"}"#), Seen::Content),
        (start(1, r#"{"type":"tool_use","id":"t","name":"f","input":{}}"#), Seen::Content),
        (start(1, r#"{"type":"server_tool_use","id":"s","name":"web_search","input":{}}"#), Seen::Content),
        (start(1, r#"{"type":"some_day"}"#), Seen::Pass),
        (start(1, "7"), Seen::Pass),
        (delta(r#""type":"text_delta","text":"""#), Seen::Pass),
        (delta(r#""type":"thinking_delta","thinking":"hm""#), Seen::Content),
        (delta(r#""type":"thinking_delta","thinking":"""#), Seen::Pass),
        (delta(r#""type":"signature_delta","signature":"c2ln""#), Seen::Content),
        (delta(r#""type":"input_json_delta","partial_json":"{""#), Seen::Content),
        (delta(r#""type":"input_json_delta","partial_json":"""#), Seen::Pass),
        (delta(r#""type":"citations_delta","citation":{"url":"u"}"#), Seen::Content),
        (delta(r#""type":"some_day","text":null"#), Seen::Pass),
        (r#"{"type":"content_block_delta","index":1}"#.into(), Seen::Pass),
        (r#"{"type":"some_day","index":"?","usage":"?"}"#.into(), Seen::Pass),
        (r#"{}"#.into(), Seen::Pass),
        (r#"{"type":"error","error":{"type":"overloaded_error"}}"#.into(), Seen::Error),
        (r#"{"type":"error"}"#.into(), Seen::Error),
        (r#"{"error":{"message":"x"}}"#.into(), Seen::Error),
        ("".into(), Seen::Broken),
        ("hello".into(), Seen::Broken),
        (r#"["message_stop"]"#.into(), Seen::Broken),
        (r#"{"type":"message_stop""#.into(), Seen::Broken),
    ] {
        let mut tap = AnthropicTap::default();
        check(&mut tap, &event, expected);
        assert!(!tap.finished());
    }
    assert_eq!(AnthropicTap::default().see(None, b"{\"type\":\"ping\",\"x\":\"\xff\"}"), Seen::Broken);
}

#[test]
fn an_event_is_known_by_its_name_where_its_data_does_not_say() {
    let mut tap = AnthropicTap::default();
    assert_eq!(tap.see(Some("error"), b"{}"), Seen::Error);
    assert_eq!(tap.see(Some("error"), br#"{"type":"ping"}"#), Seen::Pass);
    assert_eq!(tap.see(Some("message_stop"), b"{}"), Seen::Terminal);
}

#[test]
fn a_tool_is_called_from_its_blocks_start_to_its_stop() {
    let mut tap = AnthropicTap::default();
    tap.see(None, start(0, r#"{"type":"text","text":""}"#).as_bytes());
    assert!(!tap.in_tool_call());
    tap.see(None, start(3, r#"{"type":"tool_use","id":"t","name":"f","input":{}}"#).as_bytes());
    tap.see(None, stop(0).as_bytes());
    assert!(tap.in_tool_call());
    tap.see(None, stop(3).as_bytes());
    assert!(!tap.in_tool_call());
}

#[test]
fn what_was_said_is_measured() {
    let mut tap = AnthropicTap::default();
    for event in [
        text("abc"),
        text("de"),
        text("\\n"),
        text("é"),
        delta(1, r#"{"type":"thinking_delta","thinking":"hm"}"#),
        delta(1, r#"{"type":"signature_delta","signature":"c2ln"}"#),
        delta(2, r#"{"type":"input_json_delta","partial_json":"{}"}"#),
    ] {
        check(&mut tap, &event, Seen::Content);
    }
    assert_eq!(tap.said(), 3 + 2 + 2 + 2 + 2 + 2);
}

#[test]
fn a_known_shape_is_no_way_around_the_reading() {
    let mut tap = AnthropicTap::default();
    for (words, expected) in [
        ("a", Seen::Content),
        ("bc", Seen::Content),
        ("", Seen::Pass),
        (r"\n", Seen::Content),
        ("\u{1}", Seen::Broken),
        (r"\x", Seen::Broken),
        ("é👋", Seen::Content),
    ] {
        check(&mut tap, &text(words), expected);
    }
    let mut broken = text("x").into_bytes();
    let at = broken.iter().position(|byte| *byte == b'x').unwrap_or_default();
    broken[at] = 0xff;
    assert!(matches!(tap.see(None, &broken), Seen::Broken | Seen::Pass));
    check(&mut tap, &text("g").replace(":0,", ":7,"), Seen::Content);
}

#[test]
fn an_event_without_a_type_is_what_its_name_says() {
    for kind in ["", r#""type":null,"#] {
        let data = format!(r#"{{{kind}"index":0,"delta":{{"type":"text_delta","text":"x"}}}}"#);
        assert_eq!(AnthropicTap::default().see(Some("content_block_delta"), data.as_bytes()), Seen::Content, "{kind}");
    }
}
