//! Answers, whole and streamed: both are items in the order in which they began.

use ai_mcp_gateway::domain::chat::{Answer, Finish, OPENAI_THOUGHT, Part, Thought, ToolCall, Usage};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::super::{calls, text};

/// What is kept of an answer: what is said side by side is one text, or one refusal.
pub fn kept(answer: &Answer) -> Answer {
    let mut parts: Vec<Part> = Vec::new();
    for part in &answer.parts {
        match (part, parts.last_mut()) {
            (Part::Text(next), _) if next.text.is_empty() => {}
            (Part::Refusal(next), _) if next.is_empty() => {}
            (Part::Text(next), Some(Part::Text(last))) => last.text += &next.text,
            (Part::Refusal(next), Some(Part::Refusal(last))) => *last += next,
            (Part::Text(next), _) => parts.push(text(&next.text)),
            (Part::Thought(whole), _) => parts.extend(thought(whole).map(Part::Thought)),
            (Part::Call(call), _) if call.arguments.is_empty() => {
                parts.push(Part::Call(ToolCall { arguments: "{}".into(), ..call.clone() }));
            }
            _ => parts.push(part.clone()),
        }
    }
    let refuses = answer.parts.iter().any(|part| matches!(part, Part::Refusal(_)));
    if let Finish::Filtered(Some(words)) = &answer.finish {
        parts.extend((!refuses && !words.is_empty()).then(|| Part::Refusal(words.clone())));
    }
    let finish = match &answer.finish {
        Finish::Length => Finish::Length,
        Finish::Filtered(_) => Finish::Filtered(None),
        _ if calls(&parts).next().is_some() => Finish::ToolCalls,
        _ => Finish::Stop,
    };
    let told = |usage: Usage| Usage { tells_cache: true, reasoning: usage.reasoning.or(Some(0)), ..usage };
    Answer { model: answer.model.clone(), parts, finish, usage: answer.usage.map(told) }
}

/// All that is not thought, in its order, and then the thoughts, in any.
pub fn thoughts_apart(answer: &Answer) -> Answer {
    let is_thought = |part: &Part| matches!(part, Part::Thought(_));
    let (mut thoughts, mut parts): (Vec<Part>, Vec<Part>) = answer.parts.iter().cloned().partition(is_thought);
    parts.dedup_by(|next, last| match (next, last) {
        (Part::Text(next), Part::Text(last)) => {
            last.text += &next.text;
            true
        }
        (Part::Refusal(next), Part::Refusal(last)) => {
            *last += next;
            true
        }
        _ => false,
    });
    thoughts.sort_by_cached_key(|thought| format!("{thought:?}"));
    parts.append(&mut thoughts);
    Answer { parts, ..answer.clone() }
}

/// OpenAI's own thought is kept with its seal, any other with all that belongs to it; none that says nothing.
fn thought(thought: &Thought) -> Option<Thought> {
    let openais = thought.format.as_deref() == Some(OPENAI_THOUGHT);
    let kept = if openais { Thought { signature: None, ..thought.clone() } } else { thought.clone() };
    let nothing = Thought { format: None, ..kept.clone() } == Thought::default();
    (!nothing).then_some(kept)
}

/// An answer as its caller would give it back: what the gateway packed into a thought's seal is unpacked.
pub fn opened(answer: &Answer) -> Answer {
    let part = |part: &Part| match part {
        Part::Thought(thought) => Part::Thought(unpacked(thought).unwrap_or_else(|| thought.clone())),
        part => part.clone(),
    };
    Answer { parts: answer.parts.iter().map(part).collect(), ..answer.clone() }
}

/// What is read of the model's turn where it is given back as it was told: thoughts that come with a seal and lead to
/// something.
pub fn given_back(parts: &[Part]) -> Vec<Part> {
    let last = parts.iter().rposition(|part| !matches!(part, Part::Thought(_))).map_or(0, |last| last + 1);
    let part = |part: &Part| match part {
        Part::Thought(thought) if thought.sealed.is_none() => None,
        Part::Thought(thought) => Some(Part::Thought(unpacked(thought).unwrap_or_else(|| thought.clone()))),
        part => Some(part.clone()),
    };
    parts[..last].iter().filter_map(part).collect()
}

fn unpacked(thought: &Thought) -> Option<Thought> {
    let packed: Value = serde_json::from_slice(&STANDARD.decode(thought.sealed.as_ref()?).ok()?).ok()?;
    let word = |name: &str| packed.get(name).and_then(Value::as_str).map(str::to_owned);
    assert_eq!(word("text").unwrap_or_default(), thought.text, "the summary says what is packed");
    (packed["gateway_thought"] == 1).then(|| Thought {
        text: thought.text.clone(),
        signature: word("signature"),
        sealed: word("sealed"),
        format: word("format"),
    })
}
