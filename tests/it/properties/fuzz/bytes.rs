//! Bytes of every kind: the golden files with something wrong in them, words of the protocols in no order, noise.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

/// Words of the protocols and of their framings, and what breaks them.
const WORDS: [&str; 38] = [
    "data: ",
    "data:",
    "data",
    "event: ",
    "event:message_stop",
    "id: 1",
    ": comment",
    "retry: 5",
    "\n",
    "\n\n",
    "\r",
    "\r\n",
    "\r\n\r\n",
    "[DONE]",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0061",
    "\\ud83d",
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "18446744073709551616",
    "\u{feff}",
    "\u{2028}",
    "\u{0}",
    "\"model\":\"m\"",
    "\"stream\":true",
    "\"type\":\"error\"",
    "{\"error\":{\"message\":\"x\"}}",
    "\u{1f44b}",
];

/// Values that nobody expects.
const VALUES: [&str; 16] = [
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e300",
    "18446744073709551615",
    "\"\"",
    "\"x\"",
    "\" \\n\"",
    "[]",
    "{}",
    "[null]",
    "[[]]",
    "{\"type\":\"x\"}",
    "{\"\":null}",
];

/// Something done to a file.
#[derive(Debug, Clone)]
enum Change {
    /// One bit turned over.
    Flip(Index, u8),
    /// Nothing from here on.
    Truncate(Index),
    /// So many bytes left out.
    Remove(Index, usize),
    /// So many bytes said twice.
    Repeat(Index, usize),
    /// A word put in.
    Insert(Index, &'static str),
    /// A word put in so often that it is long.
    Flood(Index, &'static str),
    /// An event, or line, left out.
    DropEvent(Index),
    /// An event said again somewhere else.
    CopyEvent(Index, Index),
    /// One value in the JSON of an event becomes another.
    Value(Index, Index, &'static str),
    /// One field or item in the JSON of an event is left out.
    Field(Index, Index),
}

/// The golden files whose names `fit`, as they are and changed, among other things.
pub fn like(fit: fn(&str) -> bool) -> BoxedStrategy<Bytes> {
    let golden = (select(files(fit)), vec(change(), 0..5))
        .prop_map(|(file, changes)| Bytes::from(changes.iter().fold(file, |bytes, change| change.made(bytes))));
    let words = vec(select(WORDS.to_vec()), 0..24).prop_map(|words| Bytes::from(words.concat()));
    let noise = vec(any::<u8>(), 0..48).prop_map(Bytes::from);
    prop_oneof![10 => golden, 2 => words, 1 => noise].boxed()
}

/// The same with a byte before it that says how they come.
pub fn led(fit: fn(&str) -> bool) -> BoxedStrategy<Bytes> {
    (any::<u8>(), like(fit)).prop_map(|(lead, bytes)| Bytes::from([&[lead], &bytes[..]].concat())).boxed()
}

/// Bytes of no form.
pub fn noise() -> BoxedStrategy<Bytes> {
    vec(any::<u8>(), 0..160).prop_map(Bytes::from).boxed()
}

/// Every golden file whose name, with its case's, fits.
fn files(fit: fn(&str) -> bool) -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { paths.push(path) }
        }
    }
    paths.sort();
    let name = |path: &PathBuf| path.file_name().is_some_and(|name| fit(&name.to_string_lossy()));
    let found: Vec<Vec<u8>> =
        paths.iter().filter(|path| name(path)).map(|path| fs::read(path).expect("a file")).collect();
    assert!(!found.is_empty(), "no golden file fits");
    found
}

