//! Requests that are refused: the field at fault, and the words.

use serde_json::{Value, json};

use super::super::read;
use super::{block, field, made, messages};
use crate::protocol::Unreadable;

#[track_caller]
fn check(cases: &[(Value, &str, &str)]) {
    for (body, param, words) in cases {
        let error = match read(body.to_string().as_bytes()) {
            Err(Unreadable::Wrong(error)) => error,
            other => panic!("{body}\n{other:?}"),
        };
        assert_eq!(error.param.as_deref().unwrap_or_default(), *param, "{body}\n{}", error.message);
        assert!(error.message.contains(words), "{body}\n{}", error.message);
    }
}

#[test]
fn bodies_that_are_no_request() {
    let deep = format!(r#"{{"messages":[{{"role":"user","content":{}"#, "[".repeat(100_000));
    for (body, words) in [
        (&b""[..], "not valid JSON"),
        (b"{\"messages\":[}", "not valid JSON"),
        (br#"{"messages":[{"role":"user","content":"\ud800"}]}"#, "not valid JSON"),
        (b"[]", "The body must be a JSON object, not an array."),
        (deep.as_bytes(), "nested too deeply"),
    ] {
        match read(body) {
            Err(Unreadable::Wrong(error)) => {
                assert_eq!(error.param, None);
                assert!(error.message.contains(words), "{}", error.message);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn messages_of_the_wrong_shape() {
    let message = |message: Value| messages(json!([{"role": "user", "content": "hi"}, message]));
    check(&[
        (json!({}), "messages", "is missing: send an array of messages"),
        (messages(json!("hi")), "messages", "must be an array of messages, not a string"),
        (messages(json!([])), "messages", "says nothing"),
        (message(json!("hi")), "messages[1]", "an object with `role` and `content`, not a string"),
        (message(json!({"content": "x"})), "messages[1].role", "is missing: send one of user, assistant or system"),
        (message(json!({"role": "tool", "content": "x"})), "messages[1].role", "user, assistant or system, not `tool`"),
        (message(json!({"role": 1, "content": "x"})), "messages[1].role", "must be a string, not a number"),
        (message(json!({"role": "user"})), "messages[1].content", "is missing: send a string or an array of blocks"),
        (message(json!({"role": "assistant", "content": null})), "messages[1].content", "is missing"),
        (message(json!({"role": "system", "content": 7})), "messages[1].content", "an array of blocks, not a number"),
        (message(json!({"role": "user", "content": {"type": "text"}})), "messages[1].content", "not an object"),
        (messages(json!([{"role": "user", "content": " "}])), "messages", "says nothing"),
        (messages(json!([{"role": "user", "content": []}])), "messages", "says nothing"),
        (messages(json!([{"role": "assistant", "content": [{"type": "fallback"}]}])), "messages", "says nothing"),
    ]);
}

#[test]
fn blocks_of_the_wrong_shape() {
    let at = "messages[0].content[0]";
    let kind = "messages[0].content[0].type";
    let system = |content: Value| messages(json!([{"role": "system", "content": content}]));
    check(&[
        (block(json!("hi")), at, "must be an object with a `type`, not a string"),
        (block(json!({"text": "hi"})), kind, "is missing: send text, image, document, search_result or tool_result"),
        (block(json!({"type": 1})), kind, "must be a string"),
        (block(json!({"type": "video"})), kind, "search_result or tool_result, not `video`"),
        (block(json!({"type": "tool_use"})), kind, "not `tool_use`"),
        (block(json!({"type": "thinking"})), kind, "not `thinking`"),
        (block(json!({"type": "text"})), "messages[0].content[0].text", "is missing: send the text"),
        (block(json!({"type": "text", "text": ["x"]})), "messages[0].content[0].text", "a string, not an array"),
        (system(json!([{"type": "image"}])), kind, "must be text, not `image`"),
        (field("system", json!([{"type": "document"}])), "system[0].type", "must be text, not `document`"),
        (field("system", json!([{"type": "text"}])), "system[0].text", "is missing"),
        (field("system", json!(["x"])), "system[0]", "an object with a `type`, not a string"),
        (field("system", json!(5)), "system", "a string or an array of blocks, not a number"),
    ]);
}

#[test]
fn pictures_and_documents_of_the_wrong_shape() {
    let image = |source: Value| block(json!({"type": "image", "source": source}));
    let document = |source: Value| block(json!({"type": "document", "source": source}));
    let source = "messages[0].content[0].source";
    let kind = "messages[0].content[0].source.type";
    let data = "messages[0].content[0].source.data";
    let url = "messages[0].content[0].source.url";
    let png = "image/png";
    check(&[
        (block(json!({"type": "image"})), source, "is missing: send an object with a `type`"),
        (image(json!("x")), source, "must be an object with a `type`, not a string"),
        (image(json!({})), kind, "is missing: send base64, url or file"),
        (image(json!({"type": "path"})), kind, "must be base64, url or file, not `path`"),
        (image(json!({"type": "text", "data": "x"})), kind, "not `text`"),
        (
            image(json!({"type": "base64", "data": "QUJD"})),
            "messages[0].content[0].source.media_type",
            "is missing: send image/jpeg, image/png",
        ),
        (image(json!({"type": "base64", "media_type": png})), data, "is missing: send base64"),
        (image(json!({"type": "base64", "media_type": png, "data": "\n"})), data, "must be base64"),
        (
            image(json!({"type": "base64", "media_type": png, "data": "data:image/png;base64,QUJD"})),
            data,
            "without a `data:` address before it",
        ),
        (image(json!({"type": "url"})), url, "is missing: send an http or https address"),
        (image(json!({"type": "url", "url": "file:///etc/passwd"})), url, "must be an http or https address"),
        (block(json!({"type": "document"})), source, "is missing"),
        (document(json!({"type": "xml"})), kind, "must be base64, text, content, url or file, not `xml`"),
        (document(json!({"type": "text"})), data, "is missing: send the document's text"),
        (document(json!({"type": "url", "url": "ftp://x"})), url, "an http or https address"),
        (
            document(json!({"type": "content"})),
            "messages[0].content[0].source.content",
            "is missing: send a string or an array of blocks",
        ),
        (
            document(json!({"type": "content", "content": [{"type": "document"}]})),
            "messages[0].content[0].source.content[0].type",
            "must be text or image, not `document`",
        ),
        (
            block(json!({"type": "document", "title": 5, "source": {"type": "text", "data": "x"}})),
            "messages[0].content[0].title",
            "must be a string",
        ),
        (block(json!({"type": "search_result"})), "messages[0].content[0].content", "is missing"),
        (
            block(json!({"type": "search_result", "content": [{"type": "image"}]})),
            "messages[0].content[0].content[0].type",
            "must be text, not `image`",
        ),
    ]);
}

#[test]
fn turns_of_the_model_of_the_wrong_shape() {
    let call = |id: Value, name: Value, input: Value| {
        made(json!({"type": "tool_use", "id": id, "name": name, "input": input}))
    };
    let kind = "messages[1].content[0].type";
    check(&[
        (made(json!({"type": "image"})), kind, "text, thinking, redacted_thinking or tool_use, not `image`"),
        (made(json!({"type": "tool_result"})), kind, "not `tool_result`"),
        (made(json!({"type": "thinking"})), "messages[1].content[0].thinking", "is missing"),
        (
            made(json!({"type": "thinking", "thinking": "x", "signature": 5})),
            "messages[1].content[0].signature",
            "must be a string",
        ),
        (made(json!({"type": "redacted_thinking"})), "messages[1].content[0].data", "is missing"),
        (call(json!(null), json!("f"), json!({})), "messages[1].content[0].id", "is missing: send the tool_use's id"),
        (call(json!(""), json!("f"), json!({})), "messages[1].content[0].id", "is empty"),
        (call(json!("a"), json!(null), json!({})), "messages[1].content[0].name", "is missing"),
        (call(json!("a"), json!("f"), json!(null)), "messages[1].content[0].input", "is missing: send the arguments"),
        (call(json!("a"), json!("f"), json!("{}")), "messages[1].content[0].input", "as an object, not a string"),
    ]);
}

#[test]
fn calls_and_results_that_do_not_match() {
    let call = |id: &str| json!({"type": "tool_use", "id": id, "name": "f", "input": {}});
    let result = |id: &str| json!({"type": "tool_result", "tool_use_id": id, "content": "x"});
    let user = |blocks: Value| json!({"role": "user", "content": blocks});
    let assistant = |blocks: Value| json!({"role": "assistant", "content": blocks});
    let hi = json!({"role": "user", "content": "hi"});
    let text = json!({"type": "text", "text": "x"});
    check(&[
        (
            messages(json!([hi, assistant(json!([text, call("a"), call("b")])), user(json!([result("a")]))])),
            "messages[1].content[2]",
            "`b` is not answered",
        ),
        (messages(json!([hi, assistant(json!([call("a")]))])), "messages[1].content[0]", "`a` is not answered"),
        (
            messages(json!([
                hi,
                assistant(json!([call("a")])),
                hi,
                assistant(json!([text])),
                user(json!([result("a")]))
            ])),
            "messages[1].content[0]",
            "the next message must be the user's",
        ),
        (
            messages(json!([
                hi,
                assistant(json!([call("a")])),
                assistant(json!([text, call("b")])),
                user(json!([result("a")]))
            ])),
            "messages[2].content[1]",
            "`b` is not answered",
        ),
        (
            messages(json!([hi, user(json!([text, result("a")]))])),
            "messages[1].content[1].tool_use_id",
            "answers `a`, which is no tool_use",
        ),
        (
            messages(json!([hi, assistant(json!([call("a")])), user(json!([result("a"), result("z")]))])),
            "messages[2].content[1].tool_use_id",
            "`z`",
        ),
        (block(json!({"type": "tool_result"})), "messages[0].content[0].tool_use_id", "is missing"),
        (
            block(json!({"type": "tool_result", "tool_use_id": "a", "content": 5})),
            "messages[0].content[0].content",
            "a string or an array of blocks, not a number",
        ),
        (
            block(json!({"type": "tool_result", "tool_use_id": "a", "content": [{"type": "thinking"}]})),
            "messages[0].content[0].content[0].type",
            "text, image, document or search_result, not `thinking`",
        ),
        (
            block(json!({"type": "tool_result", "tool_use_id": "a", "is_error": "yes"})),
            "messages[0].content[0].is_error",
            "must be true or false",
        ),
    ]);
}

#[test]
fn tools_of_the_wrong_shape() {
    let tool = |tool: Value| field("tools", json!([tool]));
    let choice = |choice: Value| field("tool_choice", choice);
    check(&[
        (field("tools", json!({})), "tools", "must be an array of tools, not an object"),
        (tool(json!("f")), "tools[0]", "must be an object with `name` and `input_schema`, not a string"),
        (tool(json!({"type": 5})), "tools[0].type", "a string, such as custom"),
        (tool(json!({"input_schema": {}})), "tools[0].name", "is missing: send the tool's name"),
        (tool(json!({"name": "", "input_schema": {}})), "tools[0].name", "is empty"),
        (tool(json!({"name": "f"})), "tools[0].input_schema", "is missing: send an object, the JSON schema"),
        (tool(json!({"name": "f", "input_schema": "{}"})), "tools[0].input_schema", "the arguments, not a string"),
        (tool(json!({"name": "f", "input_schema": {}, "strict": "no"})), "tools[0].strict", "true or false"),
        (tool(json!({"name": "f", "input_schema": {}, "description": 5})), "tools[0].description", "a string"),
        (choice(json!("auto")), "tool_choice", "must be an object with a `type`, not a string"),
        (choice(json!({})), "tool_choice.type", "is missing: send auto, any, tool or none"),
        (choice(json!({"type": "required"})), "tool_choice.type", "auto, any, tool or none, not `required`"),
        (choice(json!({"type": "tool"})), "tool_choice.name", "is missing"),
        (
            choice(json!({"type": "auto", "disable_parallel_tool_use": 1})),
            "tool_choice.disable_parallel_tool_use",
            "must be true or false",
        ),
    ]);
}

#[test]
fn options_of_the_wrong_shape() {
    let output = |config: Value| field("output_config", config);
    let thinking = |thinking: Value| field("thinking", thinking);
    check(&[
        (output(json!("high")), "output_config", "must be an object, not a string"),
        (output(json!({"effort": 5})), "output_config.effort", "must be a string"),
        (output(json!({"effort": "ultra"})), "output_config.effort", "low, medium, high, xhigh or max, not `ultra`"),
        (output(json!({"format": "json"})), "output_config.format", "an object with `type` and `schema`"),
        (output(json!({"format": {}})), "output_config.format.type", "is missing: send json_schema"),
        (output(json!({"format": {"type": "json"}})), "output_config.format.type", "json_schema, not `json`"),
        (output(json!({"format": {"type": "json_schema"}})), "output_config.format.schema", "is missing"),
        (
            output(json!({"format": {"type": "json_schema", "schema": []}})),
            "output_config.format.schema",
            "the JSON schema of the answer, not an array",
        ),
        (field("output_format", json!({"type": "text"})), "output_format.type", "json_schema, not `text`"),
        (thinking(json!("adaptive")), "thinking", "must be an object with a `type`"),
        (thinking(json!({})), "thinking.type", "is missing"),
        (thinking(json!({"type": "on"})), "thinking.type", "enabled, disabled or between_tools, not `on`"),
        (thinking(json!({"type": "enabled"})), "thinking.budget_tokens", "is missing: send the most tokens to think"),
        (thinking(json!({"type": "enabled", "budget_tokens": "1k"})), "thinking.budget_tokens", "a whole number"),
        (field("max_tokens", json!(1.5)), "max_tokens", "a whole number"),
        (field("max_tokens", json!(-1)), "max_tokens", "not negative"),
        (field("temperature", json!("hot")), "temperature", "must be a number"),
        (field("top_k", json!(1.5)), "top_k", "a whole number"),
        (field("stop_sequences", json!("x")), "stop_sequences", "an array of strings, not a string"),
        (field("stop_sequences", json!(["x", 5])), "stop_sequences[1]", "must be a string, not a number"),
        (field("metadata", json!("me")), "metadata", "must be an object"),
        (field("metadata", json!({"user_id": 5})), "metadata.user_id", "must be a string"),
        (field("service_tier", json!("flex")), "service_tier", "auto or standard_only, not `flex`"),
        (field("stream", json!("yes")), "stream", "true or false"),
        (field("thread", json!({"type": "create"})), "thread", "send the whole conversation, without `thread`"),
    ]);
}
