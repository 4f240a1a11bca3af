//! An output item under way: the events that begin it, add to it and end it, which repeats all of it.

use bytes::BytesMut;
use serde_json::value::RawValue;

use super::super::item::{Content, Item, NO_ARGUMENTS, Part, Status, input};
use super::events::{Events, OfItem, OfPiece};

/// An output item under way.
#[derive(Debug)]
pub(super) struct Open {
    /// Where it stands in the output.
    at: usize,
    id: String,
    /// The hub's number of the thought or call; 0 for a message.
    pub(super) number: u32,
    pub(super) item: Item,
}

impl Open {
    /// Begins an item, of which nothing is said yet.
    pub(super) fn begin(
        at: usize,
        id: String,
        number: u32,
        item: Item,
        events: &mut Events,
        out: &mut BytesMut,
    ) -> Open {
        let begun = item.begun(&id);
        events.put("response.output_item.added", &OfItem { output_index: at, item: &begun }, out);
        Open { at, id, number, item }
    }

    /// Adds to a message.
    pub(super) fn say(&mut self, words: &str, is_refusal: bool, events: &mut Events, out: &mut BytesMut) {
        let Item::Message(parts) = &mut self.item else { return };
        let goes_on = parts.last().is_some_and(|part| matches!(part, Part::Refusal(_)) == is_refusal);
        if !goes_on {
            self.end_part(events, out);
            self.begin_part(is_refusal, events, out);
        }
        let Item::Message(parts) = &mut self.item else { return };
        let content_index = Some(parts.len().saturating_sub(1));
        let (kind, logprobs) = match parts.last_mut() {
            Some(Part::Text(text)) => {
                text.push_str(words);
                ("response.output_text.delta", Some([]))
            }
            Some(Part::Refusal(text)) => {
                text.push_str(words);
                ("response.refusal.delta", None)
            }
            None => return,
        };
        let delta = OfPiece { content_index, delta: Some(words), logprobs, ..self.place() };
        events.put(kind, &delta, out);
    }

    /// Adds to the text of a thought.
    pub(super) fn think(&mut self, words: &str, events: &mut Events, out: &mut BytesMut) {
        let Item::Reasoning(thought) = &mut self.item else { return };
        let first = thought.text.is_empty();
        thought.text.push_str(words);
        if first {
            let part = Some(Content::SummaryText { text: "" });
            events.put("response.reasoning_summary_part.added", &OfPiece { part, ..self.summary() }, out);
        }
        let delta = OfPiece { delta: Some(words), ..self.summary() };
        events.put("response.reasoning_summary_text.delta", &delta, out);
    }

    /// Adds to the arguments of a call. Those that stand for free text are kept until they are whole.
    pub(super) fn argue(&mut self, more: &str, events: &mut Events, out: &mut BytesMut) {
        match &mut self.item {
            Item::Call(call) => {
                call.arguments.push_str(more);
                let delta = OfPiece { delta: Some(more), ..self.place() };
                events.put("response.function_call_arguments.delta", &delta, out);
            }
            Item::Custom(call) => call.arguments.push_str(more),
            Item::Reasoning(_) | Item::Message(_) => {}
        }
    }

    /// Ends the item, and gives it as the response repeats it.
    pub(super) fn end(mut self, status: Status, seals: bool, events: &mut Events, out: &mut BytesMut) -> Box<RawValue> {
        match &self.item {
            Item::Message(_) => self.end_part(events, out),
            Item::Reasoning(thought) if thought.text.is_empty() => {}
            Item::Reasoning(thought) => {
                let text = thought.text.as_str();
                let done = OfPiece { text: Some(text), ..self.summary() };
                events.put("response.reasoning_summary_text.done", &done, out);
                let done = OfPiece { part: Some(Content::SummaryText { text }), ..self.summary() };
                events.put("response.reasoning_summary_part.done", &done, out);
            }
            Item::Call(_) => self.end_arguments(events, out),
            Item::Custom(call) => {
                let input = input(call);
                if !input.is_empty() {
                    let delta = OfPiece { delta: Some(&input), ..self.place() };
                    events.put("response.custom_tool_call_input.delta", &delta, out);
                }
                let done = OfPiece { input: Some(&input), ..self.place() };
                events.put("response.custom_tool_call_input.done", &done, out);
            }
        }
        let whole = self.item.whole(&self.id, status, seals);
        events.put("response.output_item.done", &OfItem { output_index: self.at, item: &whole }, out);
        whole
    }

    fn begin_part(&mut self, is_refusal: bool, events: &mut Events, out: &mut BytesMut) {
        let Item::Message(parts) = &mut self.item else { return };
        let part = if is_refusal { Part::Refusal(String::new()) } else { Part::Text(String::new()) };
        let content_index = Some(parts.len());
        parts.push(part.clone());
        let added = OfPiece { content_index, part: Some(part.content("")), ..self.place() };
        events.put("response.content_part.added", &added, out);
    }

    fn end_part(&self, events: &mut Events, out: &mut BytesMut) {
        let Item::Message(parts) = &self.item else { return };
        let Some(part) = parts.last() else { return };
        let content_index = Some(parts.len() - 1);
        match part {
            Part::Text(text) => {
                let done = OfPiece { content_index, text: Some(text), logprobs: Some([]), ..self.place() };
                events.put("response.output_text.done", &done, out);
            }
            Part::Refusal(words) => {
                let done = OfPiece { content_index, refusal: Some(words), ..self.place() };
                events.put("response.refusal.done", &done, out);
            }
        }
        let done = OfPiece { content_index, part: Some(part.content(part.words())), ..self.place() };
        events.put("response.content_part.done", &done, out);
    }

    fn end_arguments(&mut self, events: &mut Events, out: &mut BytesMut) {
        let Item::Call(call) = &self.item else { return };
        // What the end repeats has come before.
        if call.arguments.is_empty() {
            self.argue(NO_ARGUMENTS, events, out);
        }
        let Item::Call(call) = &self.item else { return };
        let done = OfPiece { name: Some(&call.name), arguments: Some(&call.arguments), ..self.place() };
        events.put("response.function_call_arguments.done", &done, out);
    }

    fn place(&self) -> OfPiece<'_> {
        OfPiece { item_id: &self.id, output_index: self.at, ..OfPiece::default() }
    }

    fn summary(&self) -> OfPiece<'_> {
        OfPiece { summary_index: Some(0), ..self.place() }
    }
}
