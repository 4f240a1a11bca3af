//! Options of a request, written: effort, the answer's form, the end user's id.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::Draft;
use crate::domain::chat::{Effort, Format, Schema};
use crate::models::Efforts;

/// OpenAI refuses a longer id of an end user (`string_above_max_length`).
const LONGEST_ID: usize = 64;
/// What a schema is called whose caller's protocol has no names for them.
const UNNAMED: &str = "output";
/// From the least to the most.
const EFFORTS: [Effort; 7] =
    [Effort::None, Effort::Minimal, Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh, Effort::Max];

impl Draft<'_> {
    /// Writes the answer's form.
    pub(super) fn format(&mut self, format: &Format) {
        match format {
            Format::Text => {}
            Format::Json => self.set("response_format", json!({"type": "json_object"})),
            Format::Schema(schema) if schema.name.is_some() => self.set("response_format", wrapped(schema)),
            Format::Schema(schema) => self.choose("response_format", wrapped(schema)),
        }
    }
}

fn wrapped(schema: &Schema) -> Value {
    let mut inner = Map::new();
    inner.insert("name".into(), schema.name.as_deref().unwrap_or(UNNAMED).into());
    if let Some(description) = &schema.description {
        inner.insert("description".into(), description.as_str().into());
    }
    // A protocol without names has no word for strictness either: as strict as OpenAI takes the schema.
    let strict = schema.strict.or_else(|| schema.name.is_none().then(|| is_strict(&schema.schema)));
    if let Some(strict) = strict {
        inner.insert("strict".into(), strict.into());
    }
    inner.insert("schema".into(), schema.schema.clone());
    json!({"type": "json_schema", "json_schema": inner})
}

/// Does every object of a schema require all it has, and forbid all else, as OpenAI's strict mode asks?
pub(super) fn is_strict(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => is_strict_object(map) && map.values().all(is_strict),
        Value::Array(items) => items.iter().all(is_strict),
        _ => true,
    }
}

fn is_strict_object(map: &Map<String, Value>) -> bool {
    let properties = map.get("properties").and_then(Value::as_object);
    if properties.is_none() && map.get("type").and_then(Value::as_str) != Some("object") {
        return true;
    }
    let required = map.get("required").and_then(Value::as_array);
    let is_required = |name: &String| required.is_some_and(|list| list.iter().any(|word| word == name));
    map.get("additionalProperties") == Some(&json!(false))
        && properties.is_none_or(|properties| properties.keys().all(is_required))
}

/// The nearest effort that a model knows: the same, else the next lower one, else the next higher one.
pub(super) fn nearest(wanted: Effort, known: Efforts) -> Option<Effort> {
    if wanted == Effort::None {
        // The first models of gpt-5 cannot be turned off, and `minimal` is meant for that; `low` is not.
        return [Effort::None, Effort::Minimal].into_iter().find(|effort| known.has(*effort));
    }
    let thinks = |effort: &Effort| *effort != Effort::None && known.has(*effort);
    let lower = EFFORTS.into_iter().rev().filter(thinks).find(|effort| *effort <= wanted);
    lower.or_else(|| EFFORTS.into_iter().find(thinks))
}

/// The name of an effort.
pub(super) const fn effort(effort: Effort) -> &'static str {
    match effort {
        Effort::None => "none",
        Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Xhigh => "xhigh",
        Effort::Max => "max",
    }
}

/// The id of an end user, or its SHA-256 in hexadecimal where it is too long.
pub(super) fn short_id(user: &str) -> String {
    if user.chars().count() <= LONGEST_ID {
        return user.to_owned();
    }
    Sha256::digest(user).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_effort() {
        let gpt6 = &EFFORTS[2..];
        let gpt5 = &EFFORTS[1..5];
        for (known, wanted, nearest_one) in [
            (gpt6, Effort::Minimal, Some(Effort::Low)),
            (gpt6, Effort::Max, Some(Effort::Max)),
            (gpt6, Effort::None, None),
            (gpt5, Effort::Max, Some(Effort::High)),
            (gpt5, Effort::None, Some(Effort::Minimal)),
            (&EFFORTS[..1], Effort::High, None),
            (&[], Effort::High, None),
        ] {
            assert_eq!(nearest(wanted, Efforts::of(known)), nearest_one, "{known:?} {wanted:?}");
        }
    }

    #[test]
    fn strict_where_all_is_required_and_nothing_else_allowed() {
        let inner = json!({"type": "object", "properties": {}, "additionalProperties": false});
        for (schema, strict) in [
            (json!({"type": "string"}), true),
            (
                json!({"type": "object", "properties": {"a": inner}, "required": ["a"], "additionalProperties": false}),
                true,
            ),
            (
                json!({"type": "object", "properties": {"a": inner}, "required": [], "additionalProperties": false}),
                false,
            ),
            (json!({"type": "array", "items": {"type": "object"}}), false),
        ] {
            assert_eq!(is_strict(&schema), strict, "{schema}");
        }
    }

    #[test]
    fn a_long_id_is_hashed() {
        assert_eq!(short_id(&"é".repeat(64)), "é".repeat(64));
        let hashed = short_id(&"a".repeat(65));
        assert_eq!(hashed, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0");
    }
}
