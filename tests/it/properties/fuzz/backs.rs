//! What providers answer: it is read or refused, and every caller's protocol has a form for what was read.

use std::collections::BTreeSet;

use ai_mcp_gateway::domain::Dialect;
use ai_mcp_gateway::domain::chat::{Answer, Event, Part};
use ai_mcp_gateway::protocol::{Framing, sse};
use serde_json::Value;

use super::super::codecs::{self, FRONTS, back, call, front, stamp};
use super::forms;

/// A whole answer.
pub fn answer(dialect: Dialect, body: &[u8]) {
    match back(dialect).read_answer(body, &stamp()) {
        Err(failure) => assert!(failure.message.len() < 4200, "{}", failure.message.len()),
        Ok(answer) => {
            assert!(length(&answer) <= 8 * body.len() + 64, "more than there was: {answer:?}");
            for dialect in FRONTS {
                let written = front(dialect).write_answer(&answer, &call(dialect), &stamp());
                let written: Value = serde_json::from_slice(&written).expect("JSON");
                assert!(written.is_object());
            }
        }
    }
}

/// A streamed answer. Events count their calls and thoughts, and what is broken gives none.
pub fn stream(dialect: Dialect, stream: &[u8]) {
    let back = back(dialect);
    let mut reader = back.reader(&stamp());
    let mut told = Told::default();
    let mut events = Vec::new();
    for raw in codecs::cut(back.framing(), [stream]).expect("short events") {
        let before = events.len();
        let result = match back.framing() {
            Framing::Ndjson if raw.trim_ascii().is_empty() => continue,
            Framing::Ndjson => reader.read(None, &raw, &mut events),
            Framing::Sse => {
                let event = sse::parse(&raw);
                let Some(data) = event.data else { continue };
                reader.read(event.name, &data, &mut events)
            }
        };
        match result {
            Err(broken) => {
                assert_eq!(events.len(), before, "a broken event was taken");
                assert!(!broken.0.is_empty());
            }
            Ok(()) => events[before..].iter().for_each(|event| told.take(event)),
        }
        if told.over {
            break;
        }
    }
    if !told.over {
        let before = events.len();
        reader.close(&mut events);
        events[before..].iter().for_each(|event| told.take(event));
    }
    assert!(told.length <= 8 * stream.len() + 64, "more than there was: {events:?}");
    for dialect in FRONTS {
        forms::holds(dialect, &events);
    }
}

/// What was told so far.
#[derive(Default)]
struct Told {
    calls: u32,
    open: BTreeSet<u32>,
    length: usize,
    /// Has the stream ended, well or badly?
    over: bool,
}

impl Told {
    fn take(&mut self, event: &Event) {
        assert!(!self.over, "{event:?} after the end");
        match event {
            Event::Text(text) | Event::Refusal(text) => self.length += text.len(),
            Event::Thought { piece, .. } => self.length += piece.text.len(),
            Event::CallStart { index, call } => {
                assert_eq!(*index, self.calls, "calls are counted");
                assert!(!call.name.is_empty() && !call.id.is_empty(), "{call:?}");
                self.calls += 1;
                self.open.insert(*index);
                self.length += call.arguments.len();
            }
            Event::CallDelta { index, arguments } => {
                assert!(self.open.contains(index) && !arguments.is_empty(), "{event:?}");
                self.length += arguments.len();
            }
            Event::End | Event::Error(_) => self.over = true,
            Event::Start { .. } | Event::Usage(_) | Event::Finish(_) => {}
        }
    }
}

/// The bytes of its parts.
fn length(answer: &Answer) -> usize {
    let length = |part: &Part| match part {
        Part::Text(text) => text.text.len(),
        Part::Refusal(words) => words.len(),
        Part::Thought(thought) => thought.text.len(),
        Part::Call(call) => call.arguments.len(),
        Part::Image(_) | Part::File(_) | Part::Audio { .. } => 0,
    };
    answer.parts.iter().map(length).sum()
}
