//! Options of a request, written: the answer's form, the tokens' probabilities, and what the hub has no words for.

use serde_json::{Map, Value, json};

use super::super::super::super::Unwritable;
use super::super::super::super::openai::schema;
use super::Writer;
use crate::domain::chat::Format;

impl Writer<'_> {
    /// The form of the answer, and how wordy it is.
    pub(super) fn text(&mut self) {
        let mut text = Map::new();
        let unnamed = matches!(&self.chat.format, Format::Schema(schema) if schema.name.is_none());
        match &self.chat.format {
            Format::Text => {}
            Format::Json => {
                text.insert("format".into(), json!({"type": "json_object"}));
            }
            Format::Schema(schema) => {
                let mut format = Map::new();
                format.insert("type".into(), "json_schema".into());
                format.extend(schema::written(schema));
                text.insert("format".into(), format.into());
            }
        }
        if let Some(verbosity) = self.chat.rest.get("verbosity") {
            text.insert("verbosity".into(), verbosity.clone());
        }
        match text {
            text if text.is_empty() => {}
            text if unnamed => self.draft.choose("text", text.into()),
            text => self.draft.set("text", text.into()),
        }
    }

    /// Are the tokens' probabilities wanted of a model that tells them?
    pub(super) fn wants_probabilities(&self) -> bool {
        self.chat.rest.get("logprobs") == Some(&Value::Bool(true)) && !self.draft.refuses_sampling(self.chat)
    }

    /// The caller's other parameters: the same here, refused where the answer would be another than the caller asks
    /// for, or left out.
    pub(super) fn rest(&mut self) -> Result<(), Unwritable> {
        for (name, value) in self.chat.rest.iter().filter(|(_, value)| !value.is_null()) {
            match name.as_str() {
                "metadata"
                | "moderation"
                | "prompt_cache_key"
                | "prompt_cache_options"
                | "prompt_cache_retention"
                | "service_tier" => self.draft.set(name, value.clone()),
                "top_logprobs" if self.wants_probabilities() => self.draft.set(name, value.clone()),
                // Asked for by `include`, or as it is anyhow.
                "logprobs" if self.wants_probabilities() || *value == false => {}
                "n" if value.as_f64() == Some(1.0) => {}
                "modalities" if says_text_alone(value) => {}
                "logit_bias" if value.as_object().is_some_and(Map::is_empty) => {}
                "verbosity" | "store" | "stream_options" => {}
                "n" => return Err(Unwritable::new(name, "Responses give one answer: leave `n` out, or send 1.")),
                "audio" | "modalities" => {
                    return Err(Unwritable::new(name, "Responses answer in text alone: leave it out."));
                }
                _ => self.draft.drop(name),
            }
        }
        Ok(())
    }
}

fn says_text_alone(modalities: &Value) -> bool {
    modalities.as_array().is_some_and(|list| list.iter().all(|modality| modality == "text"))
}
