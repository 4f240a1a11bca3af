//! As much of JSON Schema as the gateway's own tools use. What it does not know makes a test fail.

use serde_json::Value;

/// What is wrong with `value`, if anything is.
pub fn misfit(schema: &Value, value: &Value) -> Option<String> {
    let fields = schema.as_object().map(|schema| schema.iter()).into_iter().flatten();
    fields.filter_map(|(word, rule)| broken(schema, word, rule, value)).next()
}

fn broken(schema: &Value, word: &str, rule: &Value, value: &Value) -> Option<String> {
    let list = |rule: &Value| rule.as_array().cloned().unwrap_or_default();
    let words = |holds: bool| (!holds).then(|| format!("{value} breaks `{word}: {rule}`"));
    match word {
        "description" | "title" => None,
        "type" => {
            let kinds = if rule.is_array() { list(rule) } else { vec![rule.clone()] };
            words(kinds.iter().any(|kind| is(kind.as_str().expect("a type"), value)))
        }
        "enum" => words(list(rule).contains(value)),
        "required" => words(!value.is_object() || list(rule).iter().all(|name| value.get(text(name)).is_some())),
        "properties" => {
            let known = rule.as_object()?.iter().filter_map(|(name, rule)| Some((name, rule, value.get(name)?)));
            known.filter_map(|(name, rule, value)| Some(format!("{name}: {}", misfit(rule, value)?))).next()
        }
        "additionalProperties" => {
            let others = value.as_object()?.iter().filter(|(name, _)| schema["properties"].get(name).is_none());
            let mut others = others.peekable();
            match rule {
                Value::Bool(allowed) => words(*allowed || others.peek().is_none()),
                rule => others.filter_map(|(name, value)| Some(format!("{name}: {}", misfit(rule, value)?))).next(),
            }
        }
        "items" => value.as_array()?.iter().filter_map(|item| misfit(rule, item)).next(),
        "anyOf" => words(list(rule).iter().any(|rule| misfit(rule, value).is_none())),
        "minimum" => words(value.as_f64().is_none_or(|number| number >= rule.as_f64().expect("a number"))),
        "maximum" => words(value.as_f64().is_none_or(|number| number <= rule.as_f64().expect("a number"))),
        "minLength" | "minItems" => {
            let length = value.as_str().map(|text| text.chars().count()).or(value.as_array().map(Vec::len));
            words(length.is_none_or(|length| length as u64 >= rule.as_u64().expect("a length")))
        }
        other => Some(format!("`{other}` is not known to this test")),
    }
}

fn text(name: &Value) -> &str {
    name.as_str().expect("a name")
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("`{other}` is no type"),
    }
}
