//! A tool call's arguments where a protocol wants the object itself rather than its text.

use serde_json::Value;
use serde_json::value::RawValue;

/// The object that `text` is, byte for byte. `None` where it is something else, or an object that a provider's JSON
/// reader stumbles over: half a surrogate pair, a number out of range, nesting without end.
pub fn object(text: &str) -> Option<&RawValue> {
    let text = text.trim();
    let is_object = matches!(serde_json::from_str(text), Ok(Value::Object(_)));
    serde_json::from_str(text).ok().filter(|_| is_object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_kept_to_the_byte_where_everybody_can_read_them() {
        for text in ["{}", r#"{ "n": 1.50, "n": 123456789012345678901234567890 }"#, r#"{"a":"\ud83d\udc4b"}"#] {
            assert_eq!(object(&format!(" {text}\n")).map(RawValue::get), Some(text));
        }
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(1000), "]".repeat(1000));
        for text in ["", "null", "[1]", "\"a\"", "{", "{}{}", r#"{"a":"\ud83d"}"#, r#"{"n":1e999}"#, &deep] {
            assert!(object(text).is_none(), "{text}");
        }
    }
}
