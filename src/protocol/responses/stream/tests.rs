//! Streams, read and written.

mod reading;
mod round;
mod writing;

use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

use super::super::super::scan::scan;
use super::super::super::{ErrorView, ReadStream, Stamp, WriteStream, sse};
use super::super::Responses;
use super::{Reader, Writer};
use crate::domain::chat::{ANTHROPIC_THOUGHT, Event, Thought, ToolCall};

fn stamp() -> Stamp {
    Stamp { id: "GW".into(), created: 1_700_000_000 }
}

fn start(model: &str) -> Event {
    Event::Start { model: model.into() }
}

fn text(words: &str) -> Event {
    Event::Text(words.into())
}

fn call(index: u32, id: &str, name: &str, arguments: &str) -> Event {
    let call = ToolCall { id: id.into(), name: name.into(), arguments: arguments.into() };
    Event::CallStart { index, call }
}

fn more(index: u32, arguments: &str) -> Event {
    Event::CallDelta { index, arguments: arguments.into() }
}

fn thought(index: u32, words: &str) -> Event {
    Event::Thought { index, piece: Thought { text: words.into(), ..Thought::default() } }
}

fn claude(index: u32, piece: Thought) -> Event {
    Event::Thought { index, piece: Thought { format: Some(ANTHROPIC_THOUGHT.into()), ..piece } }
}

/// A writer for the caller of a request with these fields.
fn writer(fields: &Value) -> Writer {
    let mut body = json!({"model": "m", "input": "hi", "stream": true});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    Writer::new(&scan(&Responses, Bytes::from(body.to_string())).unwrap(), stamp())
}

/// What the events become for the caller of a request with these fields.
fn written_for(fields: &Value, events: &[Event]) -> Vec<Value> {
    let mut writer = writer(fields);
    let mut out = BytesMut::new();
    for event in events {
        writer.write(event, &mut out);
    }
    parsed(&out)
}

fn written(events: &[Event]) -> Vec<Value> {
    written_for(&json!({}), events)
}

/// The events of a stream: each has its type as its name, and the next number.
fn parsed(stream: &[u8]) -> Vec<Value> {
    let mut splitter = sse::Splitter::default();
    splitter.push(Bytes::copy_from_slice(stream));
    let mut events = Vec::new();
    while let Some(raw) = splitter.cut().unwrap() {
        let event = sse::parse(&raw);
        let data: Value = serde_json::from_slice(&event.data.unwrap()).unwrap();
        assert_eq!(event.name, data["type"].as_str());
        assert_eq!(data["sequence_number"], events.len(), "{data}");
        assert!(data.get("error").is_none(), "{data}");
        events.push(data);
    }
    assert_eq!(splitter.finish(), None);
    events
}

/// An event's type without what all have in common, and the place of its item.
fn named(events: &[Value]) -> Vec<(&str, Option<u64>)> {
    let name = |event: &'_ Value| event["output_index"].as_u64();
    events.iter().map(|event| (event["type"].as_str().unwrap().trim_start_matches("response."), name(event))).collect()
}

/// The events that these are read as, and what is owed when the stream closes.
fn read(events: &[Value]) -> Vec<Event> {
    let mut reader = Reader::new(&stamp());
    let mut out = Vec::new();
    for event in events {
        reader.read(None, event.to_string().as_bytes(), &mut out).unwrap();
    }
    reader.close(&mut out);
    out
}

fn error(kind: &'static str) -> ErrorView<'static> {
    ErrorView {
        status: 502,
        kind,
        code: Some("malformed"),
        param: None,
        message: "gone",
        attempts: None,
        request_id: None,
    }
}
