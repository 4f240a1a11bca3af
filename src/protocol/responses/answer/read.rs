//! An answer, read.

use super::super::super::Stamp;
use super::super::super::openai::custom;
use super::super::head::Head;
use super::super::item::{Called, Given, Piece, paragraphs};
use crate::domain::chat::{Answer, OPENAI_THOUGHT, Part, Text, Thought, ToolCall};
use crate::domain::failure::{Class, Failure};

/// Reads an answer; ids that the provider leaves out are made from `stamp`.
pub(in super::super) fn read(body: &[u8], stamp: &Stamp) -> Result<Answer, Failure> {
    let head = std::str::from_utf8(body).ok().and_then(Head::read);
    let Some(head) = head.filter(Head::is_response) else { return Err(malformed("the answer is not a response")) };
    let mut parts = Vec::new();
    let mut made = 0;
    for item in head.output() {
        let given = Given::read(item).map_err(|error| malformed(format!("the answer cannot be read: {error}")))?;
        match given {
            Given::Reasoning { summary, content, sealed } => parts.extend(thought(&summary, &content, sealed)),
            Given::Message(pieces) => parts.extend(pieces.into_iter().filter_map(said)),
            Given::Call(called) => parts.push(call(called, stamp, &mut made)?),
            Given::Other => {}
        }
    }
    let calls = parts.iter().any(|part| matches!(part, Part::Call(_)));
    let finish = head.finish(calls).ok_or_else(|| {
        let status = head.status().unwrap_or_default().into_owned();
        malformed(format!("the response is not complete: its status is `{status}`"))
    })?;
    Ok(Answer { model: head.model().unwrap_or_default(), parts, finish, usage: head.usage() })
}

fn thought(summary: &[String], content: &[String], sealed: Option<String>) -> Option<Part> {
    let text = Some(paragraphs(summary)).filter(|text| !text.is_empty()).unwrap_or_else(|| paragraphs(content));
    if text.is_empty() && sealed.is_none() {
        return None;
    }
    Some(Part::Thought(Thought { text, signature: None, sealed, format: Some(OPENAI_THOUGHT.to_owned()) }))
}

fn said(piece: Piece) -> Option<Part> {
    match piece {
        Piece::Text(text) if !text.is_empty() => Some(Part::Text(Text { text, cache: false })),
        Piece::Refusal(words) if !words.is_empty() => Some(Part::Refusal(words)),
        _ => None,
    }
}

fn call(called: Called, stamp: &Stamp, made: &mut u32) -> Result<Part, Failure> {
    let Called { id, name, said, free } = called;
    if name.is_empty() {
        return Err(malformed("the answer calls a tool without naming it"));
    }
    let id = Some(id).filter(|id| !id.is_empty()).unwrap_or_else(|| {
        *made += 1;
        format!("call_{}{made}", stamp.id)
    });
    let arguments = if free { custom::arguments(&said) } else { said };
    Ok(Part::Call(ToolCall { id, name, arguments }))
}

fn malformed(why: impl Into<String>) -> Failure {
    Failure::after_sending(Class::Malformed, why)
}
