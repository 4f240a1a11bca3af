//! What is known of models: limits, abilities, prices. Data in `models/table.json`, not code.

use crate::domain::chat::Effort;
use crate::domain::money::{Price, Usd};

/// What one model can do and what it costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Card {
    /// The longest prompt, in tokens.
    pub context: Option<u64>,
    /// The longest answer, in tokens.
    pub max_output: Option<u64>,
    /// Does it see pictures? `None` where nobody knows.
    pub vision: Option<bool>,
    /// Does it call tools? `None` where nobody knows.
    pub tools: Option<bool>,
    /// Does it take `temperature`, `top_p` and `top_k`?
    pub sampling: bool,
    /// Does it take them where the effort is `none`?
    pub sampling_without_effort: bool,
    /// Does it think before the first word, so that the first event is slow to come?
    pub thinks_first: bool,
    /// How thinking is asked for (Claude).
    pub thinking: Thinking,
    /// How thinking is turned off (Claude).
    pub thinking_off: ThinkingOff,
    /// Is a replayed thought tied to all that came before it (Claude's preserved thinking)?
    pub preserved_thinking: bool,
    /// May a tool be forced?
    pub forced_tools: bool,
    /// Does it continue a last turn of the assistant?
    pub prefill: bool,
    /// Does it take system messages after the first turn?
    pub mid_system: bool,
    /// The efforts it knows.
    pub efforts: Efforts,
    /// Must the longest answer be called `max_completion_tokens` (OpenAI)?
    pub max_completion_tokens: bool,
    /// What it costs; `None` where nobody knows.
    pub price: Option<Price>,
    /// What it costs where the prompt is longer than the threshold, in tokens.
    pub tier: Option<(u64, Price)>,
}

/// How a Claude model is asked to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking {
    /// It is given a budget of tokens (4.5 and earlier).
    Budget,
    /// It decides itself (4.6 and later).
    Adaptive,
}

/// How a Claude model is asked not to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThinkingOff {
    /// By not asking.
    Omit,
    /// `{"type":"disabled"}`.
    Disabled,
    /// `{"type":"between_tools"}`.
    BetweenTools,
    /// Not at all.
    Never,
}

/// A set of [`Effort`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Efforts(u8);

impl Efforts {
    /// The set of `efforts`.
    pub const fn of(efforts: &[Effort]) -> Efforts {
        let mut bits = 0;
        let mut at = 0;
        while at < efforts.len() {
            bits |= 1 << efforts[at] as u8;
            at += 1;
        }
        Efforts(bits)
    }

    /// Is `effort` in the set?
    pub const fn has(self, effort: Effort) -> bool {
        self.0 & (1 << effort as u8) != 0
    }
}

impl Card {
    /// What `usage` costs at this model's prices; `None` where nobody knows.
    pub fn cost(&self, usage: &crate::domain::chat::Usage) -> Option<Usd> {
        let price = match self.tier {
            Some((above, price)) if usage.input > above => Some(price),
            _ => self.price,
        };
        price.map(|price| price.cost(usage))
    }
}
