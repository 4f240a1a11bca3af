//! OpenAI's other kind of tool, which takes free text: the hub holds it as the one argument `input`
//! (docs: protocols/translation.md, 1).

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::domain::chat::Tool;

/// The `type` of such a tool.
pub(in crate::protocol) const CUSTOM: &str = "custom";

/// The arguments that a free text becomes.
pub(in crate::protocol) fn arguments(input: &str) -> String {
    json!({ "input": input }).to_string()
}

/// The names of such tools on offer.
pub(in crate::protocol) struct Customs<'a>(HashSet<&'a str>);

impl<'a> Customs<'a> {
    /// Those among `tools`, which are in the form of chat completions.
    pub(in crate::protocol) fn among(tools: &'a [Tool]) -> Customs<'a> {
        let name = |tool: &'a Tool| match tool {
            Tool::Other { kind, raw } if kind == CUSTOM => raw.pointer("/custom/name").and_then(Value::as_str),
            _ => None,
        };
        Customs(tools.iter().filter_map(name).collect())
    }

    /// The `type` of the tool `name`.
    pub(in crate::protocol) fn kind(&self, name: &str) -> &'static str {
        if self.0.contains(name) { CUSTOM } else { "function" }
    }

    /// The free text that a call of the tool `name` was given; `None` where that takes none.
    pub(in crate::protocol) fn input(&self, name: &str, arguments: &str) -> Option<Value> {
        let given = self.0.contains(name).then(|| serde_json::from_str::<Map<String, Value>>(arguments));
        given?.ok()?.remove("input").filter(Value::is_string)
    }
}
