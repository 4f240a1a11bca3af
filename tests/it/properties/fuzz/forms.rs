//! The form of a stream that a caller gets, by the rules of its protocol, whatever events it was written from.

mod anthropic;
mod openai;
mod responses;

use ai_mcp_gateway::domain::Dialect;
use ai_mcp_gateway::domain::chat::Event;
use ai_mcp_gateway::protocol::{ErrorView, Framing, error_kind, sse};
use bytes::BytesMut;
use serde_json::Value;

use super::super::codecs::{call, cut, front, stamp};

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Whole.
    End,
    /// With an error.
    Error,
    /// Not at all: more would come.
    Open,
}

/// Writes `events`, up to the one that ends the stream, and looks at what is written.
pub fn holds(dialect: Dialect, events: &[Event]) {
    let mut writer = front(dialect).writer(&call(dialect), stamp());
    let mut out = BytesMut::new();
    let mut ending = Ending::Open;
    for event in events {
        match event {
            Event::Error(failure) => {
                let error = ErrorView {
                    status: 502,
                    kind: error_kind(failure.class),
                    code: Some(failure.class.name()),
                    param: None,
                    message: &failure.message,
                    attempts: None,
                    request_id: None,
                };
                writer.fail(&error, &mut out);
                ending = Ending::Error;
            }
            event => writer.write(event, &mut out),
        }
        if matches!(event, Event::End) {
            ending = Ending::End;
        }
        if ending != Ending::Open {
            break;
        }
    }
    let raws = cut(Framing::Sse, [&out[..]]).expect("short events");
    assert_eq!(raws.concat(), out, "no event is unfinished");
    let read: Vec<(Option<String>, Value)> = raws.iter().map(|raw| one(raw)).collect();
    match dialect {
        Dialect::OpenAi => openai::holds(&read, ending),
        Dialect::Anthropic => anthropic::holds(&read, ending),
        Dialect::Responses => responses::holds(&read, ending),
        Dialect::Ollama => panic!("nobody is answered in Ollama's own form"),
    }
}

/// One event: at most a line with its name, and one with its data: JSON, or a word.
fn one(raw: &[u8]) -> (Option<String>, Value) {
    let text = std::str::from_utf8(raw).expect("UTF-8");
    let event = sse::parse(raw);
    let data = event.data.expect("data");
    let data = std::str::from_utf8(&data).expect("UTF-8");
    let expected = match event.name {
        Some(name) => format!("event: {name}\ndata: {data}\n\n"),
        None => format!("data: {data}\n\n"),
    };
    assert_eq!(text, expected, "one line each");
    let data = match data {
        "[DONE]" => Value::from(data),
        data => serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}")),
    };
    (event.name.map(str::to_owned), data)
}
