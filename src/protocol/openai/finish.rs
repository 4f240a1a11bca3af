//! Why an answer ended, by OpenAI's names (docs: protocols/translation.md, section 5).

use crate::domain::chat::Finish;

/// What a refusal without words says.
const REFUSED: &str = "The model refused this request.";

/// Reads a finish reason.
pub(super) fn read(name: &str) -> Finish {
    match name {
        "stop" => Finish::Stop,
        "length" => Finish::Length,
        "tool_calls" | "function_call" => Finish::ToolCalls,
        "content_filter" => Finish::Filtered(None),
        other => Finish::Other(other.to_owned()),
    }
}

/// Reads a finish reason of an answer that calls tools or does not: several servers say `stop` where tools are called.
pub(super) fn with_calls(name: &str, calls: bool) -> Finish {
    match read(name) {
        Finish::Stop if calls => Finish::ToolCalls,
        finish => finish,
    }
}

/// Writes a finish reason.
pub(super) fn name(finish: &Finish) -> &'static str {
    match finish {
        Finish::Stop | Finish::StopSequence(_) | Finish::Other(_) => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
        Finish::Filtered(_) => "content_filter",
    }
}

/// The words of refusal that a finish stands for, where the answer itself has none.
pub(super) fn refusal(finish: &Finish, has_text: bool) -> Option<&str> {
    match finish {
        Finish::Filtered(Some(words)) if !words.is_empty() => Some(words),
        Finish::Filtered(_) if !has_text => Some(REFUSED),
        _ => None,
    }
}
