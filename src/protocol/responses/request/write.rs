//! A request, written: everything that the model must know stands in it, and nothing is left to be stored.

mod items;
mod options;
mod tools;

use serde_json::{Value, json};

use super::super::super::openai::draft::Draft;
use super::super::super::openai::user;
use super::super::super::{Unwritable, Written, effort};
use crate::domain::chat::{Chat, Effort};
use crate::models::Card;

/// OpenAI refuses a smaller limit here (`integer_below_min_value`).
const LEAST_TOKENS: u64 = 16;

/// A request in the making.
struct Writer<'a> {
    chat: &'a Chat,
    draft: Draft<'a>,
}

/// Writes a request.
pub(in super::super) fn write(chat: &Chat, model: &str, card: &Card) -> Result<Written, Unwritable> {
    let mut writer = Writer { chat, draft: Draft::new(card) };
    writer.draft.set("model", model.into());
    writer.conversation()?;
    writer.tools()?;
    writer.length()?;
    writer.sampling();
    writer.thinking();
    writer.text();
    writer.user();
    writer.rest()?;
    writer.state();
    if chat.stream {
        writer.draft.set("stream", true.into());
    }
    Ok(writer.draft.written())
}

impl Writer<'_> {
    fn conversation(&mut self) -> Result<(), Unwritable> {
        let (instructions, input) = items::conversation(self.chat, self.draft.card)?;
        if let Some(text) = instructions {
            self.draft.set("instructions", text.into());
        }
        self.draft.set("input", input.into());
        Ok(())
    }

    /// OpenAI refuses how tools are to be used where there are none.
    fn tools(&mut self) -> Result<(), Unwritable> {
        if self.chat.tools.is_empty() {
            return Ok(());
        }
        let (tools, lax) = tools::tools(&self.chat.tools)?;
        self.draft.set("tools", tools);
        if lax {
            self.draft.drop("strict");
        }
        if let Some(choice) = &self.chat.tool_choice {
            self.draft.set("tool_choice", tools::choice(choice, &self.chat.tools));
        }
        if let Some(parallel) = self.chat.parallel_tools {
            self.draft.set("parallel_tool_calls", parallel.into());
        }
        Ok(())
    }

    fn length(&mut self) -> Result<(), Unwritable> {
        let most = self.draft.card.max_output.unwrap_or(u64::MAX);
        match self.chat.max_tokens {
            None => {}
            Some(0) => return Err(Unwritable::new("max_tokens", "An answer has at least 1 token.")),
            Some(limit) => self.draft.choose("max_output_tokens", limit.max(LEAST_TOKENS).min(most).into()),
        }
        Ok(())
    }

    /// What Responses have of it; what they lack is left out, and told where it was to change anything.
    fn sampling(&mut self) {
        let sampling = &self.chat.sampling;
        let refused = self.draft.refuses_sampling(self.chat);
        self.draft.draw(refused, "temperature", sampling.temperature.map(Value::from));
        self.draft.draw(refused, "top_p", sampling.top_p.map(Value::from));
        let is_set = |value: Option<f64>| value.is_some_and(|value| value != 0.0);
        for (name, lost) in [
            ("top_k", sampling.top_k.is_some()),
            ("min_p", is_set(sampling.min_p)),
            ("frequency_penalty", is_set(sampling.frequency_penalty)),
            ("presence_penalty", is_set(sampling.presence_penalty)),
            ("seed", sampling.seed.is_some()),
            ("stop", !sampling.stop.is_empty()),
        ] {
            if lost {
                self.draft.drop(name);
            }
        }
    }

    /// Thinking as near to what is asked for as the model knows, with its thoughts summed up for people.
    fn thinking(&mut self) {
        let Some(wanted) = self.chat.effort else { return };
        match effort::nearest(wanted, self.draft.card.efforts) {
            Some(Effort::None) => self.draft.set("reasoning", json!({"effort": "none"})),
            Some(nearest) => {
                let reasoning = json!({"effort": effort::name(nearest), "summary": "auto"});
                self.draft.choose("reasoning", reasoning);
            }
            // A model that does not think does what is asked for by not thinking.
            None if wanted == Effort::None => {}
            None => self.draft.drop("reasoning_effort"),
        }
    }

    fn user(&mut self) {
        if let Some(user) = &self.chat.user {
            self.draft.choose("safety_identifier", user::short(user).into());
        }
    }

    /// Nothing is stored, so that thoughts come along in sealed form; a model that has none refuses to seal them.
    fn state(&mut self) {
        let card = self.draft.card;
        let mut include = Vec::new();
        if card.thinks_first || effort::nearest(Effort::High, card.efforts).is_some() {
            include.push("reasoning.encrypted_content");
        }
        if self.wants_probabilities() {
            include.push("message.output_text.logprobs");
        }
        self.draft.choose("store", false.into());
        if !include.is_empty() {
            self.draft.choose("include", include.into());
        }
    }
}
