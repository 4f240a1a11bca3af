//! Golden cases: what goes in on one side of the gateway's protocols, and what comes out on the other.
//!
//! Each row of [`CASES`] names a folder of `tests/golden` and what to do with its files. JSON is compared by value,
//! streams as lists of events; every stream is also read cut in two at each of its bytes.

use std::fs;
use std::path::PathBuf;

use ai_mcp_gateway::domain::Dialect;
use ai_mcp_gateway::domain::chat::Event;
use ai_mcp_gateway::domain::failure::Class;
use ai_mcp_gateway::models::Models;
use ai_mcp_gateway::protocol::anthropic::Anthropic;
use ai_mcp_gateway::protocol::openai::OpenAi;
use ai_mcp_gateway::protocol::sse::{self, Splitter};
use ai_mcp_gateway::protocol::{Back, ErrorView, Framing, Front, Stamp, error_kind};
use bytes::{Bytes, BytesMut};
use serde_json::Value;

/// What to do with two files of a case.
enum Case {
    /// A caller's request, and what is sent for it.
    Request {
        of: &'static str,
        to: Dialect,
        from_file: &'static str,
        to_file: &'static str,
        /// The beta headers that must be sent with it.
        betas: &'static [&'static str],
        /// The parameters that are left out.
        dropped: &'static [&'static str],
    },
    /// A provider's answer, and what the caller gets.
    Answer { of: &'static str, from: Dialect, from_file: &'static str, to_file: &'static str },
    /// A provider's stream, and what the caller gets.
    Stream { of: &'static str, from: Dialect, from_file: &'static str, to_file: &'static str, include_usage: bool },
}

use Case::{Answer, Request, Stream};

/// A request to Anthropic that is translated without a loss.
const fn request(of: &'static str, from_file: &'static str, to_file: &'static str) -> Case {
    Request { of, to: Dialect::Anthropic, from_file, to_file, betas: &[], dropped: &[] }
}

/// The same, without `dropped`.
const fn lossy(
    of: &'static str,
    from_file: &'static str,
    to_file: &'static str,
    dropped: &'static [&'static str],
) -> Case {
    Request { of, to: Dialect::Anthropic, from_file, to_file, betas: &[], dropped }
}

const fn answer(of: &'static str) -> Case {
    Answer { of, from: Dialect::Anthropic, from_file: "anthropic.response.json", to_file: "openai.response.json" }
}

const fn stream(of: &'static str, to_file: &'static str, include_usage: bool) -> Case {
    Stream { of, from: Dialect::Anthropic, from_file: "anthropic.stream.sse", to_file, include_usage }
}

const OPENAI: &str = "openai.request.json";
const ANTHROPIC: &str = "anthropic.request.json";
const USAGE: &str = "openai.stream.include_usage.sse";

const CASES: &[Case] = &[
    request("01-basic-text", OPENAI, ANTHROPIC),
    answer("01-basic-text"),
    request("02-system-messages", OPENAI, "anthropic.request.mid-system-supported.json"),
    request("02-system-messages", OPENAI, "anthropic.request.mid-system-unsupported.json"),
    request("03-tools-parallel-history", OPENAI, ANTHROPIC),
    request("04-images-and-files", OPENAI, ANTHROPIC),
    request("05-json-schema", OPENAI, ANTHROPIC),
    lossy("06-sampling-and-reasoning", OPENAI, "anthropic.request.claude-haiku-4-5.json", &["temperature", "top_p"]),
    lossy("06-sampling-and-reasoning", OPENAI, "anthropic.request.claude-opus-5-5.json", &["temperature", "top_p"]),
    lossy(
        "06-sampling-and-reasoning",
        "openai.request.no-effort.json",
        "anthropic.request.no-effort.claude-sonnet-4-6.json",
        &["top_p"],
    ),
    lossy(
        "06-sampling-and-reasoning",
        "openai.request.no-effort.json",
        "anthropic.request.no-effort.claude-sonnet-5-5.json",
        &["temperature", "top_p"],
    ),
    lossy(
        "06-sampling-and-reasoning",
        "openai.request.effort-none.json",
        "anthropic.request.effort-none.claude-opus-5-5.json",
        &["reasoning_effort"],
    ),
    request(
        "06-sampling-and-reasoning",
        "openai.request.effort-none.json",
        "anthropic.request.effort-none.claude-opus-5.json",
    ),
    request(
        "06-sampling-and-reasoning",
        "openai.request.effort-none.json",
        "anthropic.request.effort-none.claude-sonnet-5-5.json",
    ),
    stream("07-stream-text", USAGE, true),
    stream("07-stream-text", "openai.stream.no_usage.sse", false),
    stream("08-stream-parallel-tools", "openai.stream.sse", false),
    stream("09-stream-thinking", USAGE, true),
    Request {
        of: "09-stream-thinking",
        to: Dialect::Anthropic,
        from_file: "openai.followup.request.json",
        to_file: "anthropic.followup.request.json",
        betas: &["thinking-binding-controls-2026-08-01"],
        dropped: &[],
    },
    stream("10-stream-error-anthropic-to-openai", "openai.stream.sse", false),
    answer("19-refusal"),
];

