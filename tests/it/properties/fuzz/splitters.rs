//! The splitters: however a stream is cut into chunks, it holds the same events, and none of its bytes is lost.

use ai_mcp_gateway::protocol::{Framing, sse};
use eventsource_stream::Eventsource;
use futures_util::{FutureExt, StreamExt, stream};

use super::super::codecs::cut;

/// Server-sent events. The first byte says how long the chunks are.
pub fn sse(data: &[u8]) {
    let Some((lead, stream)) = data.split_first() else { return };
    let blank = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let whole = cut(Framing::Sse, [stream]).expect("short events");
    let in_chunks = cut(Framing::Sse, stream.chunks(usize::from(*lead) + 1)).expect("short events");
    // A line feed behind a carriage return may come with the next event.
    assert!(whole.iter().map(|raw| sse::parse(raw)).eq(in_chunks.iter().map(|raw| sse::parse(raw))), "{in_chunks:?}");
    for raws in [&whole, &in_chunks] {
        // A blank line alone is no event, and one that is missing at the end is added.
        let all = raws.concat();
        let added = all.strip_suffix(b"\n\n").filter(|bytes| stream.starts_with(bytes));
        let rest = stream.strip_prefix(&all[..]).or_else(|| stream.strip_prefix(added?));
        assert!(rest.is_some_and(|rest| rest.iter().all(blank)), "bytes are lost: {all:?}");
    }
    for raw in &whole {
        assert!(!raw.iter().all(blank), "an event of nothing: {raw:?}");
        let event = sse::parse(raw);
        assert!(event.name.is_none_or(|name| !name.contains(['\r', '\n'])));
        assert!(event.data.is_none_or(|data| data.len() <= raw.len()));
    }
    if let Ok(text) = std::str::from_utf8(stream) {
        as_another_reads(text);
    }
}

/// Lines. The first byte says how long the chunks are.
pub fn ndjson(data: &[u8]) {
    let Some((lead, stream)) = data.split_first() else { return };
    let lines = cut(Framing::Ndjson, [stream]).expect("short lines");
    assert_eq!(lines, cut(Framing::Ndjson, stream.chunks(usize::from(*lead) + 1)).expect("short lines"));
    let rest = stream.strip_prefix(&lines.concat()[..]);
    assert!(rest.is_some_and(|rest| rest.trim_ascii().is_empty()), "bytes are lost");
    for line in &lines {
        assert!(!line[..line.len() - 1].contains(&b'\n'), "two lines in one: {line:?}");
    }
}

/// What the crate eventsource-stream reads of it, where that is defined: it does not know byte order marks, and takes
/// no event without a blank line.
fn as_another_reads(text: &str) {
    if text.contains('\u{feff}') {
        return;
    }
    let text = format!("{text}\n\n");
    let theirs = stream::iter([Ok::<_, ()>(text.clone())]).eventsource();
    let theirs = theirs.map(|event| event.map(|event| (event.event, event.data))).collect::<Vec<_>>();
    let theirs = theirs.now_or_never().expect("all is there");
    let mut ours = Vec::new();
    for raw in cut(Framing::Sse, [text.as_bytes()]).expect("short events") {
        let event = sse::parse(&raw);
        let Some(data) = event.data else { continue };
        let name = event.name.filter(|name| !name.is_empty()).unwrap_or("message").to_owned();
        ours.push(Ok((name, String::from_utf8(data.into_owned()).expect("of a text"))));
    }
    assert_eq!(ours, theirs);
}
