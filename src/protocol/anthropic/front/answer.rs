//! A whole answer, written (docs: protocols/translation.md, 3.4).

use bytes::Bytes;
use serde::Serialize;

use super::super::answer::is_ours;
use super::super::blocks::{Block, Input};
use super::super::ids;
use super::super::usage::Counts;
use super::stop::{Made, Stop};
use crate::domain::chat::{Answer, Part, Thought};
use crate::protocol::Stamp;

#[derive(Serialize)]
struct Message<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<Block<'a>>,
    #[serde(flatten)]
    stop: Stop<'a>,
    usage: Counts,
}

/// Writes an answer.
pub(super) fn write(answer: &Answer, stamp: &Stamp) -> Bytes {
    let made = Made {
        calls: answer.parts.iter().any(|part| matches!(part, Part::Call(_))),
        refuses: answer.parts.iter().any(|part| matches!(part, Part::Refusal(_))),
    };
    let message = Message {
        id: format!("msg_{}", stamp.id),
        kind: "message",
        role: "assistant",
        model: &answer.model,
        content: answer.parts.iter().flat_map(blocks).collect(),
        stop: Stop::of(&answer.finish, made),
        usage: Counts::of(&answer.usage.unwrap_or_default()),
    };
    // Strings, numbers and JSON that was read: there is nothing in it that could not be written.
    Bytes::from(serde_json::to_vec(&message).unwrap_or_default())
}

/// The blocks of a part: none where it says nothing.
fn blocks(part: &Part) -> impl Iterator<Item = Block<'_>> {
    let [first, second] = match part {
        Part::Text(text) => [said(&text.text), None],
        Part::Refusal(words) => [said(words), None],
        Part::Thought(thought) => thoughts(thought),
        Part::Call(call) => {
            let (id, name) = (ids::clean(&call.id), call.name.as_str().into());
            [Some(Block::ToolUse { id, name, input: Input::of(&call.arguments) }), None]
        }
        // No model of a chat answers with these.
        Part::Image(_) | Part::File(_) | Part::Audio { .. } => [None, None],
    };
    first.into_iter().chain(second)
}

fn said(words: &str) -> Option<Block<'_>> {
    (!words.is_empty()).then(|| Block::own(words))
}

/// A thought in the open, and one that is sealed. Another provider's proof is not shown: a caller would give it back to
/// Anthropic, which would refuse it.
fn thoughts(thought: &Thought) -> [Option<Block<'_>>; 2] {
    let signature = thought.signature.as_deref().filter(|_| is_ours(thought)).unwrap_or_default();
    let says = !thought.text.is_empty() || !signature.is_empty();
    let open = says.then_some(Block::Thinking { thinking: &thought.text, signature });
    let sealed = thought.sealed.as_deref().filter(|data| !data.is_empty() && is_ours(thought));
    [open, sealed.map(|data| Block::RedactedThinking { data })]
}

#[cfg(test)]
mod tests;
