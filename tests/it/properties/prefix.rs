//! A conversation that goes on is written with the same beginning (docs: protocols/translation.md, section 0):
//! providers bind caches and signatures to it.

use ai_mcp_gateway::domain::Dialect;
use ai_mcp_gateway::domain::chat::Chat;
use ai_mcp_gateway::models::{Card, Models};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde_json::Value;

use super::chance::{fault, hold};
use super::codecs::{able, back};
use super::wishes::chat_and_more;

/// Models that differ in where instructions may stand, in their marks, and in whether they go on with their own turn.
fn cards() -> [Card; 4] {
    let models = Models::builtin();
    [able(), models.card("claude-opus-5-5"), models.card("claude-haiku-4-5"), models.card("gpt-5.1")]
}

/// What stands before the answer, in order: instructions, then each message piece by piece. Marks of cached prefixes
/// are no part of it: providers let them move.
fn pieces(body: &[u8]) -> Vec<(String, Value)> {
    let mut body: Value = serde_json::from_slice(body).expect("JSON");
    unmark(&mut body);
    let mut pieces = Vec::new();
    for name in ["tools", "system", "instructions"] {
        pieces.extend(body.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    for list in ["messages", "input"] {
        for message in body.get(list).and_then(Value::as_array).into_iter().flatten() {
            let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
            match message.as_object() {
                Some(fields) if fields.contains_key("content") => {
                    fields.iter().for_each(|(name, value)| each(&format!("{role}.{name}"), value, &mut pieces));
                }
                _ => pieces.push((role.to_owned(), message.clone())),
            }
        }
    }
    pieces
}

/// A string as content and one text in a list say the same.
fn each(name: &str, value: &Value, pieces: &mut Vec<(String, Value)>) {
    match value {
        Value::Array(items) => pieces.extend(items.iter().map(|item| {
            let text = item.get("text").filter(|_| item.as_object().is_some_and(|fields| fields.len() == 2));
            (name.to_owned(), text.unwrap_or(item).clone())
        })),
        value => pieces.push((name.to_owned(), value.clone())),
    }
}

fn unmark(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.shift_remove("cache_control");
            fields.shift_remove("prompt_cache_breakpoint");
            fields.values_mut().for_each(unmark);
        }
        Value::Array(items) => items.iter_mut().for_each(unmark),
        _ => {}
    }
}

fn grows_at_its_end(dialect: Dialect) {
    hold(150, chat_and_more, move |(chat, more)| {
        cards().iter().try_for_each(|card| begins(dialect, card, &chat, &more))
    });
}

/// Does what is written of `more` begin with what is written of `chat`?
fn begins(dialect: Dialect, card: &Card, chat: &Chat, more: &Chat) -> TestCaseResult {
    let write = |chat| back(dialect).write_request(chat, "m", card);
    let (Ok(short), Ok(long)) = (write(chat), write(more)) else { return Ok(()) };
    let (before, after) = (pieces(&short.body), pieces(&long.body));
    let same = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    if same < before.len() {
        let changed = format!("piece {same} was {:?} and became {:?}", before[same], after.get(same));
        return Err(fault(changed, &[&short.body[..], b"\n", &long.body[..]].concat()));
    }
    prop_assert!(after.len() > before.len());
    Ok(())
}

#[test]
fn openai_grows_at_its_end() {
    grows_at_its_end(Dialect::OpenAi);
}

#[test]
fn anthropic_grows_at_its_end() {
    grows_at_its_end(Dialect::Anthropic);
}

#[test]
fn ollama_grows_at_its_end() {
    grows_at_its_end(Dialect::Ollama);
}

#[test]
fn responses_grow_at_their_end() {
    grows_at_its_end(Dialect::Responses);
}
