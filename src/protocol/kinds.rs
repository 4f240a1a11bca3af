//! The JSON types of a body's top-level fields, told by their first byte.

use super::BadRequest;
use super::call::Call;

/// A JSON type that a field may have, beside `null`.
#[derive(Clone, Copy)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// Any number.
    Number,
    /// A whole number; `1e2` is whole.
    Integer,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
    /// Either.
    StringOrArray,
    /// Either.
    StringOrObject,
}

/// Checks the fields of `call` that `kinds` names, which are in order; what is not there passes unread.
///
/// # Errors
/// [`BadRequest`] names the first field of a wrong type.
pub fn check(call: &Call, kinds: &[(&str, Kind)]) -> Result<(), BadRequest> {
    for field in &call.fields {
        let name = field.name(&call.body);
        let Ok(at) = kinds.binary_search_by(|(known, _)| known.as_bytes().cmp(name)) else { continue };
        let (name, kind) = kinds[at];
        let value = &call.body[field.value.clone()];
        if value != b"null" && !kind.is(value) {
            let message = format!("`{name}` must be {}, not {}.", kind.name(), kind_of(value));
            return Err(BadRequest::field(name, message));
        }
    }
    Ok(())
}

/// Is this value an array with nothing in it?
pub fn is_empty_array(value: &[u8]) -> bool {
    value.len() >= 2 && value[0] == b'[' && value[1..].trim_ascii_start() == b"]"
}

/// Is this field there, and `true`?
pub fn is_true(value: Option<&[u8]>) -> bool {
    value == Some(b"true")
}

impl Kind {
    fn is(self, value: &[u8]) -> bool {
        let first = value.first().copied().unwrap_or_default();
        let number = first == b'-' || first.is_ascii_digit();
        match self {
            Kind::Bool => matches!(first, b't' | b'f'),
            Kind::Number => number,
            Kind::Integer => number && serde_json::from_slice::<f64>(value).is_ok_and(|number| number.fract() == 0.0),
            Kind::String => first == b'"',
            Kind::Array => first == b'[',
            Kind::Object => first == b'{',
            Kind::StringOrArray => matches!(first, b'"' | b'['),
            Kind::StringOrObject => matches!(first, b'"' | b'{'),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Bool => "true or false",
            Kind::Number => "a number",
            Kind::Integer => "a whole number",
            Kind::String => "a string",
            Kind::Array => "an array",
            Kind::Object => "an object",
            Kind::StringOrArray => "a string or an array",
            Kind::StringOrObject => "a string or an object",
        }
    }
}

fn kind_of(value: &[u8]) -> &'static str {
    match value.first() {
        Some(b't' | b'f') => "a boolean",
        Some(b'"') => "a string",
        Some(b'[') => "an array",
        Some(b'{') => "an object",
        _ => "a number",
    }
}
