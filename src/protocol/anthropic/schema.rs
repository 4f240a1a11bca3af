//! JSON schemas for answers, in the part of the language that is taken.

use serde_json::{Map, Value, json};

/// The most schemas that one schema may come to, once its references are written out.
const MOST_SCHEMAS: usize = 20_000;
/// The deepest that schemas may be nested, once references are written out.
const DEEPEST: usize = 60;

/// Keywords that are not taken, and how each reads in a description.
const REMOVED: &[(&str, &str)] = &[
    ("minItems", "minimum number of items"),
    ("maxItems", "maximum number of items"),
    ("uniqueItems", "items are unique"),
    ("contains", "contains"),
    ("minContains", "minimum number of items contained"),
    ("maxContains", "maximum number of items contained"),
    ("prefixItems", "first items"),
    ("minimum", "minimum value"),
    ("maximum", "maximum value"),
    ("exclusiveMinimum", "greater than"),
    ("exclusiveMaximum", "less than"),
    ("multipleOf", "multiple of"),
    ("minLength", "minimum length"),
    ("maxLength", "maximum length"),
    ("minProperties", "minimum number of properties"),
    ("maxProperties", "maximum number of properties"),
    ("patternProperties", "properties by pattern"),
    ("propertyNames", "names of properties"),
    ("dependentRequired", "required together"),
    ("dependentSchemas", "depending on properties"),
    ("unevaluatedProperties", "other properties"),
    ("if", "if"),
    ("then", "then"),
    ("else", "else"),
    ("not", "not"),
];

/// A schema in the part of the language that is taken.
#[derive(Debug, PartialEq)]
pub(super) struct Plain {
    pub schema: Value,
    /// Did an object take properties by any name, which it no longer does?
    pub closed: bool,
}

/// Why a schema cannot be written in it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    #[error("The schema refers to itself (`{0}`), which Claude does not take; write it out to a fixed depth.")]
    Recursive(String),
    #[error("The schema refers to `{0}`, which is not in it.")]
    Unknown(String),
    #[error("The schema is too large once its references are written out.")]
    TooLarge,
}

/// Writes a schema in the part of the language that is taken; what is left out is told in descriptions.
pub(super) fn plain(schema: &Value) -> Result<Plain, Trouble> {
    let mut walk = Walk { root: schema, open: Vec::new(), left: MOST_SCHEMAS, depth: 0, closed: false };
    let schema = walk.schema(schema)?;
    Ok(Plain { schema, closed: walk.closed })
}

/// Is a schema wholly in the part of the language that is taken?
pub(super) fn is_strict(schema: &Value) -> bool {
    plain(schema).is_ok_and(|plain| plain.schema == *schema)
}

struct Walk<'a> {
    root: &'a Value,
    /// The references that are being written out.
    open: Vec<String>,
    left: usize,
    depth: usize,
    closed: bool,
}

