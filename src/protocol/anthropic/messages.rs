//! The turns of a conversation: who speaks when, what stands together, which result answers which call.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use serde::Serialize;

use super::blocks::{Block, Input, Output};
use super::ids::Ids;
use super::{answer, system, tools};
use crate::domain::chat::{Message, Part, Thought, ToolCall, ToolResult};
use crate::models::Card;
use crate::protocol::Unwritable;

/// What a conversation that begins with the model is begun with.
const CONVERSATION_BEGAN: &str = "(conversation continues)";
/// What the model is told where it cannot simply go on with its last turn.
const GO_ON: &str = "Continue.";

/// One turn.
#[derive(Debug, Serialize)]
pub(super) struct Turn<'a> {
    pub role: Role,
    pub content: Vec<Block<'a>>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    User,
    Assistant,
    System,
}

/// A conversation, and what the rest of the request must know of it.
#[derive(Debug)]
pub(super) struct Turns<'a> {
    pub turns: Vec<Turn<'a>>,
    /// Does it hold a thought that the provider has signed?
    pub signed: bool,
    /// Does the model's last turn call tools without a signed thought before them?
    pub unthought_call: bool,
    /// Does it end with a turn of the model that it is to go on with?
    pub prefill: bool,
}

/// Writes the messages from number `first` on.
pub(super) fn write<'a>(messages: &'a [Message], first: usize, card: &Card) -> Result<Turns<'a>, Unwritable> {
    let mut script = Script { mid_system: card.mid_system, ..Script::default() };
    for (at, message) in messages.iter().enumerate().skip(first) {
        match message {
            Message::System(parts) => script.instruct(system::instructions(parts, at)?),
            Message::User(parts) => script.said.extend(said(parts, at)?),
            Message::Assistant(parts) => script.assistant(parts, at)?,
            Message::Tool(result) => script.answer(result, at)?,
        }
    }
    script.finish(card)
}

/// The turns written so far, and the turn of the user's side that is being gathered.
///
/// Everything between two turns of the model is one turn of the user: results of tools first, since they must follow
/// their calls, then what was said; instructions come behind it, or stand in it where the model takes none there.
#[derive(Default)]
struct Script<'a> {
    turns: Vec<Turn<'a>>,
    results: Vec<Block<'a>>,
    said: Vec<Block<'a>>,
    instructions: Vec<Block<'a>>,
    mid_system: bool,
    calls: Calls<'a>,
}

/// The calls of the model's last turn that are not answered yet.
#[derive(Default)]
struct Calls<'a> {
    ids: Ids<'a>,
    open: HashMap<&'a str, VecDeque<OpenCall<'a>>>,
}

struct OpenCall<'a> {
    /// The id that is sent.
    id: Cow<'a, str>,
    /// Where the call stands.
    message: usize,
    number: usize,
}

impl<'a> Script<'a> {
    fn instruct(&mut self, blocks: Vec<Block<'a>>) {
        if self.mid_system {
            self.instructions.extend(blocks);
        } else {
            self.said.extend(blocks.into_iter().map(system::in_user_turn));
        }
    }

    fn answer(&mut self, result: &'a ToolResult, at: usize) -> Result<(), Unwritable> {
        let tool_use_id = self.calls.close(result, at)?;
        let content = match &result.parts[..] {
            [Part::Text(text)] if result.plain && !text.cache => {
                (!text.text.trim().is_empty()).then_some(Output::Text(text.text.as_str()))
            }
            parts => Some(said(parts, at)?).filter(|blocks| !blocks.is_empty()).map(Output::Blocks),
        };
        self.results.push(Block::ToolResult { tool_use_id, content, is_error: result.is_error });
        Ok(())
    }

