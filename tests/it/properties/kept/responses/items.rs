//! The items of a conversation.

use ai_mcp_gateway::domain::chat::{Chat, Message, OPENAI_THOUGHT, Part, Text, Thought, Tool, ToolResult};

use super::super::openai::{called, document};
use super::super::{text, texts};

/// What is kept of the messages: instructions that stand first, as one text, and items.
pub fn messages(chat: &Chat) -> Vec<Message> {
    let first = chat.messages.iter().take_while(|message| matches!(message, Message::System(_))).count();
    // An input without an item is none.
    let first = if first == chat.messages.len() { 0 } else { first };
    let (leading, others) = chat.messages.split_at(first);
    let mut items = Items::default();
    let mut words: Vec<&str> = leading.iter().flat_map(|message| texts(parts(message))).collect();
    if words.len() > 1 {
        words.retain(|text| !text.trim().is_empty());
    }
    let instructions = words.join("\n\n");
    items.kept.extend((!instructions.is_empty()).then(|| Message::System(vec![text(instructions)])));
    for message in others {
        items.take(message, &chat.tools);
    }
    items.end_turn();
    items.kept
}

fn parts(message: &Message) -> &[Part] {
    match message {
        Message::System(parts) | Message::User(parts) | Message::Assistant(parts) => parts,
        Message::Tool(result) => &result.parts,
    }
}

#[derive(Default)]
struct Items {
    kept: Vec<Message>,
    /// The model's turn that is going on.
    turn: Vec<Part>,
    /// Thoughts that belong to the item behind them.
    thoughts: Vec<Part>,
    /// Words that are said without a break: one message.
    words: Vec<Part>,
}

impl Items {
    fn take(&mut self, message: &Message, tools: &[Tool]) {
        match message {
            Message::System(_) => self.add(message.clone()),
            Message::User(parts) => self.add(Message::User(parts.iter().cloned().map(document).collect())),
            Message::Tool(result) => self.add(Message::Tool(told(result))),
            Message::Assistant(parts) => {
                for part in parts {
                    match part {
                        Part::Text(words) if words.text.is_empty() => {}
                        Part::Refusal(words) if words.is_empty() => {}
                        Part::Text(words) => self.words.push(text(&words.text)),
                        Part::Refusal(_) => self.words.push(part.clone()),
                        Part::Thought(thought) if is_openais(thought) => {
                            self.end_message();
                            self.thoughts.push(Part::Thought(Thought { signature: None, ..thought.clone() }));
                        }
                        Part::Call(call) => {
                            self.end_message();
                            self.turn.append(&mut self.thoughts);
                            self.turn.push(Part::Call(called(call, tools)));
                        }
                        _ => {}
                    }
                }
                self.end_message();
            }
        }
    }

    /// A message that is not the model's: thoughts that led to nothing before it were broken off.
    fn add(&mut self, message: Message) {
        self.end_turn();
        self.kept.push(message);
    }

    /// A message ends a turn that has spoken, unless that waits for tools.
    fn end_message(&mut self) {
        if self.words.is_empty() {
            return;
        }
        let calls = self.turn.iter().any(|part| matches!(part, Part::Call(_)));
        let said = self.turn.iter().any(|part| matches!(part, Part::Text(_) | Part::Refusal(_)));
        if said && !calls {
            let turn = std::mem::take(&mut self.turn);
            self.kept.push(Message::Assistant(turn));
        }
        self.turn.append(&mut self.thoughts);
        self.turn.append(&mut self.words);
    }

    fn end_turn(&mut self) {
        self.thoughts.clear();
        if !self.turn.is_empty() {
            self.kept.push(Message::Assistant(std::mem::take(&mut self.turn)));
        }
    }
}

/// A thought that OpenAI has sealed.
fn is_openais(thought: &Thought) -> bool {
    thought.sealed.is_some() && thought.format.as_deref() == Some(OPENAI_THOUGHT)
}

/// A result in words alone that is plain, or says that the tool failed, is one text.
fn told(result: &ToolResult) -> ToolResult {
    let ToolResult { id, parts, plain, is_error } = result.clone();
    let words = texts(&parts);
    if words.len() == parts.len() && (plain || is_error || words.is_empty()) {
        let mark = if is_error { "Error: " } else { "" };
        let parts = vec![text(format!("{mark}{}", words.join("\n")))];
        return ToolResult { id, parts, plain: true, is_error: false };
    }
    let mark = is_error.then(|| Part::Text(Text { text: "Error:".into(), cache: false }));
    let parts = mark.into_iter().chain(parts.into_iter().map(document)).collect();
    ToolResult { id, parts, plain: false, is_error: false }
}
