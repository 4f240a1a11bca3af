//! What each protocol makes of a conversation: its words for it, put back into the hub form. Nothing else may differ.

pub mod anthropic;
pub mod openai;
pub mod responses;

use ai_mcp_gateway::domain::chat::{Message, Part, Text, Thought, ToolCall};

/// Text without a mark.
pub fn text(text: impl Into<String>) -> Part {
    Part::Text(Text { text: text.into(), cache: false })
}

/// All texts of some parts.
pub fn texts<'a>(parts: &'a [Part]) -> Vec<&'a str> {
    let text = |part: &'a Part| match part {
        Part::Text(text) => Some(text.text.as_str()),
        _ => None,
    };
    parts.iter().filter_map(text).collect()
}

/// All refusals of some parts.
pub fn refusals<'a>(parts: &'a [Part]) -> Vec<&'a str> {
    let words = |part: &'a Part| match part {
        Part::Refusal(words) => Some(words.as_str()),
        _ => None,
    };
    parts.iter().filter_map(words).collect()
}

/// All thoughts of some parts.
pub fn thoughts(parts: &[Part]) -> impl Iterator<Item = &Thought> {
    parts.iter().filter_map(|part| match part {
        Part::Thought(thought) => Some(thought),
        _ => None,
    })
}

/// All tool calls of some parts.
pub fn calls(parts: &[Part]) -> impl Iterator<Item = &ToolCall> {
    parts.iter().filter_map(|part| match part {
        Part::Call(call) => Some(call),
        _ => None,
    })
}

/// Every part that a person or a tool has sent.
pub fn shown(messages: &[Message]) -> impl Iterator<Item = &Part> {
    messages.iter().flat_map(|message| match message {
        Message::User(parts) => parts.as_slice(),
        Message::Tool(result) => result.parts.as_slice(),
        Message::System(_) | Message::Assistant(_) => &[],
    })
}

/// Instructions between a call and its answers, moved behind these: answers stand right behind their calls.
pub fn answers_first(messages: &[Message]) -> Vec<Message> {
    let (mut kept, mut later) = (Vec::new(), Vec::new());
    for (at, message) in messages.iter().enumerate() {
        let next = messages[at + 1..].iter().find(|next| !matches!(next, Message::System(_)));
        let answer_follows = matches!(next, Some(Message::Tool(_)));
        match message {
            Message::System(_) if answer_follows => later.push(message.clone()),
            _ => kept.push(message.clone()),
        }
        if !answer_follows {
            kept.append(&mut later);
        }
    }
    kept
}
