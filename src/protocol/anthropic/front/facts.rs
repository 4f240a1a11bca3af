//! What a plan must know of a Messages request, and the types of the fields that stand at its top.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::facts::Facts;
use crate::protocol::BadRequest;
use crate::protocol::call::Call;
use crate::protocol::kinds::{self, Kind, is_empty_array};
use crate::protocol::own::{self, missing};

/// The fields whose types Anthropic fixes (docs: protocols/anthropic-messages.md, "Request body"). What is not here
/// passes unread.
#[rustfmt::skip]
const KINDS: &[(&str, Kind)] = &[
    ("cache_control", Kind::Object), ("container", Kind::StringOrObject), ("context_management", Kind::Object),
    ("diagnostics", Kind::Object), ("inference_geo", Kind::String), ("max_tokens", Kind::Integer),
    ("mcp_servers", Kind::Array), ("messages", Kind::Array), ("metadata", Kind::Object), ("model", Kind::String),
    ("output_config", Kind::Object), ("output_format", Kind::Object), ("service_tier", Kind::String),
    ("speed", Kind::String), ("stop_sequences", Kind::Array), ("stream", Kind::Bool),
    ("system", Kind::StringOrArray), ("temperature", Kind::Number), ("thinking", Kind::Object),
    ("tool_choice", Kind::Object), ("tools", Kind::Array), ("top_k", Kind::Integer), ("top_p", Kind::Number),
];

/// Reads the facts of a request to answer.
pub(super) fn facts(call: &Call) -> Result<Facts, BadRequest> {
    let facts = prompt(call)?;
    max_tokens(call)?;
    Ok(facts)
}

/// Reads the facts of a request, be it to answer or to count.
pub(super) fn prompt(call: &Call) -> Result<Facts, BadRequest> {
    kinds::check(call, KINDS)?;
    let messages = call.field("messages").ok_or_else(|| missing("messages", "an array of messages"))?;
    // A conversation that Anthropic holds may be gone on with without a word.
    if is_empty_array(messages) && call.field("thread").is_none() {
        return Err(BadRequest::field("messages", "`messages` is empty: send at least one message."));
    }
    let output = output_config(call);
    Ok(Facts {
        model: own::model(call)?,
        stream: call.field("stream") == Some(b"true"),
        // Every stream of this protocol tells what it has used.
        include_usage: true,
        fallbacks: own::fallbacks(call)?,
        tools: call.field("tools").is_some_and(|tools| !is_empty_array(tools)),
        forced_tools: matches!(kind_of(call, "tool_choice").as_deref(), Some("any" | "tool")),
        vision: shows_a_picture(messages),
        structured: output.format.is_some() || call.field("output_format").is_some(),
        reasoning: match kind_of(call, "thinking").as_deref() {
            Some("enabled" | "adaptive") => true,
            Some(_) => false,
            None => output.effort.is_some(),
        },
        choices: 1,
        logprobs: false,
        ..Facts::default()
    })
}

/// The longest answer must be named, as at Anthropic itself.
fn max_tokens(call: &Call) -> Result<(), BadRequest> {
    let raw = call.field("max_tokens").ok_or_else(|| missing("max_tokens", "the longest answer, in tokens"))?;
    if raw.starts_with(b"-") && serde_json::from_slice::<f64>(raw).is_ok_and(|number| number < 0.0) {
        return Err(BadRequest::field("max_tokens", "`max_tokens` must be a whole number that is not negative."));
    }
    Ok(())
}

/// What of `output_config` a plan must know.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Output<'a> {
    #[serde(borrow)]
    effort: Option<&'a RawValue>,
    #[serde(borrow)]
    format: Option<&'a RawValue>,
}

/// Where it is wrong inside, it is for those to say who read it whole.
fn output_config(call: &Call) -> Output<'_> {
    call.field("output_config").and_then(|raw| serde_json::from_slice(raw).ok()).unwrap_or_default()
}

/// The `type` of the object in field `name`.
fn kind_of<'a>(call: &'a Call, name: &str) -> Option<Cow<'a, str>> {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(rename = "type", borrow)]
        kind: Cow<'a, str>,
    }
    serde_json::from_slice(call.field(name)?).map(|Kind { kind }| kind).ok()
}

