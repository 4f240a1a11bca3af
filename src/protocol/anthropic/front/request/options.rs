//! Options of a request, read: thinking, the answer's form, stop strings, who asks.

use serde_json::Value;

use crate::domain::chat::{Effort, Format, Schema};
use crate::protocol::fields::Fields;
use crate::protocol::{BadRequest, effort};

const EFFORTS: &str = "one of low, medium, high, xhigh or max";
const MODES: &str = "adaptive, enabled, disabled or between_tools";
const TIERS: &str = "auto or standard_only";

/// How hard the model thinks and the form of its answer: `output_config`, and what says the same beside it.
pub(super) fn output(fields: &mut Fields<'_>) -> Result<(Option<Effort>, Format), BadRequest> {
    let at = fields.at("output_config");
    let (wanted, form) = match fields.take("output_config") {
        None => (None, None),
        Some(value) => {
            let mut config = Fields::of(value, &at, "an object")?;
            let at = config.at("effort");
            let wanted = config.string("effort")?;
            let known = |name: String| effort::named(&name).ok_or_else(|| at.unknown(EFFORTS, &name));
            (wanted.map(known).transpose()?, format(&mut config, "format")?)
        }
    };
    // The field's name while the feature was a beta.
    let before = format(fields, "output_format")?;
    Ok((thinking(fields, wanted)?, form.or(before).unwrap_or_default()))
}

/// What `thinking` makes of the effort that is `wanted` (docs: protocols/translation.md, 3.3). Not to think outweighs
/// an effort, which to Anthropic is one of words too; an effort says more to others than a budget does.
fn thinking(fields: &mut Fields<'_>, wanted: Option<Effort>) -> Result<Option<Effort>, BadRequest> {
    let at = fields.at("thinking");
    let Some(value) = fields.take("thinking") else { return Ok(wanted) };
    let mut thinking = Fields::of(value, &at, "an object with a `type`")?;
    let mode = thinking.name("type", MODES)?;
    match mode.as_str() {
        "adaptive" => Ok(wanted),
        "enabled" => {
            let what = "the most tokens to think, at least 1024";
            let budget = thinking.count("budget_tokens")?.ok_or_else(|| thinking.at("budget_tokens").missing(what))?;
            Ok(wanted.or(Some(effort::for_budget(budget))))
        }
        "disabled" | "between_tools" => Ok(Some(Effort::None)),
        other => Err(thinking.at("type").unknown(MODES, other)),
    }
}

/// The form of the answer. A schema has no name here, and no word for strictness.
fn format(fields: &mut Fields<'_>, key: &'static str) -> Result<Option<Format>, BadRequest> {
    let at = fields.path().key(key);
    let Some(value) = fields.take(key) else { return Ok(None) };
    let mut format = Fields::of(value, &at, "an object with `type` and `schema`")?;
    let kind = format.name("type", "json_schema")?;
    if kind != "json_schema" {
        return Err(format.at("type").unknown("json_schema", &kind));
    }
    let what = "an object, the JSON schema of the answer";
    let at = format.at("schema");
    let schema = format.take("schema").ok_or_else(|| at.missing(what))?;
    if !schema.is_object() {
        return Err(at.wrong(what, &schema));
    }
    Ok(Some(Format::Schema(Schema { name: None, description: None, schema, strict: None })))
}

/// Strings that end the answer.
pub(super) fn stop_sequences(fields: &mut Fields<'_>) -> Result<Vec<String>, BadRequest> {
    let at = fields.at("stop_sequences");
    let list = fields.array("stop_sequences", "an array of strings")?.unwrap_or_default();
    let text = |(number, item)| match item {
        Value::String(text) => Ok(text),
        other => Err(at.item(number).wrong("a string", &other)),
    };
    list.into_iter().enumerate().map(text).collect()
}

/// An opaque id of the end user; a blank one is none.
pub(super) fn user(fields: &mut Fields<'_>) -> Result<Option<String>, BadRequest> {
    let at = fields.at("metadata");
    let Some(value) = fields.take("metadata") else { return Ok(None) };
    let id = Fields::of(value, &at, "an object")?.string("user_id")?;
    Ok(id.filter(|id| !id.trim().is_empty()))
}

/// The tier of service, by OpenAI's names.
pub(super) fn service_tier(fields: &mut Fields<'_>) -> Result<Option<&'static str>, BadRequest> {
    match fields.string("service_tier")?.as_deref() {
        None => Ok(None),
        Some("auto") => Ok(Some("auto")),
        Some("standard_only") => Ok(Some("default")),
        Some(other) => Err(fields.at("service_tier").unknown(TIERS, other)),
    }
}
