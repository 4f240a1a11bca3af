//! The tools on offer and how they are to be used.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::blocks::Cache;
use super::notes::Notes;
use super::{ids, schema};
use crate::domain::chat::{Chat, Function, Tool, ToolChoice};
use crate::models::Card;
use crate::protocol::Unwritable;

/// The longest name of a tool.
pub(super) const LONGEST_NAME: usize = 128;

/// A tool as it is offered.
#[derive(Debug, Serialize)]
pub(super) struct Offer<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    input_schema: Cow<'a, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<Cache>,
}

/// How tools are to be used.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Choice<'a> {
    None,
    Auto {
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        disable_parallel_tool_use: bool,
    },
    Any {
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        disable_parallel_tool_use: bool,
    },
    Tool {
        name: &'a str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        disable_parallel_tool_use: bool,
    },
}

impl Choice<'_> {
    /// Must a tool be called?
    pub fn is_forced(&self) -> bool {
        matches!(self, Choice::Any { .. } | Choice::Tool { .. })
    }
}

/// Writes the tools on offer, in their order.
pub(super) fn offers<'a>(chat: &'a Chat, notes: &mut Notes) -> Result<Vec<Offer<'a>>, Unwritable> {
    let allowed = match &chat.tool_choice {
        Some(ToolChoice::Allowed { names, .. }) => Some(names),
        _ => None,
    };
    let mut offers = Vec::with_capacity(chat.tools.len());
    for (at, tool) in chat.tools.iter().enumerate() {
        let function = match tool {
            Tool::Function(function) => function,
            Tool::Other { kind, .. } => {
                let message = format!("Claude takes function tools, not `{kind}` tools.");
                return Err(Unwritable::new(format!("tools[{at}].type"), message));
            }
        };
        if allowed.is_none_or(|names| names.contains(&function.name)) {
            offers.push(offer(function, at, notes)?);
        }
    }
    Ok(offers)
}

fn offer<'a>(function: &'a Function, at: usize, notes: &mut Notes) -> Result<Offer<'a>, Unwritable> {
    if function.name.len() > LONGEST_NAME || ids::clean(&function.name) != function.name.as_str() {
        let message = format!("A tool's name has 1 to {LONGEST_NAME} letters, digits, `_` and `-`.");
        return Err(Unwritable::new(format!("tools[{at}].function.name"), message));
    }
    let input_schema = input_schema(function.parameters.as_ref()).ok_or_else(|| {
        let param = format!("tools[{at}].function.parameters");
        Unwritable::new(param, "A tool's parameters are a JSON schema: an object.")
    })?;
    let strict = function.strict == Some(true);
    let kept = strict && schema::is_strict(&input_schema);
    if strict && !kept {
        notes.dropped("strict");
    }
    Ok(Offer {
        name: &function.name,
        description: function.description.as_deref(),
        input_schema,
        strict: kept.then_some(true),
        cache_control: Cache::of(function.cache),
    })
}

/// A schema that says that it is an object's; `None` where it is no schema.
fn input_schema(parameters: Option<&Value>) -> Option<Cow<'_, Value>> {
    match parameters {
        None | Some(Value::Null) => Some(Cow::Owned(json!({"type": "object", "properties": {}}))),
        Some(schema @ Value::Object(fields)) if fields.get("type") == Some(&json!("object")) => {
            Some(Cow::Borrowed(schema))
        }
        Some(Value::Object(fields)) => {
            let mut typed = Map::with_capacity(fields.len() + 1);
            typed.insert("type".into(), "object".into());
            typed.extend(fields.iter().filter(|(name, _)| *name != "type").map(|(k, v)| (k.clone(), v.clone())));
            Some(Cow::Owned(Value::Object(typed)))
        }
        Some(_) => None,
    }
}

/// Writes how the tools are to be used; `offered` are those on offer.
pub(super) fn choice<'a>(
    chat: &'a Chat,
    offered: &[Offer<'_>],
    card: &Card,
    notes: &mut Notes,
) -> Result<Option<Choice<'a>>, Unwritable> {
    let disable_parallel_tool_use = chat.parallel_tools == Some(false);
    if offered.is_empty() {
        return match &chat.tool_choice {
            Some(ToolChoice::Allowed { .. }) => {
                Err(Unwritable::new("tool_choice", "None of the allowed tools is on offer."))
            }
            _ => Ok(None),
        };
    }
    let choice = match &chat.tool_choice {
        None if !disable_parallel_tool_use => return Ok(None),
        None | Some(ToolChoice::Auto | ToolChoice::Allowed { required: false, .. }) => {
            Choice::Auto { disable_parallel_tool_use }
        }
        Some(ToolChoice::None) => Choice::None,
        Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. }) => {
            Choice::Any { disable_parallel_tool_use }
        }
        Some(ToolChoice::Named(name)) if offered.iter().any(|offer| offer.name == name) => {
            Choice::Tool { name, disable_parallel_tool_use }
        }
        Some(ToolChoice::Named(name)) => {
            return Err(Unwritable::new("tool_choice", format!("There is no tool named `{name}`.")));
        }
    };
    notes.ours("tool_choice");
    if choice.is_forced() && !card.forced_tools {
        notes.dropped("tool_choice");
        return Ok(Some(Choice::Auto { disable_parallel_tool_use }));
    }
    Ok(Some(choice))
}

/// The name of a tool that was called in the past: a model may have made it up, so it need not be one on offer.
pub(super) fn past_name(name: &str) -> Cow<'_, str> {
    match ids::clean(name) {
        Cow::Borrowed(name) => Cow::Borrowed(&name[..name.len().min(LONGEST_NAME)]),
        Cow::Owned(mut name) => {
            name.truncate(LONGEST_NAME);
            Cow::Owned(name)
        }
    }
}
