//! The answers that cases ask for by name.

use crate::kit::*;

/// What a plain answer says.
pub(super) const TEXT: &str = "Hello there, dear reader. Grüße 🦀";

/// The tool that cases offer.
pub(super) const WEATHER: &str = "get_weather";

pub(super) const PARIS: &str = r#"{"city":"Paris"}"#;
const ROME: &str = r#"{"city":"Rome"}"#;

/// The provider's answer in this play.
pub(super) fn reply(play: &str) -> Reply {
    use Say::{Choice, Cut, Endless, Error, Finish, Reasoning, Refusal, Role, Text, Tool, ToolArgs, ToolStart};
    match play {
        "text" => Text(TEXT).into(),
        // Cut in the middle of letters and of lines.
        "trickled" => Reply::from(Text(TEXT)).trickle(3),
        "truncated" => [Text(r#"{"name":"#), Finish("length")].into(),
        "tool_without_arguments" => Tool("call_now", "get_time", "{}").into(),
        "thinking_tool" => [Reasoning("Paris, then."), Tool("call_paris", WEATHER, PARIS)].into(),
        "tool" => Tool("call_paris", WEATHER, PARIS).into(),
        "tools" => [Tool("call_paris", WEATHER, PARIS), Tool("call_rome", WEATHER, ROME)].into(),
        "interleaved_tools" => [
            Text("One moment. "),
            ToolStart(0, "call_paris", WEATHER),
            ToolArgs(0, r#"{"city":"#),
            ToolArgs(0, r#""Paris"}"#),
            ToolStart(1, "call_rome", WEATHER),
            ToolArgs(1, r#"{"ci"#),
            ToolArgs(1, r#"ty":"Rome"}"#),
            Finish("tool_calls"),
        ]
        .into(),
        "json" => [Text(r#"{"name":"Ada","#), Text(r#""age":36}"#)].into(),
        "reasoning" => [Reasoning("Let me "), Reasoning("think."), Text("42")].into(),
        "refusal" => Refusal("I cannot help with that.").into(),
        "choices" => [Text("one"), Choice(1), Text("two")].into(),
        "bad_request" => invalid_request(),
        "unknown_model" => model_not_found(),
        "context_length" => context_length(),
        "moderated" => content_policy(),
        "rate_limited" => rate_limited(30),
        "bad_key" => invalid_key(),
        "broken" => status(500),
        "overloaded" => overloaded(),
        "silent" | "silent_for_long" => stall_before_head(),
        "stream_error" => Reply::exactly([Role, Text("Hello "), Text("there"), Error("overloaded")]),
        "stream_cut" => Reply::exactly([Role, Text("Hello "), Text("there"), Cut]),
        "endless" => Reply::exactly([Role, Text("Hello "), Endless]),
        _ => panic!("no play is called {play}"),
    }
}
