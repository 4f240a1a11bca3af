//! Watches streamed events that pass as bytes: content yet, finished, usage, errors.

use bytes::BytesMut;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::shape::says_something;
use super::super::{ErrorView, Seen, Tap};
use super::error;
use super::head::{self, Head, is_call, word};
use crate::domain::facts::Learned;

/// One event, as far as the tap looks into it. What it does not name is skipped, but must be JSON.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Event<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    sequence_number: Option<&'a RawValue>,
    #[serde(borrow)]
    output_index: Option<&'a RawValue>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// The state of one stream.
#[derive(Debug, Default)]
pub(super) struct ResponsesTap {
    /// The number that the next event has.
    next: u64,
    /// Bit n: the item at place n of the output calls a tool and is not done (places above 127 share the last bit).
    calling: u128,
    called: bool,
    finished: bool,
    /// Bytes of text, thoughts and arguments.
    said: usize,
    learned: Learned,
}

impl ResponsesTap {
    fn event(&mut self, kind: &str, event: &Event<'_>) -> Seen {
        match kind {
            "error" | "response.failed" => Seen::Error,
            "response.completed" | "response.incomplete" => {
                let head = event.response.and_then(|raw| Head::read(raw.get())).unwrap_or_default();
                let model = head.model().or(self.learned.model.take());
                self.learned = Learned { model, ..head.learned(self.called) };
                (self.calling, self.finished) = (0, true);
                Seen::Terminal
            }
            "response.created" => {
                let head = event.response.and_then(|raw| Head::read(raw.get())).unwrap_or_default();
                self.learned.model = head.model();
                Seen::Pass
            }
            "response.output_item.added" => self.added(event),
            "response.output_item.done" => {
                self.calling &= !event.place();
                Seen::Pass
            }
            kind if kind.ends_with(".delta") => match event.delta.filter(|delta| says_something(delta)) {
                Some(delta) => {
                    self.said += delta.get().len().saturating_sub(2);
                    Seen::Content
                }
                None => Seen::Pass,
            },
            _ => Seen::Pass,
        }
    }

    /// An item begins. What a message or a thought is about to say is not known yet; anything else is something done.
    fn added(&mut self, event: &Event<'_>) -> Seen {
        let kind = event.item.map(head::kind).unwrap_or_default();
        if is_call(&kind) {
            self.calling |= event.place();
            self.called = true;
        }
        if matches!(&*kind, "" | "message" | "reasoning") { Seen::Pass } else { Seen::Content }
    }
}

impl Event<'_> {
    /// Its number in the stream.
    fn number(&self) -> Option<u64> {
        self.sequence_number?.get().parse().ok()
    }

    /// The bit of the item that it is about.
    fn place(&self) -> u128 {
        let index: u32 = self.output_index.and_then(|raw| raw.get().parse().ok()).unwrap_or_default();
        1 << index.min(127)
    }
}

impl Tap for ResponsesTap {
    fn see(&mut self, name: Option<&str>, data: &[u8]) -> Seen {
        if data.trim_ascii() == b"[DONE]" {
            return Seen::Terminal;
        }
        let text = std::str::from_utf8(data).ok().filter(|text| text.trim_ascii_start().starts_with('{'));
        let Some(event) = text.and_then(|text| serde_json::from_str::<Event<'_>>(text).ok()) else {
            return Seen::Broken;
        };
        let kind = event.kind.and_then(word);
        let seen = match event.error {
            Some(error) if says_something(error) => Seen::Error,
            _ => self.event(kind.as_deref().or(name).unwrap_or_default(), &event),
        };
        // An error does not pass: what is told instead has its number.
        if let Some(number) = event.number().filter(|_| seen != Seen::Error) {
            self.next = number.saturating_add(1);
        }
        seen
    }

    fn finished(&self) -> bool {
        self.finished
    }

    fn in_tool_call(&self) -> bool {
        self.calling != 0
    }

