//! Pieces of items as the hub has them.

use super::super::super::openai::custom;
use super::super::item::BREAK;
use super::heard::{Heard, What};
use crate::domain::chat::{Event, OPENAI_THOUGHT, Thought};

/// What a piece of an item is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Text.
    Text,
    /// Words of refusal.
    Refusal,
    /// What the model tells of its thoughts.
    Summary,
    /// The thoughts themselves.
    Thought,
    /// Arguments of a call.
    Arguments,
    /// Free text of a call.
    Input,
}

impl Tone {
    /// What the events of this name bring.
    pub(super) fn of(name: &str) -> Option<Tone> {
        Some(match name {
            "output_text" => Tone::Text,
            "refusal" => Tone::Refusal,
            "reasoning_summary_text" => Tone::Summary,
            "reasoning_text" => Tone::Thought,
            "function_call_arguments" => Tone::Arguments,
            "custom_tool_call_input" => Tone::Input,
            _ => return None,
        })
    }
}

/// What stands around the free text of a call, in the hub's form.
pub(super) const FREE_BEGIN: &str = "{\"input\":\"";
const FREE_END: &str = "\"}";

/// Where the hub's events go.
pub(super) struct Hub<'a> {
    /// How many thoughts there were.
    pub(super) thoughts: &'a mut u32,
    /// The events.
    pub(super) out: &'a mut Vec<Event>,
}

impl Hub<'_> {
    /// Adds what has not come yet of a part.
    pub(super) fn fill(&mut self, heard: &mut Heard, tone: Tone, part: u32, whole: &str) {
        let rest = heard.rest(part, whole);
        self.add(heard, tone, part, rest);
    }

    /// Adds a piece of a part.
    pub(super) fn add(&mut self, heard: &mut Heard, tone: Tone, part: u32, words: &str) {
        if words.is_empty() {
            return;
        }
        match (tone, heard.what) {
            (Tone::Text, _) => self.out.push(Event::Text(words.to_owned())),
            (Tone::Refusal, _) => self.out.push(Event::Refusal(words.to_owned())),
            // Whoever shows both tells the same thoughts twice.
            (Tone::Summary, What::Thought { summary: false, .. })
            | (Tone::Thought, What::Thought { summary: true, .. }) => return,
            (Tone::Summary | Tone::Thought, _) => {
                let pause = if heard.has_others_than(part) { BREAK } else { "" };
                let piece = Thought { text: format!("{pause}{words}"), ..Thought::default() };
                self.thought(heard, tone, piece);
            }
            (Tone::Arguments, What::Call { number, free: false }) => {
                self.out.push(Event::CallDelta { index: number, arguments: words.to_owned() });
            }
            (Tone::Input, What::Call { number, free: true }) => {
                let whole = custom::arguments(words);
                let inside = &whole[FREE_BEGIN.len()..whole.len() - FREE_END.len()];
                self.out.push(Event::CallDelta { index: number, arguments: inside.to_owned() });
            }
            // Its beginning was lost; its end may tell all of it.
            (Tone::Arguments | Tone::Input, What::Said) => return heard.what = What::Nameless,
            (Tone::Arguments | Tone::Input, _) => return,
        }
        heard.note(part, words);
    }

    /// Adds a piece of a thought: text, or its seal.
    pub(super) fn thought(&mut self, heard: &mut Heard, tone: Tone, piece: Thought) {
        let number = match heard.what {
            What::Thought { number, .. } => number,
            _ => {
                let number = *self.thoughts;
                *self.thoughts += 1;
                heard.what = What::Thought { number, summary: tone == Tone::Summary };
                number
            }
        };
        let piece = Thought { format: Some(OPENAI_THOUGHT.to_owned()), ..piece };
        self.out.push(Event::Thought { index: number, piece });
    }

    /// Ends an item.
    pub(super) fn end(&mut self, heard: &mut Heard) {
        if let What::Call { number, free: true } = heard.what {
            self.out.push(Event::CallDelta { index: number, arguments: FREE_END.to_owned() });
        }
        heard.is_done = true;
    }
}
