//! Tools and how they are to be used, written.

use serde_json::{Map, Value, json};

use super::super::super::super::Unwritable;
use super::options;
use crate::domain::chat::{Function, Tool, ToolChoice};

/// OpenAI's other kind of tool: it takes free text.
const CUSTOM: &str = "custom";

/// The longest name of a function.
const LONGEST_NAME: usize = 64;

/// Writes the tools, and says whether one of them is less strict than was asked for.
pub(super) fn tools(tools: &[Tool]) -> Result<(Value, bool), Unwritable> {
    let mut lax = false;
    let tool = |(at, tool): (usize, &Tool)| match tool {
        Tool::Function(Function { name, .. }) if name.len() > LONGEST_NAME => {
            let short: String = name.chars().take(LONGEST_NAME).collect();
            let message =
                format!("The tool's name `{short}…` is too long here: at most {LONGEST_NAME} characters are taken.");
            Err(Unwritable::new(format!("tools[{at}].function.name"), message))
        }
        Tool::Function(function) => {
            let strict = function.strict.filter(|strict| !strict || takes_strictly(function));
            lax |= strict != function.strict;
            Ok(json!({"type": "function", "function": written(function, strict)}))
        }
        Tool::Other { kind, raw } if kind == CUSTOM => Ok(raw.clone()),
        Tool::Other { kind, .. } => Err(Unwritable::new(
            format!("tools[{at}]"),
            format!("Tools of type `{kind}` are known to one provider only: offer tools that you run yourself."),
        )),
    };
    let tools = tools.iter().enumerate().map(tool).collect::<Result<_, _>>()?;
    Ok((tools, lax))
}

/// OpenAI is strict with a schema only where all is required and nothing else allowed; others are where not all is.
fn takes_strictly(function: &Function) -> bool {
    function.parameters.as_ref().is_none_or(options::is_strict)
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
    let named = |name: &str| {
        let kind = if is_custom(tools, name) { CUSTOM } else { "function" };
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

/// Is this the name of a custom tool?
pub(super) fn is_custom(tools: &[Tool], name: &str) -> bool {
    tools.iter().any(|tool| match tool {
        Tool::Other { kind, raw } if kind == CUSTOM => {
            raw.pointer("/custom/name").and_then(Value::as_str) == Some(name)
        }
        _ => false,
    })
}
