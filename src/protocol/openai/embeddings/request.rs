//! A request for vectors: what a plan must know of it, and all of it read.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::super::super::BadRequest;
use super::super::super::call::Call;
use super::super::super::fields::Path;
use super::super::super::kinds::{self, Kind};
use super::super::super::own::{self, missing, wrong};
use super::input;
use crate::domain::facts::Facts;
use crate::domain::vectors::{Encoding, Request};

/// The fields whose types OpenAI fixes, and `stream`, which callers of chats may send by mistake.
const KINDS: &[(&str, Kind)] = &[
    ("dimensions", Kind::Integer),
    ("encoding_format", Kind::String),
    ("input", Kind::StringOrArray),
    ("model", Kind::String),
    ("stream", Kind::Bool),
    ("user", Kind::String),
];

/// What a plan must know of a request.
///
/// # Errors
/// [`BadRequest`] where a field that the gateway itself reads is missing or has the wrong type.
pub fn facts(call: &Call) -> Result<Facts, BadRequest> {
    kinds::check(call, KINDS)?;
    Ok(Facts { model: own::model(call)?, fallbacks: own::fallbacks(call)?, ..Facts::default() })
}

/// A request, read whole; the types of its fields were checked with [`facts`].
///
/// # Errors
/// [`BadRequest`] names the field at fault.
pub fn read(call: &Call) -> Result<Request, BadRequest> {
    if call.field("stream") == Some(b"true") {
        return Err(BadRequest::field("stream", "Vectors are not streamed: leave `stream` out, or send false."));
    }
    let input = call.field("input").ok_or_else(|| missing("input", "a text, or an array of texts"))?;
    Ok(Request {
        input: input::read(input)?,
        dimensions: dimensions(call)?,
        encoding: encoding(call)?,
        user: string(call, "user")?,
        rest: rest(call)?,
    })
}

fn dimensions(call: &Call) -> Result<Option<u32>, BadRequest> {
    let Some(raw) = call.field("dimensions") else { return Ok(None) };
    let number: f64 = serde_json::from_slice(raw).map_err(|error| wrong("dimensions", &error))?;
    match number {
        number if (1.0..=f64::from(u32::MAX)).contains(&number) => Ok(Some(number as u32)),
        _ => Err(BadRequest::field("dimensions", "`dimensions` must be at least 1, and no more than a model has.")),
    }
}

fn encoding(call: &Call) -> Result<Encoding, BadRequest> {
    match string(call, "encoding_format")?.as_deref() {
        None | Some("float") => Ok(Encoding::Float),
        Some("base64") => Ok(Encoding::Base64),
        Some(other) => Err(Path::Body.key("encoding_format").unknown("`float` or `base64`", other)),
    }
}

fn string(call: &Call, name: &str) -> Result<Option<String>, BadRequest> {
    call.field(name).map(serde_json::from_slice).transpose().map_err(|error| wrong(name, &error))
}

/// What is neither OpenAI's nor the gateway's own.
fn rest(call: &Call) -> Result<BTreeMap<String, Box<RawValue>>, BadRequest> {
    let mut rest = BTreeMap::new();
    for field in &call.fields {
        let name = String::from_utf8_lossy(field.name(&call.body));
        let value = &call.body[field.value.clone()];
        let known = KINDS.iter().any(|(known, _)| *known == name) || own::own_fields(call).any(|known| known == name);
        if !known && value != b"null" {
            let value = serde_json::from_slice(value).map_err(|error| wrong(&name, &error))?;
            rest.insert(name.into_owned(), value);
        }
    }
    Ok(rest)
}
