//! Tools on offer and how they are to be used, read.

use serde_json::Value;

use crate::domain::chat::{Function, Tool, ToolChoice};
use crate::protocol::BadRequest;
use crate::protocol::fields::{Fields, Path};

const CHOICES: &str = "auto, any, tool or none";

/// The tools on offer.
pub(super) fn tools(fields: &mut Fields<'_>) -> Result<Vec<Tool>, BadRequest> {
    let at = fields.at("tools");
    let list = fields.array("tools", "an array of tools")?.unwrap_or_default();
    list.into_iter().enumerate().map(|(number, value)| tool(value, &at.item(number))).collect()
}

/// One that the caller runs has no type, or the type `custom`; the others are Anthropic's.
fn tool(value: Value, at: &Path<'_>) -> Result<Tool, BadRequest> {
    match value.get("type") {
        None | Some(Value::Null) => {}
        Some(Value::String(kind)) if kind == "custom" => {}
        Some(Value::String(kind)) => return Ok(Tool::Other { kind: kind.clone(), raw: value }),
        Some(other) => return Err(at.key("type").wrong("a string, such as custom", other)),
    }
    let mut tool = Fields::of(value, at, "an object with `name` and `input_schema`")?;
    let name = tool.name("name", "the tool's name")?;
    let what = "an object, the JSON schema of the arguments";
    let at = tool.at("input_schema");
    let schema = tool.take("input_schema").ok_or_else(|| at.missing(what))?;
    if !schema.is_object() {
        return Err(at.wrong(what, &schema));
    }
    Ok(Tool::Function(Function {
        name,
        description: tool.string("description")?,
        parameters: Some(schema),
        strict: tool.boolean("strict")?,
        cache: tool.has("cache_control"),
    }))
}

/// How they are to be used, and whether several at once; `None` for both where nothing is said.
pub(super) fn choice(fields: &mut Fields<'_>) -> Result<(Option<ToolChoice>, Option<bool>), BadRequest> {
    let at = fields.at("tool_choice");
    let Some(value) = fields.take("tool_choice") else { return Ok((None, None)) };
    let mut choice = Fields::of(value, &at, "an object with a `type`")?;
    let kind = choice.name("type", CHOICES)?;
    let one_at_a_time = choice.boolean("disable_parallel_tool_use")?.unwrap_or(false);
    let choice = match kind.as_str() {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "tool" => ToolChoice::Named(choice.name("name", "the tool's name")?),
        "none" => ToolChoice::None,
        other => return Err(choice.at("type").unknown(CHOICES, other)),
    };
    Ok((Some(choice), one_at_a_time.then_some(false)))
}
