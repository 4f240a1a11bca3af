//! What is known of a request by its top level.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::super::scan::scan;
use super::super::Responses;
use super::*;

/// The facts of a short request with these fields.
fn of(fields: Value) -> Result<Facts, BadRequest> {
    let mut body = json!({"model": "m", "input": "hi"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    scan(&Responses, Bytes::from(body.to_string())).map(|call| call.facts)
}

#[test]
fn the_kinds_are_in_order() {
    assert!(KINDS.is_sorted_by_key(|(name, _)| name));
}

#[test]
fn a_short_request_asks_for_little() {
    let facts = of(json!({})).unwrap();
    assert_eq!((facts.model.as_str(), facts.choices, facts.include_usage), ("m", 1, true));
    assert!(!facts.stream && !facts.tools && !facts.forced_tools && !facts.vision);
    assert!(!facts.structured && !facts.reasoning && !facts.logprobs);
    assert_eq!(facts.fallbacks, None);
}

/// A fact that is looked at alone.
type Fact = fn(&Facts) -> bool;

#[test]
fn what_a_plan_must_know() {
    let picture = json!([{"role": "user", "content": [{"type": "input_image", "image_url": "https://a.b/c.png"}]}]);
    let shown = json!([{"type": "function_call_output", "call_id": "c", "output": [{"type": "input_image"}]}]);
    let schema = json!({"format": {"type": "json_schema", "name": "x", "schema": {}}});
    let (stream, tools, forced): (Fact, Fact, Fact) = (|f| f.stream, |f| f.tools, |f| f.forced_tools);
    let (vision, structured): (Fact, Fact) = (|f| f.vision, |f| f.structured);
    let (reasoning, logprobs): (Fact, Fact) = (|f| f.reasoning, |f| f.logprobs);
    for (fields, fact, expected) in [
        (json!({"stream": true}), stream, true),
        (json!({"stream": false}), stream, false),
        (json!({"stream": null}), stream, false),
        (json!({"tools": [{"type": "function", "name": "f"}]}), tools, true),
        (json!({"tools": []}), tools, false),
        (json!({"tool_choice": "required"}), forced, true),
        (json!({"tool_choice": "auto"}), forced, false),
        (json!({"tool_choice": {"type": "function", "name": "f"}}), forced, true),
        (json!({"tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": []}}), forced, false),
        (json!({ "input": picture }), vision, true),
        (json!({ "input": shown }), vision, true),
        (json!({"input": "an input_image"}), vision, false),
        (json!({ "text": schema }), structured, true),
        (json!({"text": {"format": {"type": "json_object"}}}), structured, true),
        (json!({"text": {"format": {"type": "text"}, "verbosity": "low"}}), structured, false),
        (json!({"reasoning": {"effort": "low"}}), reasoning, true),
        (json!({"reasoning": {"effort": "none"}}), reasoning, false),
        (json!({"reasoning": {"effort": null, "summary": "auto"}}), reasoning, false),
        (json!({"top_logprobs": 3}), logprobs, true),
        (json!({"top_logprobs": 0}), logprobs, false),
        (json!({"include": ["reasoning.encrypted_content"]}), logprobs, false),
        (json!({"include": ["message.output_text.logprobs"]}), logprobs, true),
    ] {
        assert_eq!(fact(&of(fields.clone()).unwrap()), expected, "{fields}");
    }
    let own = of(json!({"fallbacks": ["claude-sonnet-4-5"]})).unwrap();
    assert_eq!(own.fallbacks, Some(vec!["claude-sonnet-4-5".to_owned()]));
}

#[test]
fn what_openai_keeps_needs_no_input() {
    for kept in [
        json!({"input": null, "previous_response_id": "resp_1"}),
        json!({"input": null, "conversation": "conv_1"}),
        json!({"input": null, "conversation": {"id": "conv_1"}}),
        json!({"input": null, "prompt": {"id": "pmpt_1"}}),
        json!({"input": [], "previous_response_id": "resp_1"}),
    ] {
        assert!(of(kept.clone()).is_ok(), "{kept}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    for (fields, param) in [
        (json!({"model": null}), "model"),
        (json!({"model": 5}), "model"),
        (json!({"model": " "}), "model"),
        (json!({"input": null}), "input"),
        (json!({"input": {}}), "input"),
        (json!({"input": null, "previous_response_id": null}), "input"),
        (json!({"instructions": ["x"]}), "instructions"),
        (json!({"stream": "true"}), "stream"),
        (json!({"store": 1}), "store"),
        (json!({"background": "no"}), "background"),
        (json!({"tools": {}}), "tools"),
        (json!({"tool_choice": []}), "tool_choice"),
        (json!({"text": "json"}), "text"),
        (json!({"reasoning": "high"}), "reasoning"),
        (json!({"reasoning": {"effort": 3}}), "reasoning.effort"),
        (json!({"max_output_tokens": 1.5}), "max_output_tokens"),
        (json!({"include": "x"}), "include"),
        (json!({"previous_response_id": 1}), "previous_response_id"),
        (json!({"top_logprobs": "3"}), "top_logprobs"),
        (json!({"truncation": true}), "truncation"),
        (json!({"fallbacks": "gpt-4o"}), "fallbacks"),
    ] {
        let error = of(fields.clone()).unwrap_err();
        assert_eq!(error.param.as_deref(), Some(param), "{fields}: {}", error.message);
        assert!(error.message.contains(&format!("`{param}`")), "{}", error.message);
    }
}
