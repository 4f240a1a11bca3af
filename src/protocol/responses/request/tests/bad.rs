//! Requests that are refused: the field at fault, and the words.

use serde_json::{Value, json};

use super::super::super::super::Unreadable;
use super::super::read;
use super::refused;

/// A request whose `input` is this.
fn input(input: Value) -> Value {
    json!({"model": "m", "input": input})
}

/// A request whose second item is this one.
fn item(item: Value) -> Value {
    input(json!([{"role": "user", "content": "hi"}, item]))
}

/// A request whose user sends this part.
fn part(part: Value) -> Value {
    input(json!([{"role": "user", "content": [part]}]))
}

/// A request with this field.
fn field(name: &str, value: Value) -> Value {
    let mut body = input(json!("hi"));
    body[name] = value;
    body
}

fn tool(tool: Value) -> Value {
    field("tools", json!([tool]))
}

fn function_call(id: &str) -> Value {
    json!({"type": "function_call", "call_id": id, "name": "f", "arguments": "{}"})
}

fn output(id: &str) -> Value {
    json!({"type": "function_call_output", "call_id": id, "output": "1"})
}

/// Requests that are wrong whoever serves them.
#[track_caller]
fn check(cases: &[(Value, &str, &str)]) {
    check_all(false, cases);
}

/// Requests that only OpenAI could serve.
#[track_caller]
fn check_bound(cases: &[(Value, &str, &str)]) {
    check_all(true, cases);
}

#[track_caller]
fn check_all(expected: bool, cases: &[(Value, &str, &str)]) {
    for (body, expected_param, words) in cases {
        let (bound, param, message) = refused(body);
        assert_eq!((bound, param.as_str()), (expected, *expected_param), "{body}\n{message}");
        assert!(message.contains(words), "{body}\n{message}");
        assert!(message.ends_with('.') || message.ends_with('…'), "{message}");
    }
}

