//! A request, written (docs: protocols/translation.md, 3.3).

mod message;
mod options;
mod thought;
mod tool;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::super::super::{Unwritable, Written};
use crate::domain::chat::{Chat, Effort};
use crate::models::Card;

/// More stop strings than this are refused.
const MOST_STOPS: usize = 4;
/// What models that think refuse, of the fields that pass through unread.
const PROBABILITIES: [&str; 2] = ["logprobs", "top_logprobs"];

/// A body in the making, and what is to be told of it.
struct Draft<'a> {
    card: &'a Card,
    body: Map<String, Value>,
    dropped: Vec<String>,
    ours: Vec<&'static str>,
}

/// Writes a request.
pub(in super::super) fn write(chat: &Chat, model: &str, card: &Card) -> Result<Written, Unwritable> {
    let mut draft = Draft { card, body: Map::new(), dropped: Vec::new(), ours: Vec::new() };
    draft.set("model", model.into());
    draft.set("messages", message::messages(chat, model, card)?);
    draft.tools(chat)?;
    draft.length(chat.max_tokens);
    draft.sampling(chat);
    draft.thinking(chat.effort);
    draft.format(&chat.format);
    draft.user(chat.user.as_deref());
    draft.stream(chat.stream);
    draft.rest(chat);
    let body = Bytes::from(Value::Object(draft.body).to_string());
    Ok(Written { body, headers: Vec::new(), dropped: draft.dropped, ours: draft.ours })
}

impl Draft<'_> {
    fn set(&mut self, name: &str, value: Value) {
        self.body.insert(name.to_owned(), value);
    }

    /// Writes a field that the gateway words itself.
    fn choose(&mut self, name: &'static str, value: Value) {
        self.ours.push(name);
        self.set(name, value);
    }

    /// OpenAI refuses both fields where there are no tools.
    fn tools(&mut self, chat: &Chat) -> Result<(), Unwritable> {
        if chat.tools.is_empty() {
            return Ok(());
        }
        let (tools, lax) = tool::tools(&chat.tools)?;
        self.set("tools", tools);
        if lax {
            self.dropped.push("strict".into());
        }
        if let Some(choice) = &chat.tool_choice {
            self.set("tool_choice", tool::choice(choice, &chat.tools));
        }
        if let Some(parallel) = chat.parallel_tools {
            self.set("parallel_tool_calls", parallel.into());
        }
        Ok(())
    }

    /// No more than the model can: what it can is another model's than the caller may have had in mind.
    fn length(&mut self, limit: Option<u64>) {
        let name = if self.card.max_completion_tokens { "max_completion_tokens" } else { "max_tokens" };
        if let Some(limit) = limit {
            self.choose(name, limit.min(self.card.max_output.unwrap_or(u64::MAX)).into());
        }
    }

    fn sampling(&mut self, chat: &Chat) {
        let sampling = &chat.sampling;
        let refused = self.refuses_sampling(chat);
        for (name, value) in [
            ("temperature", sampling.temperature.map(Value::from)),
            ("top_p", sampling.top_p.map(Value::from)),
            ("top_k", sampling.top_k.map(Value::from)),
            ("min_p", sampling.min_p.map(Value::from)),
        ] {
            match value {
                None => {}
                // One is what such a model does anyway.
                Some(value) if refused && matches!(name, "temperature" | "top_p") && value.as_f64() == Some(1.0) => {}
                Some(_) if refused => self.dropped.push(name.into()),
                Some(value) => self.set(name, value),
            }
        }
        for (name, value) in [
            ("frequency_penalty", sampling.frequency_penalty.map(Value::from)),
            ("presence_penalty", sampling.presence_penalty.map(Value::from)),
            ("seed", sampling.seed.map(Value::from)),
        ] {
            if let Some(value) = value {
                self.set(name, value);
            }
        }
        let most = if self.card.stop { MOST_STOPS } else { 0 };
        if !sampling.stop.is_empty() && most > 0 {
            self.set("stop", sampling.stop.iter().take(most).cloned().collect());
        }
        if sampling.stop.len() > most {
            self.dropped.push("stop".into());
        }
    }

    fn refuses_sampling(&self, chat: &Chat) -> bool {
        let takes_it_now = chat.effort == Some(Effort::None) && self.card.sampling_without_effort;
        !self.card.sampling && !takes_it_now
    }

    /// Thinking as near to what is asked for as the model knows.
    fn thinking(&mut self, effort: Option<Effort>) {
        let Some(wanted) = effort else { return };
        match options::nearest(wanted, self.card.efforts) {
            Some(effort) if effort == wanted => self.set("reasoning_effort", options::effort(effort).into()),
            Some(effort) => self.choose("reasoning_effort", options::effort(effort).into()),
            // A model that does not think does what is asked for by not thinking.
            None if wanted == Effort::None => {}
            None => self.dropped.push("reasoning_effort".into()),
        }
    }

    fn user(&mut self, user: Option<&str>) {
        let Some(user) = user else { return };
        let name = if self.card.max_completion_tokens { "safety_identifier" } else { "user" };
        self.choose(name, options::short_id(user).into());
    }

    /// Usage is always asked for: it is how the gateway knows what a stream has cost.
    fn stream(&mut self, stream: bool) {
        if stream {
            self.set("stream", true.into());
            self.choose("stream_options", json!({"include_usage": true}));
        }
    }

    fn rest(&mut self, chat: &Chat) {
        let refused = self.refuses_sampling(chat);
        for (name, value) in &chat.rest {
            if refused && PROBABILITIES.contains(&name.as_str()) {
                if *value != json!(false) {
                    self.dropped.push(name.clone());
                }
            } else if !self.body.contains_key(name) {
                self.set(name, value.clone());
            }
        }
    }
}
