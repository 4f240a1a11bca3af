//! What has come of each output item, so that what an event repeats is not taken twice.

use std::borrow::Cow;

/// The items of one answer.
#[derive(Debug, Default)]
pub(super) struct Items {
    list: Vec<Heard>,
}

/// Where an event says that its item stands.
#[derive(Debug, Default)]
pub(super) struct Place<'a> {
    /// Its place in the output.
    pub(super) index: Option<u32>,
    /// Its id, which some servers make anew for each event.
    pub(super) id: Option<Cow<'a, str>>,
}

/// One item, as far as it was heard.
#[derive(Debug)]
pub(super) struct Heard {
    index: Option<u32>,
    id: Option<String>,
    /// What it is, once that is known.
    pub(super) what: What,
    /// How much of each part has come, in bytes.
    parts: Vec<(u32, usize)>,
    /// Has its last event come?
    pub(super) is_done: bool,
}

/// What an item is to the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Text and refusals, or not known yet.
    Said,
    /// A thought: its number in the hub, and whether its text is a summary.
    Thought {
        /// The hub's number.
        number: u32,
        /// Is its text what the model tells of its thoughts, rather than the thoughts themselves?
        summary: bool,
    },
    /// A call: its number in the hub, and whether it is made with free text.
    Call {
        /// The hub's number.
        number: u32,
        /// Is what it says free text rather than arguments?
        free: bool,
    },
    /// A call of which something has come, but not its name.
    Nameless,
}

impl Items {
    /// The item at `place`; one that was not heard of is new.
    pub(super) fn at(&mut self, place: &Place<'_>) -> &mut Heard {
        let known = self.list.iter().rposition(|item| match (place.index, item.index) {
            (Some(index), Some(known)) => index == known,
            _ => place.id.is_some() && place.id.as_deref() == item.id.as_deref(),
        });
        let at = known.unwrap_or_else(|| {
            self.list.push(Heard {
                index: place.index,
                id: place.id.as_deref().map(str::to_owned),
                what: What::Said,
                parts: Vec::new(),
                is_done: false,
            });
            self.list.len() - 1
        });
        &mut self.list[at]
    }

    /// Was nothing heard of any item?
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Those that are not done.
    pub(super) fn open(&mut self) -> impl Iterator<Item = &mut Heard> {
        self.list.iter_mut().filter(|item| !item.is_done)
    }

    /// Does any of them call a tool without naming it?
    pub(super) fn any_nameless(&self) -> bool {
        self.list.iter().any(|item| item.what == What::Nameless)
    }

    /// Is any of them calling a tool?
    pub(super) fn any_calling(&self) -> bool {
        self.list.iter().any(Heard::is_calling)
    }
}

impl Heard {
    /// Notes that a piece of `part` has come.
    pub(super) fn note(&mut self, part: u32, piece: &str) {
        match self.parts.iter_mut().rev().find(|(known, _)| *known == part) {
            Some((_, length)) => *length += piece.len(),
            None => self.parts.push((part, piece.len())),
        }
    }

    /// What has not come yet of `part`, which is `whole`.
    pub(super) fn rest<'a>(&self, part: u32, whole: &'a str) -> &'a str {
        let heard = self.parts.iter().rev().find(|(known, _)| *known == part).map_or(0, |(_, length)| *length);
        whole.get(heard..).unwrap_or_default()
    }

    /// Has anything come of other parts, and nothing of this one?
    pub(super) fn has_others_than(&self, part: u32) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|(known, _)| *known != part)
    }

    fn is_calling(&self) -> bool {
        matches!(self.what, What::Call { .. } | What::Nameless) && !self.is_done
    }
}
