//! Requests that are refused: the field at fault, and the words.

use serde_json::{Value, json};

use super::super::read;

/// A request whose messages are these.
fn messages(list: Value) -> Value {
    json!({"model": "m", "messages": list})
}

/// A request whose second message is this one.
fn message(message: Value) -> Value {
    messages(json!([{"role": "user", "content": "hi"}, message]))
}

/// A request whose user sends this part.
fn part(part: Value) -> Value {
    messages(json!([{"role": "user", "content": [part]}]))
}

/// A request whose assistant makes this call.
fn call(call: Value) -> Value {
    message(json!({"role": "assistant", "tool_calls": [call]}))
}

/// A request with this field.
fn field(name: &str, value: Value) -> Value {
    let mut body = messages(json!([{"role": "user", "content": "hi"}]));
    body[name] = value;
    body
}

fn function(function: Value) -> Value {
    field("tools", json!([{"type": "function", "function": function}]))
}

fn schema(schema: Value) -> Value {
    field("response_format", json!({"type": "json_schema", "json_schema": schema}))
}

#[track_caller]
fn check(cases: &[(Value, &str, &str)]) {
    for (body, param, words) in cases {
        let error = read(body.to_string().as_bytes()).expect_err(&body.to_string());
        assert_eq!(error.param.as_deref().unwrap_or_default(), *param, "{body}\n{}", error.message);
        assert!(error.message.contains(words), "{body}\n{}", error.message);
    }
}

