//! An answer as `/v1/route` tells it: its text, who gave it, how it came about, and what it took.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::routing;
use crate::domain::chat::{Answer, Part, Usage};
use crate::domain::failure::Failure;
use crate::domain::money::Usd;
use crate::gateway::Answered;
use crate::protocol::openai::OpenAi;
use crate::protocol::{Back, Stamp};

/// What is told of an answer beside its text.
pub struct Told {
    /// Who served.
    pub provider: &'static str,
    /// The route's name.
    pub task: String,
    /// How it came about.
    pub routing: Value,
    /// Did the answer come from the cache?
    pub cached: bool,
    /// When the request began.
    pub began: Instant,
}

impl Told {
    /// What is told of `answered`, by the route `task`.
    pub fn of(answered: &Answered, task: String) -> Told {
        let cached = answered.cached == Some(true);
        let routing = routing(&task, &answered.attempts, cached);
        Told { provider: answered.provider, task, routing, cached, began: answered.began }
    }

    /// The whole answer, in `/v1/route`'s own form.
    pub fn whole(&self, text: &str, model: &str, usage: Option<Usage>, cost: Option<Usd>, now: Instant) -> Value {
        let duration = now.saturating_duration_since(self.began);
        json!({
            "result": {"response": text, "model": model, "provider": self.provider},
            "routing": self.routing,
            "performance": {
                "durationMs": duration.as_millis() as u64,
                "tokens": {
                    "input": usage.map(|usage| usage.input),
                    "output": usage.map(|usage| usage.output),
                },
                "cost": cost.map(Usd::dollars),
            },
        })
    }
}

/// Reads a whole answer in the OpenAI protocol.
///
/// # Errors
/// Where it is none.
pub fn read(bytes: &[u8]) -> Result<Answer, Failure> {
    OpenAi.read_answer(bytes, &Stamp { id: String::new(), created: 0 })
}

/// The text of an answer, with the words of a refusal.
pub fn text_of(answer: &Answer) -> String {
    let text = |part: &Part| match part {
        Part::Text(text) => Some(text.text.clone()),
        Part::Refusal(words) => Some(words.clone()),
        _ => None,
    };
    answer.parts.iter().filter_map(text).collect()
}
