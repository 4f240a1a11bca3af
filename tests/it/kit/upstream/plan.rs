//! From a scripted answer to the bytes and pauses that go over the wire; pure.

use super::kind::{Endpoint, Form, Kind};
use super::reply::{Body, Framing, Reply, Trouble};
use super::request::Call;
use super::say::{Content, Say, USAGE};
use super::trouble;
use serde_json::json;

/// One thing to do on the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Send(Vec<u8>),
    /// Send this again and again until the client goes away.
    Endless(Vec<u8>),
    Wait,
    Stall,
    Cut,
    Reset,
}

/// What an answer is made for.
pub(super) struct Asked<'a> {
    pub kind: Kind,
    pub endpoint: Endpoint,
    pub call: &'a Call,
    /// The call's number at this upstream, from 1.
    pub number: usize,
    pub models: &'a [String],
}

/// A body as a list of steps, with what its head needs.
struct Drawn {
    status: u16,
    content_type: String,
    steps: Vec<Step>,
    /// The body's length if nothing breaks it off.
    length: usize,
    /// Sent in chunks as it comes, rather than whole.
    streamed: bool,
}

impl Asked<'_> {
    /// The steps of this answer.
    pub(super) fn steps(&self, reply: &Reply) -> Vec<Step> {
        let mut steps = if reply.held { vec![Step::Wait] } else { Vec::new() };
        match &reply.body {
            Body::Wire(bytes) => steps.extend([Step::Send(bytes.clone()), Step::Cut]),
            Body::Nothing(end) => steps.extend(control(end)),
            _ => steps.extend(self.message(reply)),
        }
        steps
    }

    /// Head and body.
    fn message(&self, reply: &Reply) -> Vec<Step> {
        let mut drawn = self.draw(reply);
        if reply.crlf && drawn.streamed {
            for step in &mut drawn.steps {
                if let Step::Send(bytes) = step {
                    *bytes = crlf(bytes);
                }
            }
        }
        if reply.truncated {
            let whole = bytes_of(&drawn.steps);
            drawn.steps = vec![Step::Send(whole[..whole.len() / 2].to_vec())];
            drawn.length = whole.len() / 2;
        }
        let length = match reply.framing {
            Framing::Length => Some(drawn.length),
            Framing::Declared(length) => Some(length),
            Framing::Natural if !drawn.streamed => Some(drawn.length),
            _ => None,
        };
        let chunked = drawn.streamed && reply.framing == Framing::Natural;
        let mut steps = vec![Step::Send(self.head(reply, &drawn, length, chunked))];
        let unit = reply.trickle.unwrap_or(usize::MAX);
        for step in drawn.steps {
            match step {
                Step::Send(bytes) => {
                    steps.extend(bytes.chunks(unit).map(|part| Step::Send(framed(part, chunked))));
                }
                Step::Endless(bytes) => steps.push(Step::Endless(framed(&bytes, chunked))),
                other => steps.push(other),
            }
        }
        if chunked {
            steps.push(Step::Send(b"0\r\n\r\n".to_vec()));
        }
        if matches!(reply.framing, Framing::Declared(_) | Framing::Close) {
            steps.push(Step::Cut);
        }
        steps
    }

    fn head(&self, reply: &Reply, drawn: &Drawn, length: Option<usize>, chunked: bool) -> Vec<u8> {
        let status = reply.status.unwrap_or(drawn.status);
        let mut headers = vec![("content-type".to_owned(), drawn.content_type.clone())];
        headers.extend(self.kind.headers(self.number));
        if let Body::Trouble(Trouble::RateLimited(Some(seconds))) = reply.body {
            headers.push(("retry-after".into(), seconds.to_string()));
        }
        headers.extend(length.map(|length| ("content-length".to_owned(), length.to_string())));
        if chunked {
            headers.push(("transfer-encoding".into(), "chunked".into()));
        }
        for (name, value) in &reply.headers {
            headers.retain(|(other, _)| other != name);
            headers.push((name.clone(), value.clone()));
        }
        let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let mut head = format!("HTTP/1.1 {status} {}\r\n", reason.unwrap_or("Simulated"));
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    fn draw(&self, reply: &Reply) -> Drawn {
        let form = if let Endpoint::Chat(form) = self.endpoint { Some(form) } else { None };
        match &reply.body {
            Body::Trouble(Trouble::ContentPolicy) if form == Some(Form::Anthropic) => {
                self.says(&[Say::Finish("content_filter")], false, None)
            }
            Body::Trouble(trouble) => {
                let (status, body) = trouble::render(self.kind, form, *trouble, self.call, self.number);
                whole(status, body.to_string().into_bytes())
            }
            Body::Bytes { content_type, bytes } => Drawn {
                content_type: (*content_type).to_owned(),
                streamed: content_type.contains("event-stream") || content_type.contains("ndjson"),
                ..whole(200, bytes.clone())
            },
            Body::Says { pieces, exact } => self.says(pieces, *exact, reply.comment),
            Body::Wire(_) | Body::Nothing(_) => unreachable!("handled before"),
        }
    }

    fn says(&self, pieces: &[Say], exact: bool, comment: Option<&'static str>) -> Drawn {
        let Endpoint::Chat(form) = self.endpoint else { return self.other() };
        let mut dialect = self.kind.dialect(form, self.call, self.number);
        let greeting = [Say::Text(self.kind.greeting())];
        let pieces = if pieces.is_empty() && !exact { &greeting[..] } else { pieces };
        if !Kind::streams(self.endpoint, self.call) {
            return broken(pieces, &dialect.whole(&Content::of(pieces)).to_string().into_bytes());
        }
        let mut pieces = if exact { pieces.to_vec() } else { complete(pieces) };
        if let Some(comment) = comment {
            pieces = pieces.into_iter().flat_map(|piece| [Say::Comment(comment), piece]).collect();
        }
        let steps = pieces.iter().flat_map(|piece| match control(piece) {
            Some(step) => Some(step),
            None if *piece == Say::Endless => Some(Step::Endless(dialect.render(&Say::Long(1024)))),
            None => Some(Step::Send(dialect.render(piece))).filter(|step| *step != Step::Send(Vec::new())),
        });
        let steps: Vec<Step> = steps.collect();
        let length = bytes_of(&steps).len();
        Drawn { status: 200, content_type: dialect.stream_type().to_owned(), steps, length, streamed: true }
    }

    /// Answers of the endpoints that are no chat.
    fn other(&self) -> Drawn {
        let body = match self.endpoint {
            Endpoint::Embeddings => {
                let inputs = self.call.json["input"].as_array().map_or(1, Vec::len);
                let data = (0..inputs).map(|index| json!({"object": "embedding", "index": index, "embedding": [0.5, -0.25, 1.0]}));
                let usage = json!({"prompt_tokens": USAGE.0, "total_tokens": USAGE.0});
                json!({"object": "list", "data": data.collect::<Vec<_>>(), "model": self.call.model(), "usage": usage})
            }
            Endpoint::OllamaEmbed => {
                let inputs = self.call.json["input"].as_array().map_or(1, Vec::len);
                let vectors = vec![json!([0.5, -0.25, 1.0]); inputs];
                json!({"model": self.call.model(), "embeddings": vectors, "prompt_eval_count": USAGE.0})
            }
            Endpoint::CountTokens => json!({"input_tokens": USAGE.0}),
            _ => self.kind.listing(&self.call.path, self.models).unwrap_or_default(),
        };
        whole(200, body.to_string().into_bytes())
    }
}

