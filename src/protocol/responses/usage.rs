//! Tokens as Responses counts them: cached ones are part of the input, thoughts are part of the output.

use serde::{Deserialize, Serialize};

use crate::domain::chat::Usage;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Wire {
    input_tokens: Option<u64>,
    input_tokens_details: Option<Input>,
    output_tokens: Option<u64>,
    output_tokens_details: Option<Output>,
    cost: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Input {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Output {
    reasoning_tokens: Option<u64>,
}

/// A `usage` object as it is written. All of it is always there: SDKs know none of it as optional.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Counts {
    input_tokens: u64,
    input_tokens_details: InputCounts,
    output_tokens: u64,
    output_tokens_details: OutputCounts,
    total_tokens: u64,
}

#[derive(Debug, Clone, Serialize)]
struct InputCounts {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Debug, Clone, Serialize)]
struct OutputCounts {
    reasoning_tokens: u64,
}

/// Reads a `usage` object; `null`, or an object that counts nothing, is `None`.
pub(super) fn read(raw: &str) -> Option<Usage> {
    let wire: Wire = serde_json::from_str::<Option<Wire>>(raw).ok()??;
    if wire.input_tokens.is_none() && wire.output_tokens.is_none() {
        return None;
    }
    let tells_cache = wire.input_tokens_details.is_some();
    let input = wire.input_tokens_details.unwrap_or_default();
    Some(Usage {
        input: wire.input_tokens.unwrap_or(0),
        cache_read: input.cached_tokens.unwrap_or(0),
        cache_write: input.cache_write_tokens.unwrap_or(0),
        tells_cache,
        output: wire.output_tokens.unwrap_or(0),
        reasoning: wire.output_tokens_details.and_then(|details| details.reasoning_tokens),
        cost: wire.cost,
        ..Usage::default()
    })
}

impl From<&Usage> for Counts {
    fn from(usage: &Usage) -> Counts {
        Counts {
            input_tokens: usage.input,
            input_tokens_details: InputCounts {
                cached_tokens: usage.cache_read,
                cache_write_tokens: usage.cache_write,
            },
            output_tokens: usage.output,
            output_tokens_details: OutputCounts { reasoning_tokens: usage.reasoning.unwrap_or(0) },
            total_tokens: usage.input.saturating_add(usage.output),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_count_both_ways() {
        let wire = json!({
            "input_tokens": 150, "input_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 30},
            "output_tokens": 12, "output_tokens_details": {"reasoning_tokens": 5}, "total_tokens": 162,
        });
        let usage = read(&wire.to_string()).unwrap();
        let expected = Usage {
            input: 150,
            cache_read: 100,
            cache_write: 30,
            tells_cache: true,
            output: 12,
            reasoning: Some(5),
            ..Usage::default()
        };
        assert_eq!(usage, expected);
        assert_eq!(serde_json::to_value(Counts::from(&usage)).unwrap(), wire);
    }

    #[test]
    fn what_is_not_told_is_not_known_but_written_as_zero() {
        let usage = read(r#"{"input_tokens":1,"output_tokens":2}"#).unwrap();
        assert_eq!((usage.tells_cache, usage.reasoning, usage.cost), (false, None, None));
        let written = serde_json::to_value(Counts::from(&usage)).unwrap();
        assert_eq!(written["input_tokens_details"], json!({"cached_tokens": 0, "cache_write_tokens": 0}));
        assert_eq!(written["output_tokens_details"], json!({"reasoning_tokens": 0}));
        for nothing in ["null", "{}", "[]", r#"{"input_tokens":null}"#, r#"{"input_tokens":"many"}"#] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }
}