fn change() -> BoxedStrategy<Change> {
    let place = any::<Index>;
    prop_oneof![
        2 => (place(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        1 => place().prop_map(Change::Truncate),
        1 => (place(), 1..40_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        1 => (place(), 1..40_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        2 => (place(), select(WORDS.to_vec())).prop_map(|(at, word)| Change::Insert(at, word)),
        1 => (place(), select(vec!["a", "[", "{\"a\":", "\\n", "9"])).prop_map(|(at, word)| Change::Flood(at, word)),
        2 => place().prop_map(Change::DropEvent),
        2 => (place(), place()).prop_map(|(from, to)| Change::CopyEvent(from, to)),
        6 => (place(), place(), select(VALUES.to_vec())).prop_map(|(event, node, value)| Change::Value(event, node, value)),
        3 => (place(), place()).prop_map(|(event, node)| Change::Field(event, node)),
    ]
    .boxed()
}

impl Change {
    fn made(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let place = |at: &Index| at.index(bytes.len() + 1);
        match self {
            Change::Flip(at, bit) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            Change::Flip(..) => {}
            Change::Truncate(at) => bytes.truncate(place(at)),
            Change::Remove(at, length) => {
                let at = place(at);
                bytes.drain(at..bytes.len().min(at + length));
            }
            Change::Repeat(at, length) => {
                let at = place(at);
                let again = bytes[at..bytes.len().min(at + length)].to_vec();
                bytes.splice(at..at, again);
            }
            Change::Insert(at, word) => {
                let at = place(at);
                bytes.splice(at..at, word.bytes());
            }
            Change::Flood(at, word) => {
                let at = place(at);
                bytes.splice(at..at, word.repeat(3000).into_bytes());
            }
            Change::DropEvent(at) => {
                let mut events = events(&bytes);
                events.remove(at.index(events.len()));
                return events.concat();
            }
            Change::CopyEvent(from, to) => {
                let mut events = events(&bytes);
                let again = events[from.index(events.len())].clone();
                events.insert(to.index(events.len() + 1), again);
                return events.concat();
            }
            Change::Value(event, node, value) => return with_json(&bytes, event, |json| put(json, node, value)),
            Change::Field(event, node) => return with_json(&bytes, event, |json| leave_out(json, node)),
        }
        bytes
    }
}

/// The events, or lines, with their ends: one at least.
fn events(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut events: Vec<Vec<u8>> = vec![Vec::new()];
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        events.last_mut().expect("one").extend_from_slice(line);
        // A line of JSON is an event of its own; others end with a blank line.
        if line == b"\n" || line.starts_with(b"{") {
            events.push(Vec::new());
        }
    }
    events
}

/// The bytes with the JSON of one of their events changed. A file that is JSON as a whole is one event.
fn with_json(bytes: &[u8], event: &Index, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    if let Ok(mut json) = serde_json::from_slice(bytes) {
        change(&mut json);
        return json.to_string().into_bytes();
    }
    let mut events = events(bytes);
    let at = event.index(events.len());
    let event = String::from_utf8_lossy(&events[at]).into_owned();
    if let Some(start) = event.find('{')
        && let Ok(mut json) = serde_json::from_str(event[start..].trim_end())
    {
        change(&mut json);
        let end = &event[event.trim_end().len()..];
        events[at] = format!("{}{json}{end}", &event[..start]).into_bytes();
    }
    events.concat()
}

/// Puts `value` in the place of a value, found by its number from the top.
fn put(json: &mut Value, node: &Index, value: &str) {
    let at = node.index(count(json));
    if let Some(place) = nth(json, &mut { at }) {
        *place = serde_json::from_str(value).expect("JSON");
    }
}

/// Leaves out the first field or item of a value, found by its number from the top.
fn leave_out(json: &mut Value, node: &Index) {
    let at = node.index(count(json));
    match nth(json, &mut { at }) {
        Some(Value::Object(fields)) => {
            drop(fields.keys().next().cloned().and_then(|first| fields.shift_remove(&first)))
        }
        Some(Value::Array(items)) if !items.is_empty() => drop(items.remove(0)),
        Some(other) => *other = Value::Null,
        None => {}
    }
}

fn count(json: &Value) -> usize {
    1 + match json {
        Value::Object(fields) => fields.values().map(count).sum(),
        Value::Array(items) => items.iter().map(count).sum(),
        _ => 0,
    }
}

fn nth<'a>(json: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(json);
    }
    *left -= 1;
    match json {
        Value::Object(fields) => fields.values_mut().find_map(|value| nth(value, left)),
        Value::Array(items) => items.iter_mut().find_map(|value| nth(value, left)),
        _ => None,
    }
}
