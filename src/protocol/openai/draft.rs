//! A request in the making, as both of OpenAI's protocols are written.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::super::Written;
use crate::domain::chat::{Chat, Effort};
use crate::models::Card;

/// A body in the making, and what is to be told of it.
pub(in crate::protocol) struct Draft<'a> {
    /// What the model can do.
    pub(in crate::protocol) card: &'a Card,
    /// The fields so far.
    pub(in crate::protocol) body: Map<String, Value>,
    /// Parameters that are left out, by the caller's names.
    dropped: Vec<String>,
    /// Fields that the gateway words itself.
    ours: Vec<&'static str>,
}

impl<'a> Draft<'a> {
    /// An empty one for a model that can do what `card` says.
    pub(in crate::protocol) fn new(card: &'a Card) -> Draft<'a> {
        Draft { card, body: Map::new(), dropped: Vec::new(), ours: Vec::new() }
    }

    /// Writes a field.
    pub(in crate::protocol) fn set(&mut self, name: &str, value: Value) {
        self.body.insert(name.to_owned(), value);
    }

    /// Writes a field that the gateway words itself.
    pub(in crate::protocol) fn choose(&mut self, name: &'static str, value: Value) {
        self.ours.push(name);
        self.set(name, value);
    }

    /// Leaves a parameter out, and tells so.
    pub(in crate::protocol) fn drop(&mut self, name: &str) {
        self.dropped.push(name.to_owned());
    }

    /// Writes how tokens are drawn, one parameter of it, unless the model refuses them.
    pub(in crate::protocol) fn draw(&mut self, refused: bool, name: &str, value: Option<Value>) {
        match value {
            None => {}
            // One is what such a model does anyway.
            Some(value) if refused && matches!(name, "temperature" | "top_p") && value.as_f64() == Some(1.0) => {}
            Some(_) if refused => self.drop(name),
            Some(value) => self.set(name, value),
        }
    }

    /// Does the model refuse to be told how tokens are drawn?
    pub(in crate::protocol) fn refuses_sampling(&self, chat: &Chat) -> bool {
        let takes_it_now = chat.effort == Some(Effort::None) && self.card.sampling_without_effort;
        !self.card.sampling && !takes_it_now
    }

    /// The request.
    pub(in crate::protocol) fn written(self) -> Written {
        let body = Bytes::from(Value::Object(self.body).to_string());
        Written { body, headers: Vec::new(), dropped: self.dropped, ours: self.ours }
    }
}
