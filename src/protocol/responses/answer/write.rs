//! An answer, written.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::super::super::Stamp;
use super::super::super::call::Call;
use super::super::echo::Asked;
use super::super::item::{self, Ids, Item, Status};
use super::super::response::{Response, last_item, refusal};
use crate::domain::chat::{self, Answer, Thought};

/// Writes an answer to `call`.
pub(in super::super) fn write(answer: &Answer, call: &Call, stamp: &Stamp) -> Bytes {
    let asked = Asked::of(call);
    let items = items(answer, &asked);
    let mut ids = Ids::new(&stamp.id);
    let last = items.len().saturating_sub(1);
    let json = |(at, item): (usize, &Item)| {
        let status = if at == last { last_item(&answer.finish) } else { Status::Completed };
        item.whole(&ids.make(item), status, asked.seals)
    };
    let output: Vec<Box<RawValue>> = items.iter().enumerate().map(json).collect();
    let response = Response::begun(&asked, stamp, &answer.model).ended(
        &answer.finish,
        output.iter().map(AsRef::as_ref).collect(),
        answer.usage.as_ref(),
    );
    // Strings and numbers alone: there is nothing in it that could not be written.
    Bytes::from(serde_json::to_vec(&response).unwrap_or_default())
}

/// The answer's parts as items: what is said without a break is one message.
fn items(answer: &Answer, asked: &Asked) -> Vec<Item> {
    let mut items = Vec::new();
    for part in &answer.parts {
        match part {
            chat::Part::Text(text) => say(&mut items, item::Part::Text(text.text.clone())),
            chat::Part::Refusal(words) => say(&mut items, item::Part::Refusal(words.clone())),
            chat::Part::Thought(thought) if shows(thought, asked) => items.push(Item::Reasoning(thought.clone())),
            chat::Part::Call(call) if asked.is_custom(&call.name) => items.push(Item::Custom(call.clone())),
            chat::Part::Call(call) => items.push(Item::Call(call.clone())),
            // No model of a chat answers with pictures, documents or sound.
            chat::Part::Thought(_) | chat::Part::Image(_) | chat::Part::File(_) | chat::Part::Audio { .. } => {}
        }
    }
    let refused = answer.parts.iter().any(|part| matches!(part, chat::Part::Refusal(_)));
    if let Some(words) = refusal(&answer.finish).filter(|_| !refused) {
        say(&mut items, item::Part::Refusal(words.to_owned()));
    }
    items
}

/// Is there anything of this thought that the caller gets?
fn shows(thought: &Thought, asked: &Asked) -> bool {
    !thought.text.is_empty() || (asked.seals && item::is_vouched_for(thought))
}

fn say(items: &mut Vec<Item>, part: item::Part) {
    if part.words().is_empty() {
        return;
    }
    match items.last_mut() {
        Some(Item::Message(parts)) => match (parts.last_mut(), part) {
            (Some(item::Part::Text(text)), item::Part::Text(more))
            | (Some(item::Part::Refusal(text)), item::Part::Refusal(more)) => text.push_str(&more),
            (_, part) => parts.push(part),
        },
        _ => items.push(Item::Message(vec![part])),
    }
}
