//! What the gateway itself reads of a chat is checked before any call, whoever would serve; the rest of it is the
//! affair of a provider that speaks the same protocol.

use super::{Bad, bad, check_all, with_field, with_messages};
use crate::kit::{gateway, upstream};

/// Bodies that are no JSON object at all.
fn no_object() -> Vec<Bad> {
    let good = with_messages(r#"{"role":"user","content":"hi"}"#);
    vec![
        bad("empty", "", None, "empty"),
        bad("white space", " \r\n\t ", None, "empty"),
        bad("not JSON", "hello", None, "not valid JSON"),
        bad("form data", "model=MODEL&messages=hi", None, "not valid JSON"),
        bad("truncated", r#"{"model":"MODEL","messages":[{"role":"user","content":"hel"#, None, "not valid JSON"),
        bad("cut behind a comma", r#"{"model":"MODEL","#, None, "not valid JSON"),
        bad("not UTF-8", [b"{\"model\":\"MODEL\",\"x\":\"", &[0xff][..], b"\"}"].concat(), None, "not UTF-8"),
        bad("UTF-16", [&[0xff, 0xfe][..], b"{\0}\0"].concat(), None, "not UTF-8"),
        bad("an overlong encoding", [b"{\"x\":\"", &[0xc0, 0x80][..], b"\"}"].concat(), None, "not UTF-8"),
        bad("a byte order mark", format!("\u{feff}{good}"), None, "not valid JSON"),
        bad("an array", "[]", None, "must be a JSON object"),
        bad("an array of requests", format!("[{good}]"), None, "must be a JSON object"),
        bad("a string", r#""hi""#, None, "must be a JSON object"),
        bad("a number", "42", None, "must be a JSON object"),
        bad("null", "null", None, "must be a JSON object"),
        bad("true", "true", None, "must be a JSON object"),
        bad("two objects", format!("{good}{good}"), None, "not valid JSON"),
        bad("something behind it", format!("{good} x"), None, "not valid JSON"),
        bad("a comma too many", r#"{"model":"MODEL",}"#, None, "not valid JSON"),
        bad("no comma", r#"{"model":"MODEL" "n":1}"#, None, "not valid JSON"),
        bad("a key that is no string", r#"{model:"MODEL"}"#, None, "not valid JSON"),
        bad("single quotes", "{'model':'MODEL'}", None, "not valid JSON"),
        bad("a comment", r#"{"model":"MODEL" /* x */}"#, None, "not valid JSON"),
        bad("NaN", with_field(r#""temperature":NaN"#), None, "not valid JSON"),
        bad("a leading zero", with_field(r#""n":01"#), None, "not valid JSON"),
        bad("a control character in a string", with_field("\"user\":\"a\nb\""), None, "not valid JSON"),
        bad("an unknown escape", with_field(r#""user":"\x41""#), None, "not valid JSON"),
        bad("100,000 arrays and no end", "[".repeat(100_000), None, "must be a JSON object"),
        bad("100,000 objects and no end", r#"{"a":"#.repeat(100_000), None, "not valid JSON"),
    ]
}

/// Fields that must be there.
fn required() -> Vec<Bad> {
    let without_model = r#""messages":[{"role":"user","content":"hi"}]}"#;
    let model = |value: &str| format!(r#"{{"model":{value},{without_model}"#);
    vec![
        bad("no fields", "{}", "messages", "missing"),
        bad("no messages", r#"{"model":"MODEL"}"#, "messages", "`messages` is missing"),
        bad("messages null", r#"{"model":"MODEL","messages":null}"#, "messages", "`messages` is missing"),
        bad("messages empty", with_messages(""), "messages", "empty"),
        bad("messages empty but for space", with_messages(" \n "), "messages", "empty"),
        bad("messages an object", r#"{"model":"MODEL","messages":{}}"#, "messages", "an array, not an object"),
        bad("messages a string", r#"{"model":"MODEL","messages":"hi"}"#, "messages", "an array, not a string"),
        bad("no model", format!("{{{without_model}"), "model", "`model` is missing"),
        bad("model null", model("null"), "model", "`model` is missing"),
        bad("model a number", model("4"), "model", "a string, not a number"),
        bad("model an array", model(r#"["MODEL"]"#), "model", "a string, not an array"),
        bad("model empty", model(r#""""#), "model", "empty"),
        bad("model blank", model(r#""  ""#), "model", "empty"),
        bad("model overlong", model(&format!(r#""{}""#, "m".repeat(300))), "model", "at most 256"),
        bad("model of a megabyte", model(&format!(r#""{}""#, "m".repeat(1 << 20))), "model", "at most 256"),
        bad("a null character in the model", model(r#""MODEL\u0000""#), "model", "printable"),
        bad("a line break in the model", model(r#""MODEL\r\nx-evil: 1""#), "model", "printable"),
        bad("a lone surrogate in the model", model(r#""\ud800""#), "model", "cannot be read"),
        bad("model twice", model(r#""MODEL","model":"gpt-4o""#), "model", "given twice"),
        bad("model twice, once with an escape", model(r#""MODEL","mod\u0065l":"gpt-4o""#), "model", "given twice"),
        bad("messages twice", format!(r#"{{"model":"MODEL","messages":[],{without_model}"#), "messages", "given twice"),
        bad(
            "600 fields",
            with_field(&(0..600).map(|n| format!(r#""f{n}":1"#)).collect::<Vec<_>>().join(",")),
            None,
            "512",
        ),
    ]
}

/// Fields whose type is wrong.
fn wrong_types() -> Vec<Bad> {
    [
        ("stream", r#""yes""#, "true or false, not a string"),
        ("stream", "1", "true or false, not a number"),
        ("temperature", r#""hot""#, "a number, not a string"),
        ("temperature", "[]", "a number, not an array"),
        ("top_p", "{}", "a number, not an object"),
        ("frequency_penalty", r#""0""#, "a number"),
        ("presence_penalty", "true", "a number, not a boolean"),
        ("max_tokens", r#""many""#, "a whole number, not a string"),
        ("max_tokens", "1.5", "a whole number"),
        ("max_tokens", "1e999", "a whole number"),
        ("max_completion_tokens", "true", "a whole number"),
        ("n", "0", "from 1 to 128"),
        ("n", "-1", "from 1 to 128"),
        ("n", "129", "from 1 to 128"),
        ("n", r#""2""#, "a whole number, not a string"),
        ("n", "1.5", "a whole number"),
        ("n", "99999999999999999999999999", "from 1 to 128"),
        ("seed", r#""x""#, "a whole number"),
        ("top_logprobs", r#""x""#, "a whole number"),
        ("logprobs", r#""x""#, "true or false"),
        ("logit_bias", "[]", "an object, not an array"),
        ("metadata", "[]", "an object"),
        ("modalities", r#""text""#, "an array, not a string"),
        ("parallel_tool_calls", "1", "true or false"),
        ("reasoning_effort", "3", "a string, not a number"),
        ("response_format", r#""json""#, "an object, not a string"),
        ("stop", "5", "a string or an array, not a number"),
        ("store", "1", "true or false"),
        ("stream_options", "[]", "an object, not an array"),
        ("tool_choice", "5", "a string or an object, not a number"),
        ("tools", "{}", "an array, not an object"),
        ("user", "7", "a string, not a number"),
    ]
    .map(|(field, value, words)| bad(field, with_field(&format!(r#""{field}":{value}"#)), field, words))
    .into()
}

/// The gateway's own fields, and what stands a level deeper and is read all the same.
fn own_fields() -> Vec<Bad> {
    let many: Vec<String> = (0..17).map(|n| format!(r#""gpt-{n}""#)).collect();
    let long = "m".repeat(300);
    [
        ("fallbacks", "fallbacks", r#""gpt-4o""#.to_owned(), "an array of model names"),
        ("fallbacks", "fallbacks", "{}".to_owned(), "an array of model names"),
        ("fallbacks", "fallbacks", "true".to_owned(), "an array of model names"),
        ("fallbacks", "fallbacks", "[1]".to_owned(), "an array of model names"),
        ("fallbacks", "fallbacks", "[null]".to_owned(), "an array of model names"),
        ("fallbacks", "fallbacks", r#"["gpt-4o",["x"]]"#.to_owned(), "an array of model names"),
        ("fallbacks", "fallbacks", r#"[""]"#.to_owned(), "is empty"),
        ("fallbacks", "fallbacks", r#"["  "]"#.to_owned(), "is empty"),
        ("fallbacks", "fallbacks", format!(r#"["{long}"]"#), "overlong"),
        ("fallbacks", "fallbacks", r#"["gpt-4o\n"]"#.to_owned(), "printable"),
        ("fallbacks", "fallbacks", format!("[{}]", many.join(",")), "at most 16"),
        ("models", "models", r#""gpt-4o""#.to_owned(), "an array of model names"),
        ("models", "models", "[0]".to_owned(), "an array of model names"),
        ("stream_options", "stream_options.include_usage", r#"{"include_usage":"yes"}"#.to_owned(), "true or false"),
        ("stream_options", "stream_options.include_usage", r#"{"include_usage":1}"#.to_owned(), "true or false"),
    ]
    .map(|(field, param, value, words)| bad(field, with_field(&format!(r#""{field}":{value}"#)), param, words))
    .into()
}

fn all() -> Vec<Bad> {
    let mut rows = no_object();
    rows.extend(required());
    rows.extend(wrong_types());
    rows.extend(own_fields());
    rows
}

#[tokio::test]
async fn what_the_gateway_reads_is_checked_before_any_call() {
    let openai = upstream::openai().start().await;
    let openrouter = upstream::openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await;
    check_all(&gateway, "/v1/chat/completions", "gpt-4o-mini", all(), &[&openai, &openrouter]).await;
}

#[tokio::test]
async fn the_same_is_checked_where_a_translation_follows() {
    let anthropic = upstream::anthropic().start().await;
    let ollama = upstream::ollama().start().await;
    let gateway = gateway().with(&anthropic).with(&ollama).start().await;
    check_all(&gateway, "/v1/chat/completions", "claude-sonnet-4-5", all(), &[&anthropic, &ollama]).await;
    check_all(&gateway, "/v1/chat/completions", "llama3:8b", all(), &[&anthropic, &ollama]).await;
}

#[tokio::test]
async fn the_rest_is_the_affair_of_a_provider_that_speaks_the_same_protocol() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        with_messages(r#"{"role":"wizard","content":"hi"}"#),
        with_messages("5"),
        with_messages(r#"{"role":"user","content":[{"type":"hologram"}]}"#),
        with_messages(r#"{"role":"tool","tool_call_id":"nobody","content":"hi"}"#),
        with_messages(r#"{"role":"user","content":"\ud800"}"#),
        with_field(r#""temperature":-3.50"#),
        with_field(r#""max_tokens":-5"#),
        with_field(r#""max_tokens":0"#),
        with_field(r#""seed":123456789012345678901234567890"#),
        with_field(r#""stop":[1,2,3]"#),
        with_field(r#""tool_choice":"sometimes""#),
        with_field(r#""tools":[{"type":"function"}]"#),
        with_field(r#""unknown":{"nested":{"a":1,"a":2}}"#),
        with_field(&format!(r#""unknown":{deep}"#)),
        with_messages(&format!(r#"{{"role":"user","content":{deep}}}"#)),
    ] {
        openai.forget();
        let body = body.replace("MODEL", "gpt-4o-mini");
        let answer = gateway.post_raw("/v1/chat/completions", body.clone(), &[]).await;
        let calls = openai.calls();
        assert_eq!(calls.len(), 1, "{} {}", answer.status, String::from_utf8_lossy(&answer.body));
        assert!(calls[0].body == body.as_bytes(), "changed: {}", &body[..body.len().min(200)]);
        assert_eq!(answer.provider(), Some("openai"));
    }
}
