//! Golden cases: what goes in on one side of the gateway's protocols, and what comes out on the other.
//!
//! Each row of [`cases::all`] names a folder of `tests/golden` and what to do with its files. JSON is compared by value,
//! streams as lists of events; every stream is also read cut in two at each of its bytes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a fixture that cannot be read is a failed test")]

mod cases;
mod vectors;

use std::fs;
use std::path::PathBuf;

use ai_mcp_gateway::domain::Dialect;
use ai_mcp_gateway::domain::chat::Event;
use ai_mcp_gateway::domain::failure::Class;
use ai_mcp_gateway::models::Models;
use ai_mcp_gateway::protocol::anthropic::Anthropic;
use ai_mcp_gateway::protocol::call::Call;
use ai_mcp_gateway::protocol::ollama::Ollama;
use ai_mcp_gateway::protocol::openai::OpenAi;
use ai_mcp_gateway::protocol::responses::Responses;
use ai_mcp_gateway::protocol::scan::scan;
use ai_mcp_gateway::protocol::{Back, ErrorView, Framing, Front, Stamp, error_kind, ndjson, sse};
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json as object};

use cases::Case::{self, Answer, Request, RequestLike, Stream};

#[test]
fn golden() {
    let mut wrong = Vec::new();
    for case in cases::all() {
        if let Err(difference) = run(case) {
            wrong.push(format!("{}: {difference}", title(case)));
        }
    }
    let all = cases::all().count();
    assert!(wrong.is_empty(), "{} of {all} cases differ\n{}", wrong.len(), wrong.join("\n"));
}

fn run(case: &Case) -> Result<(), String> {
    match *case {
        Request { of, from, to, from_file, to_file, betas, dropped } => {
            request(of, (from, from_file), (to, to_file), None, betas, dropped)
        }
        RequestLike { like, of, from, to, from_file, to_file } => {
            request(of, (from, from_file), (to, to_file), Some(like), &[], &[])
        }
        Answer { of, from, to, from_file, to_file, asked } => {
            let answer = back(from).read_answer(&bytes(of, from_file), &stamp()).map_err(|failed| failed.message)?;
            let written = front(to).write_answer(&answer, &call(of, to, asked, false), &stamp());
            same(&serde_json::from_slice(&written).unwrap(), &json(of, to_file), "")
        }
        Stream { of, from, to, from_file, to_file, asked, include_usage } => {
            let input = bytes(of, from_file);
            let expected = events(&bytes(of, to_file));
            let call = call(of, to, asked, include_usage);
            let framing = back(from).framing();
            let whole = cut(framing, &[&input]);
            same_events(&events(&translated(from, &call, &whole)), &expected)?;
            // What is made of the events depends on nothing else.
            for at in 1..input.len() {
                equal(&format!("cut at byte {at}"), &cut(framing, &[&input[..at], &input[at..]]), &whole)?;
            }
            Ok(())
        }
    }
}

/// What is sent for a caller's request; `like` is the model whose abilities the server goes by, where it is not its own.
fn request(
    of: &str,
    (from, from_file): (Dialect, &str),
    (to, to_file): (Dialect, &str),
    like: Option<&str>,
    betas: &[&str],
    dropped: &[&str],
) -> Result<(), String> {
    let expected = json(of, to_file);
    let model = expected["model"].as_str().unwrap();
    let mut request = json(of, from_file);
    request["model"] = model.into();
    let chat = front(from).read_request(request.to_string().as_bytes()).map_err(|bad| bad.to_string())?;
    let card = Models::builtin().card(like.unwrap_or(model));
    let written = back(to).write_request(&chat, model, &card).map_err(|refused| refused.to_string())?;
    let sent = written.headers.iter().filter(|(name, _)| name == "anthropic-beta");
    let sent: Vec<&str> = sent.map(|(_, value)| value.to_str().unwrap()).collect();
    equal("betas", &sent, &betas.to_vec())?;
    let lost: Vec<String> = chat.foreign.iter().chain(&written.dropped).cloned().collect();
    equal("dropped", &lost, &dropped.iter().map(|name| (*name).to_owned()).collect())?;
    same(&serde_json::from_slice(&written.body).unwrap(), &expected, "")
}

fn title(case: &Case) -> String {
    match case {
        Request { of, to_file, .. }
        | RequestLike { of, to_file, .. }
        | Answer { of, to_file, .. }
        | Stream { of, to_file, .. } => {
            format!("{of}/{to_file}")
        }
    }
}

fn back(dialect: Dialect) -> &'static dyn Back {
    match dialect {
        Dialect::Anthropic => &Anthropic,
        Dialect::OpenAi => &OpenAi,
        Dialect::Responses => &Responses,
        Dialect::Ollama => &Ollama,
    }
}

fn front(dialect: Dialect) -> &'static dyn Front {
    match dialect {
        Dialect::Anthropic => &Anthropic,
        Dialect::OpenAi => &OpenAi,
        Dialect::Responses => &Responses,
        Dialect::Ollama => panic!("nobody calls in Ollama's own form"),
    }
}

