//! What is known of models: limits, abilities, prices. Data in `models/table.json`, not code.

mod entry;
mod names;

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::domain::chat::Effort;
use crate::domain::money::{Price, Usd};

/// The models that this gateway knows, by name.
#[derive(Debug, Clone, Default)]
pub struct Models {
    cards: HashMap<Box<str>, Card>,
    /// What an unknown name is taken for, by how it begins; the longest beginning wins.
    families: Vec<(Box<str>, Card)>,
}

/// A table of models that cannot be read; names the model and the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadTable(pub(crate) String);

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
    /// Does it continue a last turn of the assistant? `None` where nobody knows.
    pub prefill: Option<bool>,
    /// Does it take system messages after the first turn?
    pub mid_system: bool,
    /// The efforts it knows.
    pub efforts: Efforts,
    /// Must the longest answer be called `max_completion_tokens` (OpenAI)?
    pub max_completion_tokens: bool,
    /// Does it take strings that end the answer?
    pub stop: bool,
    /// Is it to be had by OpenAI's Responses alone?
    pub responses_only: bool,
    /// Does it want the thoughts of its own turns back, as `reasoning_content`, where they led to tool calls (DeepSeek)?
    pub echoes_thoughts: bool,
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

impl Models {
    /// The built-in table, dated inside; prices in USD per million tokens (docs: protocols/models-and-pricing.md).
    pub fn builtin() -> &'static Models {
        static BUILTIN: LazyLock<Models> = LazyLock::new(|| {
            let mut models = Models::default();
            // A broken table is caught by a test, not by callers.
            let read = models.add(include_str!("models/table.json"));
            debug_assert_eq!(read, Ok(()));
            models
        });
        &BUILTIN
    }

    /// The built-in table with an operator's own entries added to it, in the same form as `models/table.json`.
    ///
    /// A field that an entry leaves out stays as it was known; prices are replaced as a whole.
    ///
    /// # Errors
    /// [`BadTable`] names the model and the field.
    pub fn with_file(json: &str) -> Result<Models, BadTable> {
        let mut models = Models::builtin().clone();
        models.add(json)?;
        Ok(models)
    }

    /// What is known of `model`.
    ///
    /// Looked for as it is written, then without a date, a provider's prefix and a variant's suffix, with `4.6` the
    /// same as `4-6`. An unknown model has no price and no limits, and the abilities of its family's newest.
    pub fn card(&self, model: &str) -> Card {
        if let Some(card) = self.cards.get(model) {
            return *card;
        }
        if let Some(card) = self.cards.get(names::undated(model)) {
            return *card;
        }
        let (bare, variant) = names::bare(model);
        let known = [bare, names::undated(bare)]
            .into_iter()
            .find_map(|name| self.cards.get(name).or_else(|| self.cards.get(names::dashed(name).as_str())));
        match known {
            Some(card) if variant => Card { price: None, tier: None, ..*card },
            Some(card) => *card,
            None => self.family(bare),
        }
    }

    fn family(&self, name: &str) -> Card {
        let named = self.families.iter().filter(|(prefix, _)| name.starts_with(&**prefix));
        let card = named.max_by_key(|(prefix, _)| prefix.len()).map_or(Card::PLAIN, |(_, card)| *card);
        Card { thinks_first: card.thinks_first || names::says_it_thinks(name), ..card }
    }

    fn add(&mut self, json: &str) -> Result<(), BadTable> {
        let table: Value = serde_json::from_str(json)
            .map_err(|error| BadTable(format!("the table of models is not JSON: {error}")))?;
        let section = |name: &str| match table.get(name) {
            None => Ok(Map::new()),
            Some(Value::Object(entries)) => Ok(entries.clone()),
            Some(_) => Err(BadTable(format!("{name}: an object is wanted"))),
        };
        if table.get("models").is_none() {
            return Err(BadTable("an object `models` is wanted, with an entry for each model".into()));
        }
        for (name, entry) in section("models")? {
            let card = entry::read(&format!("models.{name}"), &entry, self.card(&name), self)?;
            self.cards.insert(name.into(), card);
        }
        for (prefix, entry) in section("families")? {
            let card = entry::read(&format!("families.{prefix}"), &entry, Card::PLAIN, self)?;
            self.families.retain(|(known, _)| **known != *prefix);
            self.families.push((prefix.into(), card));
        }
        Ok(())
    }
}

impl Efforts {
    /// Every effort.
    pub const ALL: Efforts = Efforts::of(&[
        Effort::None,
        Effort::Minimal,
        Effort::Low,
        Effort::Medium,
        Effort::High,
        Effort::Xhigh,
        Effort::Max,
    ]);

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
    /// A model of which nothing is known: nothing that a caller asks of it is held back.
    pub const PLAIN: Card = Card {
        context: None,
        max_output: None,
        vision: None,
        tools: None,
        sampling: true,
        sampling_without_effort: true,
        thinks_first: false,
        thinking: Thinking::Adaptive,
        thinking_off: ThinkingOff::Omit,
        preserved_thinking: false,
        forced_tools: true,
        prefill: None,
        mid_system: true,
        efforts: Efforts::ALL,
        max_completion_tokens: false,
        stop: true,
        responses_only: false,
        echoes_thoughts: false,
        price: None,
        tier: None,
    };

    /// The same abilities, with no price and no limits.
    pub const fn abilities(self) -> Card {
        Card { context: None, max_output: None, price: None, tier: None, ..self }
    }

    /// Does it cache what is marked? It does where writing to its cache has a price; OpenAI's own do so unasked.
    pub fn marks_prefixes(&self) -> bool {
        let priced = self.price.is_some_and(|price| price.cache_write.0 > price.input.0);
        priced && !self.max_completion_tokens
    }

    /// What `usage` costs at this model's prices; `None` where nobody knows.
    pub fn cost(&self, usage: &crate::domain::chat::Usage) -> Option<Usd> {
        let price = match self.tier {
            Some((above, price)) if usage.input > above => Some(price),
            _ => self.price,
        };
        price.map(|price| price.cost(usage))
    }
}

#[cfg(test)]
mod tests;
