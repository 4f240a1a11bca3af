//! The table of models: names, families, an operator's own entries.

use super::*;

fn usd(dollars_per_million: f64) -> Usd {
    Usd::from_dollars(dollars_per_million / 1e6).unwrap()
}

fn card(name: &str) -> Card {
    Models::builtin().card(name)
}

#[test]
fn the_built_in_table_reads_whole() {
    let mut models = Models::default();
    assert_eq!(models.add(include_str!("table.json")), Ok(()));
    assert_eq!(models.cards.len(), 43);
    let priced = models.cards.values().filter(|card| card.price.is_some()).count();
    assert_eq!(priced, 41, "fable-5-2 and mythos-5-2 have no known price");
    for (name, card) in &models.cards {
        assert!(card.context.is_some(), "{name}");
        assert!(card.max_output.is_some() || name.starts_with("text-embedding"), "{name}");
        assert_eq!(card.preserved_thinking, name.starts_with("claude") && is_preserved(name), "{name}");
    }
}

fn is_preserved(name: &str) -> bool {
    ["fable", "mythos", "opus-5-5", "sonnet-5-5", "haiku-5-5"].iter().any(|word| name.contains(word))
}

#[test]
fn a_name_is_found_however_it_is_written() {
    let sonnet = card("claude-sonnet-4-6");
    assert_eq!(sonnet.price.unwrap().output, usd(15.0));
    for name in [
        "claude-sonnet-4-6-20260205",
        "claude-sonnet-4.6",
        "anthropic/claude-sonnet-4.6",
        "anthropic/claude-sonnet-4-6-20260205",
        "openrouter/anthropic/claude-sonnet-4.6-2026-02-05",
    ] {
        assert_eq!(card(name), sonnet, "{name}");
    }
    assert_eq!(card("openai/gpt-5.4-2026-03-05"), card("gpt-5.4"));
    assert_eq!(card("anthropic/claude-sonnet-4.6:free"), Card { price: None, tier: None, ..sonnet });
    assert_ne!(card("claude-sonnet-4-62026020"), sonnet);
}

#[test]
fn an_unknown_name_is_taken_for_its_familys_newest() {
    assert_eq!(card("claude-opus-9"), card("claude-opus-5-5").abilities());
    assert_eq!(card("anthropic/claude-opus-9"), card("claude-opus-9"));
    assert_eq!(card("gpt-7"), card("gpt-6-astra").abilities());
    assert!(card("o3-pro").max_completion_tokens && !card("o3-pro").sampling);
    assert!(card("gpt-4-turbo").sampling && !card("gpt-4-turbo").thinks_first);
    assert_eq!(card("llama3.3:70b"), Card::PLAIN);
    assert_eq!((Card::PLAIN.vision, Card::PLAIN.tools, Card::PLAIN.price), (None, None, None));
    for name in ["deepseek-r1:14b", "deepseek/deepseek-r1-0528:free", "qwen/qwen3-235b-thinking", "openai/gpt-oss-20b"]
    {
        assert!(card(name).thinks_first && card(name).sampling && !card(name).max_completion_tokens, "{name}");
    }
}

#[test]
fn who_thinks_before_the_first_word() {
    for name in ["claude-sonnet-5", "claude-haiku-5-5", "gpt-5", "gpt-5.5", "gpt-6-sol", "o4-mini"] {
        assert!(card(name).thinks_first, "{name}");
    }
    for name in ["claude-opus-4-8", "claude-haiku-4-5", "gpt-5.1", "gpt-5.4-mini", "gpt-4o", "llama3.2"] {
        assert!(!card(name).thinks_first, "{name}");
    }
}

#[test]
fn a_long_prompt_is_billed_at_the_tier_as_a_whole() {
    let haiku = card("claude-haiku-5-5");
    let of = |input| haiku.cost(&crate::domain::chat::Usage { input, ..Default::default() }).unwrap();
    assert_eq!(of(100_000).dollars(), 0.01);
    assert_eq!(of(200_000).dollars(), 0.1);
}

#[test]
fn an_operators_entry_adds_and_replaces() {
    let models = Models::with_file(
        r#"{"models": {
            "house-model": {"input": 1, "output": 2.5, "context": 8000},
            "claude-haiku-5-5": {"input": 0.3, "output": 0.9},
            "claude-tuned": {"like": "claude-haiku-4-5", "max_output": 1000, "tools": null}
        }}"#,
    )
    .unwrap();
    let house = models.card("house-model");
    assert_eq!((house.context, house.vision), (Some(8000), None));
    let price = house.price.unwrap();
    assert_eq!((price.input, price.cache_read, price.cache_write_1h), (usd(1.0), usd(1.0), usd(1.0)));
    let haiku = models.card("claude-haiku-5-5");
    assert_eq!((haiku.tier, haiku.max_output), (None, Some(128_000)));
    assert_eq!(haiku.price.unwrap().cache_read, usd(0.3));
    let tuned = models.card("claude-tuned");
    assert_eq!((tuned.thinking, tuned.max_output, tuned.price), (Thinking::Budget, Some(1000), None));
    assert_eq!(models.card("gpt-5"), card("gpt-5"));
}

#[test]
fn a_broken_entry_is_named() {
    let error = |json: &str| Models::with_file(json).unwrap_err().to_string();
    for (json, words) in [
        (r#"{"models": {"m": {"input": -1, "output": 1}}}"#, "models.m.input: a price in USD per million tokens"),
        (r#"{"models": {"m": {"input": 1}}}"#, "models.m.output: a price"),
        (r#"{"models": {"m": {"cost": 1}}}"#, "models.m.cost: no such field; there are like, input"),
        (r#"{"models": {"m": {"context": 1.5}}}"#, "models.m.context: a whole number"),
        (r#"{"models": {"m": {"efforts": ["huge"]}}}"#, "models.m.efforts: a list of none"),
        (r#"{"models": {"m": {"input":1,"output":1,"tier":{"input":1,"output":1}}}}"#, "models.m.tier.above: a whole"),
        (r#"{"models": {"m": 1}}"#, "models.m: an object is wanted"),
        (r#"{"m": {}}"#, "an object `models` is wanted"),
        ("[", "not JSON"),
    ] {
        assert!(error(json).contains(words), "{json}: {}", error(json));
    }
}
