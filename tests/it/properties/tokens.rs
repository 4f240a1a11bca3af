//! Tokens: whatever protocols they are told in on the way, they are the same (docs: protocols/translation.md, 4).

use ai_mcp_gateway::domain::Dialect;
use ai_mcp_gateway::domain::chat::{Answer, Finish, Usage};
use ai_mcp_gateway::domain::money::Usd;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde_json::Value;

use super::chance::{fault, hold};
use super::codecs::{FRONTS, able, back, call, front, stamp};
use super::said::usage;

/// The tokens of an answer that is written in one protocol, as they are read of it.
fn through(dialect: Dialect, usage: Usage) -> Result<Usage, TestCaseError> {
    let answer = Answer { model: "m".into(), parts: Vec::new(), finish: Finish::Stop, usage: Some(usage) };
    let wire = front(dialect).write_answer(&answer, &call(dialect), &stamp());
    let again = back(dialect).read_answer(&wire, &stamp()).map_err(|failure| fault(failure.message, &wire))?;
    again.usage.ok_or_else(|| fault("no tokens", &wire))
}

/// The counts, without what one protocol says and another leaves unsaid: that there are no thoughts, and no cache.
fn counts(usage: &Usage) -> (u64, u64, u64, u64, u64) {
    (usage.input, usage.cache_read, usage.cache_write, usage.output, usage.reasoning.unwrap_or(0))
}

fn same_on_every_way(usage: Usage) -> TestCaseResult {
    for first in FRONTS {
        let told = through(first, usage)?;
        for second in FRONTS {
            let again = through(second, told)?;
            prop_assert_eq!(counts(&again), counts(&usage), "{:?} to {:?}", first, second);
            prop_assert_eq!(able().cost(&again), able().cost(&usage));
        }
    }
    Ok(())
}

#[test]
fn tokens_and_their_price_are_the_same_in_every_protocol() {
    hold(100, usage, same_on_every_way);
}

/// Anthropic's count of the prompt is without what was cached, OpenAI's with it; the totals are those of all.
#[test]
fn prompts_are_counted_as_each_protocol_counts_them() {
    hold(100, usage, |usage| {
        let told = |dialect: Dialect| -> Value {
            let answer = Answer { model: "m".into(), parts: Vec::new(), finish: Finish::Stop, usage: Some(usage) };
            let wire = front(dialect).write_answer(&answer, &call(dialect), &stamp());
            serde_json::from_slice::<Value>(&wire).expect("JSON")["usage"].take()
        };
        let (openai, responses, anthropic) =
            (told(Dialect::OpenAi), told(Dialect::Responses), told(Dialect::Anthropic));
        let all = usage.input.saturating_add(usage.output);
        prop_assert_eq!(&openai["total_tokens"], all);
        prop_assert_eq!(&responses["total_tokens"], all);
        prop_assert_eq!(&openai["prompt_tokens"], usage.input);
        prop_assert_eq!(&responses["input_tokens"], usage.input);
        prop_assert_eq!(&anthropic["input_tokens"], usage.uncached());
        prop_assert!(able().cost(&usage) >= Some(Usd(0)));
        Ok(())
    });
}
