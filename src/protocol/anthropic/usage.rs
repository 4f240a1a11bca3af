//! Tokens, as Anthropic counts them: what was cached is not in `input_tokens`.

use serde::{Deserialize, Serialize};

use crate::domain::chat::Usage;

/// Counts that may come piece by piece: the last one that was told holds (docs: protocols/translation.md, 4).
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
pub(super) struct Counts {
    input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_creation: Option<Created>,
    output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<Details>,
    /// The rounds of one call, where it had several: their sum is what is billed.
    #[serde(skip_serializing)]
    iterations: Option<Vec<Counts>>,
    /// What OpenRouter charged, in USD.
    #[serde(skip_serializing)]
    cost: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
struct Created {
    ephemeral_5m_input_tokens: Option<u64>,
    ephemeral_1h_input_tokens: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
struct Details {
    thinking_tokens: Option<u64>,
}

impl Counts {
    /// Takes later counts in.
    pub fn merge(&mut self, later: Counts) {
        fn last<T>(known: &mut Option<T>, later: Option<T>) {
            if later.is_some() {
                *known = later;
            }
        }
        last(&mut self.input_tokens, later.input_tokens);
        last(&mut self.cache_creation_input_tokens, later.cache_creation_input_tokens);
        last(&mut self.cache_read_input_tokens, later.cache_read_input_tokens);
        last(&mut self.cache_creation, later.cache_creation);
        last(&mut self.output_tokens, later.output_tokens);
        last(&mut self.output_tokens_details, later.output_tokens_details);
        last(&mut self.iterations, later.iterations);
        last(&mut self.cost, later.cost);
    }

    /// What is told of the hub's counts.
    pub fn of(usage: &Usage) -> Counts {
        let hour = Some(usage.cache_write_1h).filter(|hour| *hour > 0);
        Counts {
            input_tokens: Some(usage.uncached()),
            cache_creation_input_tokens: Some(usage.cache_write),
            cache_read_input_tokens: Some(usage.cache_read),
            cache_creation: hour.map(|hour| Created {
                ephemeral_5m_input_tokens: Some(usage.cache_write.saturating_sub(hour)),
                ephemeral_1h_input_tokens: Some(hour),
            }),
            output_tokens: Some(usage.output),
            output_tokens_details: usage
                .reasoning
                .filter(|thinking| *thinking > 0)
                .map(|thinking| Details { thinking_tokens: Some(thinking) }),
            iterations: None,
            cost: None,
        }
    }

    /// The hub's counts.
    pub fn usage(&self) -> Usage {
        let rounds = self.iterations.as_deref().unwrap_or_default();
        let mut usage = self.round();
        if let [first, others @ ..] = rounds {
            let Usage { reasoning, cost, .. } = usage;
            usage = others.iter().map(Counts::round).fold(first.round(), add);
            usage.reasoning = usage.reasoning.or(reasoning);
            usage.cost = cost;
        }
        usage
    }

    fn round(&self) -> Usage {
        let created = self.cache_creation.unwrap_or_default();
        let hour = created.ephemeral_1h_input_tokens.unwrap_or_default();
        let split = created.ephemeral_5m_input_tokens.unwrap_or_default().saturating_add(hour);
        let cache_write = self.cache_creation_input_tokens.unwrap_or(split);
        let cache_read = self.cache_read_input_tokens.unwrap_or_default();
        let uncached = self.input_tokens.unwrap_or_default();
        Usage {
            input: uncached.saturating_add(cache_write).saturating_add(cache_read),
            cache_read,
            cache_write,
            cache_write_1h: hour,
            tells_cache: true,
            output: self.output_tokens.unwrap_or_default(),
            reasoning: self.output_tokens_details.and_then(|details| details.thinking_tokens),
            cost: self.cost,
            estimated: false,
        }
    }
}

fn add(sum: Usage, round: Usage) -> Usage {
    Usage {
        input: sum.input.saturating_add(round.input),
        cache_read: sum.cache_read.saturating_add(round.cache_read),
        cache_write: sum.cache_write.saturating_add(round.cache_write),
        cache_write_1h: sum.cache_write_1h.saturating_add(round.cache_write_1h),
        output: sum.output.saturating_add(round.output),
        reasoning: match (sum.reasoning, round.reasoning) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        },
        ..sum
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn counts(value: Value) -> Counts {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn cached_tokens_are_part_of_the_prompt() {
        let usage = counts(json!({
            "input_tokens": 20, "cache_creation_input_tokens": 30, "cache_read_input_tokens": 100, "output_tokens": 12,
            "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
            "output_tokens_details": {"thinking_tokens": 5}, "server_tool_use": null
        }))
        .usage();
        let expected = Usage {
            input: 150,
            cache_read: 100,
            cache_write: 30,
            cache_write_1h: 20,
            tells_cache: true,
            output: 12,
            reasoning: Some(5),
            cost: None,
            estimated: false,
        };
        assert_eq!(usage, expected);
        assert_eq!(usage.uncached(), 20);
    }

    #[test]
    fn a_later_count_replaces_only_what_it_tells() {
        let mut known = counts(json!({"input_tokens": 20, "cache_read_input_tokens": 100, "output_tokens": 1}));
        known.merge(counts(json!({"input_tokens": null, "output_tokens": 12})));
        let usage = known.usage();
        assert_eq!((usage.input, usage.cache_read, usage.output), (120, 100, 12));
    }

    #[test]
    fn several_rounds_are_billed_together() {
        let usage = counts(json!({
            "input_tokens": 10, "output_tokens": 3, "output_tokens_details": {"thinking_tokens": 2},
            "iterations": [
                {"type": "compaction", "input_tokens": 50, "cache_read_input_tokens": 7, "output_tokens": 4},
                {"type": "message", "input_tokens": 10, "output_tokens": 3}
            ]
        }))
        .usage();
        assert_eq!((usage.input, usage.cache_read, usage.output, usage.reasoning), (67, 7, 7, Some(2)));
    }

    #[test]
    fn what_openrouter_charged_is_the_price_of_all_rounds() {
        let rounds = json!([{"input_tokens": 1, "output_tokens": 1}, {"input_tokens": 2, "output_tokens": 2}]);
        let mut known = counts(json!({"input_tokens": 1, "output_tokens": 1, "cost": 0.25}));
        assert_eq!(known.usage().cost, Some(0.25));
        known.merge(counts(json!({"output_tokens": 2, "iterations": rounds})));
        assert_eq!((known.usage().cost, known.usage().input), (Some(0.25), 3));
    }

    #[test]
    fn counts_are_told_with_the_cached_ones_apart() {
        let told = |usage: &Usage| serde_json::to_value(Counts::of(usage)).unwrap();
        let plain = Usage { input: 90, cache_read: 64, output: 33, reasoning: Some(0), ..Usage::default() };
        let expected = json!({"input_tokens": 26, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 64, "output_tokens": 33});
        assert_eq!(told(&plain), expected);
        let full =
            Usage { input: 10, cache_write: 30, cache_write_1h: 20, reasoning: Some(5), cost: Some(1.0), ..plain };
        let expected = json!({
            "input_tokens": 0, "cache_creation_input_tokens": 30, "cache_read_input_tokens": 64,
            "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
            "output_tokens": 33, "output_tokens_details": {"thinking_tokens": 5}
        });
        assert_eq!(told(&full), expected);
    }
}
