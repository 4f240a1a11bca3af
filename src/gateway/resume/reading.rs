//! Reading a stream in its own caller's protocol: what the caller has got of it, and what of that comes again.

use bytes::Bytes;

use crate::domain::chat::Event;
use crate::protocol::ReadStream;
use crate::protocol::resume::{Place, Resume};
use crate::protocol::sse::{Splitter, parse};

/// The longest text that another link is asked to go on with, in bytes.
const LONGEST: usize = 256 << 10;

/// Reads one stream.
pub(super) struct Reading {
    front: &'static dyn Resume,
    splitter: Splitter,
    reader: Box<dyn ReadStream>,
}

impl Reading {
    pub(super) fn new(front: &'static dyn Resume) -> Reading {
        Reading { front, splitter: Splitter::default(), reader: front.reader() }
    }

    /// Adds what `bytes` say to `out`, and notes in `place` how far the stream has come.
    pub(super) fn read(&mut self, bytes: Bytes, place: &mut Place, out: &mut Vec<Event>) {
        self.splitter.push(bytes);
        while let Ok(Some(raw)) = self.splitter.cut() {
            let event = parse(&raw);
            let Some(data) = event.data else { continue };
            self.front.note(event.name, &data, place);
            // The gateway's own stream: what it lets through is well formed.
            self.reader.read(event.name, &data, out).ok();
        }
    }

    pub(super) fn close(&mut self, out: &mut Vec<Event>) {
        self.reader.close(out);
    }
}

/// What the caller has got.
#[derive(Default)]
pub(super) struct Sent {
    pub(super) text: String,
    pub(super) place: Place,
    /// Has anything come that nobody can go on with?
    more: bool,
}

impl Sent {
    pub(super) fn note(&mut self, event: &Event) {
        match event {
            Event::Text(text) if !self.more => {
                self.text.push_str(text);
                self.more = self.text.len() > LONGEST;
            }
            // Thoughts are not part of the answer.
            Event::Text(_) | Event::Start { .. } | Event::Usage(_) | Event::Thought { .. } => {}
            _ => self.more = true,
        }
        if self.more {
            self.text = String::new();
        }
    }

    /// Is it the beginning of a text, and nothing else?
    pub(super) fn is_plain(&self) -> bool {
        !self.more
    }
}

/// What the caller has got already of what a continuation says.
pub(super) struct Overlap {
    text: String,
    /// So much of it has come again.
    at: usize,
    /// Must all of it come again?
    whole: bool,
    differs: bool,
}

impl Overlap {
    /// All of `text` must come again before anything new.
    pub(super) fn all(text: &str) -> Overlap {
        Overlap { text: text.to_owned(), at: 0, whole: true, differs: false }
    }

    /// So much of `text` as comes again is left out.
    pub(super) fn perhaps(text: &str) -> Overlap {
        Overlap { whole: false, ..Overlap::all(text) }
    }

    /// What of `event` is new to the caller.
    pub(super) fn pass(&mut self, event: Event) -> Option<Event> {
        match event {
            // The caller has seen one model's thoughts; another's would be taken for more of them.
            Event::Thought { .. } => None,
            Event::Start { .. } | Event::Usage(_) => Some(event),
            Event::Text(mut text) => {
                let owed = self.text[self.at..].chars();
                let same: usize = owed.zip(text.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
                text.drain(..same);
                self.at += same;
                if !text.is_empty() {
                    self.stop();
                }
                (!text.is_empty()).then_some(Event::Text(text))
            }
            event => {
                self.stop();
                Some(event)
            }
        }
    }

    /// Something else has come: nothing of what is still owed can follow.
    fn stop(&mut self) {
        self.differs |= self.whole && self.at < self.text.len();
        self.at = self.text.len();
    }

    /// Has something else come where the text was to come again?
    pub(super) fn differs(&self) -> bool {
        self.differs
    }

    /// May what comes be passed on?
    pub(super) fn is_over(&self) -> bool {
        !self.whole || self.at == self.text.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::{Finish, Thought};

    fn joined(overlap: &mut Overlap, pieces: &[&str]) -> String {
        let events = pieces.iter().map(|piece| Event::Text((*piece).to_owned()));
        let new = events.filter_map(|event| overlap.pass(event));
        new.map(|event| if let Event::Text(text) = event { text } else { String::new() }).collect()
    }

    #[test]
    fn the_text_comes_again_and_what_follows_is_new() {
        let mut overlap = Overlap::all("Grüße, Welt");
        assert_eq!(joined(&mut overlap, &["Gr", "üße, "]), "");
        assert!(!overlap.is_over());
        assert_eq!(joined(&mut overlap, &["Welt! Wie", " geht es?"]), "! Wie geht es?");
        assert!(overlap.is_over() && !overlap.differs());
    }

    #[test]
    fn another_text_or_a_shorter_one_differs() {
        let mut other = Overlap::all("Hello world");
        joined(&mut other, &["Hello", " moon"]);
        assert!(other.differs());
        let mut shorter = Overlap::all("Hello world");
        joined(&mut shorter, &["Hello"]);
        assert!(!shorter.differs());
        shorter.pass(Event::Finish(Finish::Stop));
        assert!(shorter.differs());
    }

    #[test]
    fn white_space_that_comes_again_is_left_out_and_other_white_space_is_not() {
        assert_eq!(joined(&mut Overlap::perhaps("\n\n"), &["\n", "\n\nNext"]), "\nNext");
        assert_eq!(joined(&mut Overlap::perhaps(" "), &["and", " so on"]), "and so on");
        assert_eq!(joined(&mut Overlap::perhaps("\u{a0}"), &["\u{a9} on"]), "\u{a9} on");
        assert!(Overlap::perhaps(" ").is_over());
    }

    #[test]
    fn thoughts_are_not_repeated() {
        let thought = Event::Thought { index: 0, piece: Thought { text: "hm".into(), ..Thought::default() } };
        let mut overlap = Overlap::all("Hi");
        assert!(overlap.pass(thought).is_none() && !overlap.differs());
    }

    #[test]
    fn only_the_beginning_of_a_text_is_plain() {
        let text = |words: &str| Event::Text(words.to_owned());
        let plain = |events: &[Event]| {
            let mut sent = Sent::default();
            events.iter().for_each(|event| sent.note(event));
            sent.is_plain()
        };
        let thought = Event::Thought { index: 0, piece: Thought::default() };
        assert!(plain(&[thought, text("Hi")]));
        assert!(!plain(&[text("Hi"), Event::Finish(Finish::Stop)]));
        assert!(!plain(&[Event::Refusal("No".into())]));
        assert!(plain(&[text(&"x".repeat(LONGEST))]));
        assert!(!plain(&[text(&"x".repeat(LONGEST)), text("y")]));
    }
}
