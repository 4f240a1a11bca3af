//! Watches streamed chunks that pass as bytes: content yet, finished, usage, errors.

use bytes::BytesMut;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::shape::{Shape, says_something};
use super::super::{ErrorView, Seen, Tap};
use super::{error, finish, usage};
use crate::domain::chat::{Finish, Usage};
use crate::domain::facts::Learned;

/// One chunk, as far as the tap looks into it. What it does not name is skipped, but must be JSON.
#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, default)]
    model: Option<&'a RawValue>,
    #[serde(borrow, default)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: Option<u32>,
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning_details: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Option<&'a RawValue>,
    #[serde(borrow, default)]
    function_call: Option<&'a RawValue>,
    #[serde(borrow, default)]
    audio: Option<&'a RawValue>,
    #[serde(borrow, default)]
    images: Option<&'a RawValue>,
}

/// The state of one stream.
#[derive(Debug)]
pub(super) struct OpenAiTap {
    /// What the last piece of text looked like: the next one differs in its text alone, nearly always.
    shape: Option<Shape>,
    choices: u64,
    include_usage: bool,
    /// Bit n: choice n was seen, or has said why it ended, or calls a tool and has not (choices above 127 are counted
    /// as the last bit).
    seen: u128,
    finished: u128,
    in_tool_call: u128,
    terminal: bool,
    /// Bytes of text, thoughts and arguments.
    said: usize,
    model: Option<String>,
    usage: Option<Usage>,
    finish: Option<Finish>,
}

impl OpenAiTap {
    /// A tap on an answer of `choices` choices.
    pub(super) fn new(choices: u64, include_usage: bool) -> OpenAiTap {
        OpenAiTap {
            shape: None,
            choices,
            include_usage,
            seen: 0,
            finished: 0,
            in_tool_call: 0,
            terminal: false,
            said: 0,
            model: None,
            usage: None,
            finish: None,
        }
    }

    fn see_choice(&mut self, choice: &Choice<'_>) -> bool {
        let mut content = false;
        let bit = 1 << choice.index.unwrap_or(0).min(127);
        self.seen |= bit;
        if let Some(delta) = &choice.delta {
            let calls = [delta.tool_calls, delta.function_call].into_iter().flatten().any(says_something);
            if calls {
                self.in_tool_call |= bit;
            }
            content = calls || delta.parts().into_iter().flatten().any(says_something);
            self.said += delta.length();
        }
        // Some servers send an empty reason with every chunk.
        if let Some(reason) = choice.finish_reason.filter(|reason| says_something(reason)) {
            self.finished |= bit;
            self.in_tool_call &= !bit;
            self.finish = Some(finish::read(reason.get().trim_matches('"')));
        }
        content
    }
}

impl Delta<'_> {
    /// How much of it was said, in bytes: the same thought told twice counts once.
    fn length(&self) -> usize {
        let said =
            |value: Option<&RawValue>| value.filter(|value| says_something(value)).map(|value| value.get().len());
        let thought = said(self.reasoning).or_else(|| said(self.reasoning_content));
        let others = [self.content, self.refusal, self.tool_calls, self.function_call];
        others.into_iter().filter_map(said).sum::<usize>() + thought.unwrap_or(0)
    }

    fn parts(&self) -> [Option<&RawValue>; 7] {
        [
            self.content,
            self.reasoning,
            self.reasoning_content,
            self.reasoning_details,
            self.refusal,
            self.audio,
            self.images,
        ]
    }
}

impl Tap for OpenAiTap {
    fn see(&mut self, _name: Option<&str>, data: &[u8]) -> Seen {
        if data.trim_ascii() == b"[DONE]" {
            self.terminal = true;
            return Seen::Terminal;
        }
        if let Some(length) = self.shape.as_ref().and_then(|shape| shape.fits(data)) {
            self.said += length;
            return Seen::Content;
        }
        let Some(chunk) = std::str::from_utf8(data).ok().and_then(|text| serde_json::from_str::<Chunk>(text).ok())
        else {
            return Seen::Broken;
        };
        if chunk.error.is_some_and(says_something) {
            return Seen::Error;
        }
        if self.model.is_none() {
            self.model = chunk.model.and_then(|model| serde_json::from_str(model.get()).ok());
        }
        let usage = chunk.usage.and_then(|usage| usage::read(usage.get()));
        let choices = chunk.choices.unwrap_or_default();
        let mut content = false;
        for choice in &choices {
            if choice.error.is_some_and(says_something) || choice.finish_reason.is_some_and(|r| r.get() == "\"error\"")
            {
                return Seen::Error;
            }
            content |= self.see_choice(choice);
        }
        let for_gateway_alone = usage.is_some() && choices.is_empty() && !self.include_usage;
        self.usage = usage.or(self.usage);
        self.shape = shape(data, &choices).filter(|_| content && usage.is_none());
        match (content, for_gateway_alone) {
            (true, _) => Seen::Content,
            (false, true) => Seen::Drop,
            (false, false) => Seen::Pass,
        }
    }

    fn finished(&self) -> bool {
        let all_asked_for = u64::from(self.finished.count_ones()) >= self.choices.min(128);
        // Many servers make one choice however many are asked for: with `[DONE]`, those that were begun are enough.
        let all_begun = self.terminal && self.finished != 0 && self.finished == self.seen;
        all_asked_for || all_begun
    }

    fn in_tool_call(&self) -> bool {
        self.in_tool_call != 0
    }

    fn owed(&self) -> &'static [u8] {
        if self.terminal { b"" } else { b"data: [DONE]\n\n" }
    }

    fn said(&self) -> usize {
        self.said
    }

    fn fail(&self, error: &ErrorView<'_>, out: &mut BytesMut) {
        error::event(error, out);
    }

    fn learned(&self) -> Learned {
        Learned { model: self.model.clone(), usage: self.usage, finish: self.finish.clone() }
    }
}

