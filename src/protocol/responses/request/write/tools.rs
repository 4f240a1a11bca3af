//! Tools and how they are to be used, written flat.

use serde_json::{Map, Value, json};

use super::super::super::super::Unwritable;
use super::super::super::super::openai::custom::{CUSTOM, Customs};
use super::super::super::super::openai::offer;
use crate::domain::chat::{Function, Tool, ToolChoice};

/// Writes the tools, and says whether one of them is less strict than was asked for.
pub(super) fn tools(tools: &[Tool]) -> Result<(Value, bool), Unwritable> {
    let mut lax = false;
    let tool = |(at, tool): (usize, &Tool)| match tool {
        Tool::Function(tool) => {
            let strict = offer::strictness(at, tool)?;
            lax |= strict != tool.strict;
            Ok(function(tool, strict))
        }
        Tool::Other { kind, raw } if kind == CUSTOM => Ok(custom(raw)),
        Tool::Other { kind, .. } => Err(offer::refused(at, kind)),
    };
    let tools = tools.iter().enumerate().map(tool).collect::<Result<_, _>>()?;
    Ok((tools, lax))
}

fn function(function: &Function, strict: Option<bool>) -> Value {
    let mut tool = Map::new();
    tool.insert("type".into(), "function".into());
    tool.insert("name".into(), function.name.as_str().into());
    if let Some(description) = &function.description {
        tool.insert("description".into(), description.as_str().into());
    }
    let parameters = function.parameters.clone();
    tool.insert("parameters".into(), parameters.unwrap_or_else(|| json!({"type": "object", "properties": {}})));
    // Left out it means true here, and false where the hub comes from.
    tool.insert("strict".into(), strict.unwrap_or(false).into());
    Value::Object(tool)
}

/// A tool that takes free text, out of the form that the hub has of it: chat completions'.
fn custom(raw: &Value) -> Value {
    let mut tool = Map::new();
    tool.insert("type".into(), CUSTOM.into());
    for (name, value) in raw.get(CUSTOM).and_then(Value::as_object).into_iter().flatten() {
        let flat = match value.get("grammar").and_then(Value::as_object) {
            Some(grammar) if name == "format" => {
                let mut format = Map::new();
                format.insert("type".into(), "grammar".into());
                format.extend(grammar.clone());
                format.into()
            }
            _ => value.clone(),
        };
        tool.insert(name.clone(), flat);
    }
    Value::Object(tool)
}

/// Writes how tools are to be used.
pub(super) fn choice(choice: &ToolChoice, tools: &[Tool]) -> Value {
    let customs = Customs::among(tools);
    let named = |name: &str| json!({"type": customs.kind(name), "name": name});
    match choice {
        ToolChoice::None => "none".into(),
        ToolChoice::Auto => "auto".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Named(name) => named(name),
        ToolChoice::Allowed { required, names } => {
            let mode = if *required { "required" } else { "auto" };
            let tools: Vec<Value> = names.iter().map(|name| named(name)).collect();
            json!({"type": "allowed_tools", "mode": mode, "tools": tools})
        }
    }
}
