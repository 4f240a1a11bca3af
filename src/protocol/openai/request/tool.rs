//! Tools on offer and how they are to be used, read, the deprecated `functions` among them.

use serde_json::Value;

use super::super::super::BadRequest;
use super::super::super::fields::{Fields, Path};
use super::super::part::ends_prefix;
use crate::domain::chat::{Function, Tool, ToolChoice};

const CHOICES: &str = "none, auto, required, or an object that names a tool";
const CHOICE_TYPES: &str = "function, custom or allowed_tools";
const NAME: &str = "the function's name";

/// The tools on offer: `tools`, then the deprecated `functions`.
pub(super) fn tools(fields: &mut Fields<'_>) -> Result<Vec<Tool>, BadRequest> {
    let mut tools = Vec::new();
    let at = fields.at("tools");
    for (index, value) in fields.array("tools", "an array of tools")?.unwrap_or_default().into_iter().enumerate() {
        tools.push(tool(value, &at.item(index))?);
    }
    let at = fields.at("functions");
    let functions = fields.array("functions", "an array of functions")?.unwrap_or_default();
    for (index, value) in functions.into_iter().enumerate() {
        tools.push(Tool::Function(function(value, &at.item(index))?));
    }
    Ok(tools)
}

fn tool(value: Value, at: &Path<'_>) -> Result<Tool, BadRequest> {
    let what = "an object with `type` and `function`";
    let kind = match value.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        // Many callers leave it out, and what it is can be seen.
        None if value.get("function").is_some() => "function".into(),
        None if value.is_object() => return Err(at.key("type").missing("function or custom")),
        None => return Err(at.wrong(what, &value)),
        Some(other) => return Err(at.key("type").wrong("a string, such as function", other)),
    };
    if kind != "function" {
        return Ok(Tool::Other { kind, raw: value });
    }
    let mut tool = Fields::of(value, at, what)?;
    let cache = ends_prefix(&tool);
    let at = tool.at("function");
    let inner = tool.take("function").ok_or_else(|| at.missing("an object with the function's `name`"))?;
    let function = function(inner, &at)?;
    Ok(Tool::Function(Function { cache: cache || function.cache, ..function }))
}

fn function(value: Value, at: &Path<'_>) -> Result<Function, BadRequest> {
    let mut function = Fields::of(value, at, "an object with a `name`")?;
    let at = function.at("parameters");
    let parameters = function.take("parameters");
    if let Some(other) = parameters.as_ref().filter(|parameters| !parameters.is_object()) {
        return Err(at.wrong("an object, the JSON schema of the arguments", other));
    }
    Ok(Function {
        name: function.name("name", NAME)?,
        description: function.string("description")?,
        parameters,
        strict: function.boolean("strict")?,
        cache: ends_prefix(&function),
    })
}

/// How tools are to be used: `tool_choice`, or the deprecated `function_call`.
pub(super) fn choice(fields: &mut Fields<'_>) -> Result<Option<ToolChoice>, BadRequest> {
    let at = fields.at("function_call");
    let legacy = fields.take("function_call").map(|value| match value {
        Value::String(word) => by_word(&word, &at),
        value => {
            Fields::of(value, &at, "none, auto, or an object with a `name`")?.name("name", NAME).map(ToolChoice::Named)
        }
    });
    let legacy = legacy.transpose()?;
    let at = fields.at("tool_choice");
    match fields.take("tool_choice") {
        None => Ok(legacy),
        Some(Value::String(word)) => by_word(&word, &at).map(Some),
        Some(value) => by_object(Fields::of(value, &at, CHOICES)?).map(Some),
    }
}

fn by_word(word: &str, at: &Path<'_>) -> Result<ToolChoice, BadRequest> {
    match word {
        "none" => Ok(ToolChoice::None),
        "auto" => Ok(ToolChoice::Auto),
        "required" => Ok(ToolChoice::Required),
        other => Err(at.unknown(CHOICES, other)),
    }
}

fn by_object(mut choice: Fields<'_>) -> Result<ToolChoice, BadRequest> {
    let kind = choice.name("type", CHOICE_TYPES)?;
    match kind.as_str() {
        "function" => named(&mut choice, "function").map(ToolChoice::Named),
        "custom" => named(&mut choice, "custom").map(ToolChoice::Named),
        "allowed_tools" => allowed(choice),
        other => Err(choice.at("type").unknown(CHOICE_TYPES, other)),
    }
}

/// The name in `{"type":"function","function":{"name":…}}`, and the same for custom tools.
fn named(choice: &mut Fields<'_>, kind: &'static str) -> Result<String, BadRequest> {
    let at = choice.at(kind);
    let inner = choice.take(kind).ok_or_else(|| at.missing("an object with the tool's `name`"))?;
    Fields::of(inner, &at, "an object with the tool's `name`")?.name("name", "the tool's name")
}

fn allowed(mut choice: Fields<'_>) -> Result<ToolChoice, BadRequest> {
    let at = choice.at("allowed_tools");
    let what = "an object with `mode` and `tools`";
    let inner = choice.take("allowed_tools").ok_or_else(|| at.missing(what))?;
    let mut allowed = Fields::of(inner, &at, what)?;
    let required = match allowed.name("mode", "auto or required")?.as_str() {
        "auto" => false,
        "required" => true,
        other => return Err(allowed.at("mode").unknown("auto or required", other)),
    };
    let at = allowed.at("tools");
    let tools = allowed.array("tools", "an array of tools")?.ok_or_else(|| at.missing("an array of tools"))?;
    let name = |(index, value)| {
        let at = at.item(index);
        let mut tool = Fields::of(value, &at, "an object that names a tool")?;
        let kind = if tool.has("custom") { "custom" } else { "function" };
        named(&mut tool, kind)
    };
    let names = tools.into_iter().enumerate().map(name).collect::<Result<_, _>>()?;
    Ok(ToolChoice::Allowed { required, names })
}
