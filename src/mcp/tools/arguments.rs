//! Arguments of tools: which there may be, and those that must be there.

use rmcp::model::JsonObject;
use serde_json::Value;

use super::{OwnTool, schema};
use crate::protocol::BadRequest;

/// The most characters of a caller's own word that an error repeats.
const MOST_REPEATED: usize = 64;

/// Does `tool` take each of these arguments, and are those there that it needs?
///
/// # Errors
/// [`BadRequest`] names the first that is wrong.
pub(super) fn check(tool: &OwnTool, arguments: &JsonObject) -> Result<(), BadRequest> {
    let properties = (tool.input)();
    let known: Vec<&String> = schema::names(&properties).collect();
    if let Some(stranger) = arguments.keys().find(|name| !known.contains(name)) {
        let name: String = stranger.chars().take(MOST_REPEATED).collect();
        let takes = match &known[..] {
            [] => "no arguments at all".to_owned(),
            known => known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        };
        let message = format!("`{name}` is not an argument of `{}`, which takes {takes}.", tool.name);
        return Err(BadRequest::field(name, message));
    }
    let missing = tool.required.iter().find(|name| arguments.get(**name).is_none_or(Value::is_null));
    let Some(missing) = missing else { return Ok(()) };
    let what = properties[missing]["description"].as_str().unwrap_or_default();
    Err(BadRequest::field(*missing, format!("`{missing}` is missing. It is: {what}")))
}
