//! The protocols, by their language.

use ai_mcp_gateway::domain::Dialect;
use ai_mcp_gateway::domain::chat::Event;
use ai_mcp_gateway::domain::money::{Price, Usd};
use ai_mcp_gateway::models::Card;
use ai_mcp_gateway::protocol::anthropic::Anthropic;
use ai_mcp_gateway::protocol::call::Call;
use ai_mcp_gateway::protocol::ollama::Ollama;
use ai_mcp_gateway::protocol::openai::OpenAi;
use ai_mcp_gateway::protocol::responses::Responses;
use ai_mcp_gateway::protocol::scan::scan;
use ai_mcp_gateway::protocol::sse::TooLong;
use ai_mcp_gateway::protocol::{Back, BrokenEvent, Framing, Front, Stamp, ndjson, sse};
use bytes::{Bytes, BytesMut};
use serde_json::json;

/// What callers speak.
pub const FRONTS: [Dialect; 3] = [Dialect::OpenAi, Dialect::Anthropic, Dialect::Responses];
/// What providers speak.
pub const BACKS: [Dialect; 4] = [Dialect::OpenAi, Dialect::Anthropic, Dialect::Responses, Dialect::Ollama];

/// The caller's side of a language.
pub fn front(dialect: Dialect) -> &'static dyn Front {
    match dialect {
        Dialect::Anthropic => &Anthropic,
        Dialect::OpenAi => &OpenAi,
        Dialect::Responses => &Responses,
        Dialect::Ollama => panic!("nobody calls in Ollama's own form"),
    }
}

/// The provider's side of a language.
pub fn back(dialect: Dialect) -> &'static dyn Back {
    match dialect {
        Dialect::Anthropic => &Anthropic,
        Dialect::OpenAi => &OpenAi,
        Dialect::Responses => &Responses,
        Dialect::Ollama => &Ollama,
    }
}

/// A model that can do everything, whose cache has a price, so that marks of cached prefixes are worth writing.
pub fn able() -> Card {
    let price =
        Price { input: Usd(1), output: Usd(1), cache_read: Usd(1), cache_write: Usd(2), cache_write_1h: Usd(2) };
    Card { price: Some(price), ..Card::PLAIN }
}

/// The caller's request: a small one.
pub fn call(dialect: Dialect) -> Call {
    let body = match dialect {
        Dialect::Responses => json!({
            "model": "m", "input": "hi", "stream": true, "include": ["reasoning.encrypted_content"],
        }),
        _ => json!({"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}], "stream": true}),
    };
    let mut call = scan(front(dialect), Bytes::from(body.to_string())).expect("a request");
    call.facts.include_usage = true;
    call
}

/// What answers of the gateway are stamped with.
pub fn stamp() -> Stamp {
    Stamp { id: "GW".into(), created: 1_700_000_000 }
}

/// A stream, written.
pub fn written(dialect: Dialect, events: &[Event]) -> Bytes {
    let mut writer = front(dialect).writer(&call(dialect), stamp());
    let mut out = BytesMut::new();
    for event in events {
        writer.write(event, &mut out);
    }
    out.freeze()
}

/// A stream that comes in chunks, cut into its events: the raw bytes of each.
pub fn cut<'a>(framing: Framing, chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Bytes>, TooLong> {
    let (mut events, mut lines) = (sse::Splitter::default(), ndjson::Splitter::default());
    let mut raws = Vec::new();
    for chunk in chunks {
        let chunk = Bytes::copy_from_slice(chunk);
        match framing {
            Framing::Sse => {
                events.push(chunk);
                raws.extend(std::iter::from_fn(|| events.cut().transpose()).collect::<Result<Vec<_>, _>>()?);
            }
            Framing::Ndjson => {
                lines.push(chunk);
                raws.extend(std::iter::from_fn(|| lines.cut().transpose()).collect::<Result<Vec<_>, _>>()?);
            }
        }
    }
    raws.extend(match framing {
        Framing::Sse => events.finish(),
        Framing::Ndjson => lines.finish(),
    });
    Ok(raws)
}

/// Reads a stream as its provider's reader tells it, up to its end.
pub fn read(dialect: Dialect, raws: &[Bytes]) -> Result<Vec<Event>, BrokenEvent> {
    let back = back(dialect);
    let mut reader = back.reader(&stamp());
    let mut events = Vec::new();
    for raw in raws {
        match back.framing() {
            Framing::Ndjson if raw.trim_ascii().is_empty() => {}
            Framing::Ndjson => reader.read(None, raw, &mut events)?,
            Framing::Sse => {
                let event = sse::parse(raw);
                if let Some(data) = event.data {
                    reader.read(event.name, &data, &mut events)?;
                }
            }
        }
    }
    reader.close(&mut events);
    Ok(events)
}
