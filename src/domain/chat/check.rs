//! What makes a conversation one that no model can answer, whichever protocol it is put into.

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

/// The tool calls of the turn that is being answered, and which of them are.
#[derive(Default)]
struct Turn<'a> {
    at: usize,
    calls: Vec<(&'a str, bool)>,
}

impl<'a> Turn<'a> {
    fn of(at: usize, parts: &'a [Part]) -> Turn<'a> {
        let call = |part: &'a Part| match part {
            Part::Call(call) => Some((call.id.as_str(), false)),
            _ => None,
        };
        Turn { at, calls: parts.iter().filter_map(call).collect() }
    }

    fn answer(&mut self, at: usize, id: &str) -> Result<(), Flaw> {
        let mut known = false;
        for (_, answered) in self.calls.iter_mut().filter(|(call, _)| *call == id) {
            *answered = true;
            known = true;
        }
        if known { Ok(()) } else { Err(Flaw::Stray { message: at, id: id.to_owned() }) }
    }

    fn close(&mut self) -> Result<(), Flaw> {
        match self.calls.iter().find(|(_, answered)| !answered) {
            Some((id, _)) => Err(Flaw::Unanswered { message: self.at, id: (*id).to_owned() }),
            None => {
                self.calls.clear();
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
