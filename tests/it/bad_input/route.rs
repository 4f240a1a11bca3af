//! Bad input to `/v1/route`.

use super::{Bad, bad, check_all};
use crate::kit::{gateway, upstream};

fn rows() -> Vec<Bad> {
    let mut rows = vec![
        bad("empty", "", None, "empty"),
        bad("not JSON", "prompt=hi", None, "not valid JSON"),
        bad("truncated", r#"{"prompt":"hi"#, None, "not valid JSON"),
        bad("not UTF-8", [b"{\"prompt\":\"", &[0xff][..], b"\"}"].concat(), None, "not UTF-8"),
        bad("an array", "[]", None, "must be a JSON object"),
        bad("an array that fits", r#"["hi"]"#, None, "must be a JSON object"),
        bad("a string", r#""hi""#, None, "must be a JSON object"),
        bad("null", "null", None, "must be a JSON object"),
        bad("nothing asked", "{}", "prompt", "missing"),
        bad("prompt null", r#"{"prompt":null}"#, "prompt", "missing"),
        bad("prompt empty", r#"{"prompt":""}"#, "prompt", "empty"),
        bad("prompt blank", r#"{"prompt":" \n"}"#, "prompt", "empty"),
        bad("message empty", r#"{"message":""}"#, "message", "empty"),
        bad("messages empty", r#"{"messages":[]}"#, "messages", "empty"),
        bad("prompt and message", r#"{"prompt":"a","message":"b"}"#, "prompt", "one of"),
        bad("prompt and messages", r#"{"prompt":"a","messages":[{"role":"user","content":"b"}]}"#, "prompt", "one of"),
        bad("prompt twice", r#"{"prompt":"a","prompt":"b"}"#, "prompt", "twice"),
        bad("an unknown task", r#"{"prompt":"hi","taskType":"poetry"}"#, "taskType", "general"),
        bad("an empty task", r#"{"prompt":"hi","taskType":""}"#, "taskType", "not a route"),
        bad("an unknown layer", r#"{"prompt":"hi","layer":"L9","taskType":"general"}"#, "layer", "L0"),
        bad("model empty", r#"{"prompt":"hi","model":""}"#, "model", "empty"),
        bad("a line break in the model", r#"{"prompt":"hi","model":"a\nb"}"#, "model", "printable"),
        bad("maxTokens zero", r#"{"prompt":"hi","maxTokens":0}"#, "maxTokens", "at least 1"),
        bad(
            "17 fallbacks",
            format!(r#"{{"prompt":"hi","fallbacks":[{}"x"]}}"#, r#""x","#.repeat(16)),
            "fallbacks",
            "at most 16",
        ),
        bad(
            "100,000 levels",
            format!(r#"{{"messages":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000)),
            None,
            "nested too deeply",
        ),
    ];
    for (field, value, words) in [
        ("prompt", "5", "a string"),
        ("prompt", "[]", "a string"),
        ("message", "{}", "a string"),
        ("messages", r#""hi""#, "an array"),
        ("taskType", "1", "a string"),
        ("layer", "0", "a string"),
        ("model", "[]", "a string"),
        ("system", "{}", "a string"),
        ("maxTokens", r#""many""#, "a whole number"),
        ("maxTokens", "-1", "not negative"),
        ("temperature", r#""hot""#, "a number"),
        ("stream", "1", "true or false"),
        ("dryRun", r#""yes""#, "true or false"),
        ("fallbacks", r#""x""#, "an array"),
        ("fallbacks", "[1]", "an array of model names"),
        ("conversationId", "5", "a string"),
        ("userId", "[]", "a string"),
    ] {
        let body = match field {
            "prompt" | "message" | "messages" => format!(r#"{{"{field}":{value}}}"#),
            _ => format!(r#"{{"prompt":"hi","{field}":{value}}}"#),
        };
        rows.push(bad(field, body, field, words));
    }
    rows
}

#[tokio::test]
async fn a_direct_chain_is_not_called() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    check_all(&gateway, "/v1/route", "gpt-4o-mini", rows(), &[&openai]).await;
}

#[tokio::test]
async fn a_translated_chain_is_not_called() {
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&anthropic).start().await;
    let mut all = rows();
    all.extend([
        bad("messages of the wrong type", r#"{"messages":[5]}"#, "messages[0]", "not a number"),
        bad("an unknown role", r#"{"messages":[{"role":"x","content":"hi"}]}"#, "messages[0].role", "not `x`"),
        bad("a blank conversation", r#"{"messages":[{"role":"user","content":" "}]}"#, "messages", "says nothing"),
    ]);
    check_all(&gateway, "/v1/route", "claude-haiku-4-5", all, &[&anthropic]).await;
}
