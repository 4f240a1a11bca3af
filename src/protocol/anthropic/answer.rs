//! A whole answer, and the pieces that it shares with a streamed one.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::usage::Counts;
use crate::domain::chat::{ANTHROPIC_THOUGHT, Answer, Finish, Part, Text, Thought, ToolCall};
use crate::domain::failure::{Class, Failure};

#[derive(Debug, Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    model: Cow<'a, str>,
    #[serde(borrow)]
    content: Vec<&'a RawValue>,
    #[serde(flatten)]
    end: End,
    usage: Option<Counts>,
}

/// Why an answer ended, in a whole answer and in a stream's `message_delta` alike.
#[derive(Debug, Default, Deserialize)]
pub(super) struct End {
    stop_reason: Option<String>,
    stop_sequence: Option<String>,
    stop_details: Option<StopDetails>,
}

#[derive(Debug, Default, Deserialize)]
struct StopDetails {
    explanation: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Kind<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
}

/// Reads a whole answer (docs: protocols/translation.md, 2).
pub(super) fn read(body: &[u8]) -> Result<Answer, Failure> {
    let malformed = |error: serde_json::Error| {
        Failure::after_sending(Class::Malformed, format!("the answer is not one of Anthropic's: {error}"))
    };
    let message: Message<'_> = serde_json::from_slice(body).map_err(malformed)?;
    let mut parts = Vec::with_capacity(message.content.len());
    for block in message.content {
        parts.extend(part(block).map_err(malformed)?);
    }
    Ok(Answer {
        model: message.model.into_owned(),
        parts,
        finish: message.end.finish().unwrap_or(Finish::Stop),
        usage: message.usage.map(|counts| counts.usage()),
    })
}

/// Reads a block; `None` for a kind that is not known, which newer models may send at any time.
pub(super) fn part(block: &RawValue) -> Result<Option<Part>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Words {
        text: String,
    }
    #[derive(Deserialize)]
    struct Thinking {
        thinking: String,
        signature: Option<String>,
    }
    #[derive(Deserialize)]
    struct Sealed {
        data: String,
    }
    #[derive(Deserialize)]
    struct ToolUse<'a> {
        id: String,
        name: String,
        #[serde(borrow)]
        input: Option<&'a RawValue>,
    }
    let json = block.get();
    let format = || Some(ANTHROPIC_THOUGHT.to_owned());
    Ok(match &*serde_json::from_str::<Kind<'_>>(json)?.kind {
        "text" => {
            let Words { text } = serde_json::from_str(json)?;
            Some(Part::Text(Text { text, cache: false }))
        }
        "thinking" => {
            let Thinking { thinking, signature } = serde_json::from_str(json)?;
            let signature = signature.filter(|signature| !signature.is_empty());
            Some(Part::Thought(Thought { text: thinking, signature, sealed: None, format: format() }))
        }
        "redacted_thinking" => {
            let Sealed { data } = serde_json::from_str(json)?;
            Some(Part::Thought(Thought { sealed: Some(data), format: format(), ..Thought::default() }))
        }
        "tool_use" => {
            let ToolUse { id, name, input } = serde_json::from_str(json)?;
            if id.is_empty() || name.is_empty() {
                return Err(serde::de::Error::custom("a tool call without an id or a name"));
            }
            // Some providers say in these words that there are none.
            let input = input.map(RawValue::get).filter(|input| !matches!(*input, "null" | "\"\""));
            let arguments = input.map_or_else(|| "{}".to_owned(), compact);
            Some(Part::Call(ToolCall { id, name, arguments }))
        }
        _ => None,
    })
}

/// Is this thought's proof one of Anthropic's?
pub(super) fn is_ours(thought: &Thought) -> bool {
    thought.format.as_deref() == Some(ANTHROPIC_THOUGHT)
}

impl End {
    /// Why the answer ended, where it says so (docs: protocols/translation.md, 5).
    pub fn finish(self) -> Option<Finish> {
        Some(match self.stop_reason?.as_str() {
            "end_turn" => Finish::Stop,
            "stop_sequence" => self.stop_sequence.map_or(Finish::Stop, Finish::StopSequence),
            "max_tokens" | "model_context_window_exceeded" | "compaction" => Finish::Length,
            "tool_use" => Finish::ToolCalls,
            "refusal" => Finish::Filtered(self.stop_details.and_then(|details| details.explanation)),
            other => Finish::Other(other.to_owned()),
        })
    }
}

