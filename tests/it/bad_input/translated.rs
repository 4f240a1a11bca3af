//! Where a translation is needed, the whole conversation is checked here: nobody else would name the caller's field.

use super::{Bad, bad, check_all, with_field, with_messages};
use crate::kit::{gateway, upstream};

/// A row whose conversation is `messages`.
fn talk(name: &'static str, messages: &str, param: &'static str, words: &'static str) -> Bad {
    bad(name, with_messages(messages), param, words)
}

/// A row whose one user message has this content.
fn content(name: &'static str, content: &str, param: &'static str, words: &'static str) -> Bad {
    talk(name, &format!(r#"{{"role":"user","content":{content}}}"#), param, words)
}

/// A row whose one user message has this one part.
fn part(name: &'static str, part: &str, param: &'static str, words: &'static str) -> Bad {
    content(name, &format!("[{part}]"), param, words)
}

/// A row whose assistant turn has these tool calls, the question before it and its answer after it.
fn calls(name: &'static str, calls: &str, param: &'static str, words: &'static str) -> Bad {
    let turns = r#"{"role":"user","content":"q"},{"role":"assistant","tool_calls":CALLS},{"role":"tool","tool_call_id":"a","content":"r"}"#;
    talk(name, &turns.replace("CALLS", calls), param, words)
}

/// A row with one more field at the top.
fn field(name: &'static str, value: &str, param: &'static str, words: &'static str) -> Bad {
    let field = param.split(['.', '[']).next().unwrap_or_default();
    bad(name, with_field(&format!(r#""{field}":{value}"#)), param, words)
}

fn messages() -> Vec<Bad> {
    vec![
        talk(
            "a message that is a string",
            r#""hi""#,
            "messages[0]",
            "an object with `role` and `content`, not a string",
        ),
        talk("a message that is null", "null", "messages[0]", "not null"),
        talk("a message that is an array", "[]", "messages[0]", "not an array"),
        talk("no role", r#"{"content":"hi"}"#, "messages[0].role", "missing"),
        talk("an unknown role", r#"{"role":"wizard","content":"hi"}"#, "messages[0].role", "not `wizard`"),
        talk("a role in capitals", r#"{"role":"User","content":"hi"}"#, "messages[0].role", "not `User`"),
        talk("a role that is a number", r#"{"role":1,"content":"hi"}"#, "messages[0].role", "a string, not a number"),
        talk(
            "the second message's role",
            r#"{"role":"user","content":"a"},{"role":"x","content":"b"}"#,
            "messages[1].role",
            "not `x`",
        ),
        talk("no content", r#"{"role":"user"}"#, "messages[0].content", "missing"),
        talk(
            "an assistant who says nothing",
            r#"{"role":"user","content":"a"},{"role":"assistant"}"#,
            "messages[1].content",
            "missing",
        ),
        talk("nothing but blanks", r#"{"role":"user","content":" \n"}"#, "messages", "says nothing"),
        content("content null", "null", "messages[0].content", "missing"),
        content("content a number", "5", "messages[0].content", "a string or an array of parts, not a number"),
        content("content an object", r#"{"text":"hi"}"#, "messages[0].content", "not an object"),
        content("content true", "true", "messages[0].content", "not a boolean"),
        content("content of strings", r#"["hi"]"#, "messages[0].content[0]", "an object with a `type`, not a string"),
    ]
}

fn parts() -> Vec<Bad> {
    let image = |name, url: &str, words| {
        part(
            name,
            &format!(r#"{{"type":"image_url","image_url":{{"url":"{url}"}}}}"#),
            "messages[0].content[0].image_url.url",
            words,
        )
    };
    let system = r#"{"role":"system","content":[{"type":"image_url","image_url":{"url":"https://a.example/b.png"}}]},{"role":"user","content":"hi"}"#;
    vec![
        part("no type", r#"{"text":"hi"}"#, "messages[0].content[0].type", "missing"),
        part("an unknown type", r#"{"type":"hologram"}"#, "messages[0].content[0].type", "not `hologram`"),
        part("text without text", r#"{"type":"text"}"#, "messages[0].content[0].text", "missing"),
        part(
            "text that is a number",
            r#"{"type":"text","text":5}"#,
            "messages[0].content[0].text",
            "a string, not a number",
        ),
        part(
            "a refusal by a user",
            r#"{"type":"refusal","refusal":"no"}"#,
            "messages[0].content[0].type",
            "not `refusal`",
        ),
        part("a picture without address", r#"{"type":"image_url"}"#, "messages[0].content[0].image_url", "missing"),
        part(
            "a picture that is a number",
            r#"{"type":"image_url","image_url":5}"#,
            "messages[0].content[0].image_url",
            "not a number",
        ),
        part(
            "a picture without url",
            r#"{"type":"image_url","image_url":{}}"#,
            "messages[0].content[0].image_url.url",
            "missing",
        ),
        image("an empty address", "", "empty"),
        image("an address that is no web address", "ftp://a.example/b.png", "http or https"),
        image("a file of this machine", "file:///etc/passwd", "http or https"),
        image("a data URL without a comma", "data:image/png;base64", "without a comma"),
        image("a data URL that is not base64", "data:image/png,abc", "not base64"),
        image("a data URL without a media type", "data:;base64,AAAA", "without a media type"),
        image("a data URL without data", "data:image/png;base64,", "without data"),
        image("a data URL whose data is no base64", "data:image/png;base64,!!!!", "not base64"),
        part(
            "a file without anything",
            r#"{"type":"file","file":{}}"#,
            "messages[0].content[0].file",
            "`file_data` or `file_id`",
        ),
        part("a file that is a string", r#"{"type":"file","file":"x"}"#, "messages[0].content[0].file", "not a string"),
        part(
            "a file that is no data URL",
            r#"{"type":"file","file":{"file_data":"x"}}"#,
            "messages[0].content[0].file.file_data",
            "data URL",
        ),
        part("sound without sound", r#"{"type":"input_audio"}"#, "messages[0].content[0].input_audio", "missing"),
        part(
            "sound without data",
            r#"{"type":"input_audio","input_audio":{"format":"wav"}}"#,
            "messages[0].content[0].input_audio.data",
            "missing",
        ),
        part(
            "sound without a format",
            r#"{"type":"input_audio","input_audio":{"data":"AAAA"}}"#,
            "messages[0].content[0].input_audio.format",
            "missing",
        ),
        talk("a picture in instructions", system, "messages[0].content[0].type", "text"),
    ]
}

fn tool_turns() -> Vec<Bad> {
    let good = r#"[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]"#;
    let alone = format!(r#"{{"role":"user","content":"q"}},{{"role":"assistant","tool_calls":{good}}}"#);
    let two = good.replace(']', r#",{"id":"b","type":"function","function":{"name":"f","arguments":"{}"}}]"#);
    vec![
        calls("tool calls that are no array", "{}", "messages[1].tool_calls", "an array of tool calls"),
        calls("a tool call that is a string", r#"["a"]"#, "messages[1].tool_calls[0]", "not a string"),
        calls(
            "a tool call without id",
            r#"[{"function":{"name":"f","arguments":"{}"}}]"#,
            "messages[1].tool_calls[0].id",
            "missing",
        ),
        calls(
            "a tool call with an empty id",
            r#"[{"id":"","function":{"name":"f"}}]"#,
            "messages[1].tool_calls[0].id",
            "empty",
        ),
        calls(
            "a tool call of an unknown type",
            r#"[{"id":"a","type":"magic"}]"#,
            "messages[1].tool_calls[0].type",
            "not `magic`",
        ),
        calls(
            "a tool call without function",
            r#"[{"id":"a","type":"function"}]"#,
            "messages[1].tool_calls[0].function",
            "missing",
        ),
        calls(
            "a tool call without a name",
            r#"[{"id":"a","function":{"arguments":"{}"}}]"#,
            "messages[1].tool_calls[0].function.name",
            "missing",
        ),
        calls(
            "arguments that are an object",
            r#"[{"id":"a","function":{"name":"f","arguments":{}}}]"#,
            "messages[1].tool_calls[0].function.arguments",
            "a string that holds JSON",
        ),
        calls("a call that nobody answers", &two, "messages[1].tool_calls", "`b` is not answered"),
        talk("a call at the very end", &alone, "messages[1].tool_calls", "`a` is not answered"),
        talk(
            "a call and another question",
            &format!(r#"{alone},{{"role":"user","content":"so?"}}"#),
            "messages[1].tool_calls",
            "`a` is not answered",
        ),
        talk(
            "an answer to nothing",
            r#"{"role":"user","content":"q"},{"role":"tool","tool_call_id":"a","content":"r"}"#,
            "messages[1].tool_call_id",
            "`a`",
        ),
        talk(
            "an answer to another call",
            &format!(r#"{alone},{{"role":"tool","tool_call_id":"z","content":"r"}}"#),
            "messages[2].tool_call_id",
            "`z`",
        ),
        talk(
            "an answer without id",
            &format!(r#"{alone},{{"role":"tool","content":"r"}}"#),
            "messages[2].tool_call_id",
            "missing",
        ),
        talk(
            "an answer without content",
            &format!(r#"{alone},{{"role":"tool","tool_call_id":"a"}}"#),
            "messages[2].content",
            "missing",
        ),
        talk(
            "a function's answer to nothing",
            r#"{"role":"user","content":"q"},{"role":"function","name":"f","content":"r"}"#,
            "messages[1]",
            "function_call",
        ),
    ]
}

fn options() -> Vec<Bad> {
    vec![
        field("a tool that is a string", r#"["f"]"#, "tools[0]", "not a string"),
        field("a tool without type", "[{}]", "tools[0].type", "missing"),
        field("a tool whose type is a number", r#"[{"type":1}]"#, "tools[0].type", "a string"),
        field("a tool without function", r#"[{"type":"function"}]"#, "tools[0].function", "missing"),
        field(
            "a function without a name",
            r#"[{"type":"function","function":{}}]"#,
            "tools[0].function.name",
            "missing",
        ),
        field(
            "parameters that are an array",
            r#"[{"type":"function","function":{"name":"f","parameters":[]}}]"#,
            "tools[0].function.parameters",
            "not an array",
        ),
        field("a choice by an unknown word", r#""sometimes""#, "tool_choice", "not `sometimes`"),
        field("a choice of an unknown type", r#"{"type":"magic"}"#, "tool_choice.type", "not `magic`"),
        field(
            "a choice without a name",
            r#"{"type":"function","function":{}}"#,
            "tool_choice.function.name",
            "missing",
        ),
        field("no tokens", "0", "max_tokens", "at least 1"),
        field("fewer than no tokens", "-5", "max_tokens", "not negative"),
        field("more tokens than numbers go", "1e30", "max_tokens", "64 bits"),
        field("no tokens by the new name", "0", "max_completion_tokens", "at least 1"),
        field("stop strings that are numbers", "[1]", "stop[0]", "a string, not a number"),
        field("a format without type", "{}", "response_format.type", "missing"),
        field("an unknown format", r#"{"type":"xml"}"#, "response_format.type", "not `xml`"),
        field(
            "a schema's format without schema",
            r#"{"type":"json_schema"}"#,
            "response_format.json_schema",
            "missing",
        ),
        field(
            "a schema without schema",
            r#"{"type":"json_schema","json_schema":{"name":"x"}}"#,
            "response_format.json_schema.schema",
            "missing",
        ),
        field(
            "a schema that is an array",
            r#"{"type":"json_schema","json_schema":{"name":"x","schema":[]}}"#,
            "response_format.json_schema.schema",
            "not an array",
        ),
        field("an unknown effort", r#""extreme""#, "reasoning_effort", "not `extreme`"),
        field("reasoning that is a word", r#""high""#, "reasoning", "not a string"),
    ]
}

/// What JSON allows in form and nobody can mean.
fn unreadable() -> Vec<Bad> {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    vec![
        bad("half of a surrogate pair", with_messages(r#"{"role":"user","content":"\ud800"}"#), None, "not valid JSON"),
        bad("a number that no float holds", with_field(r#""temperature":1e999"#), None, "not valid JSON"),
        bad(
            "100,000 levels in a message",
            with_messages(&format!(r#"{{"role":"user","content":{deep}}}"#)),
            None,
            "nested too deeply",
        ),
        bad(
            "100,000 levels in another field",
            with_field(&format!(r#""metadata":{{"x":{deep}}}"#)),
            None,
            "nested too deeply",
        ),
    ]
}

fn all() -> Vec<Bad> {
    let mut rows = messages();
    rows.extend(parts());
    rows.extend(tool_turns());
    rows.extend(options());
    rows.extend(unreadable());
    rows
}

#[tokio::test]
async fn everything_is_checked_before_anthropic_is_called() {
    let anthropic = upstream::anthropic().start().await;
    let openrouter = upstream::openrouter().start().await;
    let gateway = gateway().with(&anthropic).with(&openrouter).start().await;
    check_all(&gateway, "/v1/chat/completions", "claude-sonnet-4-5", all(), &[&anthropic, &openrouter]).await;
}

#[tokio::test]
async fn everything_is_checked_before_ollama_is_called() {
    let ollama = upstream::ollama().start().await;
    let gateway = gateway().with(&ollama).start().await;
    check_all(&gateway, "/v1/chat/completions", "llama3:8b", all(), &[&ollama]).await;
}

#[tokio::test]
async fn a_stream_is_refused_as_a_whole_answer_is() {
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&anthropic).start().await;
    let rows = all().into_iter().map(|row| Bad { body: [br#"{"stream":true,"#, &row.body[1..]].concat(), ..row });
    check_all(&gateway, "/v1/chat/completions", "claude-sonnet-4-5", rows.collect(), &[&anthropic]).await;
}
