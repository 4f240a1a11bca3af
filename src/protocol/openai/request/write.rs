//! A request, written (docs: protocols/translation.md, 3.3).

mod message;
mod options;
mod thought;
mod tool;

use serde_json::{Value, json};

use super::super::super::{Unwritable, Written, effort};
use super::super::draft::Draft;
use super::super::user;
use crate::domain::chat::{Chat, Effort};
use crate::models::Card;

/// More stop strings than this are refused.
const MOST_STOPS: usize = 4;
/// What models that think refuse, of the fields that pass through unread.
const PROBABILITIES: [&str; 2] = ["logprobs", "top_logprobs"];

/// Writes a request.
pub(in super::super) fn write(chat: &Chat, model: &str, card: &Card) -> Result<Written, Unwritable> {
    let mut draft = Draft::new(card);
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
    Ok(draft.written())
}

impl Draft<'_> {
    /// OpenAI refuses both fields where there are no tools.
    fn tools(&mut self, chat: &Chat) -> Result<(), Unwritable> {
        if chat.tools.is_empty() {
            return Ok(());
        }
        let (tools, lax) = tool::tools(&chat.tools)?;
        self.set("tools", tools);
        if lax {
            self.drop("strict");
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
            self.draw(refused, name, value);
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
            self.drop("stop");
        }
    }

    /// Thinking as near to what is asked for as the model knows.
    fn thinking(&mut self, effort: Option<Effort>) {
        let Some(wanted) = effort else { return };
        match effort::nearest(wanted, self.card.efforts) {
            Some(nearest) if nearest == wanted => self.set("reasoning_effort", effort::name(nearest).into()),
            Some(nearest) => self.choose("reasoning_effort", effort::name(nearest).into()),
            // A model that does not think does what is asked for by not thinking.
            None if wanted == Effort::None => {}
            None => self.drop("reasoning_effort"),
        }
    }

    fn user(&mut self, user: Option<&str>) {
        let Some(user) = user else { return };
        let name = if self.card.max_completion_tokens { "safety_identifier" } else { "user" };
        self.choose(name, user::short(user).into());
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
                    self.drop(name);
                }
            } else if !self.body.contains_key(name) {
                self.set(name, value.clone());
            }
        }
    }
}
