//! The caller's own names for what writers name by OpenAI's.

use super::request;
use crate::protocol::call::Call;

/// What the caller of `call` calls `field`.
pub(super) fn own_name(call: &Call, field: &str) -> String {
    let own = match field {
        "max_completion_tokens" => "max_tokens",
        "parallel_tool_calls" => "tool_choice.disable_parallel_tool_use",
        "reasoning_effort" if names_an_effort(call) => "output_config.effort",
        "reasoning_effort" => "thinking",
        "response_format" => "output_config.format",
        "response_format.json_schema.schema" => "output_config.format.schema",
        "stop" => "stop_sequences",
        "user" => "metadata.user_id",
        _ if field.starts_with("tools[") => return tool(field),
        _ => return message(call, field).unwrap_or_else(|| field.to_owned()),
    };
    own.to_owned()
}

fn names_an_effort(call: &Call) -> bool {
    call.field("output_config").is_some_and(|config| memchr::memmem::find(config, b"\"effort\"").is_some())
}

/// A tool's fields stand in the tool itself.
fn tool(field: &str) -> String {
    field.replace(".function.parameters", ".input_schema").replace(".function", "")
}

/// `messages[2].content[1].image_url`, which counts the hub's messages.
fn message(call: &Call, field: &str) -> Option<String> {
    let (message, rest) = numbered(field, "messages")?;
    let (part, rest) = match numbered(rest.trim_start_matches('.'), "content") {
        Some((part, rest)) => (Some(part), rest),
        None => (None, rest),
    };
    let own = request::place(&call.body, message, part)?;
    let source = matches!(rest, ".image_url" | ".file");
    Some(if source { own + ".source" } else { own })
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

    use super::*;
    use crate::protocol::anthropic::Anthropic;
    use crate::protocol::scan::scan;

    #[test]
    fn fields_are_named_as_the_caller_has_them() {
        let picture = json!({"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}});
        let body = json!({
            "model": "m", "max_tokens": 9, "system": [{"type": "text", "text": "be brief"}],
            "thinking": {"type": "adaptive"},
            "messages": [
                {"role": "user", "content": "hi"},
                {"role": "assistant", "content": [{"type": "server_tool_use"}]},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {}}]},
                {"role": "user", "content": [
                    {"type": "text", "text": "here"},
                    {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "x"}, picture]},
                    picture,
                ]},
            ],
        });
        let call = scan(&Anthropic, Bytes::from(body.to_string())).map_err(|bad| bad.message).unwrap();
        for (field, own) in [
            ("messages[0]", "system"),
            ("messages[0].content[0]", "system[0]"),
            ("messages[1].content[0].image_url", "messages[0].source"),
            ("messages[2].content[0]", "messages[2].content[0]"),
            ("messages[3].content[1].image_url", "messages[3].content[1].content[1].source"),
            ("messages[4].content[1].file", "messages[3].content[2].source"),
            ("messages[9].content[1].file", "messages[9].content[1].file"),
            ("messages", "messages"),
            ("tools[2]", "tools[2]"),
            ("tools[2].type", "tools[2].type"),
            ("tools[2].function.name", "tools[2].name"),
            ("tools[2].function.parameters", "tools[2].input_schema"),
            ("reasoning_effort", "thinking"),
            ("stop", "stop_sequences"),
            ("user", "metadata.user_id"),
            ("response_format", "output_config.format"),
            ("temperature", "temperature"),
        ] {
            assert_eq!(own_name(&call, field), own, "{field}");
        }
        let body = r#"{"model":"m","max_tokens":9,"messages":[{}],"output_config":{"effort":"low"}}"#;
        let call = scan(&Anthropic, Bytes::from_static(body.as_bytes())).map_err(|bad| bad.message).unwrap();
        assert_eq!(own_name(&call, "reasoning_effort"), "output_config.effort");
        assert_eq!(own_name(&call, "messages[0].content[0]"), "messages[0].content[0]", "a request that is not read");
    }
}