/// The caller's request: that of the file, or a small one.
fn call(case: &str, dialect: Dialect, file: &str, include_usage: bool) -> Call {
    let body = match (file, dialect) {
        ("", Dialect::Responses) => object!({"model": "m", "input": "hi"}),
        ("", _) => object!({"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}),
        (file, _) => json(case, file),
    };
    let mut call = scan(front(dialect), Bytes::from(body.to_string())).unwrap();
    call.facts.include_usage = include_usage;
    call
}

fn stamp() -> Stamp {
    Stamp { id: "GW".into(), created: 1_700_000_000 }
}

fn bytes(case: &str, file: &str) -> Bytes {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(case).join(file);
    Bytes::from(fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn json(case: &str, file: &str) -> Value {
    serde_json::from_slice(&bytes(case, file)).unwrap_or_else(|error| panic!("{case}/{file}: {error}"))
}

/// What the caller of `call` gets of a provider's stream, which was cut into these events or lines.
fn translated(from: Dialect, call: &Call, stream: &[Bytes]) -> BytesMut {
    let back = back(from);
    let mut reader = back.reader(&stamp());
    let mut writer = call.front.writer(call, stamp());
    let mut read = Vec::new();
    for raw in stream {
        match back.framing() {
            Framing::Sse => {
                let event = sse::parse(raw);
                if let Some(data) = event.data {
                    reader.read(event.name, &data, &mut read).unwrap();
                }
            }
            Framing::Ndjson if raw.trim_ascii().is_empty() => {}
            Framing::Ndjson => reader.read(None, raw, &mut read).unwrap(),
        }
    }
    reader.close(&mut read);
    let mut out = BytesMut::new();
    for event in &read {
        match event {
            // An error ends the stream in the caller's form, by the class that it was given.
            Event::Error(failure) => {
                assert_eq!(failure.class, Class::ServerError);
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
                break;
            }
            event => writer.write(event, &mut out),
        }
    }
    out
}

/// The events or lines of a stream that arrives in `chunks`.
fn cut(framing: Framing, chunks: &[&[u8]]) -> Vec<Bytes> {
    match framing {
        Framing::Sse => cut_events(chunks),
        Framing::Ndjson => cut_lines(chunks),
    }
}

fn cut_events(chunks: &[&[u8]]) -> Vec<Bytes> {
    let mut splitter = sse::Splitter::default();
    let mut events = Vec::new();
    for chunk in chunks {
        splitter.push(Bytes::copy_from_slice(chunk));
        while let Some(event) = splitter.cut().unwrap() {
            events.push(event);
        }
    }
    events.extend(splitter.finish());
    events
}

fn cut_lines(chunks: &[&[u8]]) -> Vec<Bytes> {
    let mut splitter = ndjson::Splitter::default();
    let mut lines = Vec::new();
    for chunk in chunks {
        splitter.push(Bytes::copy_from_slice(chunk));
        while let Some(line) = splitter.cut().unwrap() {
            lines.push(line);
        }
    }
    lines.extend(splitter.finish());
    lines
}

/// The events of a stream: each one's name and data, which is JSON or a word such as `[DONE]`.
fn events(stream: &[u8]) -> Vec<(String, Value)> {
    let mut events = Vec::new();
    for raw in cut_events(&[stream]) {
        let event = sse::parse(&raw);
        let Some(data) = event.data else { continue };
        let text = std::str::from_utf8(&data).unwrap();
        let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
        events.push((event.name.unwrap_or_default().to_owned(), value));
    }
    events
}

fn same_events(found: &[(String, Value)], expected: &[(String, Value)]) -> Result<(), String> {
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        equal(&format!("[{at}] name"), &found.0, &expected.0)?;
        same(&found.1, &expected.1, &format!("[{at}]"))?;
    }
    equal("number of events", &found.len(), &expected.len())
}

/// Compares by value: the order of keys is free, and 1.0 is 1.
fn same(found: &Value, expected: &Value, at: &str) -> Result<(), String> {
    match (found, expected) {
        (Value::Object(found_fields), Value::Object(fields)) => {
            for (name, expected) in fields {
                let found = found_fields.get(name).ok_or_else(|| format!("{at}.{name} is missing in {found}"))?;
                same(found, expected, &format!("{at}.{name}"))?;
            }
            match found_fields.keys().find(|name| !fields.contains_key(*name)) {
                Some(name) => Err(format!("{at}.{name} is not expected: {}", found_fields[name])),
                None => Ok(()),
            }
        }
        (Value::Array(found_items), Value::Array(items)) => {
            for (index, (found, expected)) in found_items.iter().zip(items).enumerate() {
                same(found, expected, &format!("{at}[{index}]"))?;
            }
            equal(&format!("length of {at}"), &found_items.len(), &items.len())
        }
        (Value::Number(number), Value::Number(expected_number)) if number.as_f64() == expected_number.as_f64() => {
            Ok(())
        }
        _ => equal(at, found, expected),
    }
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?}, expected {expected:?}")) }
}
