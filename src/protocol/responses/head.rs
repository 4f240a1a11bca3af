//! What is read off a response object: everything but its output, and of that whether tools are called.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::shape::says_something;
use super::usage;
use crate::domain::chat::{Finish, Usage};
use crate::domain::facts::Learned;

/// A response object, as far as it is looked at; nothing of it is copied.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Head<'a> {
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    incomplete_details: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    output: Option<&'a RawValue>,
}

/// What an output item is, and its id.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Item<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

impl<'a> Head<'a> {
    /// Reads a response object; `None` where it is no object, or not JSON.
    pub(super) fn read(json: &'a str) -> Option<Head<'a>> {
        // An array would be taken for the fields in order.
        let is_object = json.trim_ascii_start().starts_with('{');
        serde_json::from_str(json).ok().filter(|_| is_object)
    }

    /// Is it a response at all?
    pub(super) fn is_response(&self) -> bool {
        let says = self.object.and_then(word);
        self.output.is_some_and(|output| output.get().starts_with('[')) || says.as_deref() == Some("response")
    }

    /// Has it failed?
    pub(super) fn is_failed(&self) -> bool {
        self.status().as_deref() == Some("failed") || self.error.is_some_and(says_something)
    }

    /// How far it is; `None` where it does not say.
    pub(super) fn status(&self) -> Option<Cow<'a, str>> {
        self.status.and_then(word)
    }

    /// The model that has answered.
    pub(super) fn model(&self) -> Option<String> {
        self.model.and_then(word).map(Cow::into_owned)
    }

    /// Tokens.
    pub(super) fn usage(&self) -> Option<Usage> {
        self.usage.and_then(|raw| usage::read(raw.get()))
    }

    /// Its output items, as they came.
    pub(super) fn output(&self) -> Vec<&'a RawValue> {
        self.output.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }

    /// Why it ended, where it has: `calls` says whether tools are called. One that does not say how far it is has
    /// ended well.
    pub(super) fn finish(&self, calls: bool) -> Option<Finish> {
        match self.status().as_deref().unwrap_or("completed") {
            "completed" if calls => Some(Finish::ToolCalls),
            "completed" => Some(Finish::Stop),
            "incomplete" => Some(self.incomplete()),
            _ => None,
        }
    }

    /// What is learned of it: `calls` as above.
    pub(super) fn learned(&self, calls: bool) -> Learned {
        Learned { model: self.model(), usage: self.usage(), finish: self.finish(calls) }
    }

    fn incomplete(&self) -> Finish {
        #[derive(Deserialize)]
        struct Details<'a> {
            #[serde(borrow, default)]
            reason: Option<&'a RawValue>,
        }
        let details = self.incomplete_details.and_then(|raw| serde_json::from_str::<Details<'_>>(raw.get()).ok());
        match details.and_then(|details| word(details.reason?)).as_deref() {
            Some("max_output_tokens") => Finish::Length,
            Some("content_filter") => Finish::Filtered(None),
            reason => Finish::Other(reason.unwrap_or("incomplete").to_owned()),
        }
    }
}

/// The type of an output item; empty where it has none.
pub(super) fn kind(item: &RawValue) -> Cow<'_, str> {
    self::item(item).kind.and_then(word).unwrap_or_default()
}

/// The id of an output item.
pub(super) fn id(item: &RawValue) -> Option<Cow<'_, str>> {
    self::item(item).id.and_then(word)
}

fn item(item: &RawValue) -> Item<'_> {
    serde_json::from_str(item.get()).unwrap_or_default()
}

/// Does an item of this type call a tool of the caller's?
pub(super) fn is_call(kind: &str) -> bool {
    matches!(kind, "function_call" | "custom_tool_call")
}

/// A string; `None` for any other value.
pub(super) fn word(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inside = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if inside.contains('\\') {
        serde_json::from_str(raw.get()).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inside))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finish(json: &str, calls: bool) -> Option<Finish> {
        Head::read(json).unwrap().finish(calls)
    }

    #[test]
    fn every_way_to_end() {
        let other = |name: &str| Some(Finish::Other(name.into()));
        for (json, expected) in [
            (r#"{"status":"completed"}"#, Some(Finish::Stop)),
            (r#"{"status":"c\u006fmpleted"}"#, Some(Finish::Stop)),
            (r#"{"output":[]}"#, Some(Finish::Stop)),
            (r#"{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}"#, Some(Finish::Length)),
            (
                r#"{"status":"incomplete","incomplete_details":{"reason":"content_filter"}}"#,
                Some(Finish::Filtered(None)),
            ),
            (r#"{"status":"incomplete","incomplete_details":{"reason":"steered"}}"#, other("steered")),
            (r#"{"status":"incomplete","incomplete_details":null}"#, other("incomplete")),
            (r#"{"status":"in_progress"}"#, None),
            (r#"{"status":"queued"}"#, None),
            (r#"{"status":"failed"}"#, None),
        ] {
            assert_eq!(finish(json, false), expected, "{json}");
        }
        assert_eq!(finish(r#"{"status":"completed"}"#, true), Some(Finish::ToolCalls));
    }

    #[test]
    fn what_is_a_response_and_what_is_none() {
        for (json, is_one) in [
            (r#"{"object":"response"}"#, true),
            (r#"{"output":[]}"#, true),
            (r#"{"object":"chat.completion","choices":[]}"#, false),
            (r#"{"output":null}"#, false),
            ("{}", false),
        ] {
            assert_eq!(Head::read(json).unwrap().is_response(), is_one, "{json}");
        }
        for json in ["", "[]", "null", "<html>", r#"{"output":["#] {
            assert!(Head::read(json).is_none(), "{json}");
        }
    }

    #[test]
    fn types_of_items() {
        let kind = |json: &str| super::kind(&RawValue::from_string(json.to_owned()).unwrap()).into_owned();
        assert_eq!(kind(r#"{"id":"x","type":"function_call"}"#), "function_call");
        assert_eq!(kind(r#"{"id":"x"}"#), "");
        assert_eq!(kind("7"), "");
        assert!(is_call("function_call") && is_call("custom_tool_call") && !is_call("web_search_call"));
    }
}