impl Walk<'_> {
    fn schema(&mut self, schema: &Value) -> Result<Value, Trouble> {
        let Value::Object(fields) = schema else { return Ok(schema.clone()) };
        self.left = self.left.checked_sub(1).ok_or(Trouble::TooLarge)?;
        if self.depth == DEEPEST {
            return Err(Trouble::TooLarge);
        }
        self.depth += 1;
        let written = match fields.get("$ref") {
            Some(Value::String(reference)) => self.reference(reference, fields),
            _ => self.fields(fields),
        };
        self.depth -= 1;
        written
    }

    /// Writes out what is referred to; keywords beside the reference win over its own.
    fn reference(&mut self, reference: &str, beside: &Map<String, Value>) -> Result<Value, Trouble> {
        if self.open.iter().any(|open| open == reference) || reference == "#" {
            return Err(Trouble::Recursive(reference.to_owned()));
        }
        let unknown = || Trouble::Unknown(reference.to_owned());
        let pointer = reference.strip_prefix('#').ok_or_else(unknown)?;
        let target = self.root.pointer(pointer).ok_or_else(unknown)?;
        let Value::Object(target) = target else { return Ok(target.clone()) };
        let mut merged = target.clone();
        merged.extend(beside.iter().filter(|(name, _)| *name != "$ref").map(|(k, v)| (k.clone(), v.clone())));
        self.open.push(reference.to_owned());
        let written = self.schema(&Value::Object(merged));
        self.open.pop();
        written
    }

    fn fields(&mut self, fields: &Map<String, Value>) -> Result<Value, Trouble> {
        let mut written = Map::with_capacity(fields.len() + 1);
        let mut notes = Vec::new();
        let mut choice = None;
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("$defs" | "definitions" | "additionalProperties", _) => {}
                ("properties", Value::Object(properties)) => {
                    let properties = properties.iter().map(|(name, value)| Ok((name.clone(), self.schema(value)?)));
                    let properties = properties.collect::<Result<Map<_, _>, Trouble>>()?;
                    written.insert(name.clone(), Value::Object(properties));
                }
                ("items", Value::Array(_)) => notes.push(note("first items", value)),
                ("items", _) => {
                    written.insert(name.clone(), self.schema(value)?);
                }
                ("anyOf" | "allOf", Value::Array(schemas)) => {
                    written.insert(name.clone(), self.each(schemas)?);
                }
                ("oneOf", Value::Array(schemas)) => {
                    choice = Some(self.each(schemas)?);
                }
                (keyword, _) => match REMOVED.iter().find(|(removed, _)| *removed == keyword) {
                    Some(_) if *value == Value::Bool(false) => {}
                    Some((_, words)) => notes.push(note(words, value)),
                    None => {
                        written.insert(name.clone(), value.clone());
                    }
                },
            }
        }
        if let Some(schemas) = choice {
            add_choice(&mut written, schemas);
        }
        self.close(fields, &mut written);
        drop_wrong_type(&mut written);
        describe(&mut written, &notes);
        Ok(Value::Object(written))
    }

    fn each(&mut self, schemas: &[Value]) -> Result<Value, Trouble> {
        schemas.iter().map(|schema| self.schema(schema)).collect::<Result<Vec<_>, _>>().map(Value::Array)
    }

    /// Objects have the properties that are named, and no others.
    fn close(&mut self, fields: &Map<String, Value>, written: &mut Map<String, Value>) {
        let is_object = match fields.get("type") {
            Some(Value::String(kind)) => kind == "object",
            Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
            _ => fields.contains_key("properties"),
        };
        if is_object {
            self.closed |= fields.get("additionalProperties").is_some_and(|open| *open != Value::Bool(false));
            written.insert("additionalProperties".into(), Value::Bool(false));
        }
    }
}

/// `oneOf` is not taken, `anyOf` is; where there are both, both must hold.
fn add_choice(written: &mut Map<String, Value>, schemas: Value) {
    if !written.contains_key("anyOf") {
        written.insert("anyOf".into(), schemas);
        return;
    }
    match written.entry("allOf").or_insert_with(|| json!([])) {
        Value::Array(all) => all.push(json!({ "anyOf": schemas })),
        other => *other = json!([{ "anyOf": schemas }]),
    }
}

/// How a keyword that is left out reads.
fn note(words: &str, value: &Value) -> String {
    match value {
        Value::Bool(true) => words.to_owned(),
        Value::String(text) => format!("{words}: {text}"),
        other => format!("{words}: {other}"),
    }
}

fn describe(written: &mut Map<String, Value>, notes: &[String]) {
    if notes.is_empty() {
        return;
    }
    let note = format!("Note: {}.", notes.join(", "));
    let description = match written.get("description").and_then(Value::as_str).map(str::trim_end) {
        Some(text) if !text.is_empty() => format!("{text} {note}"),
        _ => note,
    };
    written.insert("description".into(), description.into());
}

/// A type that an `enum`'s values do not all have is refused; the values say it all.
fn drop_wrong_type(written: &mut Map<String, Value>) {
    let (Some(kind), Some(Value::Array(values))) = (written.get("type"), written.get("enum")) else { return };
    let kinds = match kind {
        Value::Array(kinds) => kinds.as_slice(),
        one => std::slice::from_ref(one),
    };
    let fits = |value: &Value| kinds.iter().filter_map(Value::as_str).any(|kind| is_of(value, kind));
    if !values.iter().all(fits) {
        written.shift_remove("type");
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

#[cfg(test)]
mod tests;
