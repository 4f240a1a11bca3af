//! Tools on offer and how they are to be used, read: flat here, where chat completions nest them.

use serde_json::{Map, Value, json};

use super::super::super::fields::{Fields, Path};
use super::super::super::openai::custom::CUSTOM;
use super::super::super::openai::part::ends_prefix;
use super::super::super::{BadRequest, Unreadable};
use super::state::{bound, bound_kind};
use crate::domain::chat::{Function, Tool, ToolChoice};

const CHOICES: &str = "none, auto, required, or an object that names a tool";
const NAME: &str = "the tool's name";

/// The tools on offer.
pub(super) fn tools(fields: &mut Fields<'_>) -> Result<Vec<Tool>, BadRequest> {
    let at = fields.at("tools");
    let list = fields.array("tools", "an array of tools")?.unwrap_or_default();
    list.into_iter().enumerate().map(|(index, value)| tool(value, &at.item(index))).collect()
}

fn tool(value: Value, at: &Path<'_>) -> Result<Tool, BadRequest> {
    let kind = match value.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        None | Some(Value::Null) if value.is_object() => return Err(at.key("type").missing("function or custom")),
        Some(other) => return Err(at.key("type").wrong("a string, such as function", other)),
        None => return Err(at.wrong("an object with a `type`", &value)),
    };
    match kind.as_str() {
        "function" => function(Fields::of(value, at, "an object")?),
        CUSTOM => custom(Fields::of(value, at, "an object")?),
        _ => Ok(Tool::Other { kind, raw: value }),
    }
}

fn function(mut tool: Fields<'_>) -> Result<Tool, BadRequest> {
    let at = tool.at("parameters");
    let parameters = tool.take("parameters");
    if let Some(other) = parameters.as_ref().filter(|parameters| !parameters.is_object()) {
        return Err(at.wrong("an object, the JSON schema of the arguments", other));
    }
    Ok(Tool::Function(Function {
        name: tool.name("name", "the function's name")?,
        description: tool.string("description")?,
        parameters,
        // Left unsaid it means true here and false in chat completions, which refuse a schema that is not strict.
        strict: Some(tool.boolean("strict")?.unwrap_or(false)),
        cache: ends_prefix(&tool),
    }))
}

/// A tool that takes free text, in the form that the hub has of it: chat completions'.
fn custom(mut tool: Fields<'_>) -> Result<Tool, BadRequest> {
    let mut inner = Map::new();
    inner.insert("name".into(), tool.name("name", NAME)?.into());
    if let Some(description) = tool.string("description")? {
        inner.insert("description".into(), description.into());
    }
    let at = tool.at("format");
    if let Some(value) = tool.take("format") {
        let mut format = Fields::of(value, &at, "an object with a `type`")?;
        let kind = format.name("type", "text or grammar")?;
        let format = match kind.as_str() {
            "grammar" => {
                let definition = format.name("definition", "the grammar")?;
                let syntax = format.name("syntax", "lark or regex")?;
                json!({"type": "grammar", "grammar": {"definition": definition, "syntax": syntax}})
            }
            "text" => json!({"type": "text"}),
            other => return Err(format.at("type").unknown("text or grammar", other)),
        };
        inner.insert("format".into(), format);
    }
    Ok(Tool::Other { kind: CUSTOM.into(), raw: json!({"type": CUSTOM, CUSTOM: inner}) })
}

/// How tools are to be used.
pub(super) fn choice(fields: &mut Fields<'_>) -> Result<Option<ToolChoice>, Unreadable> {
    let at = fields.at("tool_choice");
    let mut choice = match fields.take("tool_choice") {
        None => return Ok(None),
        Some(Value::String(word)) => return Ok(Some(by_word(&word, &at)?)),
        Some(value) => Fields::of(value, &at, CHOICES)?,
    };
    let kind = choice.name("type", "function, custom or allowed_tools")?;
    match kind.as_str() {
        "allowed_tools" => allowed(choice).map(Some),
        "function" | CUSTOM => Ok(Some(ToolChoice::Named(choice.name("name", NAME)?))),
        other => Err(bound_kind(choice.path(), "A tool", other, "name a function").into()),
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

fn allowed(mut choice: Fields<'_>) -> Result<ToolChoice, Unreadable> {
    let required = match choice.name("mode", "auto or required")?.as_str() {
        "auto" => false,
        "required" => true,
        other => return Err(choice.at("mode").unknown("auto or required", other).into()),
    };
    let at = choice.at("tools");
    let tools = choice.array("tools", "an array of tools")?.ok_or_else(|| at.missing("an array of tools"))?;
    let name = |(index, value)| {
        let at = at.item(index);
        let mut tool = Fields::of(value, &at, "an object that names a tool")?;
        match tool.string("type")?.as_deref() {
            None | Some("function" | CUSTOM) => Ok(tool.name("name", NAME)?),
            Some(_) => Err(bound(&at, "Only OpenAI runs tools of its own: allow functions.").into()),
        }
    };
    let names = tools.into_iter().enumerate().map(name).collect::<Result<_, Unreadable>>()?;
    Ok(ToolChoice::Allowed { required, names })
}
