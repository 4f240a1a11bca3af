//! Answers with vectors: as a good provider gives them, and as others do.

use super::request::Call;
use super::say::USAGE;
use base64::Engine;
use serde_json::{Value, json};

/// What is odd about an answer with vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    /// Nothing: one for each input, in order, in the encoding that was asked for.
    Nothing,
    /// The encoding is the one that was not asked for. Ollama's form has but one.
    OtherEncoding,
    /// The last one comes first. Ollama's form has no indexes, so there nothing is odd.
    Backwards,
    /// No vector says its index.
    Unnumbered,
    /// Each says that it is the first.
    AllFirst,
    /// The last one is missing.
    OneMissing,
    /// There is one more than was asked for.
    OneTooMany,
    /// The last one is empty.
    OneEmpty,
    /// Nobody has counted tokens.
    NoUsage,
    /// The provider says what it charged: so many hundred millionths of a dollar (OpenRouter).
    Cost(u32),
}

/// The vector for input number `at`.
pub fn vector(at: usize) -> Vec<f32> {
    vec![at as f32 + 0.1, -0.25, 1.0]
}

/// The numbers as base64 of their bytes.
pub fn base64_of(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// The answer in OpenAI's form.
pub(super) fn openai(call: &Call, odd: Odd) -> Value {
    let base64 = (call.json["encoding_format"] == "base64") != (odd == Odd::OtherEncoding);
    let one = |(at, vector): (usize, Vec<f32>)| {
        let embedding = if base64 { json!(base64_of(&vector)) } else { json!(vector) };
        match odd {
            Odd::Unnumbered => json!({"object": "embedding", "embedding": embedding}),
            Odd::AllFirst => json!({"object": "embedding", "index": 0, "embedding": embedding}),
            _ => json!({"object": "embedding", "index": at, "embedding": embedding}),
        }
    };
    let mut data: Vec<Value> = vectors(call, odd).into_iter().enumerate().map(one).collect();
    if odd == Odd::Backwards {
        data.reverse();
    }
    let mut answer = json!({"object": "list", "data": data, "model": call.model()});
    if odd != Odd::NoUsage {
        answer["usage"] = json!({"prompt_tokens": USAGE.0, "total_tokens": USAGE.0});
    }
    if let Odd::Cost(cost) = odd {
        answer["usage"]["cost"] = json!(f64::from(cost) / 1e8);
    }
    answer
}

/// The answer in Ollama's form.
pub(super) fn ollama(call: &Call, odd: Odd) -> Value {
    let mut answer = json!({"model": call.model(), "embeddings": vectors(call, odd), "total_duration": 1});
    if odd != Odd::NoUsage {
        answer["prompt_eval_count"] = json!(USAGE.0);
    }
    answer
}

fn vectors(call: &Call, odd: Odd) -> Vec<Vec<f32>> {
    // A list of tokens is one input.
    let list = call.json["input"].as_array().filter(|list| !list[0].is_number());
    let inputs = list.map_or(1, Vec::len);
    let count = match odd {
        Odd::OneMissing => inputs - 1,
        Odd::OneTooMany => inputs + 1,
        _ => inputs,
    };
    let mut vectors: Vec<Vec<f32>> = (0..count).map(vector).collect();
    if odd == Odd::OneEmpty {
        vectors[count - 1].clear();
    }
    vectors
}
