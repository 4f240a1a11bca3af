//! A JSON request taken apart field by field, so that what is wrong is named by its path.

use std::fmt;

use serde_json::{Map, Value};

use super::BadRequest;

/// The most characters of a caller's own word that an error repeats.
const MOST_REPEATED: usize = 64;

/// Where a value stands in a body. It reads as `messages[2].content[0].image_url.url`.
#[derive(Debug, Clone, Copy)]
pub enum Path<'a> {
    /// The body itself.
    Body,
    /// A field of an object.
    Key(&'a Path<'a>, &'a str),
    /// An item of an array, from 0.
    Item(&'a Path<'a>, usize),
}

/// An object whose fields are taken out one after the other.
#[derive(Debug)]
pub struct Fields<'a> {
    path: &'a Path<'a>,
    map: Map<String, Value>,
}

/// Reads a body as JSON.
///
/// # Errors
/// [`BadRequest`] says in which line and column it stops being JSON, or that it is nested too deeply.
pub fn parse(body: &[u8]) -> Result<Value, BadRequest> {
    serde_json::from_slice(body).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        // The parser has no kind for this error, and it is the one that says nothing about JSON.
        if error.to_string().starts_with("recursion limit") {
            return BadRequest::body(format!("The body is nested too deeply ({place}): at most 127 levels are read."));
        }
        BadRequest::body(format!("The body is not valid JSON: {error}."))
    })
}

/// What a value is, for people.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Body => Ok(()),
            Path::Key(Path::Body, key) => out.write_str(key),
            Path::Key(parent, key) => write!(out, "{parent}.{key}"),
            Path::Item(parent, at) => write!(out, "{parent}[{at}]"),
        }
    }
}

impl Path<'_> {
    /// Where the field `key` of this object stands.
    pub fn key<'a>(&'a self, key: &'a str) -> Path<'a> {
        Path::Key(self, key)
    }

    /// Where item `at` of this array stands.
    pub fn item(&self, at: usize) -> Path<'_> {
        Path::Item(self, at)
    }

    /// This value is at fault; `message` is the whole sentence.
    pub fn fault(&self, message: impl Into<String>) -> BadRequest {
        match self {
            Path::Body => BadRequest::body(message),
            path => BadRequest::field(path.to_string(), message),
        }
    }

    /// This value is of the wrong type: `accepted` says what it may be, such as `a string`.
    pub fn wrong(&self, accepted: &str, found: &Value) -> BadRequest {
        self.fault(format!("{} must be {accepted}, not {}.", self.quoted(), kind(found)))
    }

    /// This value is a word that is not known: `accepted` lists those that are.
    pub fn unknown(&self, accepted: &str, found: &str) -> BadRequest {
        let short: String = found.chars().take(MOST_REPEATED).collect();
        let dots = if short.len() < found.len() { "…" } else { "" };
        self.fault(format!("{} must be {accepted}, not `{short}{dots}`.", self.quoted()))
    }

    /// This value is missing: `what` says what to send.
    pub fn missing(&self, what: &str) -> BadRequest {
        self.fault(format!("{} is missing: send {what}.", self.quoted()))
    }

    fn quoted(&self) -> String {
        match self {
            Path::Body => "The body".into(),
            path => format!("`{path}`"),
        }
    }
}

