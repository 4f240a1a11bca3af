//! Why an answer stopped, by Anthropic's names (docs: protocols/translation.md, 5).

use serde::Serialize;

use crate::domain::chat::Finish;

/// Why an answer stopped, in a whole answer and in a stream's `message_delta` alike.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Stop<'a> {
    stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_details: Option<Refused<'a>>,
}

/// The words of a refusal that are no part of the answer.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "refusal")]
struct Refused<'a> {
    category: Option<&'static str>,
    explanation: &'a str,
}

/// What an answer is made of, as far as it bears on why it stopped.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Made {
    /// Does it call tools?
    pub calls: bool,
    /// Does it refuse in words?
    pub refuses: bool,
}

impl<'a> Stop<'a> {
    /// What is said of `finish`. A caller waits for nothing where tools were called and it is not told so.
    pub fn of(finish: &'a Finish, made: Made) -> Stop<'a> {
        let stop_reason = match finish {
            Finish::Length => "max_tokens",
            Finish::Filtered(_) => "refusal",
            _ if made.calls => "tool_use",
            _ if made.refuses => "refusal",
            Finish::StopSequence(_) => "stop_sequence",
            Finish::Stop | Finish::ToolCalls | Finish::Other(_) => "end_turn",
        };
        Stop {
            stop_reason,
            stop_sequence: match finish {
                Finish::StopSequence(word) if stop_reason == "stop_sequence" => Some(word),
                _ => None,
            },
            stop_details: match finish {
                Finish::Filtered(Some(words)) if !words.is_empty() => {
                    Some(Refused { category: None, explanation: words })
                }
                _ => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(finish: &Finish, calls: bool, refuses: bool) -> Value {
        serde_json::to_value(Stop::of(finish, Made { calls, refuses })).unwrap()
    }

    #[test]
    fn every_reason_has_a_name() {
        let nothing = (false, false);
        for (finish, (calls, refuses), reason) in [
            (Finish::Stop, nothing, "end_turn"),
            (Finish::Stop, (true, false), "tool_use"),
            (Finish::Stop, (false, true), "refusal"),
            (Finish::Stop, (true, true), "tool_use"),
            (Finish::ToolCalls, (true, false), "tool_use"),
            (Finish::ToolCalls, nothing, "end_turn"),
            (Finish::Length, nothing, "max_tokens"),
            (Finish::Length, (true, true), "max_tokens"),
            (Finish::Filtered(None), (true, false), "refusal"),
            (Finish::Other("novel".into()), nothing, "end_turn"),
            (Finish::Other("novel".into()), (true, false), "tool_use"),
            (Finish::StopSequence("END".into()), (true, false), "tool_use"),
        ] {
            let expected = json!({"stop_reason": reason, "stop_sequence": null});
            assert_eq!(told(&finish, calls, refuses), expected, "{finish:?} {calls} {refuses}");
        }
    }

    #[test]
    fn what_belongs_to_a_reason_is_told() {
        let sequence = told(&Finish::StopSequence("END".into()), false, false);
        assert_eq!(sequence, json!({"stop_reason": "stop_sequence", "stop_sequence": "END"}));
        let refused = told(&Finish::Filtered(Some("No.".into())), false, false);
        let details = json!({"type": "refusal", "category": null, "explanation": "No."});
        assert_eq!(refused, json!({"stop_reason": "refusal", "stop_sequence": null, "stop_details": details}));
    }
}
