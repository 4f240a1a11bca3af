//! Tools and how they are to be used, written.

use serde_json::{Map, Value, json};

use super::super::super::super::Unwritable;
use super::super::super::custom::{CUSTOM, Customs};
use super::super::super::offer;
use crate::domain::chat::{Function, Tool, ToolChoice};

/// Writes the tools, and says whether one of them is less strict than was asked for.
pub(super) fn tools(tools: &[Tool]) -> Result<(Value, bool), Unwritable> {
    let mut lax = false;
    let tool = |(at, tool): (usize, &Tool)| match tool {
        Tool::Function(function) => {
            let strict = offer::strictness(at, function)?;
            lax |= strict != function.strict;
            Ok(json!({"type": "function", "function": written(function, strict)}))
        }
        Tool::Other { kind, raw } if kind == CUSTOM => Ok(raw.clone()),
        Tool::Other { kind, .. } => Err(offer::refused(at, kind)),
    };
    let tools = tools.iter().enumerate().map(tool).collect::<Result<_, _>>()?;
    Ok((tools, lax))
}

fn written(function: &Function, strict: Option<bool>) -> Value {
    let mut map = Map::new();
    map.insert("name".into(), function.name.as_str().into());
    if let Some(description) = &function.description {
        map.insert("description".into(), description.as_str().into());
    }
    if let Some(parameters) = &function.parameters {
        map.insert("parameters".into(), parameters.clone());
    }
    if let Some(strict) = strict {
        map.insert("strict".into(), strict.into());
    }
    Value::Object(map)
}

/// Writes how tools are to be used.
pub(super) fn choice(choice: &ToolChoice, tools: &[Tool]) -> Value {
    let customs = Customs::among(tools);
    let named = |name: &str| {
        let kind = customs.kind(name);
        json!({"type": kind, kind: {"name": name}})
    };
    match choice {
        ToolChoice::None => "none".into(),
        ToolChoice::Auto => "auto".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Named(name) => named(name),
        ToolChoice::Allowed { required, names } => {
            let mode = if *required { "required" } else { "auto" };
            let tools: Vec<Value> = names.iter().map(|name| named(name)).collect();
            json!({"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}})
        }
    }
}
