//! What callers send, and the answers that pass to them as bytes.

use ai_mcp_gateway::domain::Dialect;
use ai_mcp_gateway::domain::chat::{Chat, Event, Format, Part};
use ai_mcp_gateway::domain::failure::Class;
use ai_mcp_gateway::models::Models;
use ai_mcp_gateway::protocol::call::Call;
use ai_mcp_gateway::protocol::{ErrorView, Framing, Inspected, Seen, Tap, Unreadable, scan, sse};
use bytes::{Bytes, BytesMut};
use serde_json::Value;

use super::super::codecs::{self, BACKS, FRONTS, back, front, stamp};
use super::super::kept::shown;
use super::super::requests::trip_if_written;

/// The longest sentence for a caller, in bytes.
const LONGEST: usize = 4200;

/// A request: it is read or refused with words, what is read of it agrees, every provider's protocol takes it or says
/// what it lacks, and its conversation is kept as any is.
pub fn request(dialect: Dialect, body: &[u8]) {
    let front = front(dialect);
    let call = scan::scan(front, Bytes::copy_from_slice(body));
    if let Err(wrong) = &call {
        told(wrong.param.as_deref(), &wrong.message);
    }
    match front.read_request(body) {
        Err(Unreadable::Wrong(wrong)) => told(wrong.param.as_deref(), &wrong.message),
        Err(Unreadable::Bound(bound)) => told(Some(&bound.param), &bound.message),
        Ok(chat) => {
            if let Ok(call) = &call {
                agrees(call, &chat);
            }
            for dialect in BACKS {
                to_provider(dialect, &chat);
            }
            let said = Chat { messages: chat.messages, ..Chat::default() };
            for dialect in FRONTS {
                trip_if_written(dialect, &said).unwrap_or_else(|error| panic!("{dialect:?}: {error}"));
            }
        }
    }
}

/// A whole answer: an answer, an error, or malformed.
pub fn answer(dialect: Dialect, body: &[u8]) {
    match front(dialect).inspect(body) {
        Ok(Inspected::Answer(_)) => assert!(serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()),
        Ok(Inspected::Error) => {}
        Err(failure) => {
            assert_eq!(failure.class, Class::Malformed);
            assert!(failure.message.len() < LONGEST, "{}", failure.message.len());
        }
    }
}

/// A stream that passes: the tap sees content where the reader of the same protocol reads a new piece of any.
pub fn stream(dialect: Dialect, stream: &[u8]) {
    let mut tap = front(dialect).tap(&codecs::call(dialect));
    let mut reader = back(dialect).reader(&stamp());
    let mut said = 0;
    let mut read = 0;
    for raw in codecs::cut(Framing::Sse, [stream]).expect("short events") {
        let event = sse::parse(&raw);
        let Some(data) = event.data else { continue };
        let mut events = Vec::new();
        let is_read = reader.read(event.name, &data, &mut events).is_ok();
        let seen = tap.see(event.name, &data);
        read += data.len();
        assert!(said <= tap.said() && tap.said() <= read, "{said} {} {read}", tap.said());
        said = tap.said();
        let content = is_read && is_piece(&data) && events.iter().any(Event::is_content);
        assert!(!content || matches!(seen, Seen::Content | Seen::Error), "{seen:?} of {events:?}");
        // Behind a terminal event or an error nothing is looked at.
        if matches!(seen, Seen::Terminal | Seen::Error) || events.iter().any(is_last) {
            break;
        }
    }
    watched(&*tap);
}

/// Does this event bring something new, rather than begin something or repeat it?
fn is_piece(data: &[u8]) -> bool {
    let data: Value = serde_json::from_slice(data).unwrap_or_default();
    data["type"].as_str().map_or(data["choices"].is_array(), |kind| kind.ends_with("delta"))
}

fn is_last(event: &Event) -> bool {
    matches!(event, Event::End | Event::Error(_))
}

/// What is asked of a tap at the end.
fn watched(tap: &dyn Tap) {
    let learned = tap.learned();
    let counted = learned.usage.unwrap_or_default();
    assert!(counted.uncached() <= counted.input);
    let _ = (tap.finished(), tap.in_tool_call());
    assert!(tap.owed().is_empty() || tap.owed().ends_with(b"\n\n"));
    let error = ErrorView {
        status: 502,
        kind: "server_error",
        code: Some("malformed"),
        param: None,
        message: "it broke\n\"off\"",
        attempts: None,
        request_id: Some("r"),
    };
    let mut out = BytesMut::new();
    tap.fail(&error, &mut out);
    let events = codecs::cut(Framing::Sse, [&out[..]]).expect("a short event");
    let [event] = &events[..] else { panic!("{events:?}") };
    let data = sse::parse(event).data.expect("data");
    serde_json::from_slice::<Value>(&data).expect("JSON");
}

/// Words for a caller: a sentence of sane length, and a path.
pub fn told(param: Option<&str>, message: &str) {
    assert!(message.len() < LONGEST, "{} bytes: {}", message.len(), &message.get(..200).unwrap_or(message));
    assert!(message.ends_with('.') || message.contains("data:"), "{message}");
    assert!(param.is_none_or(|param| !param.is_empty() && param.len() < LONGEST), "{param:?}");
}

/// A plan and a translation must believe the same of a request.
fn agrees(call: &Call, chat: &Chat) {
    let facts = &call.facts;
    assert_eq!(facts.stream, chat.stream, "stream");
    assert_eq!(facts.tools, !chat.tools.is_empty(), "tools");
    // These two are looked for, not read: a plan may be more careful than it need be, and never less.
    assert!(facts.structured || chat.format == Format::Text, "structured");
    let pictures = shown(&chat.messages).any(|part| matches!(part, Part::Image(_)));
    assert!(facts.vision || !pictures, "vision");
}

/// What a provider's protocol makes of a conversation is JSON, or a sentence.
fn to_provider(dialect: Dialect, chat: &Chat) {
    for model in ["gpt-5.1", "claude-opus-5-5", "claude-haiku-4-5", "m"] {
        match back(dialect).write_request(chat, model, &Models::builtin().card(model)) {
            Err(unwritable) => told(Some(&unwritable.param), &unwritable.message),
            Ok(written) => {
                let body: Value = serde_json::from_slice(&written.body).expect("JSON");
                assert_eq!(body["model"], model);
            }
        }
    }
}
