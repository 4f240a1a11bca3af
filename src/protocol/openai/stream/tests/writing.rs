//! Streams that are written.

use serde_json::{Value, json};

use super::{call, claude, data, more, start, text, thought, written};
use crate::domain::chat::{Event, Finish, Thought, Usage};
use crate::domain::failure::{Class, Failure};

macro_rules! golden {
    ($path:literal) => {
        include_str!(concat!("../../../../../tests/golden/", $path))
    };
}

fn parsed(chunks: &[String]) -> Vec<Value> {
    chunks.iter().map(|chunk| serde_json::from_str(chunk).unwrap_or_else(|_| json!(chunk))).collect()
}

#[track_caller]
fn check_written(events: &[Event], include_usage: bool, golden: &str) {
    assert_eq!(parsed(&written(events, include_usage)), parsed(&data(golden)));
}

#[test]
fn golden_07_text() {
    let usage =
        Usage { input: 150, cache_read: 100, cache_write: 30, tells_cache: true, output: 12, ..Usage::default() };
    let events = [
        start("claude-sonnet-5-5"),
        Event::Usage(Usage { output: 1, ..usage }),
        text("Hel"),
        text(""),
        text("lo 👋"),
        Event::Usage(usage),
        Event::Finish(Finish::Stop),
        Event::End,
    ];
    check_written(&events, true, golden!("07-stream-text/openai.stream.include_usage.sse"));
    check_written(&events, false, golden!("07-stream-text/openai.stream.no_usage.sse"));
}

#[test]
fn golden_08_parallel_tools() {
    let before = [
        start("claude-sonnet-5-5"),
        text("Checking."),
        call(0, "toolu_a", "get_weather", ""),
        more(0, "{\"city\":"),
        more(0, " \"Paris\"}"),
        call(1, "toolu_b", "now", ""),
    ];
    let after = [Event::Finish(Finish::ToolCalls), Event::End];
    let golden = golden!("08-stream-parallel-tools/openai.stream.sse");
    // Whether the provider's reader says that there are no arguments, or nobody does, makes no difference.
    check_written(&[&before[..], &[more(1, "{}")], &after[..]].concat(), false, golden);
    check_written(&[&before[..], &after[..]].concat(), false, golden);
}

#[test]
fn golden_09_thoughts() {
    let usage = Usage { input: 30, tells_cache: true, output: 40, reasoning: Some(33), ..Usage::default() };
    let events = [
        start("claude-opus-5-5"),
        claude(0, Thought { text: "Let me think".into(), ..Thought::default() }),
        claude(0, Thought { signature: Some("EqQBCg==".into()), ..Thought::default() }),
        claude(1, Thought { sealed: Some("ZW5j".into()), ..Thought::default() }),
        text("42"),
        Event::Usage(usage),
        Event::Finish(Finish::Length),
        Event::End,
    ];
    check_written(&events, true, golden!("09-stream-thinking/openai.stream.include_usage.sse"));
}

#[test]
fn golden_10_an_error_is_left_to_the_front() {
    let failure = Failure::after_sending(Class::ServerError, "Overloaded");
    let events = [start("claude-sonnet-5-5"), text("Par"), Event::Error(Box::new(failure))];
    let golden = data(golden!("10-stream-error-anthropic-to-openai/openai.stream.sse"));
    assert_eq!(parsed(&written(&events, false)), parsed(&golden[..2]));
}

#[test]
fn golden_15_ollama() {
    let events = [
        start("qwen3:8b"),
        thought(0, "hmm"),
        text("Sure"),
        call(0, "call_k1", "get_weather", "{\"city\":\"Paris\"}"),
        call(1, "call_GW1", "now", "{}"),
        Event::Finish(Finish::ToolCalls),
        Event::Usage(Usage { input: 26, output: 14, ..Usage::default() }),
        Event::End,
    ];
    check_written(&events, true, golden!("15-ollama-native-stream/openai.stream.include_usage.sse"));
}

#[test]
fn a_refusal_has_words_in_a_stream_too() {
    let refusals = |events: &[Event]| -> Vec<Value> {
        let chunks = parsed(&written(events, false));
        chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"].get("refusal").cloned()).collect()
    };
    let filtered = |words: Option<&str>| Event::Finish(Finish::Filtered(words.map(str::to_owned)));
    assert_eq!(refusals(&[start("m"), filtered(Some("No."))]), ["No."]);
    assert_eq!(refusals(&[start("m"), filtered(None)]), ["The model refused this request."]);
    assert_eq!(refusals(&[start("m"), text("Well,"), filtered(None)]), Vec::<Value>::new());
    assert_eq!(refusals(&[start("m"), Event::Refusal("Nope".into()), filtered(Some("No."))]), ["Nope"]);
}
