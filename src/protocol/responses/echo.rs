//! What an answer repeats of its request, and what else depends on it.
//!
//! Every response object tells the settings that it was made by. They are taken as the caller wrote them: their top
//! level was scanned, and nothing below it is looked at (docs: protocols/openai-responses.md, "Response object").

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::super::call::Call;

/// Settings that are always told, and what they are where the caller sets nothing.
const ALWAYS: [(&str, &str); 9] = [
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("temperature", "null"),
    ("text", r#"{"format":{"type":"text"}}"#),
    ("tool_choice", r#""auto""#),
    ("tools", "[]"),
    ("top_p", "null"),
];

/// Settings that are told where they are given.
const GIVEN: [&str; 6] =
    ["max_tool_calls", "prompt_cache_key", "reasoning", "safety_identifier", "top_logprobs", "user"];

/// Settings of a server that keeps no state, whatever the caller left open.
const FIXED: [(&str, &str); 4] =
    [("background", "false"), ("previous_response_id", "null"), ("store", "false"), ("truncation", r#""disabled""#)];

/// What asks for thoughts in the form that may be sent back.
const ENCRYPTED: &str = "reasoning.encrypted_content";

/// What an answer must know of its request.
#[derive(Debug)]
pub(super) struct Asked {
    /// The settings that every response object repeats.
    pub(super) echo: Echo,
    /// Are thoughts wanted in the form that may be sent back?
    pub(super) seals: bool,
    /// The tools that take free text, by name.
    custom: Vec<String>,
}

/// The settings that a response object repeats, in order.
#[derive(Debug)]
pub(super) struct Echo(Vec<(&'static str, Box<RawValue>)>);

impl Asked {
    /// Reads it off a request.
    pub(super) fn of(call: &Call) -> Asked {
        Asked { echo: Echo::of(call), seals: seals(call), custom: custom(call) }
    }

    /// Does this tool take free text rather than arguments?
    pub(super) fn is_custom(&self, tool: &str) -> bool {
        self.custom.iter().any(|name| name == tool)
    }
}

impl Echo {
    fn of(call: &Call) -> Echo {
        let always = ALWAYS.into_iter().map(|(name, default)| (name, setting(call, name).or_else(|| raw(default))));
        let given = GIVEN.into_iter().map(|name| (name, setting(call, name)));
        let fixed = FIXED.into_iter().map(|(name, value)| (name, raw(value)));
        let told = always.chain(given).chain(fixed);
        Echo(told.filter_map(|(name, value)| Some((name, value?))).collect())
    }
}

impl Serialize for Echo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// A setting as the caller wrote it, on one line: an event's data ends where its line does.
fn setting(call: &Call, name: &str) -> Option<Box<RawValue>> {
    let written = std::str::from_utf8(call.field(name)?).ok()?;
    // Line ends stand between the tokens of JSON alone; inside a string they are escaped.
    raw(&written.replace(['\n', '\r'], ""))
}

fn raw(json: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(json.to_owned()).ok()
}

fn seals(call: &Call) -> bool {
    let list = call.field("include").and_then(|raw| serde_json::from_slice::<Vec<String>>(raw).ok());
    list.unwrap_or_default().iter().any(|name| name == ENCRYPTED)
}

fn custom(call: &Call) -> Vec<String> {
    #[derive(Deserialize)]
    struct Tool {
        #[serde(rename = "type", default)]
        kind: String,
        #[serde(default)]
        name: String,
    }
    let Some(raw) = call.field("tools").filter(|raw| memchr::memmem::find(raw, b"custom").is_some()) else {
        return Vec::new();
    };
    let tools: Vec<Tool> = serde_json::from_slice(raw).unwrap_or_default();
    tools.into_iter().filter(|tool| tool.kind == "custom").map(|tool| tool.name).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::super::Responses;
    use super::*;
    use crate::protocol::scan::scan;

    fn asked(body: &str) -> Asked {
        Asked::of(&scan(&Responses, Bytes::copy_from_slice(body.as_bytes())).unwrap())
    }

    fn told(body: &str) -> Value {
        serde_json::to_value(asked(body).echo).unwrap()
    }

    #[test]
    fn settings_that_were_not_given_are_the_defaults() {
        let expected = json!({
            "instructions": null, "max_output_tokens": null, "metadata": {}, "parallel_tool_calls": true,
            "temperature": null, "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [],
            "top_p": null, "background": false, "previous_response_id": null, "store": false,
            "truncation": "disabled",
        });
        assert_eq!(told(r#"{"model":"m","input":"hi"}"#), expected);
        let nulls = r#"{"model":"m","input":"hi","metadata":null,"tools":null,"text":null,"reasoning":null}"#;
        assert_eq!(told(nulls), expected);
    }

    #[test]
    fn settings_are_told_as_they_were_given_and_nothing_else_is() {
        let given = json!({
            "instructions": "Be \"kind\".", "max_output_tokens": 300, "metadata": {"a": "b"},
            "parallel_tool_calls": false, "temperature": 0.50, "text": {"verbosity": "low"},
            "tool_choice": {"type": "function", "name": "f"}, "tools": [{"type": "function", "name": "f"}],
            "top_p": 1, "reasoning": {"effort": "low"}, "user": "u", "top_logprobs": 2,
        });
        let mut body = given.clone();
        for (name, value) in [
            ("model", json!("m")),
            ("input", json!("secret")),
            ("stream", json!(true)),
            ("service_tier", json!("flex")),
            ("truncation", json!("auto")),
            ("fallbacks", json!([])),
        ] {
            body[name] = value;
        }
        let mut expected = given;
        for (name, value) in FIXED {
            expected[name] = serde_json::from_str(value).unwrap();
        }
        assert_eq!(told(&body.to_string()), expected);
    }

    #[test]
    fn what_is_told_stands_on_one_line() {
        let body =
            "{\"model\":\"m\",\"input\":\"hi\",\"tools\":[\r\n  {\n\"type\":\"custom\",\r\"name\":\"a\\nb\"}\n]}";
        let told = serde_json::to_string(&asked(body).echo).unwrap();
        assert!(!told.contains(['\n', '\r']), "{told}");
        assert!(told.contains(r#""name":"a\nb""#), "{told}");
    }

    #[test]
    fn seals_and_free_text_are_looked_for_where_they_are_asked_for() {
        let body = r#"{"model":"m","input":"custom","include":["reasoning.encrypted_content"],
            "tools":[{"type":"custom","name":"patch"},{"type":"function","name":"f"},{"type":"web_search"}]}"#;
        let both = asked(body);
        assert!(both.seals && both.is_custom("patch") && !both.is_custom("f"));
        let neither = asked(r#"{"model":"m","input":"hi","include":["message.output_text.logprobs"]}"#);
        assert!(!neither.seals && !neither.is_custom("patch"));
    }
}
