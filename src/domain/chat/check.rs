//! What makes a conversation one that no model can answer, whichever protocol it is put into.

use std::collections::HashMap;

use super::{Message, Part};

/// What is wrong with a conversation. `message` counts the hub's messages from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// A tool call is not answered before the conversation goes on, or ends.
    #[error("the tool call `{id}` is not answered")]
    Unanswered {
        /// The turn that called.
        message: usize,
        /// The call.
        id: String,
    },
    /// An answer to no tool call of the turn before it.
    #[error("no tool call before it has the id `{id}`")]
    Stray {
        /// The answer.
        message: usize,
        /// The id that it names.
        id: String,
    },
    /// Nothing in it says anything.
    #[error("there is nothing to answer")]
    Empty,
}

/// Finds the first flaw of a conversation. Instructions may stand between a call and its answers.
///
/// # Errors
/// The [`Flaw`].
pub fn check(messages: &[Message]) -> Result<(), Flaw> {
    let mut turn = Turn::default();
    for (at, message) in messages.iter().enumerate() {
        match message {
            Message::System(_) => {}
            Message::User(_) => turn.close()?,
            Message::Assistant(parts) => {
                turn.close()?;
                turn = Turn::of(at, parts);
            }
            Message::Tool(result) => turn.answer(at, &result.id)?,
        }
    }
    turn.close()?;
    if messages.iter().all(is_blank) { Err(Flaw::Empty) } else { Ok(()) }
}

/// The tool calls of the turn that is being answered, in order, and which of them are.
#[derive(Default)]
struct Turn<'a> {
    at: usize,
    calls: Vec<&'a str>,
    answered: HashMap<&'a str, bool>,
}

impl<'a> Turn<'a> {
    fn of(at: usize, parts: &'a [Part]) -> Turn<'a> {
        let call = |part: &'a Part| match part {
            Part::Call(call) => Some(call.id.as_str()),
            _ => None,
        };
        let calls: Vec<&str> = parts.iter().filter_map(call).collect();
        let answered = calls.iter().map(|id| (*id, false)).collect();
        Turn { at, calls, answered }
    }

    fn answer(&mut self, at: usize, id: &str) -> Result<(), Flaw> {
        match self.answered.get_mut(id) {
            Some(answered) => *answered = true,
            None => return Err(Flaw::Stray { message: at, id: id.to_owned() }),
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Flaw> {
        match self.calls.iter().find(|id| self.answered.get(*id) == Some(&false)) {
            Some(id) => Err(Flaw::Unanswered { message: self.at, id: (*id).to_owned() }),
            None => {
                *self = Turn::default();
                Ok(())
            }
        }
    }
}

fn is_blank(message: &Message) -> bool {
    match message {
        Message::System(parts) | Message::User(parts) | Message::Assistant(parts) => parts.iter().all(says_nothing),
        Message::Tool(_) => false,
    }
}

fn says_nothing(part: &Part) -> bool {
    match part {
        Part::Text(text) => text.text.trim().is_empty(),
        Part::Refusal(words) => words.trim().is_empty(),
        Part::Thought(_) => true,
        Part::Image(_) | Part::File(_) | Part::Audio { .. } | Part::Call(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Text, Thought, ToolCall, ToolResult};
    use super::*;

    fn text(words: &str) -> Vec<Part> {
        vec![Part::Text(Text { text: words.into(), cache: false })]
    }

    fn calls(ids: &[&str]) -> Message {
        let call = |id: &&str| Part::Call(ToolCall { id: (*id).into(), name: "f".into(), arguments: String::new() });
        Message::Assistant(ids.iter().map(call).collect())
    }

    fn answer(id: &str) -> Message {
        Message::Tool(ToolResult { id: id.into(), parts: Vec::new(), plain: true, is_error: false })
    }

    fn user(words: &str) -> Message {
        Message::User(text(words))
    }

    #[test]
    fn calls_are_answered_in_any_order_before_the_next_turn() {
        let instructions = Message::System(text("be brief"));
        let good = [
            vec![user("hi")],
            vec![instructions.clone()],
            vec![user("hi"), calls(&["a", "b"]), answer("b"), answer("a"), user("so?")],
            vec![user("hi"), calls(&["a"]), instructions, answer("a")],
            vec![user("hi"), calls(&["a"]), answer("a"), calls(&["a"]), answer("a")],
            vec![user("hi"), calls(&["a"]), answer("a"), answer("a")],
        ];
        for messages in good {
            assert_eq!(check(&messages), Ok(()), "{messages:?}");
        }
    }

    #[test]
    fn a_turn_of_very_many_calls_is_no_burden() {
        let ids: Vec<String> = (0..50_000).map(|id| id.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut messages = vec![user("hi"), calls(&ids)];
        messages.extend(ids.iter().rev().map(|id| answer(id)));
        assert_eq!(check(&messages), Ok(()));
    }

    #[test]
    fn the_first_flaw_is_found() {
        let unanswered = |message, id: &str| Err(Flaw::Unanswered { message, id: id.into() });
        let stray = |message, id: &str| Err(Flaw::Stray { message, id: id.into() });
        let thought = Message::Assistant(vec![Part::Thought(Thought::default())]);
        for (messages, flaw) in [
            (vec![user("hi"), calls(&["a", "b"]), answer("a"), user("so?")], unanswered(1, "b")),
            (vec![user("hi"), calls(&["a"])], unanswered(1, "a")),
            (vec![calls(&["a"]), calls(&["b"]), answer("a"), answer("b")], unanswered(0, "a")),
            (vec![user("hi"), answer("a")], stray(1, "a")),
            (vec![calls(&["a"]), answer("b")], stray(1, "b")),
            (vec![calls(&["a"]), answer("a"), user("so?"), answer("a")], stray(3, "a")),
            (vec![], Err(Flaw::Empty)),
            (vec![user(" \n"), Message::User(Vec::new()), thought], Err(Flaw::Empty)),
        ] {
            assert_eq!(check(&messages), flaw, "{messages:?}");
        }
    }
}