impl<'a> Fields<'a> {
    /// The object `value`, which stands at `path`.
    ///
    /// # Errors
    /// [`BadRequest`] where it is no object; `accepted` says what is.
    pub fn of(value: Value, path: &'a Path<'a>, accepted: &str) -> Result<Fields<'a>, BadRequest> {
        match value {
            Value::Object(map) => Ok(Fields { path, map }),
            other => Err(path.wrong(accepted, &other)),
        }
    }

    /// Where the field `key` stands.
    pub fn at(&self, key: &'a str) -> Path<'a> {
        self.path.key(key)
    }

    /// Where the object stands.
    pub fn path(&self) -> &'a Path<'a> {
        self.path
    }

    /// Is the field there, and not `null`?
    pub fn has(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(|value| !value.is_null())
    }

    /// Is the field there at all, be it `null`?
    pub fn names(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// Takes a field of any type; `null` is as good as absent.
    pub fn take(&mut self, key: &str) -> Option<Value> {
        self.map.shift_remove(key).filter(|value| !value.is_null())
    }

    /// Takes a string.
    ///
    /// # Errors
    /// [`BadRequest`] where it is something else.
    pub fn string(&mut self, key: &'a str) -> Result<Option<String>, BadRequest> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.at(key).wrong("a string", &other)),
        }
    }

    /// Takes a string that must be there and must not be empty; `what` says what it is, such as `the tool's name`.
    ///
    /// # Errors
    /// [`BadRequest`] where it is absent, empty or something else.
    pub fn name(&mut self, key: &'a str, what: &str) -> Result<String, BadRequest> {
        let text = self.string(key)?.ok_or_else(|| self.at(key).missing(what))?;
        if text.is_empty() {
            return Err(self.at(key).fault(format!("`{}` is empty: send {what}.", self.at(key))));
        }
        Ok(text)
    }

    /// Takes `true` or `false`.
    ///
    /// # Errors
    /// [`BadRequest`] where it is something else.
    pub fn boolean(&mut self, key: &'a str) -> Result<Option<bool>, BadRequest> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Bool(yes)) => Ok(Some(yes)),
            Some(other) => Err(self.at(key).wrong("true or false", &other)),
        }
    }

    /// Takes a number.
    ///
    /// # Errors
    /// [`BadRequest`] where it is something else.
    pub fn number(&mut self, key: &'a str) -> Result<Option<f64>, BadRequest> {
        let Some(value) = self.take(key) else { return Ok(None) };
        value.as_f64().map(Some).ok_or_else(|| self.at(key).wrong("a number", &value))
    }

    /// Takes a whole number from 0; `100.0` and `1e2` are whole.
    ///
    /// # Errors
    /// [`BadRequest`] where it is something else.
    pub fn count(&mut self, key: &'a str) -> Result<Option<u64>, BadRequest> {
        let Some(whole) = self.integer(key)? else { return Ok(None) };
        u64::try_from(whole)
            .map(Some)
            .map_err(|_| self.at(key).unknown("a whole number that is not negative", &whole.to_string()))
    }

    /// Takes a whole number.
    ///
    /// # Errors
    /// [`BadRequest`] where it is something else, or has more than 64 bits.
    pub fn integer(&mut self, key: &'a str) -> Result<Option<i64>, BadRequest> {
        /// Beyond this, not every whole number is a floating-point number.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let Some(value) = self.take(key) else { return Ok(None) };
        let float = || value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() <= EXACT);
        match (&value, value.as_i64().or_else(|| float().map(|number| number as i64))) {
            (_, Some(whole)) => Ok(Some(whole)),
            (Value::Number(number), None) => {
                Err(self.at(key).unknown("a whole number of 64 bits", &number.to_string()))
            }
            (other, None) => Err(self.at(key).wrong("a whole number", other)),
        }
    }

    /// Takes an array; `accepted` says of what, such as `an array of tools`.
    ///
    /// # Errors
    /// [`BadRequest`] where it is something else.
    pub fn array(&mut self, key: &'a str, accepted: &str) -> Result<Option<Vec<Value>>, BadRequest> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(other) => Err(self.at(key).wrong(accepted, &other)),
        }
    }

    /// What was not taken, in order, without what is `null`.
    pub fn rest(mut self) -> Map<String, Value> {
        self.map.retain(|_, value| !value.is_null());
        self.map
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Fields<'static> {
        Fields::of(value, &Path::Body, "an object").unwrap()
    }

    #[test]
    fn a_path_reads_as_people_write_it() {
        let messages = Path::Body.key("messages");
        let message = messages.item(2);
        let content = message.key("content");
        assert_eq!(content.item(0).key("url").to_string(), "messages[2].content[0].url");
    }

    #[test]
    fn whole_numbers_may_be_written_as_floats() {
        let mut fields = fields(json!({"a": 100.0, "b": 1e2, "c": 7, "d": null}));
        assert_eq!(fields.count("a"), Ok(Some(100)));
        assert_eq!(fields.count("b"), Ok(Some(100)));
        assert_eq!(fields.count("c"), Ok(Some(7)));
        assert_eq!(fields.count("d"), Ok(None));
        for (wrong, words) in [
            (json!(1.5), "`n` must be a whole number of 64 bits, not `1.5`."),
            (json!(-1), "`n` must be a whole number that is not negative, not `-1`."),
            (json!(u64::MAX), "`n` must be a whole number of 64 bits, not `18446744073709551615`."),
            (json!("7"), "`n` must be a whole number, not a string."),
        ] {
            let error = fields_with(wrong).count("n").unwrap_err();
            assert_eq!((error.param.as_deref(), error.message.as_str()), (Some("n"), words));
        }
    }

    fn fields_with(n: Value) -> Fields<'static> {
        fields(json!({ "n": n }))
    }

    #[test]
    fn what_is_left_keeps_its_order() {
        let mut fields = fields(json!({"z": 1, "b": 2, "a": null, "y": {"k": 1.50}, "c": 3}));
        assert_eq!(fields.take("b"), Some(json!(2)));
        assert_eq!(Value::Object(fields.rest()).to_string(), r#"{"z":1,"y":{"k":1.5},"c":3}"#);
    }

    #[test]
    fn a_long_word_is_not_repeated_whole() {
        let error = Path::Body.key("role").unknown("one of these", &"é".repeat(1000));
        assert!(error.message.len() < 200, "{}", error.message);
        assert!(error.message.ends_with("…`."), "{}", error.message);
    }
}