    fn assistant(&mut self, parts: &'a [Part], at: usize) -> Result<(), Unwritable> {
        let mut blocks = Vec::with_capacity(parts.len());
        let mut calls = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Thought(thought) => blocks.extend(thinking(thought)),
                Part::Call(call) => {
                    calls.push((blocks.len(), call));
                    blocks.push(Block::own(""));
                }
                Part::Text(_) | Part::Refusal(_) => {
                    blocks.extend(Block::said(part, &|| format!("messages[{at}].content[{index}]"))?);
                }
                // What an OpenAI model said aloud is a file under an id.
                Part::Image(_) | Part::File(_) | Part::Audio { .. } => {
                    let field = if matches!(part, Part::Image(_)) { "images" } else { "audio" };
                    let message = "Claude's own turns hold text and tool calls only.";
                    return Err(Unwritable::new(format!("messages[{at}].{field}"), message));
                }
            }
        }
        if blocks.is_empty() {
            return Ok(());
        }
        self.end_user_turn()?;
        for (number, (place, call)) in calls.into_iter().enumerate() {
            blocks[place] = self.calls.open(call, at, number);
        }
        self.push(Role::Assistant, blocks);
        Ok(())
    }

    /// Writes the turn of the user's side, which must answer every call of the turn before it.
    fn end_user_turn(&mut self) -> Result<(), Unwritable> {
        let mut content = std::mem::take(&mut self.results);
        content.append(&mut self.said);
        let mut instructions = std::mem::take(&mut self.instructions);
        if content.is_empty() {
            content = instructions.drain(..).map(system::in_user_turn).collect();
        }
        if content.is_empty() {
            return Ok(());
        }
        self.calls.all_answered()?;
        self.push(Role::User, content);
        if !instructions.is_empty() {
            self.push(Role::System, instructions);
        }
        Ok(())
    }

    /// Adds a turn, or adds to the last one where it is of the same role.
    fn push(&mut self, role: Role, mut content: Vec<Block<'a>>) {
        match self.turns.last_mut() {
            Some(last) if last.role == role => last.content.append(&mut content),
            _ => self.turns.push(Turn { role, content }),
        }
    }

    fn finish(mut self, card: &Card) -> Result<Turns<'a>, Unwritable> {
        self.end_user_turn()?;
        self.calls.all_answered()?;
        let mut turns = self.turns;
        let Some(first) = turns.first() else {
            return Err(Unwritable::new("messages", "At least one message that is not blank is needed."));
        };
        if first.role == Role::Assistant {
            turns.insert(0, Turn { role: Role::User, content: vec![Block::own(CONVERSATION_BEGAN)] });
        }
        let mut prefill = false;
        if let Some(last) = turns.last_mut().filter(|last| last.role == Role::Assistant) {
            prefill = card.prefill != Some(false) && matches!(last.content.last(), Some(Block::Text { .. }));
            if prefill {
                trim_end(last);
            } else {
                turns.push(Turn { role: Role::User, content: vec![Block::own(GO_ON)] });
            }
        }
        let model = || turns.iter().filter(|turn| turn.role == Role::Assistant);
        let signed = model().flat_map(|turn| &turn.content).any(Block::is_thought);
        let unthought_call = model().next_back().is_some_and(|turn| {
            let calls = turn.content.iter().any(|block| matches!(block, Block::ToolUse { .. }));
            calls && !turn.content.first().is_some_and(Block::is_thought)
        });
        Ok(Turns { turns, signed, unthought_call, prefill })
    }
}

impl<'a> Calls<'a> {
    fn open(&mut self, call: &'a ToolCall, message: usize, number: usize) -> Block<'a> {
        let id = self.ids.fresh(&call.id);
        self.open.entry(&call.id).or_default().push_back(OpenCall { id: id.clone(), message, number });
        Block::ToolUse { id, name: tools::past_name(&call.name), input: Input::of(&call.arguments) }
    }

    /// The id that the result of a call is sent with; where two calls share one, the first is answered first.
    fn close(&mut self, result: &ToolResult, at: usize) -> Result<Cow<'a, str>, Unwritable> {
        let answered = self.open.get_mut(result.id.as_str()).and_then(VecDeque::pop_front);
        answered.map(|call| call.id).ok_or_else(|| {
            let message = format!("`{}` is not an unanswered tool call of the turn before.", result.id);
            Unwritable::new(format!("messages[{at}].tool_call_id"), message)
        })
    }

    fn all_answered(&mut self) -> Result<(), Unwritable> {
        let open = self.open.iter().filter_map(|(raw, calls)| calls.front().map(|call| (raw, call)));
        let first = open.min_by_key(|(_, call)| (call.message, call.number));
        if let Some((raw, call)) = first {
            let param = format!("messages[{}].tool_calls[{}].id", call.message, call.number);
            return Err(Unwritable::new(param, format!("The tool call `{raw}` is not answered.")));
        }
        self.open.clear();
        Ok(())
    }
}

fn said(parts: &[Part], at: usize) -> Result<Vec<Block<'_>>, Unwritable> {
    let blocks = parts.iter().enumerate();
    let blocks = blocks.map(|(index, part)| Block::said(part, &|| format!("messages[{at}].content[{index}]")));
    blocks.filter_map(Result::transpose).collect()
}

/// A thought that can be given back: Claude's own, signed or sealed. Its text may be empty.
fn thinking(thought: &Thought) -> Option<Block<'_>> {
    if !answer::is_ours(thought) {
        return None;
    }
    let given = |proof: &'_ Option<String>| proof.as_deref().is_some_and(|proof| !proof.is_empty());
    match thought {
        Thought { sealed: Some(data), .. } if given(&thought.sealed) => Some(Block::RedactedThinking { data }),
        Thought { text, signature: Some(signature), .. } if given(&thought.signature) => {
            Some(Block::Thinking { thinking: text, signature })
        }
        _ => None,
    }
}

/// White space at the end of a last turn is refused.
fn trim_end(turn: &mut Turn<'_>) {
    if let Some(Block::Text { text, .. }) = turn.content.last_mut() {
        match text {
            Cow::Borrowed(words) => *words = words.trim_end(),
            Cow::Owned(words) => words.truncate(words.trim_end().len()),
        }
    }
}

#[cfg(test)]
mod tests;