/// The shape of an event that carries a piece of text and says nothing else.
fn shape(data: &[u8], choices: &[Choice<'_>]) -> Option<Shape> {
    let [Choice { delta: Some(delta), finish_reason, .. }] = choices else { return None };
    let others = [delta.tool_calls, delta.function_call].into_iter().chain(delta.parts().into_iter().skip(1));
    let finished = finish_reason.is_some_and(|reason| reason.get() != "null");
    let only_text = !finished && !others.flatten().any(says_something);
    delta.content.filter(|_| only_text).and_then(|text| Shape::around(text, data))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tap: &mut OpenAiTap, data: &str, expected: Seen) {
        assert_eq!(tap.see(None, data.as_bytes()), expected, "{data}");
    }

    #[test]
    fn a_stream_from_role_to_done() {
        let mut tap = OpenAiTap::new(1, false);
        check(
            &mut tap,
            r#"{"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
            Seen::Pass,
        );
        check(&mut tap, r#"{"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}"#, Seen::Content);
        assert!(!tap.finished());
        check(&mut tap, r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#, Seen::Pass);
        assert!(tap.finished());
        assert_eq!(tap.owed(), b"data: [DONE]\n\n");
        check(&mut tap, r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#, Seen::Drop);
        check(&mut tap, "[DONE]", Seen::Terminal);
        assert_eq!(tap.owed(), b"");
        let learned = tap.learned();
        assert_eq!((learned.model.as_deref(), learned.finish), (Some("m"), Some(Finish::Stop)));
        assert_eq!(learned.usage.map(|usage| (usage.input, usage.output)), Some((3, 2)));
    }

    #[test]
    fn a_known_shape_is_no_way_around_the_reading() {
        let mut tap = OpenAiTap::new(1, false);
        let chunk = |text: &str| {
            format!(r#"{{"choices":[{{"index":0,"delta":{{"content":"{text}"}},"finish_reason":null}}]}}"#)
        };
        check(&mut tap, &chunk("a"), Seen::Content);
        check(&mut tap, &chunk("bc"), Seen::Content);
        check(&mut tap, &chunk("é👋"), Seen::Content);
        check(&mut tap, &chunk(r"\n"), Seen::Content);
        check(&mut tap, &chunk(""), Seen::Pass);
        check(&mut tap, &chunk("d"), Seen::Content);
        check(&mut tap, &chunk("\u{1}"), Seen::Broken);
        check(&mut tap, &chunk(r"\x"), Seen::Broken);
        check(&mut tap, &chunk(r#"e","x":"f"#), Seen::Content);
        let mut broken = chunk("x").into_bytes();
        let at = broken.iter().position(|byte| *byte == b'x').unwrap_or_default();
        broken[at] = 0xff;
        assert_eq!(tap.see(None, &broken), Seen::Broken);
        check(&mut tap, &chunk("g").replace("null", "\"stop\""), Seen::Content);
        assert!(tap.finished());
    }

    #[test]
    fn usage_that_was_asked_for_or_rides_along_passes() {
        let usage = r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#;
        check(&mut OpenAiTap::new(1, true), usage, Seen::Pass);
        let riding = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#;
        check(&mut OpenAiTap::new(1, false), riding, Seen::Pass);
        check(&mut OpenAiTap::new(1, false), r#"{"choices":[],"prompt_filter_results":[]}"#, Seen::Pass);
    }

    #[test]
    fn every_choice_must_finish() {
        let mut tap = OpenAiTap::new(2, false);
        check(&mut tap, r#"{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}"#, Seen::Pass);
        assert!(!tap.finished());
        check(&mut tap, r#"{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"length"}]}"#, Seen::Content);
        assert!(tap.finished());
    }

    #[test]
    fn one_choice_is_enough_where_the_server_says_that_it_is_done() {
        let mut tap = OpenAiTap::new(2, false);
        check(&mut tap, r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#, Seen::Pass);
        assert!(!tap.finished());
        check(&mut tap, "[DONE]", Seen::Terminal);
        assert!(tap.finished());
    }

    #[test]
    fn a_choice_without_a_number_is_the_first() {
        for number in ["", r#""index":null,"#] {
            let mut tap = OpenAiTap::new(1, false);
            let chunk = format!(r#"{{"choices":[{{{number}"delta":{{"content":"x"}},"finish_reason":"stop"}}]}}"#);
            check(&mut tap, &chunk, Seen::Content);
            assert!(tap.finished());
        }
    }

    #[test]
    fn an_empty_reason_is_none() {
        let mut tap = OpenAiTap::new(1, false);
        check(&mut tap, r#"{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":""}]}"#, Seen::Content);
        check(&mut tap, "[DONE]", Seen::Terminal);
        assert!(!tap.finished());
    }

    #[test]
    fn thoughts_tools_and_errors_are_seen() {
        let mut tap = OpenAiTap::new(1, false);
        check(&mut tap, r#"{"choices":[{"index":0,"delta":{"reasoning":"hm"}}]}"#, Seen::Content);
        check(&mut tap, r#"{"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}"#, Seen::Content);
        assert!(!tap.in_tool_call());
        check(&mut tap, r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0}]}}]}"#, Seen::Content);
        assert!(tap.in_tool_call());
        check(&mut tap, r#"{"error":{"message":"x"}}"#, Seen::Error);
        check(&mut tap, r#"{"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"#, Seen::Error);
        check(&mut tap, r#"{"choices":[{"index":0,"#, Seen::Broken);
        assert_eq!(tap.see(None, b"{\"choices\":[{\"delta\":{\"content\":\"\xff\"}}]}"), Seen::Broken);
    }
}