fn whole(status: u16, bytes: Vec<u8>) -> Drawn {
    let length = bytes.len();
    Drawn { status, content_type: "application/json".into(), steps: vec![Step::Send(bytes)], length, streamed: false }
}

/// A whole answer, with the script's waits before its body; a fault after content breaks it off in the middle,
/// a fault before any content leaves the head alone.
fn broken(pieces: &[Say], body: &[u8]) -> Drawn {
    let waits = pieces.iter().filter(|piece| **piece == Say::Wait);
    let mut steps: Vec<Step> = waits.map(|_| Step::Wait).collect();
    match pieces.iter().position(|piece| matches!(piece, Say::Stall | Say::Cut | Say::Reset)) {
        None => steps.push(Step::Send(body.to_vec())),
        Some(at) => {
            let half = if pieces[..at].iter().all(|piece| *piece == Say::Role) { 0 } else { body.len() / 2 };
            steps.push(Step::Send(body[..half].to_vec()));
            steps.extend(control(&pieces[at]));
        }
    }
    Drawn { steps, ..whole(200, body.to_vec()) }
}

/// The pieces with the protocol's opening and ending, and text word by word.
fn complete(pieces: &[Say]) -> Vec<Say> {
    let mut all = Vec::new();
    if pieces.first() != Some(&Say::Role) {
        all.push(Say::Role);
    }
    for piece in pieces {
        match piece {
            Say::Text(text) => all.extend(text.split_inclusive(' ').map(Say::Text)),
            other => all.push(other.clone()),
        }
    }
    if !pieces.last().is_some_and(Say::ends) {
        all.push(Say::Done);
    }
    all
}

fn control(piece: &Say) -> Option<Step> {
    match piece {
        Say::Wait => Some(Step::Wait),
        Say::Stall => Some(Step::Stall),
        Say::Cut => Some(Step::Cut),
        Say::Reset => Some(Step::Reset),
        _ => None,
    }
}

fn bytes_of(steps: &[Step]) -> Vec<u8> {
    let sent = steps.iter().filter_map(|step| if let Step::Send(bytes) = step { Some(bytes.as_slice()) } else { None });
    sent.collect::<Vec<_>>().concat()
}

fn framed(part: &[u8], chunked: bool) -> Vec<u8> {
    if !chunked {
        return part.to_vec();
    }
    [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat()
}

fn crlf(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| if *byte == b'\n' { b"\r\n".to_vec() } else { vec![*byte] }).collect()
}
