//! Answers, whole and streamed.

use ai_mcp_gateway::domain::chat::{ANTHROPIC_THOUGHT, Answer, Finish, Part, Thought, ToolCall, Usage};
use serde_json::json;

use super::super::{calls, refusals, text};
use super::turns::clean;

/// What is kept of a whole answer: each part a block of its own, a refusal one of text.
pub fn whole(answer: &Answer) -> Answer {
    let refuses = answer.parts.iter().any(|part| matches!(part, Part::Refusal(_)));
    let object = |call: &ToolCall| ToolCall { arguments: object(&call.arguments), ..taken_back(call) };
    kept(answer, refuses, answer.parts.iter().flat_map(|part| blocks(part, &object)).collect())
}

/// What is kept of a streamed answer, whose arguments are told as they came: text and refusals that stand side by side
/// are one block.
pub fn stream(answer: &Answer) -> Answer {
    let as_told = |call: &ToolCall| ToolCall { arguments: none_as_object(&call.arguments), ..taken_back(call) };
    let mut parts: Vec<Part> = Vec::new();
    for part in answer.parts.iter().flat_map(|part| blocks(part, &as_told)) {
        match (part, parts.last_mut()) {
            (Part::Text(next), Some(Part::Text(last))) => last.text += &next.text,
            (part, _) => parts.push(part),
        }
    }
    kept(answer, !refusals(&answer.parts).is_empty(), parts)
}

fn kept(answer: &Answer, refuses: bool, parts: Vec<Part>) -> Answer {
    let finish = match &answer.finish {
        Finish::Length => Finish::Length,
        Finish::Filtered(words) => Finish::Filtered(words.clone().filter(|words| !words.is_empty())),
        _ if calls(&parts).next().is_some() => Finish::ToolCalls,
        _ if refuses => Finish::Filtered(None),
        Finish::StopSequence(word) => Finish::StopSequence(word.clone()),
        Finish::Stop | Finish::ToolCalls | Finish::Other(_) => Finish::Stop,
    };
    let usage = answer.usage.unwrap_or_default();
    let usage = Usage { tells_cache: true, reasoning: usage.reasoning.filter(|thought| *thought > 0), ..usage };
    Answer { model: answer.model.clone(), parts, finish, usage: Some(usage) }
}

/// The blocks of a part: none where it says nothing.
fn blocks(part: &Part, called: &dyn Fn(&ToolCall) -> ToolCall) -> Vec<Part> {
    match part {
        Part::Text(words) if !words.text.is_empty() => vec![text(&words.text)],
        Part::Refusal(words) if !words.is_empty() => vec![text(words)],
        Part::Thought(thought) => thoughts(thought),
        Part::Call(call) => vec![Part::Call(ToolCall { id: clean(&call.id), ..called(call) })],
        _ => Vec::new(),
    }
}

/// A thought is Anthropic's; without a proof of its own it has none.
fn thoughts(thought: &Thought) -> Vec<Part> {
    let ours = thought.format.as_deref() == Some(ANTHROPIC_THOUGHT);
    let format = || Some(ANTHROPIC_THOUGHT.to_owned());
    let signature = thought.signature.clone().filter(|_| ours);
    let says = !thought.text.is_empty() || signature.is_some();
    let open = Thought { text: thought.text.clone(), signature, sealed: None, format: format() };
    let sealed = thought.sealed.clone().filter(|_| ours);
    let sealed = sealed.map(|data| Thought { sealed: Some(data), format: format(), ..Thought::default() });
    says.then_some(open).into_iter().chain(sealed).map(Part::Thought).collect()
}

/// A call with an id that Anthropic takes back.
fn taken_back(call: &ToolCall) -> ToolCall {
    ToolCall { id: clean(&call.id), ..call.clone() }
}

/// Arguments as an object to the byte, but for the blanks between its words.
fn object(arguments: &str) -> String {
    match (arguments.trim(), serde_json::from_str::<serde_json::Value>(arguments.trim())) {
        ("" | "null", _) => "{}".into(),
        (object, Ok(serde_json::Value::Object(_))) => without_blanks(object),
        _ => json!({ "raw_arguments": arguments }).to_string(),
    }
}

fn without_blanks(json: &str) -> String {
    let (mut kept, mut quoted, mut escaped) = (String::new(), false, false);
    for c in json.chars() {
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
        if quoted || !c.is_ascii_whitespace() {
            kept.push(c);
        }
    }
    kept
}

fn none_as_object(arguments: &str) -> String {
    if arguments.is_empty() { "{}".into() } else { arguments.into() }
}
