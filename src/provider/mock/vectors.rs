//! The mock's vectors: short, of length one, and the same for the same input.

use bytes::Bytes;

use crate::domain::chat::Usage;
use crate::domain::vectors::{Answer, Encoding, Input};
use crate::protocol::openai::OpenAi;
use crate::protocol::openai::embeddings;
use crate::protocol::{estimate, scan};

/// How many numbers a vector has where nobody says.
const USUAL: usize = 8;
/// The most that it has, whoever says.
const MOST: usize = 4096;

/// Vectors for `request`, a body of OpenAI's form; none where it cannot be understood.
pub(super) fn answer(request: &Bytes) -> Bytes {
    let call = scan::scan_for(&OpenAi, request.clone(), embeddings::facts);
    let read = call.and_then(|call| Ok((embeddings::read(&call)?, call.facts.model)));
    let Ok((request, model)) = read else {
        let nothing = Answer { model: "mock".into(), vectors: Vec::new(), usage: None };
        return embeddings::write(&nothing, Encoding::Float);
    };
    let size = request.dimensions.map_or(USUAL, |size| usize::try_from(size).unwrap_or(MOST).min(MOST));
    let vectors = match &request.input {
        Input::Texts(texts) => texts.iter().map(|text| vector(text.as_bytes(), size)).collect(),
        Input::Tokens(lists) => lists.iter().map(|tokens| vector(&bytes_of(tokens), size)).collect(),
    };
    let usage = Usage { input: estimate::input(&request.input), ..Usage::default() };
    embeddings::write(&Answer { model, vectors, usage: Some(usage) }, request.encoding)
}

fn bytes_of(tokens: &[u32]) -> Vec<u8> {
    tokens.iter().flat_map(|token| token.to_le_bytes()).collect()
}

/// `size` numbers that `input` alone decides.
fn vector(input: &[u8], size: usize) -> Vec<f32> {
    let mut numbers = fastrand::Rng::with_seed(fnv(input));
    let drawn: Vec<f32> = (0..size).map(|_| numbers.f32() * 2.0 - 1.0).collect();
    let length = drawn.iter().map(|number| number * number).sum::<f32>().sqrt();
    // Nothing but zeros is all but impossible, and has no direction.
    let length = if length > 0.0 { length } else { 1.0 };
    drawn.iter().map(|number| number / length).collect()
}

/// The hash FNV-1a, which is the same on every machine and in every version.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::vectors::Request;

    fn ask(body: &str) -> Vec<Vec<f32>> {
        let answer: serde_json::Value = serde_json::from_slice(&answer(&Bytes::from(body.to_owned()))).unwrap();
        let data = answer["data"].as_array().unwrap();
        data.iter().map(|item| serde_json::from_value(item["embedding"].clone()).unwrap()).collect()
    }

    #[test]
    fn the_same_input_has_the_same_vector_of_length_one() {
        let vectors = ask(r#"{"model":"mock","input":["a","b","a"]}"#);
        assert_eq!((vectors.len(), vectors[0].len()), (3, USUAL));
        assert!(vectors[0] == vectors[2] && vectors[0] != vectors[1]);
        for vector in &vectors {
            let length: f32 = vector.iter().map(|number| number * number).sum();
            assert!((length - 1.0).abs() < 1e-5, "{length}");
        }
        assert_eq!(ask(r#"{"model":"mock","input":"a"}"#), vectors[..1]);
        let tokens = ask(r#"{"model":"mock","input":[[1,2],[1,2],[3]],"dimensions":3}"#);
        assert!(tokens[0] == tokens[1] && tokens[0] != tokens[2] && tokens[0].len() == 3);
    }

    #[test]
    fn the_encoding_and_the_size_are_as_asked_for_within_bounds() {
        let body = Bytes::from_static(br#"{"model":"mock","input":"a","encoding_format":"base64","dimensions":1e9}"#);
        let call = scan::scan_for(&OpenAi, body.clone(), embeddings::facts).unwrap();
        let request = Request { dimensions: None, ..embeddings::read(&call).unwrap() };
        let answered = answer(&body);
        let (passed, learned) = embeddings::as_asked(answered.clone(), &request).unwrap();
        assert_eq!((passed, learned.usage.map(|usage| usage.input)), (answered, Some(1)));
        let floats = Request { encoding: Encoding::Float, ..request };
        let (written, _) = embeddings::as_asked(answer(&body), &floats).unwrap();
        let written: serde_json::Value = serde_json::from_slice(&written).unwrap();
        assert_eq!(written["data"][0]["embedding"].as_array().unwrap().len(), MOST);
    }

    #[test]
    fn what_cannot_be_understood_has_no_vectors() {
        assert_eq!(ask("{}"), Vec::<Vec<f32>>::new());
    }
}