/// JSON without white space between its tokens; every number keeps its digits.
fn compact(json: &str) -> String {
    let mut compact = String::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for c in json.chars() {
        if in_string || !c.is_ascii_whitespace() {
            compact.push(c);
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
    }
    compact
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(body: serde_json::Value) -> Answer {
        read(body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_call_names_its_tool() {
        for block in [
            json!({"type": "tool_use", "id": "toolu_1", "name": "", "input": {}}),
            json!({"type": "tool_use", "id": "", "name": "now", "input": {}}),
        ] {
            let body = json!({"model": "m", "content": [block], "stop_reason": "tool_use"}).to_string();
            let failure = read(body.as_bytes()).unwrap_err();
            assert_eq!(failure.class, Class::Malformed);
            assert!(failure.message.contains("without an id or a name"), "{}", failure.message);
        }
    }

    #[test]
    fn no_arguments_by_any_word_are_none() {
        for input in [json!({}), json!(null), json!("")] {
            let block = json!({"type": "tool_use", "id": "toolu_1", "name": "now", "input": input});
            let call = ToolCall { id: "toolu_1".into(), name: "now".into(), arguments: "{}".into() };
            let answer = answer(json!({"model": "m", "content": [block], "stop_reason": "tool_use"}));
            assert_eq!(answer.parts, [Part::Call(call)]);
        }
    }

    #[test]
    fn parts_come_in_their_order_and_unknown_ones_are_passed_over() {
        let answer = answer(json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x", "stop_reason": "tool_use",
            "content": [
                {"type": "thinking", "thinking": "", "signature": "c2ln"},
                {"type": "redacted_thinking", "data": "ZW5j"},
                {"type": "text", "text": "a", "citations": null},
                {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
                {"type": "future", "text": {"not": "a string"}},
                {"type": "tool_use", "id": "toolu_1", "name": "now", "input": {}},
                {"type": "text", "text": "b"}
            ],
            "usage": {"input_tokens": 1, "output_tokens": 2}
        }));
        let thought = Thought { format: Some(ANTHROPIC_THOUGHT.into()), ..Thought::default() };
        let call = ToolCall { id: "toolu_1".into(), name: "now".into(), arguments: "{}".into() };
        let text = |text: &str| Part::Text(Text { text: text.into(), cache: false });
        let expected = [
            Part::Thought(Thought { signature: Some("c2ln".into()), ..thought.clone() }),
            Part::Thought(Thought { sealed: Some("ZW5j".into()), ..thought }),
            text("a"),
            Part::Call(call),
            text("b"),
        ];
        assert_eq!(answer.parts, expected);
        assert_eq!((answer.model.as_str(), answer.finish), ("claude-x", Finish::ToolCalls));
        assert_eq!(answer.usage.unwrap().input, 1);
    }

    #[test]
    fn every_reason_to_stop() {
        for (stop, finish) in [
            (json!({"stop_reason": "end_turn"}), Finish::Stop),
            (json!({"stop_reason": "stop_sequence", "stop_sequence": "END"}), Finish::StopSequence("END".into())),
            (json!({"stop_reason": "stop_sequence", "stop_sequence": null}), Finish::Stop),
            (json!({"stop_reason": "max_tokens"}), Finish::Length),
            (json!({"stop_reason": "model_context_window_exceeded"}), Finish::Length),
            (json!({"stop_reason": "compaction"}), Finish::Length),
            (json!({"stop_reason": "refusal"}), Finish::Filtered(None)),
            (
                json!({"stop_reason": "refusal", "stop_details": {"type": "refusal", "explanation": "No."}}),
                Finish::Filtered(Some("No.".into())),
            ),
            (json!({"stop_reason": "pause_turn"}), Finish::Other("pause_turn".into())),
            (json!({"stop_reason": null}), Finish::Stop),
        ] {
            let mut body = json!({"type": "message", "model": "m", "content": []});
            body.as_object_mut().unwrap().extend(stop.as_object().unwrap().clone());
            let answer = answer(body);
            assert_eq!((answer.finish, answer.usage), (finish, None), "{stop}");
        }
    }

    #[test]
    fn arguments_are_compact_and_keep_their_digits() {
        let body =
            br#"{"model":"m","stop_reason":"tool_use","content":[{"type":"tool_use","id":"t","name":"pay","input":
            { "wei" : 123456789012345678901234567890, "s": "a  \" b\\", "f": 1.50 } }]}"#;
        let parts = read(body).unwrap().parts;
        let Part::Call(call) = &parts[0] else { panic!("{parts:?}") };
        assert_eq!(call.arguments, r#"{"wei":123456789012345678901234567890,"s":"a  \" b\\","f":1.50}"#);
    }

    #[test]
    fn what_is_no_answer_is_malformed() {
        for body in [&b"<html>"[..], b"{}", br#"{"content":[{"type":"text"}]}"#, br#"{"content":"hi"}"#] {
            let failure = read(body).unwrap_err();
            assert_eq!((failure.class, failure.sent), (Class::Malformed, true));
        }
    }
}