#[test]
fn bodies_that_are_no_request() {
    let deep = "[".repeat(100_000);
    let deep_in_place = format!(r#"{{"messages":[{{"role":"user","content":{deep}"#);
    for (body, words) in [
        (&b""[..], "not valid JSON"),
        (b"{", "line 1 column 1"),
        (b"{\"messages\":[}", "not valid JSON"),
        (b"\xff{}", "not valid JSON"),
        (b"{\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}", "not valid JSON"),
        (br#"{"messages":[{"role":"user","content":"\ud800"}]}"#, "not valid JSON"),
        (br#"{"temperature":1e999}"#, "out of range"),
        (b"[]", "The body must be a JSON object, not an array."),
        (b"null", "The body must be a JSON object, not null."),
        (deep.as_bytes(), "nested too deeply"),
        (deep_in_place.as_bytes(), "nested too deeply"),
    ] {
        let error = read(body).expect_err(words);
        assert_eq!(error.param, None);
        assert!(error.message.contains(words), "{}", error.message);
    }
}

#[test]
fn messages_of_the_wrong_shape() {
    check(&[
        (json!({}), "messages", "is missing: send an array of messages"),
        (json!({"messages": null}), "messages", "is missing"),
        (json!({"messages": "hi"}), "messages", "must be an array of messages, not a string"),
        (messages(json!([])), "messages", "says nothing"),
        (messages(json!(["hi"])), "messages[0]", "must be an object with `role` and `content`, not a string"),
        (messages(json!([[1]])), "messages[0]", "not an array"),
        (message(json!(null)), "messages[1]", "not null"),
        (message(json!({"content": "x"})), "messages[1].role", "is missing: send one of developer, system"),
        (message(json!({"role": 5, "content": "x"})), "messages[1].role", "must be a string, not a number"),
        (message(json!({"role": "model", "content": "x"})), "messages[1].role", "assistant or tool, not `model`"),
        (message(json!({"role": "User", "content": "x"})), "messages[1].role", "not `User`"),
        (message(json!({"role": "user"})), "messages[1].content", "is missing: send a string or an array of parts"),
        (message(json!({"role": "user", "content": null})), "messages[1].content", "is missing"),
        (message(json!({"role": "system"})), "messages[1].content", "is missing"),
        (message(json!({"role": "user", "content": 5})), "messages[1].content", "not a number"),
        (message(json!({"role": "user", "content": {"type": "text"}})), "messages[1].content", "not an object"),
        (message(json!({"role": "assistant"})), "messages[1].content", "or `tool_calls`"),
        (message(json!({"role": "assistant", "content": true})), "messages[1].content", "not a boolean"),
        (message(json!({"role": "assistant", "refusal": 1})), "messages[1].refusal", "must be a string"),
        (message(json!({"role": "assistant", "audio": "a"})), "messages[1].audio", "an object with an `id`"),
        (message(json!({"role": "assistant", "audio": {}})), "messages[1].audio.id", "is missing"),
        (message(json!({"role": "assistant", "reasoning": []})), "messages[1].reasoning", "must be a string"),
        (
            message(json!({"role": "assistant", "reasoning_details": {}})),
            "messages[1].reasoning_details",
            "must be an array of objects, not an object",
        ),
        (
            message(json!({"role": "assistant", "reasoning_details": ["x"]})),
            "messages[1].reasoning_details[0]",
            "must be an object, not a string",
        ),
        (
            message(json!({"role": "assistant", "reasoning_details": [{"text": 5}]})),
            "messages[1].reasoning_details[0]",
            "expected a string",
        ),
        (messages(json!([{"role": "user", "content": " "}])), "messages", "says nothing"),
        (messages(json!([{"role": "assistant", "content": null}])), "messages", "says nothing"),
    ]);
}

#[test]
fn parts_of_the_wrong_shape() {
    let image = |image: Value| part(json!({"type": "image_url", "image_url": image}));
    let file = |file: Value| part(json!({"type": "file", "file": file}));
    let sound = |audio: Value| part(json!({"type": "input_audio", "input_audio": audio}));
    let at = "messages[0].content[0]";
    let url = "messages[0].content[0].image_url.url";
    check(&[
        (part(json!("hi")), at, "must be an object with a `type`, not a string"),
        (part(json!({"text": "hi"})), "messages[0].content[0].type", "is missing: send text, image_url"),
        (part(json!({"type": 1})), "messages[0].content[0].type", "must be a string"),
        (part(json!({"type": "video_url"})), "messages[0].content[0].type", "input_audio or file, not `video_url`"),
        (part(json!({"type": "refusal", "refusal": "x"})), "messages[0].content[0].type", "not `refusal`"),
        (part(json!({"type": "text"})), "messages[0].content[0].text", "is missing: send the text"),
        (part(json!({"type": "text", "text": 5})), "messages[0].content[0].text", "must be a string, not a number"),
        (part(json!({"type": "image_url"})), "messages[0].content[0].image_url", "is missing"),
        (image(json!(5)), "messages[0].content[0].image_url", "must be an object with a `url`, not a number"),
        (image(json!({})), url, "is missing: send an https address or a data URL"),
        (image(json!({"url": ["x"]})), url, "must be a string, not an array"),
        (image(json!({"url": ""})), url, "is empty"),
        (image(json!({"url": "file:///etc/passwd"})), url, "must be an http or https address, or a data URL"),
        (image(json!({"url": "ftp://x/y.png"})), url, "must be an http or https address"),
        (image(json!({"url": "iVBORw0KGgo="})), url, "must be an http or https address"),
        (image(json!({"url": "é"})), url, "must be an http or https address"),
        (image(json!({"url": "data:image/png;base64"})), url, "without a comma"),
        (image(json!({"url": "data:image/png,abc"})), url, "is not base64"),
        (image(json!({"url": "data:;base64,QUJD"})), url, "without a media type"),
        (image(json!({"url": "data:image/png;base64, \n"})), url, "without data"),
        (image(json!({"url": "https://x/y", "detail": 1})), "messages[0].content[0].image_url.detail", "a string"),
        (image(json!("gopher://x")), "messages[0].content[0].image_url", "must be an http or https address"),
        (part(json!({"type": "file"})), "messages[0].content[0].file", "is missing"),
        (file(json!("x")), "messages[0].content[0].file", "must be an object with `file_data` or `file_id`"),
        (file(json!({"filename": "a.pdf"})), "messages[0].content[0].file", "must have `file_data` or `file_id`"),
        (file(json!({"file_data": "JVBERi0="})), "messages[0].content[0].file.file_data", "a data URL"),
        (file(json!({"file_id": 5})), "messages[0].content[0].file.file_id", "must be a string"),
        (sound(json!("x")), "messages[0].content[0].input_audio", "must be an object with `data` and `format`"),
        (sound(json!({"format": "wav"})), "messages[0].content[0].input_audio.data", "is missing: send base64"),
        (sound(json!({"data": "UklG"})), "messages[0].content[0].input_audio.format", "send wav or mp3"),
        (
            messages(json!([{"role": "system", "content": [{"type": "image_url", "image_url": "https://x"}]}])),
            "messages[0].content[0].type",
            "must be text, not `image_url`",
        ),
        (
            message(json!({"role": "assistant", "content": [{"type": "file"}]})),
            "messages[1].content[0].type",
            "must be text or refusal, not `file`",
        ),
    ]);
}

#[test]
fn calls_of_the_wrong_shape() {
    let at = "messages[1].tool_calls[0]";
    let function = |function: Value| call(json!({"id": "a", "type": "function", "function": function}));
    check(&[
        (message(json!({"role": "assistant", "tool_calls": {}})), "messages[1].tool_calls", "an array of tool calls"),
        (call(json!("f")), at, "must be an object with `id`, `type` and `function`, not a string"),
        (call(json!({"type": "function"})), "messages[1].tool_calls[0].id", "is missing: send the tool call's id"),
        (call(json!({"id": ""})), "messages[1].tool_calls[0].id", "is empty"),
        (call(json!({"id": 7})), "messages[1].tool_calls[0].id", "must be a string, not a number"),
        (call(json!({"id": "a", "type": "web"})), "messages[1].tool_calls[0].type", "function or custom, not `web`"),
        (call(json!({"id": "a"})), "messages[1].tool_calls[0].function", "is missing"),
        (call(json!({"id": "a", "type": "custom"})), "messages[1].tool_calls[0].custom", "is missing"),
        (function(json!("f")), "messages[1].tool_calls[0].function", "not a string"),
        (function(json!({"arguments": "{}"})), "messages[1].tool_calls[0].function.name", "is missing"),
        (
            function(json!({"name": "f", "arguments": {"x": 1}})),
            "messages[1].tool_calls[0].function.arguments",
            "must be a string that holds JSON, not an object",
        ),
        (
            message(json!({"role": "assistant", "function_call": "f"})),
            "messages[1].function_call",
            "must be an object with `name` and `arguments`",
        ),
        (
            message(json!({"role": "tool", "content": "x"})),
            "messages[1].tool_call_id",
            "is missing: send the id of the tool call that this message answers",
        ),
        (message(json!({"role": "tool", "tool_call_id": "a"})), "messages[1].content", "is missing"),
        (
            message(json!({"role": "tool", "tool_call_id": "a", "content": [{"type": "image_url"}]})),
            "messages[1].content[0].type",
            "must be text",
        ),
        (message(json!({"role": "function", "content": "x"})), "messages[1]", "has a `function_call`"),
    ]);
}

#[test]
fn calls_and_answers_that_do_not_match() {
    let called = json!({"role": "assistant", "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        {"id": "call_2", "type": "function", "function": {"name": "f", "arguments": "{}"}},
    ]});
    let answer = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": "x"});
    let user = json!({"role": "user", "content": "hi"});
    let legacy = json!({"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}});
    check(&[
        (messages(json!([user, called])), "messages[1].tool_calls", "`call_1` is not answered"),
        (messages(json!([user, called, answer("call_1")])), "messages[1].tool_calls", "`call_2` is not answered"),
        (
            messages(json!([user, called, answer("call_1"), user, answer("call_2")])),
            "messages[1].tool_calls",
            "`call_2` is not answered",
        ),
        (message(answer("call_9")), "messages[1].tool_call_id", "answers the tool call `call_9`"),
        (
            messages(json!([called, answer("call_1"), answer("call_2"), answer("call_3")])),
            "messages[3].tool_call_id",
            "`call_3`",
        ),
        (messages(json!([user, legacy])), "messages[1].function_call", "one message of role `function`"),
    ]);
}

#[test]
fn tools_of_the_wrong_shape() {
    let allowed = |allowed: Value| field("tool_choice", json!({"type": "allowed_tools", "allowed_tools": allowed}));
    check(&[
        (field("tools", json!({})), "tools", "must be an array of tools, not an object"),
        (field("tools", json!(["f"])), "tools[0]", "must be an object with `type` and `function`, not a string"),
        (field("tools", json!([{}])), "tools[0].type", "is missing: send function or custom"),
        (field("tools", json!([{"type": 1}])), "tools[0].type", "must be a string"),
        (field("tools", json!([{"type": "function"}])), "tools[0].function", "is missing"),
        (field("tools", json!([{"type": "function", "function": "f"}])), "tools[0].function", "not a string"),
        (function(json!({})), "tools[0].function.name", "is missing: send the function's name"),
        (function(json!({"name": ""})), "tools[0].function.name", "is empty"),
        (function(json!({"name": 5})), "tools[0].function.name", "must be a string, not a number"),
        (function(json!({"name": "f", "description": 5})), "tools[0].function.description", "must be a string"),
        (function(json!({"name": "f", "parameters": "{}"})), "tools[0].function.parameters", "must be an object"),
        (function(json!({"name": "f", "strict": "yes"})), "tools[0].function.strict", "must be true or false"),
        (field("functions", json!([{}])), "functions[0].name", "is missing"),
        (field("function_call", json!({})), "function_call.name", "is missing"),
        (field("function_call", json!("any")), "function_call", "none, auto, required"),
        (field("tool_choice", json!("any")), "tool_choice", "none, auto, required, or an object that names a tool"),
        (field("tool_choice", json!(5)), "tool_choice", "not a number"),
        (field("tool_choice", json!({})), "tool_choice.type", "is missing: send function, custom or allowed_tools"),
        (field("tool_choice", json!({"type": "tool"})), "tool_choice.type", "not `tool`"),
        (field("tool_choice", json!({"type": "function"})), "tool_choice.function", "is missing"),
        (field("tool_choice", json!({"type": "function", "function": {}})), "tool_choice.function.name", "is missing"),
        (allowed(json!({"mode": "any", "tools": []})), "tool_choice.allowed_tools.mode", "auto or required, not `any`"),
        (allowed(json!({"mode": "auto"})), "tool_choice.allowed_tools.tools", "is missing"),
        (
            allowed(json!({"mode": "auto", "tools": [{"type": "function"}]})),
            "tool_choice.allowed_tools.tools[0].function",
            "is missing",
        ),
        (field("parallel_tool_calls", json!("no")), "parallel_tool_calls", "must be true or false"),
    ]);
}

#[test]
fn options_of_the_wrong_shape() {
    check(&[
        (field("max_tokens", json!("5")), "max_tokens", "must be a whole number, not a string"),
        (field("max_tokens", json!(0)), "max_tokens", "must be at least 1"),
        (field("max_completion_tokens", json!(1.5)), "max_completion_tokens", "a whole number"),
        (field("max_completion_tokens", json!(-1)), "max_completion_tokens", "not negative"),
        (field("temperature", json!("hot")), "temperature", "must be a number, not a string"),
        (field("top_p", json!([])), "top_p", "must be a number, not an array"),
        (field("top_k", json!(-1)), "top_k", "not negative"),
        (field("seed", json!(1.5)), "seed", "a whole number"),
        (field("stop", json!(5)), "stop", "must be a string or an array of strings, not a number"),
        (field("stop", json!(["a", 5])), "stop[1]", "must be a string, not a number"),
        (field("frequency_penalty", json!("x")), "frequency_penalty", "must be a number"),
        (field("presence_penalty", json!({})), "presence_penalty", "must be a number"),
        (field("user", json!(5)), "user", "must be a string"),
        (field("safety_identifier", json!({})), "safety_identifier", "must be a string"),
        (field("stream", json!("true")), "stream", "must be true or false, not a string"),
        (field("stream_options", json!(true)), "stream_options", "must be an object"),
        (field("stream_options", json!({"include_usage": 1})), "stream_options.include_usage", "true or false"),
        (field("reasoning_effort", json!("extreme")), "reasoning_effort", "xhigh or max, not `extreme`"),
        (field("reasoning_effort", json!(3)), "reasoning_effort", "must be a string"),
        (field("reasoning", json!("high")), "reasoning", "must be an object such as"),
        (field("reasoning", json!({"effort": "most"})), "reasoning.effort", "not `most`"),
        (field("response_format", json!("json")), "response_format", "must be an object with a `type`"),
        (field("response_format", json!({})), "response_format.type", "is missing: send text, json_object"),
        (field("response_format", json!({"type": "xml"})), "response_format.type", "not `xml`"),
        (field("response_format", json!({"type": "json_schema"})), "response_format.json_schema", "is missing"),
        (schema(json!({"name": "x"})), "response_format.json_schema.schema", "is missing: send a JSON schema"),
        (schema(json!({"schema": "x"})), "response_format.json_schema.schema", "must be an object"),
        (schema(json!({"schema": {}, "strict": 1})), "response_format.json_schema.strict", "true or false"),
    ]);
}
