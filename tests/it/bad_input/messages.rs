//! Bad input to `/v1/messages`. What stands at the top is refused whoever would serve it; what stands deeper where a
//! translation is needed, since Anthropic knows its own form best.

use super::{Bad, bad, check_all};
use crate::kit::{gateway, upstream};

/// A request with one good turn and this field in front of it.
fn field(name: &'static str, value: &str, words: &'static str) -> Bad {
    let body = match name {
        "messages" => format!(r#"{{"model":"MODEL","max_tokens":9,"messages":{value}}}"#),
        "max_tokens" => {
            format!(r#"{{"model":"MODEL","max_tokens":{value},"messages":[{{"role":"user","content":"a"}}]}}"#)
        }
        "model" => format!(r#"{{"model":{value},"max_tokens":9,"messages":[{{"role":"user","content":"a"}}]}}"#),
        _ => format!(
            r#"{{"{name}":{value},"model":"MODEL","max_tokens":9,"messages":[{{"role":"user","content":"a"}}]}}"#
        ),
    };
    bad(name, body, name, words)
}

/// The same, where the fault is deeper than the field.
fn deep(param: &'static str, value: &str, words: &'static str) -> Bad {
    let name = param.split(['.', '[']).next().unwrap_or_default();
    let row = field(name, value, words);
    Bad { name: param, param: Some(param), ..row }
}

/// A row whose one user turn has these blocks.
fn blocks(param: &'static str, blocks: &str, words: &'static str) -> Bad {
    deep(param, &format!(r#"[{{"role":"user","content":[{blocks}]}}]"#), words)
}

/// What nobody could make anything of.
fn envelope() -> Vec<Bad> {
    vec![
        bad("empty", "", None, "empty"),
        bad("blank", " \n ", None, "empty"),
        bad("not JSON", "model=x", None, "not valid JSON"),
        bad("truncated", r#"{"model":"MODEL","max_tok"#, None, "not valid JSON"),
        bad("two bodies", "{}{}", None, "not valid JSON"),
        bad("not UTF-8", [b"{\"model\":\"", &[0xff][..], b"\"}"].concat(), None, "not UTF-8"),
        bad("an array", "[]", None, "must be a JSON object"),
        bad("a string", r#""hi""#, None, "must be a JSON object"),
        bad("null", "null", None, "must be a JSON object"),
        bad("no model", r#"{"max_tokens":9,"messages":[{"role":"user","content":"a"}]}"#, "model", "missing"),
        bad("no messages", r#"{"model":"MODEL","max_tokens":9}"#, "messages", "missing"),
        bad(
            "no max_tokens",
            r#"{"model":"MODEL","messages":[{"role":"user","content":"a"}]}"#,
            "max_tokens",
            "missing",
        ),
        bad(
            "messages twice",
            r#"{"model":"MODEL","max_tokens":9,"messages":[{"role":"user","content":"a"}],"messages":[]}"#,
            "messages",
            "twice",
        ),
    ]
}

/// What is wrong with a field at the top.
fn top() -> Vec<Bad> {
    let mut rows = vec![
        field("messages", "[]", "empty"),
        field("model", r#""""#, "empty"),
        field("model", r#""a\nb""#, "printable"),
        field("fallbacks", "[1]", "array of model names"),
        field("fallbacks", r#"["",""]"#, "empty"),
        field("fallbacks", &format!("[{}\"x\"]", "\"x\",".repeat(16)), "at most 16"),
    ];
    for (name, value, words) in [
        ("model", "5", "a string"),
        ("messages", r#""hi""#, "an array"),
        ("messages", "{}", "an array"),
        ("max_tokens", r#""many""#, "a whole number"),
        ("max_tokens", "1.5", "a whole number"),
        ("max_tokens", "-1", ""),
        ("max_tokens", "null", "missing"),
        ("system", "5", "a string or an array"),
        ("stream", r#""yes""#, "true or false"),
        ("temperature", r#""hot""#, "a number"),
        ("top_p", "[]", "a number"),
        ("top_k", "0.5", "a whole number"),
        ("stop_sequences", r#""x""#, "an array"),
        ("tools", "{}", "an array"),
        ("tool_choice", r#""auto""#, "an object"),
        ("thinking", "true", "an object"),
        ("metadata", r#""me""#, "an object"),
        ("output_config", "[]", "an object"),
        ("fallbacks", r#""x""#, "array"),
    ] {
        rows.push(field(name, value, words));
    }
    rows
}

/// Turns that are none.
fn turns() -> Vec<Bad> {
    let call = r#"{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]}"#;
    vec![
        deep("messages[0]", r#"["hi"]"#, "an object"),
        deep("messages[0]", "[null]", "null"),
        deep("messages[0].role", r#"[{"content":"hi"}]"#, "missing"),
        deep("messages[0].role", r#"[{"role":"wizard","content":"hi"}]"#, "wizard"),
        deep("messages[0].role", r#"[{"role":"tool","content":"hi"}]"#, "tool"),
        deep("messages[0].role", r#"[{"role":5,"content":"hi"}]"#, "a string"),
        deep("messages[1].role", r#"[{"role":"user","content":"a"},{"role":"x","content":"b"}]"#, "x"),
        deep("messages[0].content", r#"[{"role":"user"}]"#, "missing"),
        deep("messages[0].content", r#"[{"role":"user","content":5}]"#, "a string"),
        deep("messages[0].content", r#"[{"role":"user","content":{"type":"text"}}]"#, "not an object"),
        deep("messages[1].content[0]", &format!("[{call}]"), "`a`"),
        deep(
            "messages[1].content[0]",
            &format!(r#"[{call},{{"role":"user","content":[{{"type":"text","text":"so?"}}]}}]"#),
            "`a`",
        ),
        deep(
            "messages[2].content[0].tool_use_id",
            &format!(r#"[{call},{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"b"}}]}}]"#),
            "`b`",
        ),
        deep("messages", r#"[{"role":"user","content":" \n"}]"#, ""),
        deep("messages", r#"[{"role":"assistant","content":""}]"#, ""),
    ]
}

/// Blocks that are none.
fn parts() -> Vec<Bad> {
    const BLOCK: &str = "messages[0].content[0]";
    let image = |source: &str| format!(r#"{{"type":"image","source":{source}}}"#);
    vec![
        blocks(BLOCK, r#""hi""#, "an object"),
        blocks("messages[0].content[0].type", r#"{"text":"hi"}"#, "missing"),
        blocks("messages[0].content[0].type", r#"{"type":"hologram"}"#, "hologram"),
        blocks("messages[0].content[0].type", r#"{"type":5}"#, "a string"),
        blocks("messages[0].content[0].text", r#"{"type":"text"}"#, "missing"),
        blocks("messages[0].content[0].text", r#"{"type":"text","text":5}"#, "a string"),
        blocks("messages[0].content[0].source", r#"{"type":"image"}"#, "missing"),
        blocks("messages[0].content[0].source", &image(r#""x""#), "an object"),
        blocks("messages[0].content[0].source.type", &image("{}"), "missing"),
        blocks("messages[0].content[0].source.type", &image(r#"{"type":"ftp"}"#), "ftp"),
        blocks(
            "messages[0].content[0].source.data",
            &image(r#"{"type":"base64","media_type":"image/png"}"#),
            "missing",
        ),
        blocks(
            "messages[0].content[0].source.data",
            &image(r#"{"type":"base64","media_type":"image/png","data":"!!!!"}"#),
            "base64",
        ),
        blocks("messages[0].content[0].source.media_type", &image(r#"{"type":"base64","data":"AAAA"}"#), "missing"),
        blocks("messages[0].content[0].source.url", &image(r#"{"type":"url"}"#), "missing"),
        blocks("messages[0].content[0].source.url", &image(r#"{"type":"url","url":"file:///etc/passwd"}"#), "http"),
        blocks("messages[0].content[0].source", r#"{"type":"document"}"#, "missing"),
        blocks("messages[0].content[0].tool_use_id", r#"{"type":"tool_result","content":"x"}"#, "missing"),
        deep(
            "messages[0].content[0].name",
            r#"[{"role":"assistant","content":[{"type":"tool_use","id":"a","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}]"#,
            "missing",
        ),
        deep(
            "messages[0].content[0].id",
            r#"[{"role":"assistant","content":[{"type":"tool_use","name":"f","input":{}}]},{"role":"user","content":"b"}]"#,
            "missing",
        ),
        deep(
            "messages[0].content[0].input",
            r#"[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":"x"}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}]"#,
            "an object",
        ),
        deep(
            "messages[0].content[0].thinking",
            r#"[{"role":"assistant","content":[{"type":"thinking","thinking":5,"signature":"x"}]},{"role":"user","content":"b"}]"#,
            "a string",
        ),
    ]
}

/// Tools and settings that are none.
fn settings() -> Vec<Bad> {
    let tool = |tool: &str| format!("[{tool}]");
    vec![
        deep("tools[0]", r#"["f"]"#, "an object"),
        deep("tools[0].name", &tool(r#"{"input_schema":{"type":"object"}}"#), "missing"),
        deep("tools[0].name", &tool(r#"{"name":"","input_schema":{"type":"object"}}"#), "empty"),
        deep("tools[0].input_schema", &tool(r#"{"name":"f","input_schema":"x"}"#), "an object"),
        deep(
            "tools[0].description",
            &tool(r#"{"name":"f","description":5,"input_schema":{"type":"object"}}"#),
            "a string",
        ),
        deep("tool_choice.type", "{}", "missing"),
        deep("tool_choice.type", r#"{"type":"sometimes"}"#, "sometimes"),
        deep("tool_choice.name", r#"{"type":"tool"}"#, "missing"),
        deep("thinking.type", r#"{"type":"hard"}"#, "hard"),
        deep("thinking.budget_tokens", r#"{"type":"enabled"}"#, "missing"),
        deep("stop_sequences[0]", "[5]", "a string"),
        deep("system[0]", "[5]", ""),
        deep("system[0].type", r#"[{"type":"image"}]"#, "image"),
        deep("metadata.user_id", r#"{"user_id":5}"#, "a string"),
        deep("output_config.effort", r#"{"effort":"heroic"}"#, "heroic"),
        deep("output_config.format.type", r#"{"format":{"type":"poem"}}"#, "poem"),
    ]
}

#[tokio::test]
async fn anthropic_is_not_called() {
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&anthropic).start().await;
    let rows = envelope().into_iter().chain(top()).collect();
    check_all(&gateway, "/v1/messages", "claude-haiku-4-5", rows, &[&anthropic]).await;
}

#[tokio::test]
async fn nobody_who_would_need_a_translation_is_called() {
    let openai = upstream::openai().start().await;
    let ollama = upstream::ollama().start().await;
    let gateway = gateway().with(&openai).with(&ollama).start().await;
    for model in ["gpt-4o-mini", "llama3:8b"] {
        let rows = [envelope(), top(), turns(), parts(), settings()].into_iter().flatten().collect();
        check_all(&gateway, "/v1/messages", model, rows, &[&openai, &ollama]).await;
    }
}

#[tokio::test]
async fn depth_and_number_are_bounded() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let deep = |levels: usize| {
        format!(
            r#"{{"model":"MODEL","max_tokens":9,"messages":[{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"a","content":{}{}}}]}}]}}"#,
            "[".repeat(levels),
            "]".repeat(levels)
        )
    };
    let fields: String = (0..600).map(|at| format!(r#""f{at}":1,"#)).collect();
    let rows = vec![
        bad("200 levels", deep(200), None, "nested too deeply"),
        bad("100,000 levels", deep(100_000), None, "nested too deeply"),
        bad("600 fields", format!(r#"{{{fields}"model":"MODEL","max_tokens":9,"messages":[]}}"#), None, "512"),
    ];
    check_all(&gateway, "/v1/messages", "gpt-4o-mini", rows, &[&openai]).await;
}
