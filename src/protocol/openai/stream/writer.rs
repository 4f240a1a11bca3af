//! Writes a streamed answer, chunk by chunk.
//!
//! What all chunks share is written once, when the stream starts; each chunk is that head, a small delta, and a tail.

use bytes::{BufMut, BytesMut};
use serde::Serialize;

use super::super::super::resume::Seam;
use super::super::super::{ErrorView, Stamp, WriteStream};
use super::super::details::{self, Entry};
use super::super::{error, finish, usage};
use crate::domain::chat::{Event, Finish, Thought, ToolCall, Usage};

const NOT_FINISHED: &[u8] = br#","finish_reason":null}]"#;
const DONE: &[u8] = b"data: [DONE]\n\n";

/// Writes chunks.
#[derive(Debug)]
pub(in super::super) struct Writer {
    stamp: Stamp,
    include_usage: bool,
    /// From `data: ` to `"choices":[`, with the model in it.
    head: Vec<u8>,
    usage: Option<Usage>,
    has_text: bool,
    has_refusal: bool,
    /// Tool calls whose arguments are empty so far.
    bare: Vec<u32>,
}

#[derive(Serialize)]
struct Head<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
}

#[derive(Serialize, Default)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasoning_details: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[Call<'a>; 1]>,
}

#[derive(Serialize)]
struct Call<'a> {
    index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

impl Writer {
    /// A writer whose chunks carry `stamp`, and usage where it is wanted.
    pub(in super::super) fn new(stamp: Stamp, include_usage: bool) -> Writer {
        Writer {
            stamp,
            include_usage,
            head: Vec::new(),
            usage: None,
            has_text: false,
            has_refusal: false,
            bare: Vec::new(),
        }
    }

    /// A writer that goes on with a stream, behind the chunk that marks the seam.
    pub(in super::super) fn go_on(seam: &Seam<'_>, include_usage: bool, out: &mut BytesMut) -> Writer {
        let mut writer = Writer { has_text: true, ..Writer::new(seam.stamp.clone(), include_usage) };
        writer.make_head(&seam.stamp.id, seam.answering);
        writer.open(out);
        out.extend_from_slice(br#"{"index":0,"delta":{},"finish_reason":null}],"x_gateway":"#);
        put(&seam.mark(), (&mut *out).writer());
        writer.close(out);
        writer
    }

    fn start(&mut self, model: &str, out: &mut BytesMut) {
        if !self.head.is_empty() {
            return;
        }
        self.make_head(&format!("chatcmpl-{}", self.stamp.id), model);
        self.delta(&Delta { role: Some("assistant"), content: Some(""), ..Delta::default() }, out);
    }

    fn make_head(&mut self, id: &str, model: &str) {
        let head = Head { id, object: "chat.completion.chunk", created: self.stamp.created, model };
        self.head.extend_from_slice(b"data: ");
        put(&head, (&mut self.head).writer());
        self.head.pop();
        self.head.extend_from_slice(br#","choices":["#);
    }

    fn thought(&self, index: u32, piece: &Thought, out: &mut BytesMut) {
        let details = piece.format.is_some().then(|| details::entries(index, piece, true));
        let delta = Delta {
            reasoning: Some(piece.text.as_str()).filter(|text| !text.is_empty()),
            reasoning_details: details.into_iter().flatten().collect(),
            ..Delta::default()
        };
        if delta.reasoning.is_some() || !delta.reasoning_details.is_empty() {
            self.delta(&delta, out);
        }
    }

    fn call(&mut self, index: u32, call: &ToolCall, out: &mut BytesMut) {
        if call.arguments.is_empty() {
            self.bare.push(index);
        }
        let function = Function { name: Some(&call.name), arguments: &call.arguments };
        let call = Call { index, id: Some(&call.id), kind: Some("function"), function };
        self.delta(&Delta { tool_calls: Some([call]), ..Delta::default() }, out);
    }

    fn arguments(&mut self, index: u32, arguments: &str, out: &mut BytesMut) {
        if arguments.is_empty() {
            return;
        }
        self.bare.retain(|call| *call != index);
        let call = Call { index, id: None, kind: None, function: Function { name: None, arguments } };
        self.delta(&Delta { tool_calls: Some([call]), ..Delta::default() }, out);
    }

    fn finish(&mut self, reason: &Finish, out: &mut BytesMut) {
        // A call without arguments is one with none of them: callers parse what they get.
        for index in std::mem::take(&mut self.bare) {
            self.arguments(index, "{}", out);
        }
        if !self.has_refusal
            && let Some(words) = finish::refusal(reason, self.has_text)
        {
            self.delta(&Delta { refusal: Some(words), ..Delta::default() }, out);
        }
        self.open(out);
        out.extend_from_slice(br#"{"index":0,"delta":{},"finish_reason":""#);
        out.extend_from_slice(finish::name(reason).as_bytes());
        out.extend_from_slice(br#""}]"#);
        self.close(out);
    }

    fn end(&self, out: &mut BytesMut) {
        if let Some(counted) = self.usage.as_ref().filter(|_| self.include_usage) {
            self.open(out);
            out.extend_from_slice(br#"],"usage":"#);
            put(&usage::write(counted), out.writer());
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(DONE);
    }

    fn delta(&self, delta: &Delta<'_>, out: &mut BytesMut) {
        self.open(out);
        out.extend_from_slice(br#"{"index":0,"delta":"#);
        put(delta, out.writer());
        out.extend_from_slice(NOT_FINISHED);
        self.close(out);
    }

    fn open(&self, out: &mut BytesMut) {
        out.extend_from_slice(&self.head);
    }

    fn close(&self, out: &mut BytesMut) {
        out.extend_from_slice(if self.include_usage { b",\"usage\":null}\n\n" } else { b"}\n\n" });
    }
}

impl WriteStream for Writer {
    fn fail(&mut self, error: &ErrorView<'_>, out: &mut BytesMut) {
        error::event(error, out);
    }

    fn write(&mut self, event: &Event, out: &mut BytesMut) {
        match event {
            Event::Start { model } => return self.start(model, out),
            // The caller of this writer puts the error into the front's own form.
            Event::Error(_) => return,
            Event::Usage(counted) => {
                self.usage = Some(*counted);
                return;
            }
            _ if self.head.is_empty() => self.start("", out),
            _ => {}
        }
        match event {
            Event::Text(text) if !text.is_empty() => {
                self.has_text = true;
                self.delta(&Delta { content: Some(text), ..Delta::default() }, out);
            }
            Event::Refusal(words) if !words.is_empty() => {
                self.has_refusal = true;
                self.delta(&Delta { refusal: Some(words), ..Delta::default() }, out);
            }
            Event::Thought { index, piece } => self.thought(*index, piece, out),
            Event::CallStart { index, call } => self.call(*index, call, out),
            Event::CallDelta { index, arguments } => self.arguments(*index, arguments, out),
            Event::Finish(reason) => self.finish(reason, out),
            Event::End => self.end(out),
            _ => {}
        }
    }
}

/// Strings and numbers alone, into memory: there is nothing in it that could fail.
fn put(value: &impl Serialize, out: impl std::io::Write) {
    let written = serde_json::to_writer(out, value);
    debug_assert!(written.is_ok());
}