#[test]
fn golden() {
    let mut wrong = Vec::new();
    for case in CASES {
        if let Err(difference) = run(case) {
            wrong.push(format!("{}: {difference}", title(case)));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases differ\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}

fn run(case: &Case) -> Result<(), String> {
    match *case {
        Request { of, to, from_file, to_file, betas, dropped } => {
            let expected = json(of, to_file);
            let model = expected["model"].as_str().unwrap();
            let mut request = json(of, from_file);
            request["model"] = model.into();
            let chat = OpenAi.read_request(request.to_string().as_bytes()).map_err(|bad| bad.to_string())?;
            let card = Models::builtin().card(model);
            let written = back(to).write_request(&chat, model, &card).map_err(|refused| refused.to_string())?;
            let sent = written.headers.iter().filter(|(name, _)| name == "anthropic-beta");
            let sent: Vec<&str> = sent.map(|(_, value)| value.to_str().unwrap()).collect();
            equal("betas", &sent, &betas.to_vec())?;
            equal("dropped", &written.dropped, &dropped.iter().map(|name| (*name).to_owned()).collect())?;
            same(&serde_json::from_slice(&written.body).unwrap(), &expected, "")
        }
        Answer { of, from, from_file, to_file } => {
            let answer = back(from).read_answer(&bytes(of, from_file), &stamp()).map_err(|failed| failed.message)?;
            let written = OpenAi.write_answer(&answer, &stamp());
            same(&serde_json::from_slice(&written).unwrap(), &json(of, to_file), "")
        }
        Stream { of, from, from_file, to_file, include_usage } => {
            let input = bytes(of, from_file);
            let expected = events(&bytes(of, to_file));
            let whole = translated(from, &[&input[..]], include_usage);
            same_events(&events(&whole), &expected)?;
            for at in 1..input.len() {
                let cut = translated(from, &[&input[..at], &input[at..]], include_usage);
                equal(&format!("cut at byte {at}"), &cut, &whole)?;
            }
            Ok(())
        }
    }
}

fn title(case: &Case) -> String {
    match case {
        Request { of, to_file, .. } | Answer { of, to_file, .. } | Stream { of, to_file, .. } => {
            format!("{of}/{to_file}")
        }
    }
}

fn back(dialect: Dialect) -> &'static dyn Back {
    match dialect {
        Dialect::Anthropic => &Anthropic,
        Dialect::OpenAi => &OpenAi,
        Dialect::Ollama => unreachable!("no case of it yet"),
    }
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

/// What a caller gets of a provider's stream that arrives in `chunks`.
fn translated(from: Dialect, chunks: &[&[u8]], include_usage: bool) -> BytesMut {
    let back = back(from);
    assert_eq!(back.framing(), Framing::Sse, "other framings have no cutter here");
    let mut reader = back.reader(&stamp());
    let mut writer = OpenAi.writer(stamp(), include_usage);
    let mut splitter = Splitter::default();
    let mut read = Vec::new();
    let mut one = |raw: &Bytes| {
        let event = sse::parse(raw);
        if let Some(data) = event.data {
            reader.read(event.name, &data, &mut read).unwrap();
        }
    };
    for chunk in chunks {
        splitter.push(Bytes::copy_from_slice(chunk));
        while let Some(raw) = splitter.cut().unwrap() {
            one(&raw);
        }
    }
    if let Some(raw) = splitter.finish() {
        one(&raw);
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
                OpenAi.error_event(&error, &mut out);
                break;
            }
            event => writer.write(event, &mut out),
        }
    }
    out
}

/// The events of a stream: each one's name and data, which is JSON or a word such as `[DONE]`.
fn events(stream: &[u8]) -> Vec<(String, Value)> {
    let mut splitter = Splitter::default();
    splitter.push(Bytes::copy_from_slice(stream));
    let mut events = Vec::new();
    while let Some(raw) = splitter.cut().unwrap() {
        let event = sse::parse(&raw);
        let Some(data) = event.data else { continue };
        let text = std::str::from_utf8(&data).unwrap();
        let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
        events.push((event.name.unwrap_or_default().to_owned(), value));
    }
    assert!(splitter.finish().is_none(), "the stream ends inside an event");
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
