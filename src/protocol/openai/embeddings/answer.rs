//! An answer with vectors: passed on where it is as it was asked for, else its vectors written anew.

use std::ops::Range;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::super::super::embed::{malformed, not_numbers, sound, wrong_count};
use super::super::super::kinds::is_empty_array;
use super::super::usage;
use crate::domain::chat::Usage;
use crate::domain::facts::Learned;
use crate::domain::failure::Failure;
use crate::domain::vectors::{Answer, Encoding, Request};

/// Written with padding, read also without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The top level of an answer.
#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(borrow, default)]
    model: Option<&'a RawValue>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

/// One vector, as it came.
#[derive(Deserialize)]
struct Came<'a> {
    /// Its item's place in the input; some servers leave it out.
    #[serde(default)]
    index: Option<u64>,
    #[serde(borrow)]
    embedding: &'a RawValue,
}

#[derive(Serialize)]
struct Written<'a> {
    object: &'static str,
    data: Vec<Item<'a>>,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Value>,
}

#[derive(Serialize)]
struct Item<'a> {
    object: &'static str,
    index: usize,
    embedding: Numbers<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Numbers<'a> {
    Float(&'a [f32]),
    Base64(String),
}

/// An answer of this form to `request`, and what was learned of it. Its bytes pass as they are where its vectors are in
/// the input's order and in the encoding that was asked for; else `data` is written anew, and nothing else.
///
/// # Errors
/// A [`Failure`] of class `malformed`.
pub fn as_asked(body: Bytes, request: &Request) -> Result<(Bytes, Learned), Failure> {
    let text = std::str::from_utf8(&body).map_err(|_| malformed("the answer is not UTF-8"))?;
    // A list would be read as an object's values in order.
    if !text.trim_ascii_start().starts_with('{') {
        return Err(malformed("the answer is not a JSON object"));
    }
    let broken = |error: serde_json::Error| malformed(format!("the answer is broken: {error}"));
    let list: List<'_> = serde_json::from_str(text).map_err(broken)?;
    let mut came: Vec<Came<'_>> = serde_json::from_str(list.data.get()).map_err(broken)?;
    let wanted = request.input.count();
    if came.len() != wanted {
        return Err(wrong_count(wanted, came.len()));
    }
    let learned = Learned {
        model: list.model.and_then(|model| serde_json::from_str(model.get()).ok()),
        usage: list.usage.and_then(|raw| usage::read(raw.get())),
        finish: None,
    };
    let in_order = (0..).zip(&came).all(|(at, vector)| vector.index == Some(at));
    if in_order && came.iter().all(|vector| vector.is_in(request.encoding)) {
        return Ok((body, learned));
    }
    put_in_order(&mut came)?;
    let vectors = came.iter().map(Came::numbers).collect::<Result<Vec<_>, _>>()?;
    let data = serde_json::to_vec(&items(&vectors, request.encoding)).map_err(broken)?;
    let at = place(text, list.data);
    let mut out = BytesMut::with_capacity(at.start + data.len() + body.len() - at.end);
    [&body[..at.start], &data, &body[at.end..]].into_iter().for_each(|piece| out.extend_from_slice(piece));
    Ok((out.freeze(), learned))
}

/// An answer, written in the encoding that was asked for.
pub fn write(answer: &Answer, encoding: Encoding) -> Bytes {
    let list = Written {
        object: "list",
        data: items(&answer.vectors, encoding),
        model: &answer.model,
        usage: answer.usage.as_ref().map(write_usage),
    };
    // Strings and numbers alone: there is nothing in it that could not be written.
    Bytes::from(serde_json::to_vec(&list).unwrap_or_default())
}

/// There are no answer tokens to be told.
fn write_usage(usage: &Usage) -> Value {
    json!({"prompt_tokens": usage.input, "total_tokens": usage.input})
}

fn items(vectors: &[Vec<f32>], encoding: Encoding) -> Vec<Item<'_>> {
    let numbers = vectors.iter().map(|vector| numbers(vector, encoding));
    (0..).zip(numbers).map(|(index, embedding)| Item { object: "embedding", index, embedding }).collect()
}

fn numbers(vector: &[f32], encoding: Encoding) -> Numbers<'_> {
    match encoding {
        Encoding::Float => Numbers::Float(vector),
        Encoding::Base64 => {
            let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
            Numbers::Base64(BASE64.encode(bytes))
        }
    }
}

/// Sorts vectors by the places that they name; where none names one, they are in order.
fn put_in_order(came: &mut [Came<'_>]) -> Result<(), Failure> {
    if came.iter().all(|vector| vector.index.is_none()) {
        return Ok(());
    }
    came.sort_by_key(|vector| vector.index);
    match (0..).zip(&*came).all(|(at, vector)| vector.index == Some(at)) {
        true => Ok(()),
        false => Err(malformed("the vectors' indexes are not those of the input")),
    }
}

impl Came<'_> {
    /// Is it written in this encoding? Its numbers are not looked at: they pass as they are.
    fn is_in(&self, encoding: Encoding) -> bool {
        let raw = self.embedding.get().as_bytes();
        match encoding {
            Encoding::Float => raw.starts_with(b"[") && !is_empty_array(raw),
            Encoding::Base64 => raw.starts_with(b"\"") && raw.len() > 2,
        }
    }

    fn numbers(&self) -> Result<Vec<f32>, Failure> {
        let raw = self.embedding.get();
        let numbers = if raw.starts_with('"') {
            let text: String = serde_json::from_str(raw).map_err(|_| not_numbers())?;
            let bytes = BASE64.decode(text).map_err(|_| not_numbers())?;
            let (numbers, left) = bytes.as_chunks::<4>();
            if !left.is_empty() {
                return Err(not_numbers());
            }
            numbers.iter().map(|number| f32::from_le_bytes(*number)).collect()
        } else {
            serde_json::from_str(raw).map_err(|_| not_numbers())?
        };
        sound(numbers)
    }
}

/// Where `part` stands in `text`, of which it is a slice.
fn place(text: &str, part: &RawValue) -> Range<usize> {
    let start = part.get().as_ptr() as usize - text.as_ptr() as usize;
    start..start + part.get().len()
}
