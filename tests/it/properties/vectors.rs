//! Vectors: their numbers are the same in either encoding.

use ai_mcp_gateway::domain::vectors::{Answer, Encoding, Input, Request};
use ai_mcp_gateway::protocol::openai::embeddings;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::chance::{fault, hold};

fn answer() -> BoxedStrategy<Answer> {
    let number = prop_oneof![any::<f32>(), Just(0.1), Just(-0.0)].prop_filter("a number", |number| number.is_finite());
    let vectors = vec(vec(number, 1..8), 1..5);
    vectors.prop_map(|vectors| Answer { model: "m".into(), vectors, usage: None }).boxed()
}

/// The bits of each number of each vector.
fn bits(body: &[u8]) -> Vec<Vec<u32>> {
    let body: Value = serde_json::from_slice(body).expect("JSON");
    let numbers = |embedding: &Value| match embedding {
        Value::String(text) => {
            let bytes = STANDARD.decode(text).expect("base64");
            bytes.chunks(4).map(|number| u32::from_le_bytes(number.try_into().expect("four bytes"))).collect()
        }
        list => {
            let list: Vec<f32> = serde_json::from_value(list.clone()).expect("numbers");
            list.iter().map(|number| number.to_bits()).collect()
        }
    };
    body["data"].as_array().expect("a list").iter().map(|item| numbers(&item["embedding"])).collect()
}

#[test]
fn numbers_are_the_same_in_either_encoding() {
    hold(100, answer, |answer| {
        let expected: Vec<Vec<u32>> =
            answer.vectors.iter().map(|vector| vector.iter().map(|number| number.to_bits()).collect()).collect();
        for came in [Encoding::Float, Encoding::Base64] {
            let body = embeddings::write(&answer, came);
            prop_assert_eq!(bits(&body), expected.clone());
            for encoding in [Encoding::Float, Encoding::Base64] {
                let input = Input::Texts(vec!["x".into(); answer.vectors.len()]);
                let asked = Request { input, dimensions: None, encoding, user: None, rest: Default::default() };
                let (passed, _) = embeddings::as_asked(body.clone(), &asked).map_err(|f| fault(f.message, &body))?;
                prop_assert_eq!(bits(&passed), expected.clone());
            }
        }
        Ok(())
    });
}
