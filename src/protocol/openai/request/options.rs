//! Options of a request, read: length, thinking, stop strings, the answer's form, the stream.

use serde_json::Value;

use super::super::super::BadRequest;
use super::super::super::effort::{self, EFFORTS};
use super::super::super::fields::Fields;
use super::super::schema;
use crate::domain::chat::{Effort, Format};

const FORMATS: &str = "text, json_object or json_schema";

/// Are a stream and, in it, usage wanted?
pub(super) fn stream(fields: &mut Fields<'_>) -> Result<(bool, bool), BadRequest> {
    let stream = fields.boolean("stream")?.unwrap_or(false);
    let at = fields.at("stream_options");
    let Some(options) = fields.take("stream_options") else { return Ok((stream, false)) };
    let mut options = Fields::of(options, &at, "an object")?;
    Ok((stream, options.boolean("include_usage")?.unwrap_or(false)))
}

/// The longest answer, by its new name or its old.
pub(super) fn max_tokens(fields: &mut Fields<'_>) -> Result<Option<u64>, BadRequest> {
    let mut limit = None;
    for name in ["max_completion_tokens", "max_tokens"] {
        let given = fields.count(name)?;
        if given == Some(0) {
            return Err(fields.at(name).fault(format!("`{name}` must be at least 1.")));
        }
        limit = limit.or(given);
    }
    Ok(limit)
}

/// Strings that end the answer.
pub(super) fn stop(fields: &mut Fields<'_>) -> Result<Vec<String>, BadRequest> {
    let at = fields.at("stop");
    let items = match fields.take("stop") {
        None => return Ok(Vec::new()),
        Some(Value::String(one)) => return Ok(vec![one]),
        Some(Value::Array(items)) => items,
        Some(other) => return Err(at.wrong("a string or an array of strings", &other)),
    };
    let text = |(index, item)| match item {
        Value::String(text) => Ok(text),
        other => Err(at.item(index).wrong("a string", &other)),
    };
    items.into_iter().enumerate().map(text).collect()
}

/// How hard the model thinks: `reasoning_effort`, or OpenRouter's `reasoning` (docs: protocols/openrouter.md).
pub(super) fn effort(fields: &mut Fields<'_>) -> Result<Option<Effort>, BadRequest> {
    let at = fields.at("reasoning_effort");
    let effort =
        fields.string("reasoning_effort")?.map(|name| effort::named(&name).ok_or_else(|| at.unknown(EFFORTS, &name)));
    let reasoning = reasoning(fields)?;
    Ok(effort.transpose()?.or(reasoning))
}

fn reasoning(fields: &mut Fields<'_>) -> Result<Option<Effort>, BadRequest> {
    let at = fields.at("reasoning");
    let Some(value) = fields.take("reasoning") else { return Ok(None) };
    let mut reasoning = Fields::of(value, &at, "an object such as {\"effort\": \"low\"}")?;
    let enabled = reasoning.boolean("enabled")?;
    let budget = reasoning.count("max_tokens")?;
    let at = reasoning.at("effort");
    if let Some(name) = reasoning.string("effort")? {
        return effort::named(&name).map(Some).ok_or_else(|| at.unknown(EFFORTS, &name));
    }
    Ok(match (enabled, budget) {
        (Some(false), _) => Some(Effort::None),
        (_, Some(budget)) => Some(effort::for_budget(budget)),
        (Some(true), None) => Some(Effort::Medium),
        (None, None) => None,
    })
}

/// The form of the answer.
pub(super) fn format(fields: &mut Fields<'_>) -> Result<Format, BadRequest> {
    let at = fields.at("response_format");
    let Some(value) = fields.take("response_format") else { return Ok(Format::Text) };
    let mut format = Fields::of(value, &at, "an object with a `type`")?;
    let kind = format.name("type", FORMATS)?;
    match kind.as_str() {
        "text" => Ok(Format::Text),
        "json_object" => Ok(Format::Json),
        "json_schema" => wrapped(format),
        other => Err(format.at("type").unknown(FORMATS, other)),
    }
}

fn wrapped(mut format: Fields<'_>) -> Result<Format, BadRequest> {
    let at = format.at("json_schema");
    let what = "an object with `name` and `schema`";
    let value = format.take("json_schema").ok_or_else(|| at.missing(what))?;
    Ok(Format::Schema(schema::read(Fields::of(value, &at, what)?)?))
}
