//! What comes while a call is told, and is told behind it.

use std::collections::VecDeque;

use crate::domain::chat::{Event, ToolCall};

/// What waits, in the order in which it will be told.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    list: VecDeque<Part>,
    /// How many of them are content.
    content: usize,
    /// How much they say, in bytes.
    bytes: usize,
}

#[derive(Debug)]
enum Part {
    Call(Call),
    Content(Event),
}

/// A call with as much of its arguments as has come.
#[derive(Debug)]
pub(super) struct Call {
    /// The hub's number of it.
    pub index: u32,
    pub id: String,
    pub name: String,
    pub arguments: String,
    /// How far its arguments have come.
    pub json: Json,
}

/// How far a JSON object has come, piece by piece.
#[derive(Debug, Clone, Default)]
pub(super) struct Json {
    begun: bool,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Waiting {
    /// Takes content, which is told behind everything that came before.
    pub(super) fn put_content(&mut self, event: Event) {
        let part = Part::Content(event);
        self.bytes += part.bytes();
        self.list.push_back(part);
        self.content += 1;
    }

    /// Takes a call, which is told behind all content, and among the calls behind that by its number.
    pub(super) fn put_call(&mut self, call: Call) {
        let stays_before = |part: &Part| !matches!(part, Part::Call(other) if other.index > call.index);
        let at = self.list.iter().rposition(stays_before).map_or(0, |last| last + 1);
        let part = Part::Call(call);
        self.bytes += part.bytes();
        self.list.insert(at, part);
    }

    /// Takes more of the arguments of call number `index`, if that waits.
    pub(super) fn add(&mut self, index: u32, piece: &str) {
        let calls = self.list.iter_mut().filter_map(|part| match part {
            Part::Call(call) => Some(call),
            Part::Content(_) => None,
        });
        if let Some(call) = calls.rev().find(|call| call.index == index) {
            call.arguments.push_str(piece);
            call.json.add(piece);
            self.bytes += piece.len();
        }
    }

    /// How much waits, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Is there content behind calls that all have their arguments whole?
    pub(super) fn has_content_next(&self) -> bool {
        let unfinished = |part: &&Part| !matches!(part, Part::Call(call) if call.json.is_whole());
        self.content > 0 && matches!(self.list.iter().find(unfinished), Some(Part::Content(_)))
    }

    /// What is told next, if it is a call.
    pub(super) fn next_call(&mut self) -> Option<Call> {
        match self.pop()? {
            Part::Call(call) => Some(call),
            content => {
                self.put_back(content);
                None
            }
        }
    }

    /// What is told next, if it is content.
    pub(super) fn next_content(&mut self) -> Option<Event> {
        match self.pop()? {
            Part::Content(event) => {
                self.content -= 1;
                Some(event)
            }
            call => {
                self.put_back(call);
                None
            }
        }
    }

    fn pop(&mut self) -> Option<Part> {
        let part = self.list.pop_front()?;
        self.bytes -= part.bytes();
        Some(part)
    }

    fn put_back(&mut self, part: Part) {
        self.bytes += part.bytes();
        self.list.push_front(part);
    }
}

impl Part {
    /// What it weighs: its words, and what holds them.
    fn bytes(&self) -> usize {
        let length = |word: &Option<String>| word.as_ref().map_or(0, String::len);
        let words = match self {
            Part::Call(call) => call.id.len() + call.name.len() + call.arguments.len(),
            Part::Content(Event::Text(text) | Event::Refusal(text)) => text.len(),
            Part::Content(Event::Thought { piece, .. }) => {
                piece.text.len() + length(&piece.signature) + length(&piece.sealed)
            }
            Part::Content(_) => 0,
        };
        size_of::<Part>() + words
    }
}

impl Call {
    /// A call that begins.
    pub(super) fn new(index: u32, call: &ToolCall) -> Call {
        let ToolCall { id, name, arguments } = call.clone();
        let mut json = Json::default();
        json.add(&arguments);
        Call { index, id, name, arguments, json }
    }
}

impl Json {
    /// Takes the next piece.
    pub(super) fn add(&mut self, piece: &str) {
        for byte in piece.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => {
                    self.begun = true;
                    self.depth += 1;
                }
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// Has all of it come? Nothing at all is not whole: it may still come.
    pub(super) fn is_whole(&self) -> bool {
        self.begun && self.depth == 0 && !self.in_string
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_weighs_until_it_is_told() {
        let mut waiting = Waiting::default();
        let call = ToolCall { id: "a".into(), name: "f".into(), arguments: "{".into() };
        waiting.put_call(Call::new(1, &call));
        waiting.add(1, &"x".repeat(1000));
        waiting.put_content(Event::Text("y".repeat(500)));
        assert!((1500..3000).contains(&waiting.bytes()), "{}", waiting.bytes());
        assert!(waiting.next_content().is_none() && waiting.bytes() > 1500);
        assert!(waiting.next_call().is_some() && (500..1500).contains(&waiting.bytes()));
        assert!(waiting.next_content().is_some());
        assert_eq!(waiting.bytes(), 0);
    }

    #[test]
    fn an_object_is_whole_when_it_is_closed() {
        let whole = |pieces: &[&str]| {
            let mut json = Json::default();
            pieces.iter().for_each(|piece| json.add(piece));
            json.is_whole()
        };
        for pieces in [&["{}"][..], &["{\"a\":", "[1]}"], &[" {\"a\":\"}\\", "\"\"} "], &["[", "]"]] {
            assert!(whole(pieces), "{pieces:?}");
        }
        for pieces in [&[][..], &["7"], &["{"], &["{\"a\":\"}"], &["{\"a\":\"\\", "\"}"], &["{\"a\":{}"]] {
            assert!(!whole(pieces), "{pieces:?}");
        }
    }
}
