//! The schema that an answer keeps to: chat completions wrap it once more than Responses do.

use serde_json::{Map, Value, json};

use super::super::BadRequest;
use super::super::fields::Fields;
use crate::domain::chat::Schema;

/// What a schema is called whose caller's protocol has no names for them.
const UNNAMED: &str = "output";

/// Reads the object that has `name` and `schema`.
pub(in crate::protocol) fn read(mut wrapper: Fields<'_>) -> Result<Schema, BadRequest> {
    let at = wrapper.at("schema");
    let schema = wrapper.take("schema").ok_or_else(|| at.missing("a JSON schema, or use the type json_object"))?;
    if !schema.is_object() {
        return Err(at.wrong("an object, the JSON schema of the answer", &schema));
    }
    Ok(Schema {
        name: wrapper.string("name")?,
        description: wrapper.string("description")?,
        schema,
        strict: wrapper.boolean("strict")?,
    })
}

/// Writes the fields of that object.
pub(in crate::protocol) fn written(schema: &Schema) -> Map<String, Value> {
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
    inner
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
