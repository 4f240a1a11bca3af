//! The smallest value that keeps to a JSON schema, as far as the common words of schemas go.

use serde_json::{Map, Value, json};

/// The longest value, in bytes or so.
const LONGEST: usize = 64 << 10;
/// The deepest value and the longest way through references.
const DEEPEST: usize = 64;
/// The schema that everything keeps to.
static ANYTHING: Value = Value::Bool(true);

/// A value that keeps to `schema`: no more than what is required. `None` where there is none that is small enough.
///
/// Patterns, uniqueness and conditions are not looked at.
pub(super) fn of(schema: &Value) -> Option<Value> {
    Maker { root: schema, left: LONGEST, depth: 0, following: Vec::new() }.make(schema)
}

struct Maker<'a> {
    root: &'a Value,
    left: usize,
    depth: usize,
    /// The references that are being followed: one that leads to itself has no end.
    following: Vec<&'a str>,
}

impl<'a> Maker<'a> {
    fn make(&mut self, schema: &'a Value) -> Option<Value> {
        self.spend(1)?;
        if self.depth == DEEPEST {
            return None;
        }
        self.depth += 1;
        let made = match schema {
            Value::Bool(false) => None,
            Value::Object(schema) => self.choose(schema),
            _ => Some("mock".into()),
        };
        self.depth -= 1;
        made
    }

    fn choose(&mut self, schema: &'a Map<String, Value>) -> Option<Value> {
        let list = |name: &str| schema.get(name).and_then(Value::as_array);
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            return self.follow(name);
        }
        let fixed = schema.get("const").or_else(|| list("enum")?.first());
        if let Some(value) = fixed {
            self.spend(value.to_string().len())?;
            return Some(value.clone());
        }
        let mut made = None;
        if let Some(either) = list("anyOf").or_else(|| list("oneOf")) {
            made = Some(either.iter().find_map(|schema| self.make(schema))?);
        }
        for schema in list("allOf").into_iter().flatten() {
            made = Some(join(made, self.make(schema)?));
        }
        match made {
            Some(made) if !schema.contains_key("properties") => Some(made),
            made => Some(join(made, self.typed(schema)?)),
        }
    }

    fn follow(&mut self, name: &'a str) -> Option<Value> {
        if self.following.contains(&name) {
            return None;
        }
        let target = self.root.pointer(name.strip_prefix('#')?)?;
        self.following.push(name);
        let made = self.make(target);
        self.following.pop();
        made
    }

    fn typed(&mut self, schema: &'a Map<String, Value>) -> Option<Value> {
        let kind = schema.get("type").and_then(|kind| kind.as_str().or_else(|| kind.get(0)?.as_str()));
        let has = |name: &str| kind.is_none() && schema.contains_key(name);
        match kind.unwrap_or_default() {
            "integer" => Some(json!(number(schema, 1.0) as i64)),
            "number" => Some(json!(number(schema, 0.0))),
            "boolean" => Some(Value::Bool(true)),
            "null" => Some(Value::Null),
            "object" => self.object(schema),
            "array" => self.array(schema),
            _ if has("properties") || has("required") => self.object(schema),
            _ if has("items") || has("prefixItems") => self.array(schema),
            _ => self.string(schema),
        }
    }

    fn object(&mut self, schema: &'a Map<String, Value>) -> Option<Value> {
        let required = schema.get("required").and_then(Value::as_array);
        let mut made = Map::new();
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            self.spend(name.len())?;
            let property = schema.get("properties").and_then(|all| all.get(name)).unwrap_or(&ANYTHING);
            made.insert(name.to_owned(), self.make(property)?);
        }
        Some(Value::Object(made))
    }

    fn array(&mut self, schema: &'a Map<String, Value>) -> Option<Value> {
        let items = schema.get("items").unwrap_or(&ANYTHING);
        let first = schema.get("prefixItems").unwrap_or(items);
        let rest = if items.is_array() { &ANYTHING } else { items };
        let count = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let made: Option<Vec<Value>> = (0..usize::try_from(count).ok()?)
            .map(|at| self.make(first.get(at).filter(|_| first.is_array()).unwrap_or(rest)))
            .collect();
        made.map(Value::Array)
    }

    fn string(&mut self, schema: &Map<String, Value>) -> Option<Value> {
        let length = |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let sample = match schema.get("format").and_then(Value::as_str).unwrap_or_default() {
            "date-time" => "2000-01-01T00:00:00Z",
            "date" => "2000-01-01",
            "time" => "00:00:00Z",
            "email" => "mock@example.com",
            "uri" => "https://example.com/",
            "uuid" => "00000000-0000-4000-8000-000000000000",
            _ => "mock",
        };
        let least = length("minLength").unwrap_or(0).max(sample.len());
        self.spend(least)?;
        let most = length("maxLength").unwrap_or(usize::MAX);
        Some(sample.chars().chain("mock".chars().cycle()).take(least.min(most)).collect::<String>().into())
    }

    fn spend(&mut self, bytes: usize) -> Option<()> {
        self.left = self.left.checked_sub(bytes)?;
        Some(())
    }
}

/// Two values that must both hold: objects become one.
fn join(one: Option<Value>, other: Value) -> Value {
    match (one, other) {
        (Some(Value::Object(mut one)), Value::Object(other)) => {
            one.extend(other);
            Value::Object(one)
        }
        (_, other) => other,
    }
}

/// Zero, or the number nearest to it within the schema's bounds, on a grid of `unit` (none where it is zero).
fn number(schema: &Map<String, Value>, unit: f64) -> f64 {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let unit = bound("multipleOf").filter(|step| *step > 0.0).unwrap_or(unit);
    let (low, high) = (bound("exclusiveMinimum"), bound("exclusiveMaximum"));
    let steps = |at: f64, round: fn(f64) -> f64| if unit > 0.0 { round(at / unit) * unit } else { at };
    // Without a grid, the step off an excluded bound must not reach the other one.
    let gap = match (bound("minimum").or(low), bound("maximum").or(high)) {
        _ if unit > 0.0 => unit,
        (Some(low), Some(high)) => (high - low) / 2.0,
        _ => 1.0,
    };
    let mut value = 0.0;
    if let Some(least) = bound("minimum").filter(|least| value < *least) {
        value = steps(least, f64::ceil);
    }
    if let Some(least) = low.filter(|least| value <= *least) {
        value = steps(least, f64::floor) + gap;
    }
    if let Some(most) = bound("maximum").filter(|most| value > *most) {
        value = steps(most, f64::floor);
    }
    if let Some(most) = high.filter(|most| value >= *most) {
        value = steps(most, f64::ceil) - gap;
    }
    value
}
