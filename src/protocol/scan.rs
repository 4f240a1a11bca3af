//! A body's top level in one pass: where each field stands, and nothing deeper.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::call::{Call, Field};
use super::{BadRequest, Front};
use crate::domain::facts::{Facts, Whom};

/// More top-level fields than this are no request of any protocol.
const MOST_FIELDS: usize = 512;

/// Reads what a plan must know of `body`, in the protocol of `front`.
///
/// # Errors
/// [`BadRequest`] where it is not JSON, not an object, or a field that the gateway itself reads has the wrong type.
pub fn scan(front: &'static dyn Front, body: Bytes) -> Result<Call, BadRequest> {
    scan_for(front, body, |call| front.facts(call))
}

/// The same for a request that is no chat: `facts` reads what a plan must know of it.
///
/// # Errors
/// [`BadRequest`], as above and where `facts` finds it wrong.
pub fn scan_for(
    front: &'static dyn Front,
    body: Bytes,
    facts: impl FnOnce(&Call) -> Result<Facts, BadRequest>,
) -> Result<Call, BadRequest> {
    let fields = fields(&body)?;
    let mut call = Call { front, body, facts: Facts::default(), fields, headers: Vec::new(), whom: Whom::default() };
    call.facts = Facts { dialect: front.dialect(), ..facts(&call)? };
    Ok(call)
}

/// Is `body` a JSON object, with each of its top-level fields once?
///
/// # Errors
/// [`BadRequest`] where it is not.
pub fn object(body: &[u8]) -> Result<(), BadRequest> {
    fields(body).map(|_| ())
}

/// Where the top-level fields of `body` stand.
fn fields(body: &[u8]) -> Result<Vec<Field>, BadRequest> {
    if body.trim_ascii().is_empty() {
        return Err(BadRequest::body("The body is empty. Send a JSON object with `content-type: application/json`."));
    }
    let text = simdutf8::compat::from_utf8(body)
        .map_err(|error| BadRequest::body(format!("The body is not UTF-8 (byte {}).", error.valid_up_to())))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let fields = reader
        .deserialize_any(TopLevel { text })
        .and_then(|fields| reader.end().map(|()| fields))
        .map_err(|error| BadRequest::body(explain(&error)))?;
    match given_twice(body, &fields) {
        Some(name) => {
            let name = String::from_utf8_lossy(name);
            Err(BadRequest::field(name.clone(), format!("The field `{name}` is given twice.")))
        }
        None => Ok(fields),
    }
}

/// The name of a field that stands twice: what one reader takes from the first, another may take from the last.
fn given_twice<'a>(body: &'a [u8], fields: &'a [Field]) -> Option<&'a [u8]> {
    let mut names: Vec<&[u8]> = fields.iter().map(|field| field.name(body)).collect();
    names.sort_unstable();
    names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

fn explain(error: &serde_json::Error) -> String {
    if error.is_data() {
        format!("The body must be a JSON object: {error}.")
    } else {
        format!("The body is not valid JSON: {error}.")
    }
}

/// Collects the fields of one object.
struct TopLevel<'a> {
    text: &'a str,
}

impl<'de> Visitor<'de> for TopLevel<'de> {
    type Value = Vec<Field>;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<Field>, A::Error> {
        let mut fields = Vec::with_capacity(12);
        while let Some(Key(key)) = map.next_key()? {
            let value: &'de RawValue = map.next_value()?;
            if fields.len() == MOST_FIELDS {
                return Err(serde::de::Error::custom(format_args!("more than {MOST_FIELDS} fields")));
            }
            fields.push(place(self.text, key, value.get()));
        }
        Ok(fields)
    }
}

/// A key, borrowed from the body unless it is written with escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl<'de> Visitor<'de> for Name {
            type Value = Cow<'de, str>;
            fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
                out.write_str("a field name")
            }
            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(name))
            }
            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(name.to_owned()))
            }
        }
        deserializer.deserialize_str(Name).map(Key)
    }
}

/// Where a field stands whose value is the slice `value` of `text`.
fn place(text: &str, key: Cow<'_, str>, value: &str) -> Field {
    let start = value.as_ptr() as usize - text.as_ptr() as usize;
    let before = text[..start].trim_ascii_end();
    let before = before.strip_suffix(':').unwrap_or(before).trim_ascii_end();
    let key_end = before.len() - 1;
    let (key_start, decoded) = match key {
        Cow::Borrowed(key) => (key.as_ptr() as usize - text.as_ptr() as usize, None),
        Cow::Owned(key) => (opening_quote(&text.as_bytes()[..key_end]) + 1, Some(key.into_boxed_str())),
    };
    Field {
        whole: key_start - 1..start + value.len(),
        key: key_start..key_end,
        decoded,
        value: start..start + value.len(),
    }
}

/// The index of the quote that opens the string whose inside ends `bytes`: the last one with no backslash before it.
fn opening_quote(bytes: &[u8]) -> usize {
    let mut at = bytes.len();
    while let Some(quote) = memchr::memrchr(b'"', &bytes[..at]) {
        let escapes = bytes[..quote].iter().rev().take_while(|byte| **byte == b'\\').count();
        if escapes % 2 == 0 {
            return quote;
        }
        at = quote;
    }
    0
}

#[cfg(test)]
mod tests;
