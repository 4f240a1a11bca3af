//! Names of tools that a provider does not take: told to it by names that it takes, and told back by their own.

use std::borrow::Cow;
use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::domain::chat::{Answer, Chat, Event, Message, Part, Tool, ToolChoice};

/// The names that were changed in one request: each of their own by what it is called there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renamed(HashMap<String, String>);

impl Renamed {
    /// Gives the tools of `chat` that are longer than `longest` bytes, or have other characters than letters, digits, `_`
    /// and `-`, names that fit. A name depends on nothing but itself, so that a longer conversation begins like the
    /// shorter one.
    pub fn fit(chat: &mut Chat, longest: usize) -> Renamed {
        let mut renamed = Renamed::default();
        let mut fit = |name: &mut String| {
            if let Cow::Owned(fitting) = fitting(name, longest) {
                renamed.0.insert(fitting.clone(), std::mem::replace(name, fitting));
            }
        };
        for tool in &mut chat.tools {
            if let Tool::Function(function) = tool {
                fit(&mut function.name);
            }
        }
        match &mut chat.tool_choice {
            Some(ToolChoice::Named(name)) => fit(name),
            Some(ToolChoice::Allowed { names, .. }) => names.iter_mut().for_each(&mut fit),
            _ => {}
        }
        for message in &mut chat.messages {
            if let Message::Assistant(parts) = message {
                parts.iter_mut().for_each(|part| {
                    if let Part::Call(call) = part {
                        fit(&mut call.name);
                    }
                });
            }
        }
        renamed
    }

    /// Gives the tools that an answer calls their own names back.
    pub fn restore(&self, answer: &mut Answer) {
        for part in &mut answer.parts {
            if let Part::Call(call) = part {
                self.give_back(&mut call.name);
            }
        }
    }

    /// Gives the tool that an event calls its own name back.
    pub fn restore_in(&self, event: &mut Event) {
        if let Event::CallStart { call, .. } = event {
            self.give_back(&mut call.name);
        }
    }

    fn give_back(&self, name: &mut String) {
        if let Some(own) = self.0.get(name) {
            name.clone_from(own);
        }
    }
}

/// A name that fits: the name itself, or its beginning with the beginning of its hash, which tells it from others that
/// begin alike.
fn fitting(name: &str, longest: usize) -> Cow<'_, str> {
    const HASH: usize = 8;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if name.is_empty() || name.len() <= longest && name.bytes().all(fits) {
        return Cow::Borrowed(name);
    }
    let hash = Sha256::digest(name).iter().take(HASH / 2).map(|byte| format!("{byte:02x}")).collect::<String>();
    let plain = name.chars().map(|letter| if letter.is_ascii() && fits(letter as u8) { letter } else { '_' });
    let beginning: String = plain.take(longest.saturating_sub(HASH + 1)).collect();
    Cow::Owned(format!("{beginning}_{hash}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::{Finish, Function, ToolCall};

    const LONG: &str = "mcp__a_server_with_a_long_name__a_tool_with_a_name_that_is_longer_still";

    fn tool(name: &str) -> Tool {
        Tool::Function(Function { name: name.into(), ..Function::default() })
    }

    fn call(name: &str) -> ToolCall {
        ToolCall { id: "a".into(), name: name.into(), arguments: String::new() }
    }

    #[test]
    fn names_that_do_not_fit_are_told_by_others_and_told_back() {
        let mut chat = Chat {
            tools: vec![tool("plain"), tool(LONG), tool("ns.get")],
            tool_choice: Some(ToolChoice::Named(LONG.into())),
            messages: vec![Message::Assistant(vec![Part::Call(call(LONG))])],
            ..Chat::default()
        };
        let before = chat.clone();
        let names = Renamed::fit(&mut chat, 64);
        let name = |tool: &Tool| match tool {
            Tool::Function(function) => function.name.clone(),
            Tool::Other { .. } => String::new(),
        };
        let told: Vec<String> = chat.tools.iter().map(name).collect();
        assert_eq!((told[0].as_str(), told[1].len()), ("plain", 64));
        assert!(told[1].starts_with("mcp__a_server_with_a_long_name__") && told[2].starts_with("ns_get_"), "{told:?}");
        assert_eq!(chat.tool_choice, Some(ToolChoice::Named(told[1].clone())));
        assert_eq!(chat.messages, [Message::Assistant(vec![Part::Call(call(&told[1]))])]);
        let parts = told.iter().map(|name| Part::Call(call(name))).collect();
        let mut answer = Answer { model: "m".into(), parts, finish: Finish::ToolCalls, usage: None };
        names.restore(&mut answer);
        let own: Vec<Part> = before.tools.iter().map(|tool| Part::Call(call(&name(tool)))).collect();
        assert_eq!(answer.parts, own);
        let mut event = Event::CallStart { index: 0, call: call(&told[2]) };
        names.restore_in(&mut event);
        assert!(matches!(event, Event::CallStart { call, .. } if call.name == "ns.get"));
    }

    #[test]
    fn names_that_fit_stay() {
        let mut chat = Chat { tools: vec![tool("a"), tool(&"b".repeat(64))], ..Chat::default() };
        let before = chat.clone();
        assert_eq!(Renamed::fit(&mut chat, 64), Renamed::default());
        assert_eq!(chat, before);
    }

    #[test]
    fn names_that_begin_alike_are_told_apart() {
        let other = format!("{LONG}_2");
        assert_ne!(fitting(LONG, 64), fitting(&other, 64));
        assert_eq!(fitting(LONG, 64), fitting(LONG, 64));
    }
}