#[test]
fn bodies_that_are_no_request() {
    let deep = format!(r#"{{"input":{}"#, "[".repeat(100_000));
    for (body, words) in [
        (&b""[..], "not valid JSON"),
        (b"{", "line 1 column 1"),
        (b"\xff{}", "not valid JSON"),
        (br#"{"input":"\ud800"}"#, "not valid JSON"),
        (b"[]", "The body must be a JSON object, not an array."),
        (deep.as_bytes(), "nested too deeply"),
    ] {
        let Err(Unreadable::Wrong(error)) = read(body) else { panic!("{words}") };
        assert_eq!(error.param, None);
        assert!(error.message.contains(words), "{}", error.message);
    }
}

#[test]
fn items_of_the_wrong_shape() {
    check(&[
        (json!({}), "input", "is missing: send a string or an array of items"),
        (input(json!(5)), "input", "must be a string or an array of items, not a number"),
        (input(json!([])), "input", "says nothing"),
        (input(json!(" \n")), "input", "says nothing"),
        (input(json!(["hi"])), "input[0]", "must be an object with a `type`, or with `role` and `content`"),
        (item(json!(null)), "input[1]", "not null"),
        (item(json!({})), "input[1].type", "is missing: send message, function_call,"),
        (item(json!({"type": ""})), "input[1].type", "is missing"),
        (item(json!({"type": 5})), "input[1].type", "must be a string"),
        (item(json!({"type": "message"})), "input[1].role", "is missing: send one of user, assistant"),
        (item(json!({"role": "tool", "content": "x"})), "input[1].role", "or developer, not `tool`"),
        (item(json!({"role": 1, "content": "x"})), "input[1].role", "must be a string"),
        (item(json!({"role": "user"})), "input[1].content", "is missing: send a string or an array of parts"),
        (item(json!({"role": "user", "content": null})), "input[1].content", "is missing"),
        (item(json!({"role": "user", "content": 5})), "input[1].content", "not a number"),
        (item(json!({"role": "assistant", "content": {}})), "input[1].content", "not an object"),
        (item(json!({"role": "developer"})), "input[1].content", "is missing"),
        (field("instructions", json!(["x"])), "instructions", "must be a string, not an array"),
    ]);
}

#[test]
fn calls_and_answers_of_the_wrong_shape() {
    let a_call = |field: &str, value: Value| {
        let mut call = function_call("c");
        call[field] = value;
        item(call)
    };
    let answered = |field: &str, value: Value| {
        let mut answer = output("c");
        answer[field] = value;
        input(json!([function_call("c"), answer]))
    };
    let reasoning = |field: &str, value: Value| {
        let mut item = json!({"type": "reasoning", "summary": []});
        item[field] = value;
        input(json!([item, {"role": "assistant", "content": "x"}]))
    };
    check(&[
        (a_call("call_id", json!(null)), "input[1].call_id", "is missing: send the id of the call"),
        (a_call("call_id", json!("")), "input[1].call_id", "is empty"),
        (a_call("call_id", json!(1)), "input[1].call_id", "must be a string"),
        (a_call("name", json!(null)), "input[1].name", "is missing"),
        (a_call("arguments", json!({})), "input[1].arguments", "must be a string, not an object"),
        (
            item(json!({"type": "custom_tool_call", "call_id": "c", "name": "sql", "input": {}})),
            "input[1].input",
            "must be a string",
        ),
        (answered("call_id", json!(null)), "input[1].call_id", "is missing"),
        (answered("output", json!(null)), "input[1].output", "is missing"),
        (answered("output", json!(3)), "input[1].output", "not a number"),
        (answered("output", json!([{"type": "output_text", "text": "x"}])), "input[1].output[0].type", "input_file"),
        (answered("output", json!([{"type": "input_text"}])), "input[1].output[0].text", "is missing"),
        (reasoning("summary", json!("x")), "input[0].summary", "must be an array of texts"),
        (reasoning("summary", json!(["x"])), "input[0].summary[0]", "must be an object"),
        (reasoning("summary", json!([{"type": "summary_text"}])), "input[0].summary[0].text", "is missing"),
        (reasoning("encrypted_content", json!(1)), "input[0].encrypted_content", "must be a string"),
    ]);
}

#[test]
fn conversations_that_do_not_hold_together() {
    let hi = json!({"role": "user", "content": "hi"});
    let note = json!({"role": "developer", "content": "note"});
    let said = json!({"role": "assistant", "content": "said"});
    let instructed = |items: Value| json!({"model": "m", "instructions": "be brief", "input": items});
    check(&[
        (input(json!([hi, function_call("a")])), "input[1].call_id", "`a` is not answered"),
        (instructed(json!([hi, function_call("a"), hi, output("a")])), "input[1].call_id", "`a` is not answered"),
        (input(json!([hi, function_call("a"), function_call("b"), output("a"), hi])), "input[2].call_id", "`b` is not"),
        (input(json!([hi, said, function_call("a"), note, said, hi])), "input[2].call_id", "function_call_output"),
        (input(json!([hi, output("a")])), "input[1].call_id", "No call right before it has the `call_id` `a`"),
        (instructed(json!([hi, function_call("a"), output("b")])), "input[2].call_id", "`b`"),
        (
            input(json!([hi, function_call("a"), output("a"), said, note, hi, said, output("a")])),
            "input[7].call_id",
            "No call right before",
        ),
    ]);
}

#[test]
fn parts_of_the_wrong_shape() {
    let at = "input[0].content[0]";
    let image = |url: Value| part(json!({"type": "input_image", "image_url": url}));
    let file = |data: Value| part(json!({"type": "input_file", "filename": "a.pdf", "file_data": data}));
    let sound = |audio: Value| part(json!({"type": "input_audio", "input_audio": audio}));
    let said = |part: Value| input(json!([{"role": "assistant", "content": [part]}]));
    let told = |part: Value| input(json!([{"role": "system", "content": [part]}]));
    let url = format!("{at}.image_url");
    let data = format!("{at}.file_data");
    check(&[
        (part(json!("x")), at, "must be an object with a `type`"),
        (part(json!({"text": "x"})), &format!("{at}.type"), "is missing: send input_text, input_image,"),
        (part(json!({"type": "text", "text": "x"})), &format!("{at}.type"), "or input_audio, not `text`"),
        (part(json!({"type": "output_text", "text": "x"})), &format!("{at}.type"), "not `output_text`"),
        (part(json!({"type": "input_text"})), &format!("{at}.text"), "is missing: send the text"),
        (part(json!({"type": "input_text", "text": 5})), &format!("{at}.text"), "must be a string"),
        (said(json!({"type": "input_image", "image_url": "x"})), &format!("{at}.type"), "output_text or refusal"),
        (said(json!({"type": "refusal"})), &format!("{at}.refusal"), "is missing"),
        (told(json!({"type": "input_image", "image_url": "x"})), &format!("{at}.type"), "must be input_text"),
        (part(json!({"type": "input_image"})), &url, "is missing: send an https address or a data URL"),
        (image(json!({"url": "https://a.b/c.png"})), &url, "must be a string, not an object"),
        (image(json!("c.png")), &url, "must be an http or https address"),
        (image(json!("data:image/png,xx")), &url, "is not base64"),
        (image(json!("data:image/png;base64,")), &url, "without data"),
        (part(json!({"type": "input_file"})), at, "must have `file_data`"),
        (file(json!("JVBERi0=")), &data, "or a data URL such as"),
        (file(json!(5)), &data, "must be a string"),
        (sound(json!("x")), &format!("{at}.input_audio"), "must be an object with `data` and `format`"),
        (sound(json!({"data": "QQ=="})), &format!("{at}.input_audio.format"), "is missing"),
    ]);
}

#[test]
fn tools_of_the_wrong_shape() {
    let choice = |choice: Value| field("tool_choice", choice);
    check(&[
        (field("tools", json!({})), "tools", "must be an array of tools"),
        (tool(json!("web_search")), "tools[0]", "must be an object with a `type`"),
        (tool(json!({"name": "f"})), "tools[0].type", "is missing: send function or custom"),
        (tool(json!({"type": 1})), "tools[0].type", "must be a string, such as function"),
        (tool(json!({"type": "function"})), "tools[0].name", "is missing: send the function's name"),
        (tool(json!({"type": "function", "function": {"name": "f"}})), "tools[0].name", "is missing"),
        (tool(json!({"type": "function", "name": "f", "parameters": "x"})), "tools[0].parameters", "must be an object"),
        (tool(json!({"type": "function", "name": "f", "strict": "yes"})), "tools[0].strict", "true or false"),
        (tool(json!({"type": "custom"})), "tools[0].name", "is missing"),
        (tool(json!({"type": "custom", "name": "c", "format": {"type": "xml"}})), "tools[0].format.type", "or grammar"),
        (
            tool(json!({"type": "custom", "name": "c", "format": {"type": "grammar", "syntax": "lark"}})),
            "tools[0].format.definition",
            "is missing",
        ),
        (choice(json!("any")), "tool_choice", "none, auto, required, or an object that names a tool, not `any`"),
        (choice(json!(1)), "tool_choice", "not a number"),
        (choice(json!({})), "tool_choice.type", "is missing"),
        (choice(json!({"type": "function"})), "tool_choice.name", "is missing"),
        (choice(json!({"type": "allowed_tools", "tools": []})), "tool_choice.mode", "is missing"),
        (choice(json!({"type": "allowed_tools", "mode": "all", "tools": []})), "tool_choice.mode", "not `all`"),
        (choice(json!({"type": "allowed_tools", "mode": "auto"})), "tool_choice.tools", "is missing"),
        (
            choice(json!({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function"}]})),
            "tool_choice.tools[0].name",
            "is missing",
        ),
    ]);
}

#[test]
fn options_of_the_wrong_shape() {
    let format = |format: Value| field("text", json!({ "format": format }));
    check(&[
        (field("max_output_tokens", json!(0)), "max_output_tokens", "at least 1"),
        (field("max_output_tokens", json!(-1)), "max_output_tokens", "not negative"),
        (field("temperature", json!("hot")), "temperature", "must be a number"),
        (field("top_p", json!([])), "top_p", "must be a number"),
        (field("top_logprobs", json!("3")), "top_logprobs", "must be a whole number"),
        (field("stream", json!("true")), "stream", "true or false"),
        (field("stream_options", json!(true)), "stream_options", "must be an object"),
        (field("parallel_tool_calls", json!(1)), "parallel_tool_calls", "true or false"),
        (field("max_tool_calls", json!("2")), "max_tool_calls", "a whole number"),
        (field("store", json!("no")), "store", "true or false"),
        (field("background", json!(0)), "background", "true or false"),
        (field("user", json!(5)), "user", "must be a string"),
        (field("safety_identifier", json!({})), "safety_identifier", "must be a string"),
        (field("truncation", json!("some")), "truncation", "must be auto or disabled, not `some`"),
        (field("include", json!("x")), "include", "must be an array of strings"),
        (field("include", json!([1])), "include[0]", "must be a string"),
        (field("reasoning", json!("high")), "reasoning", "must be an object such as"),
        (field("reasoning", json!({"effort": "most"})), "reasoning.effort", "xhigh or max, not `most`"),
        (field("reasoning", json!({"effort": 2})), "reasoning.effort", "must be a string"),
        (field("text", json!("json")), "text", "must be an object with a `format`"),
        (field("text", json!({"verbosity": 1})), "text.verbosity", "must be a string"),
        (format(json!("json")), "text.format", "must be an object with a `type`"),
        (format(json!({})), "text.format.type", "is missing: send text, json_object"),
        (format(json!({"type": "xml"})), "text.format.type", "not `xml`"),
        (format(json!({"type": "json_schema", "name": "x"})), "text.format.schema", "is missing: send a JSON schema"),
        (format(json!({"type": "json_schema", "schema": "x"})), "text.format.schema", "must be an object"),
    ]);
}

#[test]
fn what_leans_on_openai_is_refused_with_a_remedy() {
    let all = "send the whole conversation in `input`, with `store: false`";
    let image = json!({"type": "input_image", "file_id": "file-1"});
    check_bound(&[
        (field("previous_response_id", json!("resp_1")), "previous_response_id", all),
        (json!({"model": "m", "previous_response_id": "resp_1"}), "previous_response_id", all),
        (field("conversation", json!({"id": "conv_1"})), "conversation", all),
        (field("prompt", json!({"id": "pmpt_1"})), "prompt", "as `instructions` and `input`"),
        (field("background", json!(true)), "background", "leave `background` out"),
        (field("store", json!(true)), "store", "send `store: false`"),
        (item(json!({"type": "item_reference", "id": "msg_1"})), "input[1]", "send the item itself"),
        (item(json!({"id": "msg_1"})), "input[1]", "send the item itself"),
        (item(json!({"type": "web_search_call", "id": "ws_1"})), "input[1]", "of the type `web_search_call`"),
        (item(json!({"type": "computer_call_output", "call_id": "c"})), "input[1]", "`computer_call_output`"),
        (item(json!({"type": "compaction", "encrypted_content": "x"})), "input[1]", "`compaction`"),
        (
            item(json!({"type": "function_call", "call_id": "c", "name": "f", "namespace": "n"})),
            "input[1].namespace",
            "by their names alone",
        ),
        (part(image), "input[0].content[0].file_id", "send `image_url`"),
        (part(json!({"type": "input_file", "file_id": "f"})), "input[0].content[0].file_id", "send `file_data`"),
        (part(json!({"type": "input_file", "file_url": "u"})), "input[0].content[0].file_url", "send `file_data`"),
        (field("tool_choice", json!({"type": "web_search_preview"})), "tool_choice", "`web_search_preview`"),
        (field("tool_choice", json!({"type": "mcp", "server_label": "x"})), "tool_choice", "name a function"),
        (
            field("tool_choice", json!({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "mcp"}]})),
            "tool_choice.tools[0]",
            "allow functions",
        ),
    ]);
}

#[test]
fn a_long_word_is_not_repeated_whole() {
    let (_, _, message) = refused(&item(json!({"type": "é".repeat(1000)})));
    assert!(message.len() < 300, "{message}");
}
