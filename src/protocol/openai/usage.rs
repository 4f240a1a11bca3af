//! Tokens as OpenAI counts them: cached ones are part of the prompt, thoughts are part of the answer.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::domain::chat::Usage;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Wire {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
    cost: Option<f64>,
    is_byok: Option<bool>,
    cost_details: Option<CostDetails>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CompletionDetails {
    reasoning_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CostDetails {
    upstream_inference_cost: Option<f64>,
}

/// Reads a `usage` object; `null`, or an object that counts nothing, is `None`.
pub(in crate::protocol) fn read(raw: &str) -> Option<Usage> {
    let wire: Wire = serde_json::from_str::<Option<Wire>>(raw).ok()??;
    if wire.prompt_tokens.is_none() && wire.completion_tokens.is_none() {
        return None;
    }
    let tells_cache = wire.prompt_tokens_details.is_some();
    let prompt = wire.prompt_tokens_details.unwrap_or_default();
    // A caller that brings its own key to OpenRouter pays OpenRouter's fee and, apart from it, the provider.
    let byok =
        wire.cost_details.and_then(|details| details.upstream_inference_cost).filter(|_| wire.is_byok == Some(true));
    Some(Usage {
        input: wire.prompt_tokens.unwrap_or(0),
        cache_read: prompt.cached_tokens.unwrap_or(0),
        cache_write: prompt.cache_write_tokens.unwrap_or(0),
        cache_write_1h: 0,
        tells_cache,
        output: wire.completion_tokens.unwrap_or(0),
        reasoning: wire.completion_tokens_details.and_then(|details| details.reasoning_tokens),
        cost: wire.cost.map(|cost| cost + byok.unwrap_or(0.0)),
        estimated: false,
    })
}

/// Writes a `usage` object. Details are there where the provider told them (docs: protocols/translation.md, 4).
pub(in crate::protocol) fn write(usage: &Usage) -> Value {
    let mut out = Map::new();
    out.insert("prompt_tokens".into(), usage.input.into());
    out.insert("completion_tokens".into(), usage.output.into());
    out.insert("total_tokens".into(), usage.input.saturating_add(usage.output).into());
    if usage.tells_cache {
        let details = json!({"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write});
        out.insert("prompt_tokens_details".into(), details);
    }
    if let Some(reasoning) = usage.reasoning {
        out.insert("completion_tokens_details".into(), json!({"reasoning_tokens": reasoning}));
    }
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_beyond_all_bounds_are_written() {
        let usage = Usage { input: u64::MAX, output: 1, ..Usage::default() };
        assert_eq!(write(&usage)["total_tokens"], u64::MAX);
    }
}
