//! What only Anthropic has: its names are noted, once each, because it is left out for everybody else.

use serde_json::{Map, Value};

/// Fields that change nothing of what is answered (docs: protocols/translation.md, 3.3): nobody misses them.
const UNMISSED: [&str; 9] = [
    "betas",
    "billing_policy",
    "cache_control",
    "diagnostics",
    "fallback_credit_token",
    "inference_geo",
    "speed",
    "user_profile_id",
    "workspace_id",
];

/// The names, in the order in which they are met.
#[derive(Debug, Default)]
pub(super) struct Foreign {
    pub names: Vec<String>,
}

impl Foreign {
    /// Notes the kind of a block that is left out.
    pub fn block(&mut self, kind: &str) {
        // These two mark a place in the history, and no model is shown them.
        if !matches!(kind, "fallback" | "mcp_tool_listing") {
            self.note(kind);
        }
    }

    /// Notes the fields that nobody has read.
    pub fn rest(&mut self, fields: Map<String, Value>) {
        for (name, value) in &fields {
            if !UNMISSED.contains(&name.as_str()) && !is_ours(name, value) && !asks_for_nothing(value) {
                self.note(name);
            }
        }
    }

    fn note(&mut self, name: &str) {
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
    }
}

/// Is this a block that Anthropic's own servers have made, or that speaks to them?
pub(super) fn is_foreign(kind: &str) -> bool {
    const KINDS: [&str; 7] = [
        "browser_state",
        "container_upload",
        "fallback",
        "server_tool_use",
        "tool_addition",
        "tool_reference",
        "tool_removal",
    ];
    KINDS.contains(&kind) || kind.starts_with("mcp_") || kind.ends_with("_tool_result")
}

/// The caller's own chain, which is the gateway's to follow: names of models. A list of objects is Anthropic's.
fn is_ours(name: &str, value: &Value) -> bool {
    name == "fallbacks" && value.as_array().is_some_and(|list| list.iter().all(Value::is_string))
}

fn asks_for_nothing(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)
}
