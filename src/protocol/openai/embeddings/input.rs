//! `input`: a text, tokens, or an array of either.

use std::fmt;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::super::BadRequest;
use super::super::super::fields::Path;
use crate::domain::vectors::Input;

/// The most items of one request (docs: protocols/embeddings.md).
const MOST_ITEMS: usize = 2048;

/// Reads the JSON of the field, which is a string or an array.
pub(super) fn read(raw: &[u8]) -> Result<Input, BadRequest> {
    let at = Path::Body.key("input");
    if raw.starts_with(b"\"") {
        return Ok(Input::Texts(vec![text(raw, &at)?]));
    }
    let inside = raw.get(1..).unwrap_or_default().trim_ascii_start();
    match inside.first() {
        Some(b']') => Err(empty(&at)),
        Some(b'"') => each(raw, &at, text).map(Input::Texts),
        Some(b'[') => each(raw, &at, tokens).map(Input::Tokens),
        Some(b'-' | b'0'..=b'9') => Ok(Input::Tokens(vec![tokens(raw, &at)?])),
        _ => Err(at.item(0).fault("`input[0]` must be a text, a token's number, or an array of those.")),
    }
}

/// Reads the items of an array, all alike.
fn each<T>(
    raw: &[u8],
    at: &Path<'_>,
    read: impl Fn(&[u8], &Path<'_>) -> Result<T, BadRequest>,
) -> Result<Vec<T>, BadRequest> {
    let items = serde_json::Deserializer::from_slice(raw)
        .deserialize_seq(Items)
        .map_err(|_| at.fault(format!("`input` may hold at most {MOST_ITEMS} items: send several requests.")))?;
    items.iter().enumerate().map(|(index, item)| read(item.get().as_bytes(), &at.item(index))).collect()
}

fn text(raw: &[u8], at: &Path<'_>) -> Result<String, BadRequest> {
    if !raw.starts_with(b"\"") {
        return Err(at.fault(format!("`{at}` must be a text, as the first item is.")));
    }
    let text: String =
        serde_json::from_slice(raw).map_err(|error| at.fault(format!("`{at}` cannot be read: {error}.")))?;
    if text.is_empty() { Err(empty(at)) } else { Ok(text) }
}

fn tokens(raw: &[u8], at: &Path<'_>) -> Result<Vec<u32>, BadRequest> {
    // What a parser says of a wrong type repeats what it found, whole.
    let tokens: Vec<u32> = serde_json::from_slice(raw)
        .map_err(|_| at.fault(format!("`{at}` must hold tokens alone: whole numbers that are not negative.")))?;
    if tokens.is_empty() { Err(empty(at)) } else { Ok(tokens) }
}

fn empty(at: &Path<'_>) -> BadRequest {
    at.fault(format!("`{at}` is empty: send a text, or tokens."))
}

/// The items of an array as they are written, so that none is read before their number is known to be in bounds.
struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = array.next_element()? {
            if items.len() == MOST_ITEMS {
                return Err(A::Error::custom("too many items"));
            }
            items.push(item);
        }
        Ok(items)
    }
}
