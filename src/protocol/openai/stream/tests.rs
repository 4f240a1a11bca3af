//! Streams, against the golden cases and on their own.

mod reading;
mod round;
mod writing;

use bytes::BytesMut;

use super::super::super::{ReadStream, Stamp, WriteStream};
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

/// What the events become, as the data of server-sent events.
fn written(events: &[Event], include_usage: bool) -> Vec<String> {
    let mut writer = Writer::new(stamp(), include_usage);
    let mut out = BytesMut::new();
    for event in events {
        writer.write(event, &mut out);
    }
    data(std::str::from_utf8(&out).unwrap())
}

fn data(stream: &str) -> Vec<String> {
    let event = |event: &str| event.strip_prefix("data: ").map(str::to_owned);
    stream.split("\n\n").filter_map(event).collect()
}

/// The events that chunks become, and what is owed when the stream closes.
fn read(chunks: &[String]) -> Vec<Event> {
    let mut reader = Reader::new(&stamp());
    let mut events = Vec::new();
    for chunk in chunks {
        reader.read(None, chunk.as_bytes(), &mut events).unwrap();
    }
    reader.close(&mut events);
    events
}