    /// Nothing: an answer without its last event was cut off.
    fn owed(&self) -> &'static [u8] {
        b""
    }

    fn learned(&self) -> Learned {
        self.learned.clone()
    }

    fn said(&self) -> usize {
        self.said
    }

    fn fail(&self, error: &ErrorView<'_>, out: &mut BytesMut) {
        error::event(error, self.next, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::Finish;

    #[track_caller]
    fn check(tap: &mut ResponsesTap, data: &str, expected: Seen) {
        assert_eq!(tap.see(None, data.as_bytes()), expected, "{data}");
    }

    const CREATED: &str = r#"{"type":"response.created","response":{"id":"r","model":"gpt-5"},"sequence_number":0}"#;

    #[test]
    fn a_stream_from_created_to_completed() {
        let mut tap = ResponsesTap::default();
        check(&mut tap, CREATED, Seen::Pass);
        assert_eq!(tap.learned().model.as_deref(), Some("gpt-5"));
        for passing in [
            r#"{"type":"response.queued","response":{},"sequence_number":1}"#,
            r#"{"type":"response.in_progress","response":{},"sequence_number":1}"#,
            r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning"}}"#,
            r#"{"type":"response.output_item.added","output_index":1,"item":{"type":"message","content":[]}}"#,
            r#"{"type":"response.content_part.added","output_index":1,"part":{"type":"output_text","text":""}}"#,
            r#"{"type":"response.output_text.delta","output_index":1,"delta":""}"#,
            r#"{"type":"response.something_new","anything":[1,{"a":null}]}"#,
        ] {
            check(&mut tap, passing, Seen::Pass);
        }
        check(&mut tap, r#"{"type":"response.reasoning_summary_text.delta","delta":"hm"}"#, Seen::Content);
        check(&mut tap, r#"{"type":"response.output_text.delta","delta":"Hey","sequence_number":5}"#, Seen::Content);
        assert_eq!((tap.said(), tap.finished(), tap.owed()), (5, false, &b""[..]));
        check(&mut tap, r#"{"type":"response.output_text.done","text":"Hey"}"#, Seen::Pass);
        let completed = r#"{"type":"response.completed","response":{"status":"completed","model":"gpt-5-2",
            "output":[{"type":"message"}],"error":null,"usage":{"input_tokens":3,"output_tokens":2}}}"#;
        check(&mut tap, completed, Seen::Terminal);
        assert!(tap.finished());
        let learned = tap.learned();
        assert_eq!((learned.model.as_deref(), learned.finish), (Some("gpt-5-2"), Some(Finish::Stop)));
        assert_eq!(learned.usage.map(|usage| (usage.input, usage.output)), Some((3, 2)));
    }

    #[test]
    fn an_answer_that_was_cut_off_is_finished() {
        let mut tap = ResponsesTap::default();
        check(&mut tap, CREATED, Seen::Pass);
        let cut = r#"{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}}"#;
        check(&mut tap, cut, Seen::Terminal);
        assert_eq!((tap.finished(), tap.learned().finish), (true, Some(Finish::Length)));
        assert_eq!(tap.learned().model.as_deref(), Some("gpt-5"));
    }

    #[test]
    fn a_call_is_under_way_from_its_item_to_its_end() {
        let mut tap = ResponsesTap::default();
        let item = |stage: &str, index: u32, kind: &str| {
            format!(r#"{{"type":"response.output_item.{stage}","output_index":{index},"item":{{"type":"{kind}"}}}}"#)
        };
        check(&mut tap, &item("added", 0, "function_call"), Seen::Content);
        check(&mut tap, &item("added", 1, "custom_tool_call"), Seen::Content);
        check(
            &mut tap,
            r#"{"type":"response.function_call_arguments.delta","output_index":0,"delta":"{"}"#,
            Seen::Content,
        );
        check(&mut tap, &item("done", 1, "custom_tool_call"), Seen::Pass);
        assert!(tap.in_tool_call());
        check(&mut tap, &item("done", 0, "function_call"), Seen::Pass);
        assert!(!tap.in_tool_call());
        // What the provider's own tools do is seen, but no caller's arguments hang on it.
        check(&mut tap, &item("added", 2, "web_search_call"), Seen::Content);
        assert!(!tap.in_tool_call());
        check(&mut tap, r#"{"type":"response.completed","response":{"status":"completed"}}"#, Seen::Terminal);
        assert_eq!(tap.learned().finish, Some(Finish::ToolCalls));
    }

    #[test]
    fn errors_and_what_is_no_json() {
        for error in [
            r#"{"type":"error","code":"server_error","message":"x","param":null,"sequence_number":3}"#,
            r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error"}}}"#,
            r#"{"error":{"message":"x"}}"#,
            r#"{"type":"response.created","error":{"message":"x"}}"#,
        ] {
            check(&mut ResponsesTap::default(), error, Seen::Error);
        }
        let mut tap = ResponsesTap::default();
        assert_eq!(tap.see(Some("error"), br#"{"message":"x"}"#), Seen::Error);
        check(&mut tap, r#"{"type":"response.in_progress","error":null}"#, Seen::Pass);
        for broken in [r#"{"type":"#, "", "[]", "x", r#"{"type":"a"}{"#] {
            check(&mut tap, broken, Seen::Broken);
        }
        assert_eq!(tap.see(None, b"{\"delta\":\"\xff\"}"), Seen::Broken);
        check(&mut tap, "[DONE]", Seen::Terminal);
        assert!(!tap.finished());
    }

    #[test]
    fn a_failure_has_the_next_number() {
        let mut tap = ResponsesTap::default();
        check(&mut tap, CREATED, Seen::Pass);
        check(&mut tap, r#"{"type":"response.output_text.delta","delta":"a","sequence_number":41}"#, Seen::Content);
        check(&mut tap, r#"{"type":"error","code":"server_error","message":"x","sequence_number":42}"#, Seen::Error);
        let error = ErrorView {
            status: 502,
            kind: "server_error",
            code: Some("network"),
            param: None,
            message: "gone",
            attempts: None,
            request_id: None,
        };
        let mut out = BytesMut::new();
        tap.fail(&error, &mut out);
        let text = String::from_utf8(out.to_vec()).unwrap();
        assert!(text.starts_with("event: error\ndata: {") && text.contains(r#""sequence_number":42"#), "{text}");
    }
}
