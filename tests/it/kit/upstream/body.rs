//! The body of an answer, before it is framed.

use super::kind::{Endpoint, Form, Kind};
use super::plan::{Asked, Step, bytes_of, control};
use super::reply::{Body, Reply, Trouble};
use super::say::{Content, Say, USAGE};
use super::trouble;
use super::vectors::{self, Odd};
use serde_json::json;

/// A body as a list of steps, with what its head needs.
pub(super) struct Drawn {
    pub status: u16,
    pub content_type: String,
    pub steps: Vec<Step>,
    /// The body's length if nothing breaks it off.
    pub length: usize,
    /// Sent in chunks as it comes, rather than whole.
    pub streamed: bool,
}

impl Asked<'_> {
    /// The body as the script and the endpoint want it.
    pub(super) fn draw(&self, reply: &Reply) -> Drawn {
        let form = if let Endpoint::Chat(form) = self.endpoint { Some(form) } else { None };
        match &reply.body {
            Body::Trouble(Trouble::ContentPolicy) if form == Some(Form::Anthropic) => {
                self.says(&[Say::Refusal("I cannot help with that.")], false, None)
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
            Body::Vectors(odd) => self.other(*odd),
            Body::Says { pieces, exact } => self.says(pieces, *exact, reply.comment),
            Body::Wire(_) | Body::Nothing(_) => unreachable!("handled before"),
        }
    }

    fn says(&self, pieces: &[Say], exact: bool, comment: Option<&'static str>) -> Drawn {
        let Endpoint::Chat(form) = self.endpoint else {
            return self.other(Odd::Nothing);
        };
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
        let steps = pieces.iter().flat_map(|piece| match (control(piece), piece) {
            (Some(step), _) => Some(step),
            (None, Say::Endless) => Some(Step::Endless(dialect.render(&Say::Long(1024)))),
            (None, Say::EndlessArgs(index)) => {
                let fragment = Say::ToolArgs(*index, "x".repeat(16 << 10).leak());
                Some(Step::Endless(dialect.render(&fragment)))
            }
            (None, _) => Some(Step::Send(dialect.render(piece))).filter(|step| *step != Step::Send(Vec::new())),
        });
        let steps: Vec<Step> = steps.collect();
        let length = bytes_of(&steps).len();
        Drawn { status: 200, content_type: dialect.stream_type().to_owned(), steps, length, streamed: true }
    }

    /// Answers of the endpoints that are no chat.
    fn other(&self, odd: Odd) -> Drawn {
        let body = match self.endpoint {
            Endpoint::Embeddings => vectors::openai(self.call, odd),
            Endpoint::OllamaEmbed => vectors::ollama(self.call, odd),
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
