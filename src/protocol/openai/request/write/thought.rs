//! Thoughts that are given back, written: each model takes its own kind (docs: protocols/openai-chat.md, "Reasoning
//! extensions"; protocols/translation.md, 3.3).

use serde_json::{Value, json};

use super::super::super::details;
use crate::domain::chat::{ANTHROPIC_THOUGHT, Part, Thought};
use crate::models::Card;

/// Which thoughts a model takes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taste {
    /// None: OpenAI's own models.
    Nothing,
    /// The words of those that led to tool calls (DeepSeek).
    WordsOfCalls,
    /// Those that Anthropic has signed or sealed: Claude.
    Signed,
    /// Those of others.
    Others,
}

impl Taste {
    /// The taste of `model`.
    pub(super) fn of(model: &str, card: &Card) -> Taste {
        match card {
            Card { max_completion_tokens: true, .. } => Taste::Nothing,
            Card { echoes_thoughts: true, .. } => Taste::WordsOfCalls,
            _ if model.contains("claude") => Taste::Signed,
            _ => Taste::Others,
        }
    }

    /// Writes what the model takes of a turn's thoughts into its `message`; `calls` says whether it calls tools.
    pub(super) fn give_back(self, parts: &[Part], calls: bool, message: &mut Value) {
        let thoughts = parts.iter().filter_map(|part| match part {
            Part::Thought(thought) => Some(thought),
            _ => None,
        });
        if self == Taste::WordsOfCalls {
            let words: Vec<&str> =
                thoughts.map(|thought| thought.text.as_str()).filter(|text| !text.is_empty()).collect();
            if calls && !words.is_empty() {
                message["reasoning_content"] = words.join("\n").into();
            }
            return;
        }
        let thoughts: Vec<&Thought> = thoughts.filter(|thought| self.takes(thought)).collect();
        match thoughts[..] {
            [] => {}
            [Thought { text, signature: None, sealed: None, format: None }] => {
                message["reasoning"] = text.as_str().into();
            }
            _ => {
                let entries = (0..).zip(thoughts).flat_map(|(at, thought)| details::entries(at, thought, false));
                message["reasoning_details"] = json!(entries.collect::<Vec<_>>());
            }
        }
    }

    fn takes(self, thought: &Thought) -> bool {
        let is_claudes = thought.format.as_deref() == Some(ANTHROPIC_THOUGHT);
        match self {
            Taste::Nothing => false,
            Taste::Signed => is_claudes && (thought.signature.is_some() || thought.sealed.is_some()),
            Taste::WordsOfCalls | Taste::Others => !is_claudes,
        }
    }
}
