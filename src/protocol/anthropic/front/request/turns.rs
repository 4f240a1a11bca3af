//! The hub's messages in the making, each with the place that it came from.

use super::place::Place;
use crate::domain::chat::{Message, Part};

/// The conversation so far.
#[derive(Debug, Default)]
pub(super) struct Turns {
    pub messages: Vec<Message>,
    places: Vec<Origin>,
    /// The person's messages since the model last spoke, and the results of tools in them. To Anthropic they are one
    /// turn, so that a result in any of them answers the calls before.
    said: Vec<(Message, Origin)>,
    results: Vec<(Message, Origin)>,
}

/// Where a message came from.
#[derive(Debug)]
struct Origin {
    whole: Place,
    parts: Vec<Place>,
}

/// The parts of a message, each with the place that it came from.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub list: Vec<Part>,
    places: Vec<Place>,
}

impl Parts {
    /// Adds what a block at `place` has become.
    pub fn extend(&mut self, parts: impl IntoIterator<Item = Part>, place: Place) {
        self.list.extend(parts);
        self.places.resize(self.list.len(), place);
    }

    fn into_message(self, whole: Place, message: impl FnOnce(Vec<Part>) -> Message) -> (Message, Origin) {
        (message(self.list), Origin { whole, parts: self.places })
    }
}

impl Turns {
    /// Instructions of the application.
    pub fn system(&mut self, parts: Parts, whole: Place) {
        if !parts.list.is_empty() {
            self.finish();
            self.push(parts.into_message(whole, Message::System));
        }
    }

    /// What the person says.
    pub fn user(&mut self, parts: Parts, whole: Place) {
        if !parts.list.is_empty() {
            self.said.push(parts.into_message(whole, Message::User));
        }
    }

    /// What a tool gives back.
    pub fn result(&mut self, parts: Parts, whole: Place, message: impl FnOnce(Vec<Part>) -> Message) {
        self.results.push(parts.into_message(whole, message));
    }

    /// What the model has said. Its turns that follow each other are one.
    pub fn assistant(&mut self, mut parts: Parts, whole: Place) {
        if parts.list.is_empty() {
            return;
        }
        self.finish();
        match (self.messages.last_mut(), self.places.last_mut()) {
            (Some(Message::Assistant(before)), Some(origin)) => {
                before.append(&mut parts.list);
                origin.parts.append(&mut parts.places);
            }
            _ => self.push(parts.into_message(whole, Message::Assistant)),
        }
    }

    /// The person has spoken: the results of tools come first, since they must follow their calls.
    pub fn finish(&mut self) {
        for turn in std::mem::take(&mut self.results).into_iter().chain(std::mem::take(&mut self.said)) {
            self.push(turn);
        }
    }

    /// Where a message, or a part of it, came from.
    pub fn place(&self, message: usize, part: Option<usize>) -> Option<Place> {
        let origin = self.places.get(message)?;
        Some(part.and_then(|part| origin.parts.get(part)).copied().unwrap_or(origin.whole))
    }

    fn push(&mut self, (message, origin): (Message, Origin)) {
        self.messages.push(message);
        self.places.push(origin);
    }
}
