//! The caller's parameters that the hub form has no words for: one table says what becomes of each.

use serde_json::{Map, Value};

use super::notes::Notes;
use crate::protocol::Unwritable;

/// What becomes of a parameter.
enum Fate {
    /// It has no bearing on the answer: left out without a word.
    Silent,
    /// Left out and named.
    Dropped,
    /// Left out without a word where it asks for nothing, named otherwise.
    DroppedUnless(fn(&Value) -> bool),
    /// Refused, with the words, unless it asks for nothing.
    RefusedUnless(fn(&Value) -> bool, &'static str),
    /// Written under another name or value.
    ServiceTier,
}

/// The table (docs: protocols/translation.md, 1). A parameter that is not in it is [`Fate::Dropped`].
const TABLE: &[(&str, Fate)] = &[
    ("n", Fate::RefusedUnless(is_one, "Claude gives one answer; send n: 1.")),
    ("logprobs", Fate::RefusedUnless(is_nothing, "Claude tells no log probabilities.")),
    ("audio", Fate::RefusedUnless(is_nothing, "Claude does not speak; ask for text.")),
    ("modalities", Fate::RefusedUnless(is_text_only, "Claude answers in text only.")),
    ("moderation", Fate::RefusedUnless(is_nothing, "Claude's own safety is not to be configured here.")),
    ("service_tier", Fate::ServiceTier),
    ("metadata", Fate::Silent),
    ("store", Fate::Silent),
    ("stream_options", Fate::Silent),
    ("prompt_cache_key", Fate::Silent),
    ("prompt_cache_options", Fate::Silent),
    ("prompt_cache_retention", Fate::Silent),
    ("top_logprobs", Fate::DroppedUnless(is_nothing)),
    ("logit_bias", Fate::DroppedUnless(is_nothing)),
    ("prediction", Fate::Dropped),
    ("web_search_options", Fate::Dropped),
    ("verbosity", Fate::Dropped),
];

/// What of these parameters is written.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub service_tier: Option<&'static str>,
}

/// Goes through the parameters.
pub(super) fn read(rest: &Map<String, Value>, notes: &mut Notes) -> Result<Kept, Unwritable> {
    let mut kept = Kept::default();
    for (name, value) in rest.iter().filter(|(_, value)| !value.is_null()) {
        let fate = TABLE.iter().find(|(known, _)| known == name).map_or(&Fate::Dropped, |(_, fate)| fate);
        match fate {
            Fate::Silent => {}
            Fate::DroppedUnless(asks_nothing) | Fate::RefusedUnless(asks_nothing, _) if asks_nothing(value) => {}
            Fate::Dropped | Fate::DroppedUnless(_) => notes.dropped(name),
            Fate::RefusedUnless(_, message) => return Err(Unwritable::new(name, *message)),
            Fate::ServiceTier => {
                kept.service_tier = match value.as_str() {
                    Some("auto") => Some("auto"),
                    Some("default") => Some("standard_only"),
                    _ => None,
                };
                match kept.service_tier {
                    Some(_) => notes.ours("service_tier"),
                    None => notes.dropped(name),
                }
            }
        }
    }
    Ok(kept)
}

fn is_one(value: &Value) -> bool {
    value.as_f64() == Some(1.0)
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) | Value::String(_) => false,
    }
}

fn is_text_only(value: &Value) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(|modality| modality == "text"))
}
