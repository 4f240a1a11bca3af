//! Options of a request, read: length, thinking, the answer's form, the tokens' probabilities.

use serde_json::{Map, Value};

use super::super::super::BadRequest;
use super::super::super::effort::{EFFORTS, named};
use super::super::super::fields::Fields;
use super::super::super::openai::schema;
use crate::domain::chat::{Effort, Format};

const FORMATS: &str = "text, json_object or json_schema";
/// What `include` asks for where the tokens' probabilities are wanted.
const LOGPROBS: &str = "message.output_text.logprobs";
/// What else it may ask for: what every answer here carries, or what belongs to tools that only OpenAI runs.
const INCLUDED: [&str; 7] = [
    "code_interpreter_call.outputs",
    "computer_call_output.output.image_url",
    "file_search_call.results",
    "message.input_image.image_url",
    "reasoning.encrypted_content",
    "web_search_call.action.sources",
    "web_search_call.results",
];

/// The longest answer.
pub(super) fn max_tokens(fields: &mut Fields<'_>) -> Result<Option<u64>, BadRequest> {
    match fields.count("max_output_tokens")? {
        Some(0) => Err(fields.at("max_output_tokens").fault("`max_output_tokens` must be at least 1.")),
        limit => Ok(limit),
    }
}

/// How hard the model thinks. Whether its thoughts are summed up is not for another model to say.
pub(super) fn effort(fields: &mut Fields<'_>, foreign: &mut Vec<String>) -> Result<Option<Effort>, BadRequest> {
    let at = fields.at("reasoning");
    let Some(value) = fields.take("reasoning") else { return Ok(None) };
    let mut reasoning = Fields::of(value, &at, "an object such as {\"effort\": \"low\"}")?;
    if reasoning.string("mode")?.is_some_and(|mode| mode != "standard") {
        foreign.push("reasoning.mode".into());
    }
    let at = reasoning.at("effort");
    let effort = reasoning.string("effort")?.map(|name| named(&name).ok_or_else(|| at.unknown(EFFORTS, &name)));
    effort.transpose()
}

/// The form of the answer, and how wordy it is.
pub(super) fn text(fields: &mut Fields<'_>, rest: &mut Map<String, Value>) -> Result<Format, BadRequest> {
    let at = fields.at("text");
    let Some(value) = fields.take("text") else { return Ok(Format::Text) };
    let mut text = Fields::of(value, &at, "an object with a `format`")?;
    if let Some(verbosity) = text.string("verbosity")? {
        rest.insert("verbosity".into(), verbosity.into());
    }
    let at = text.at("format");
    let Some(value) = text.take("format") else { return Ok(Format::Text) };
    let mut format = Fields::of(value, &at, "an object with a `type`")?;
    let kind = format.name("type", FORMATS)?;
    match kind.as_str() {
        "text" => Ok(Format::Text),
        "json_object" => Ok(Format::Json),
        "json_schema" => Ok(Format::Schema(schema::read(format)?)),
        other => Err(format.at("type").unknown(FORMATS, other)),
    }
}

/// The probabilities of tokens, which chat completions ask for by two fields.
pub(super) fn probabilities(
    fields: &mut Fields<'_>,
    rest: &mut Map<String, Value>,
    foreign: &mut Vec<String>,
) -> Result<(), BadRequest> {
    let most = fields.count("top_logprobs")?.filter(|most| *most > 0);
    let mut wanted = most.is_some();
    let at = fields.at("include");
    for (index, value) in fields.array("include", "an array of strings")?.unwrap_or_default().into_iter().enumerate() {
        match value {
            Value::String(name) if name == LOGPROBS => wanted = true,
            Value::String(name) if INCLUDED.contains(&name.as_str()) => {}
            Value::String(_) => foreign.push(at.item(index).to_string()),
            other => return Err(at.item(index).wrong("a string", &other)),
        }
    }
    if wanted {
        rest.insert("logprobs".into(), true.into());
    }
    if let Some(most) = most {
        rest.insert("top_logprobs".into(), most.into());
    }
    Ok(())
}

/// Options without a bearing on the answer: one bounds only tools that OpenAI runs, one pads a stream.
pub(super) fn silent(fields: &mut Fields<'_>) -> Result<(), BadRequest> {
    fields.count("max_tool_calls")?;
    let at = fields.at("stream_options");
    match fields.take("stream_options") {
        None | Some(Value::Object(_)) => Ok(()),
        Some(other) => Err(at.wrong("an object", &other)),
    }
}
