//! The caller's own names for what writers name by those of chat completions.

use super::super::call::Call;
use super::request::{self, Spot};

/// What the caller of `call` calls `field`.
pub(super) fn own_name(call: &Call, field: &str) -> String {
    let given = |name: &str| call.field(name).is_some();
    let own = match field {
        "max_completion_tokens" | "max_tokens" => "max_output_tokens",
        "messages" => "input",
        "logprobs" if given("top_logprobs") => "top_logprobs",
        "logprobs" => "include",
        "reasoning_effort" => "reasoning.effort",
        "response_format" => "text.format",
        "response_format.json_schema.schema" => "text.format.schema",
        "user" if given("safety_identifier") => "safety_identifier",
        "verbosity" => "text.verbosity",
        _ if field.starts_with("tools[") => return field.replace(".function", ""),
        _ => return message(call, field).unwrap_or_else(|| field.to_owned()),
    };
    own.to_owned()
}

/// `messages[2].content[1].image_url`, which counts the hub's messages.
fn message(call: &Call, field: &str) -> Option<String> {
    let (message, rest) = numbered(field, "messages")?;
    let of = |spot| request::place(&call.body, message, spot);
    let after = rest.trim_start_matches('.');
    if let Some((call, _)) = numbered(after, "tool_calls") {
        return of(Spot::Call(call));
    }
    if after == "tool_call_id" {
        return Some(of(Spot::Message)? + ".call_id");
    }
    let Some((part, rest)) = numbered(after, "content") else { return of(Spot::Message) };
    let own = of(Spot::Part(part))?;
    Some(match rest {
        ".image_url" | ".input_audio" => own + rest,
        ".file" => own + ".file_data",
        _ => own,
    })
}

/// The number in `name[number]`, and what follows.
fn numbered<'a>(field: &'a str, name: &str) -> Option<(usize, &'a str)> {
    let (number, rest) = field.strip_prefix(name)?.strip_prefix('[')?.split_once(']')?;
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::super::super::scan::scan;
    use super::super::Responses;
    use super::*;

    #[test]
    fn fields_are_named_as_the_caller_has_them() {
        let picture = json!({"type": "input_image", "image_url": "https://example.com/a.png"});
        let file = json!({"type": "input_file", "file_data": "data:application/pdf;base64,aGk="});
        let body = json!({
            "model": "m", "instructions": "be brief", "safety_identifier": "u",
            "input": [
                {"role": "user", "content": "hi"},
                {"type": "reasoning", "summary": [], "encrypted_content": "g"},
                {"role": "assistant", "content": [{"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "b"}]},
                {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
                {"type": "function_call", "call_id": "b", "name": "f", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "b", "output": [picture]},
                {"type": "function_call_output", "call_id": "a", "output": "x"},
                {"role": "user", "content": [{"type": "input_text", "text": "here"}, picture, file]},
            ],
        });
        let call = scan(&Responses, Bytes::from(body.to_string())).unwrap();
        for (field, own) in [
            ("messages", "input"),
            ("messages[0].content[0]", "instructions"),
            ("messages[1].content[0]", "input[0].content"),
            ("messages[2].content[0]", "input[1]"),
            ("messages[2].content[2]", "input[2].content[1]"),
            ("messages[2].content[4]", "input[4]"),
            ("messages[2].tool_calls[1].id", "input[4].call_id"),
            ("messages[2].audio", "input[2]"),
            ("messages[3].content[0].image_url", "input[5].output[0].image_url"),
            ("messages[4].content[0]", "input[6].output"),
            ("messages[4].tool_call_id", "input[6].call_id"),
            ("messages[5].content[1].image_url", "input[7].content[1].image_url"),
            ("messages[5].content[2].file", "input[7].content[2].file_data"),
            ("messages[9].content[1]", "messages[9].content[1]"),
            ("tools[2].function.parameters", "tools[2].parameters"),
            ("tools[2].type", "tools[2].type"),
            ("reasoning_effort", "reasoning.effort"),
            ("response_format.json_schema.schema", "text.format.schema"),
            ("max_completion_tokens", "max_output_tokens"),
            ("user", "safety_identifier"),
            ("logprobs", "include"),
            ("temperature", "temperature"),
        ] {
            assert_eq!(own_name(&call, field), own, "{field}");
        }
        let body = r#"{"model":"m","input":"hi","top_logprobs":2,"user":"u"}"#;
        let call = scan(&Responses, Bytes::from_static(body.as_bytes())).unwrap();
        assert_eq!(own_name(&call, "messages[0].content[0]"), "input");
        assert_eq!((own_name(&call, "logprobs"), own_name(&call, "user")), ("top_logprobs".into(), "user".into()));
    }
}