/// Does a block in these messages have the type `image`? A quote inside a text is written with a backslash, so the
/// word with its quotes is a string of its own.
fn shows_a_picture(messages: &[u8]) -> bool {
    memchr::memmem::find_iter(messages, b"\"image\"").any(|at| {
        let key = messages[..at].trim_ascii_end().strip_suffix(b":").map(<[u8]>::trim_ascii_end);
        key.is_some_and(|before| before.ends_with(b"\"type\""))
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::*;
    use crate::protocol::anthropic::Anthropic;
    use crate::protocol::scan::{scan, scan_for};

    fn with(fields: Value) -> String {
        let mut body = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        body.to_string()
    }

    fn read(body: &str) -> Facts {
        scan(&Anthropic, Bytes::from(body.to_owned())).map_err(|bad| bad.message).unwrap().facts
    }

    #[track_caller]
    fn refuse(fields: Value, param: &str, says: &str) {
        let body = with(fields);
        let error = scan(&Anthropic, Bytes::from(body.clone())).err().expect(&body);
        assert_eq!(error.param.as_deref(), Some(param), "{body}: {}", error.message);
        assert!(error.message.contains(says), "{body}: {}", error.message);
    }

    #[test]
    fn the_kinds_are_in_order() {
        assert!(KINDS.is_sorted_by_key(|(name, _)| name));
    }

    #[test]
    fn a_plain_request_asks_for_nothing_in_particular() {
        let facts = read(&with(json!({"tools": [], "thinking": null, "tool_choice": {"type": "auto"}})));
        assert_eq!((facts.model.as_str(), facts.choices), ("m", 1));
        assert!(facts.include_usage, "a caller of this protocol always gets usage");
        assert!(!(facts.stream || facts.tools || facts.forced_tools || facts.vision || facts.structured));
        assert!(!(facts.reasoning || facts.logprobs));
        assert_eq!(facts.fallbacks, None);
    }

    #[test]
    fn what_is_asked_for_is_seen() {
        let facts = read(&with(json!({
            "stream": true, "tools": [{"name": "f"}], "tool_choice": {"type": "tool", "name": "f"},
            "output_config": {"format": {"type": "json_schema", "schema": {}}}, "thinking": {"type": "adaptive"},
            "fallbacks": ["gpt-4o"],
        })));
        assert!(facts.stream && facts.tools && facts.forced_tools && facts.structured && facts.reasoning);
        assert_eq!(facts.fallbacks, Some(vec!["gpt-4o".to_owned()]));
        assert!(read(&with(json!({"tool_choice": {"type": "any"}}))).forced_tools);
        assert!(read(&with(json!({"output_format": {"type": "json_schema"}}))).structured);
    }

    #[test]
    fn thinking_is_asked_for_in_several_ways() {
        for (fields, thinks) in [
            (json!({"thinking": {"type": "enabled", "budget_tokens": 1024}}), true),
            (json!({"thinking": {"display": "omitted", "type": "adaptive"}}), true),
            (json!({"output_config": {"effort": "low"}}), true),
            (json!({"thinking": {"type": "disabled"}, "output_config": {"effort": "low"}}), false),
            (json!({"thinking": {"type": "between_tools"}}), false),
            (json!({"output_config": {"effort": null}}), false),
        ] {
            assert_eq!(read(&with(fields.clone())).reasoning, thinks, "{fields}");
        }
    }

    #[test]
    fn pictures_are_seen_wherever_they_stand() {
        let image = json!({"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}});
        let shows = |content: Value| {
            let messages = json!([{"role": "user", "content": content}]);
            let spaced = serde_json::to_string_pretty(&messages).unwrap();
            let tight = messages.to_string();
            assert_eq!(shows_a_picture(spaced.as_bytes()), shows_a_picture(tight.as_bytes()));
            shows_a_picture(tight.as_bytes())
        };
        assert!(shows(json!([image])));
        assert!(shows(json!([{"type": "tool_result", "tool_use_id": "a", "content": [image]}])));
        assert!(!shows(json!("image")));
        assert!(!shows(json!(r#"{"type":"image"}"#)));
        assert!(!shows(json!([{"type": "text", "text": "\"type\":\"image\""}])));
    }

    #[test]
    fn a_chain_of_anthropics_own_is_not_ours() {
        for fallbacks in [json!([{"model": "claude-opus-5"}]), json!("default")] {
            assert_eq!(read(&with(json!({ "fallbacks": fallbacks }))).fallbacks, None);
        }
        refuse(json!({"fallbacks": "gpt-4o"}), "fallbacks", "an array of model names");
    }

    #[test]
    fn what_is_wrong_is_named() {
        refuse(json!({"messages": null}), "messages", "is missing: send an array of messages");
        refuse(json!({"messages": []}), "messages", "at least one message");
        refuse(json!({"messages": "hi"}), "messages", "must be an array, not a string");
        refuse(json!({"model": null}), "model", "is missing");
        refuse(json!({"max_tokens": null}), "max_tokens", "is missing: send the longest answer, in tokens");
        refuse(json!({"max_tokens": "9"}), "max_tokens", "a whole number, not a string");
        refuse(json!({"max_tokens": 1.5}), "max_tokens", "a whole number");
        refuse(json!({"max_tokens": -1}), "max_tokens", "not negative");
        refuse(json!({"system": {}}), "system", "a string or an array, not an object");
        refuse(json!({"thinking": "adaptive"}), "thinking", "an object, not a string");
        refuse(json!({"tool_choice": "auto"}), "tool_choice", "an object, not a string");
        refuse(json!({"stop_sequences": "x"}), "stop_sequences", "an array, not a string");
        refuse(json!({"stream": "yes"}), "stream", "true or false");
        refuse(json!({"output_config": []}), "output_config", "an object, not an array");
        assert_eq!(read(&with(json!({"max_tokens": 0, "anything": {"new": [1]}}))).model, "m");
        let thread = json!({"type": "continue", "previous_message_id": "msg_1"});
        assert_eq!(read(&with(json!({"messages": [], "thread": thread}))).model, "m");
    }

    #[test]
    fn to_count_no_length_is_needed() {
        let count = |body: &str| scan_for(&Anthropic, Bytes::from(body.to_owned()), super::super::count_facts);
        let body = r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[{}]}"#;
        assert!(count(body).map_err(|bad| bad.message).unwrap().facts.tools);
        assert_eq!(count(r#"{"model":"m"}"#).err().unwrap().param.as_deref(), Some("messages"));
    }
}
