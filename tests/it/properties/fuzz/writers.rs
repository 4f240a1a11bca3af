//! Events in no order: whatever is told, a writer keeps to its protocol's form.

use ai_mcp_gateway::domain::Dialect;
use ai_mcp_gateway::domain::chat::{
    ANTHROPIC_THOUGHT, Answer, Event, Finish, OPENAI_THOUGHT, Part, Text, Thought, ToolCall, Usage,
};
use ai_mcp_gateway::domain::failure::{Class, Failure};

use super::super::codecs::{call, front, stamp};
use super::forms;

/// A stream of the events that the bytes stand for.
pub fn stream(dialect: Dialect, data: &[u8]) {
    forms::holds(dialect, &events(data));
}

/// An answer of the parts that the bytes stand for.
pub fn answer(dialect: Dialect, data: &[u8]) {
    let mut answer = Answer { model: "m".into(), parts: Vec::new(), finish: Finish::Stop, usage: None };
    for event in events(data) {
        match event {
            Event::Text(text) => answer.parts.push(Part::Text(Text { text, cache: false })),
            Event::Refusal(words) => answer.parts.push(Part::Refusal(words)),
            Event::Thought { piece, .. } => answer.parts.push(Part::Thought(piece)),
            Event::CallStart { call, .. } => answer.parts.push(Part::Call(call)),
            Event::Finish(finish) => answer.finish = finish,
            Event::Usage(usage) => answer.usage = Some(usage),
            Event::Start { .. } | Event::CallDelta { .. } | Event::End | Event::Error(_) => {}
        }
    }
    let written = front(dialect).write_answer(&answer, &call(dialect), &stamp());
    let written: serde_json::Value = serde_json::from_slice(&written).expect("JSON");
    assert!(written.is_object());
}

/// Three bytes an event: its kind, its number and how many of the bytes behind them are its words.
fn events(mut data: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    while let [kind, number, length, rest @ ..] = data {
        let (words, rest) = rest.split_at(rest.len().min(usize::from(*length % 24)));
        events.push(event(*kind, u32::from(*number % 4), String::from_utf8_lossy(words).into_owned()));
        data = rest;
    }
    events
}

fn event(kind: u8, index: u32, words: String) -> Event {
    let thought = |piece: Thought| Event::Thought { index, piece };
    let named = |name: &str| Some(name.to_owned());
    match kind % 22 {
        0 => Event::Start { model: words.into() },
        1..=3 => Event::Text(words),
        4 => Event::Refusal(words),
        5 | 6 => thought(Thought { text: words, ..Thought::default() }),
        7 => thought(Thought { text: words, format: named(ANTHROPIC_THOUGHT), ..Thought::default() }),
        8 => thought(Thought { signature: Some(words), format: named(ANTHROPIC_THOUGHT), ..Thought::default() }),
        9 => thought(Thought { sealed: Some(words), format: named(ANTHROPIC_THOUGHT), ..Thought::default() }),
        10 => thought(Thought { sealed: Some(words), format: named(OPENAI_THOUGHT), ..Thought::default() }),
        11 | 12 => Event::CallStart {
            index,
            call: ToolCall { id: format!("c{index}"), name: words, arguments: String::new() },
        },
        13 => Event::CallStart { index, call: ToolCall { id: words.clone(), name: "f".into(), arguments: words } },
        14 | 15 => Event::CallDelta { index, arguments: words },
        16 => Event::Finish(Finish::Stop),
        17 => Event::Finish(Finish::ToolCalls),
        18 => Event::Finish(Finish::Filtered((index > 0).then_some(words))),
        19 => Event::Usage(Usage { input: u64::MAX, cache_read: index.into(), output: 7, ..Usage::default() }),
        20 => Event::End,
        _ => Event::Error(Box::new(Failure::after_sending(Class::ServerError, words))),
    }
}
