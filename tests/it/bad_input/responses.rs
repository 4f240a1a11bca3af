//! Bad input to `/v1/responses`. What stands at the top is refused whoever would serve it; what stands deeper where a
//! translation is needed, since OpenAI knows its own form best.

use super::{Bad, bad, check_all};
use crate::kit::{gateway, upstream};

/// A request with a good input and this field in front of it.
fn field(name: &'static str, value: &str, words: &'static str) -> Bad {
    let body = match name {
        "input" => format!(r#"{{"model":"MODEL","input":{value}}}"#),
        "model" => format!(r#"{{"model":{value},"input":"hi"}}"#),
        _ => format!(r#"{{"{name}":{value},"model":"MODEL","input":"hi"}}"#),
    };
    bad(name, body, name, words)
}

/// The same, where the fault is deeper than the field.
fn deep(param: &'static str, value: &str, words: &'static str) -> Bad {
    let name = param.split(['.', '[']).next().unwrap_or_default();
    Bad { name: param, param: Some(param), ..field(name, value, words) }
}

/// A row whose one user message has this part.
fn part(param: &'static str, part: &str, words: &'static str) -> Bad {
    deep(param, &format!(r#"[{{"role":"user","content":[{part}]}}]"#), words)
}

/// What nobody could make anything of.
fn envelope() -> Vec<Bad> {
    vec![
        bad("empty", "", None, "empty"),
        bad("not JSON", "input=hi", None, "not valid JSON"),
        bad("truncated", r#"{"model":"MODEL","inp"#, None, "not valid JSON"),
        bad("two bodies", "{}{}", None, "not valid JSON"),
        bad("not UTF-8", [b"{\"model\":\"", &[0xff][..], b"\"}"].concat(), None, "not UTF-8"),
        bad("an array", "[]", None, "must be a JSON object"),
        bad("a number", "5", None, "must be a JSON object"),
        bad("no model", r#"{"input":"hi"}"#, "model", "missing"),
        bad("model null", r#"{"model":null,"input":"hi"}"#, "model", "missing"),
        bad("input twice", r#"{"model":"MODEL","input":"a","input":"b"}"#, "input", "twice"),
    ]
}

/// What is wrong with a field at the top.
fn top() -> Vec<Bad> {
    let mut rows = vec![
        field("model", r#""""#, "empty"),
        field("model", r#""a\nb""#, "printable"),
        field("fallbacks", "[1]", "array of model names"),
        field("fallbacks", &format!("[{}\"x\"]", "\"x\",".repeat(16)), "at most 16"),
    ];
    for (name, value, words) in [
        ("model", "5", "a string"),
        ("input", "5", "a string or an array"),
        ("input", "{}", "a string or an array"),
        ("instructions", "{}", "a string"),
        ("max_output_tokens", r#""many""#, "a whole number"),
        ("max_output_tokens", "1.5", "a whole number"),
        ("temperature", r#""hot""#, "a number"),
        ("top_p", "{}", "a number"),
        ("stream", "1", "true or false"),
        ("store", r#""yes""#, "true or false"),
        ("background", "[]", "true or false"),
        ("tools", "{}", "an array"),
        ("tool_choice", "5", "a string or an object"),
        ("parallel_tool_calls", "1", "true or false"),
        ("text", r#""plain""#, "an object"),
        ("reasoning", r#""hard""#, "an object"),
        ("metadata", "[]", "an object"),
        ("include", r#""x""#, "an array"),
        ("previous_response_id", "5", "a string"),
        ("user", "5", "a string"),
        ("fallbacks", r#""x""#, "array"),
    ] {
        rows.push(field(name, value, words));
    }
    rows
}

/// Items that are none.
fn items() -> Vec<Bad> {
    let call = r#"{"role":"user","content":"q"},{"type":"function_call","call_id":"a","name":"f","arguments":"{}"}"#;
    vec![
        bad("no input", r#"{"model":"MODEL"}"#, "input", "missing"),
        deep("input", "[]", "says nothing"),
        deep("input", r#"" ""#, ""),
        deep("input[0]", "[5]", "an object"),
        deep("input[0]", "[null]", "null"),
        deep("input[0].type", r#"[{"type":5}]"#, "a string"),
        deep("input[0].role", r#"[{"role":"wizard","content":"a"}]"#, "wizard"),
        deep("input[0].role", r#"[{"type":"message","content":"a"}]"#, "missing"),
        deep("input[0].content", r#"[{"role":"user"}]"#, "missing"),
        deep("input[0].content", r#"[{"role":"user","content":5}]"#, "a string"),
        deep(
            "input[1].call_id",
            r#"[{"role":"user","content":"q"},{"type":"function_call","name":"f","arguments":"{}"}]"#,
            "missing",
        ),
        deep(
            "input[1].name",
            r#"[{"role":"user","content":"q"},{"type":"function_call","call_id":"a","arguments":"{}"}]"#,
            "missing",
        ),
        deep(
            "input[1].arguments",
            r#"[{"role":"user","content":"q"},{"type":"function_call","call_id":"a","name":"f","arguments":{}}]"#,
            "a string",
        ),
        deep("input[2].call_id", &format!(r#"[{call},{{"type":"function_call_output","output":"x"}}]"#), "missing"),
        deep(
            "input[2].call_id",
            &format!(r#"[{call},{{"type":"function_call_output","call_id":"b","output":"x"}}]"#),
            "`b`",
        ),
        deep("input[2].output", &format!(r#"[{call},{{"type":"function_call_output","call_id":"a"}}]"#), "missing"),
        deep(
            "input[2].output",
            &format!(r#"[{call},{{"type":"function_call_output","call_id":"a","output":5}}]"#),
            "a string",
        ),
        deep("input[1].call_id", &format!("[{call}]"), "`a`"),
        deep("input[1].call_id", &format!(r#"[{call},{{"role":"user","content":"so?"}}]"#), "`a`"),
    ]
}

/// Parts that are none.
fn parts() -> Vec<Bad> {
    vec![
        part("input[0].content[0]", r#""hi""#, "an object"),
        part("input[0].content[0].type", r#"{"text":"hi"}"#, "missing"),
        part("input[0].content[0].type", r#"{"type":"hologram"}"#, "hologram"),
        part("input[0].content[0].text", r#"{"type":"input_text"}"#, "missing"),
        part("input[0].content[0].text", r#"{"type":"input_text","text":5}"#, "a string"),
        part("input[0].content[0].image_url", r#"{"type":"input_image"}"#, "missing"),
        part("input[0].content[0].image_url", r#"{"type":"input_image","image_url":{"url":"https://a"}}"#, "a string"),
        part("input[0].content[0].image_url", r#"{"type":"input_image","image_url":"file:///etc/passwd"}"#, "http"),
        part(
            "input[0].content[0].image_url",
            r#"{"type":"input_image","image_url":"data:image/png;base64,!!!!"}"#,
            "base64",
        ),
        part(
            "input[0].content[0].file_data",
            r#"{"type":"input_file","filename":"a.pdf","file_data":"x"}"#,
            "data URL",
        ),
    ]
}

/// Tools and settings that are none.
fn settings() -> Vec<Bad> {
    vec![
        deep("tools[0]", r#"["f"]"#, "an object"),
        deep("tools[0].type", r#"[{"name":"f"}]"#, "missing"),
        deep("tools[0].name", r#"[{"type":"function"}]"#, "missing"),
        deep("tools[0].name", r#"[{"type":"function","function":{"name":"f"}}]"#, "missing"),
        deep("tools[0].parameters", r#"[{"type":"function","name":"f","parameters":"x"}]"#, "an object"),
        deep("tool_choice", r#""sometimes""#, "sometimes"),
        deep("tool_choice.name", r#"{"type":"function"}"#, "missing"),
        deep("text.format.type", r#"{"format":{"type":"poem"}}"#, "poem"),
        deep("text.format.schema", r#"{"format":{"type":"json_schema","name":"s","schema":"x"}}"#, "an object"),
        deep("reasoning.effort", r#"{"effort":"heroic"}"#, "heroic"),
        deep("reasoning.effort", r#"{"effort":5}"#, "a string"),
    ]
}

#[tokio::test]
async fn openai_is_not_called() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let rows = envelope().into_iter().chain(top()).collect();
    check_all(&gateway, "/v1/responses", "gpt-4o-mini", rows, &[&openai]).await;
}

#[tokio::test]
async fn nobody_who_would_need_a_translation_is_called() {
    let anthropic = upstream::anthropic().start().await;
    let ollama = upstream::ollama().start().await;
    let gateway = gateway().with(&anthropic).with(&ollama).start().await;
    for model in ["claude-haiku-4-5", "llama3:8b"] {
        let rows = [envelope(), top(), items(), parts(), settings()].into_iter().flatten().collect();
        check_all(&gateway, "/v1/responses", model, rows, &[&anthropic, &ollama]).await;
    }
}

#[tokio::test]
async fn depth_is_bounded() {
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&anthropic).start().await;
    let deep = |levels: usize| format!(r#"{{"model":"MODEL","input":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    let rows = vec![
        bad("200 levels", deep(200), None, "nested too deeply"),
        bad("100,000 levels", deep(100_000), None, "nested too deeply"),
    ];
    check_all(&gateway, "/v1/responses", "claude-haiku-4-5", rows, &[&anthropic]).await;
}
