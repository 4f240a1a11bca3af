//! Vectors for texts, whichever form they are asked for and given in.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::chat::Usage;

/// A request for vectors.
#[derive(Debug, Clone)]
pub struct Request {
    /// What they are wanted for.
    pub input: Input,
    /// How many numbers each is to have; `None` is the model's own length.
    pub dimensions: Option<u32>,
    /// How the numbers are to be written.
    pub encoding: Encoding,
    /// Who is behind the caller.
    pub user: Option<String>,
    /// Every other field that is not `null`, as it was written.
    pub rest: BTreeMap<String, Box<RawValue>>,
}

/// What vectors are wanted for: one for each item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Texts.
    Texts(Vec<String>),
    /// Texts that the caller has cut into the model's tokens.
    Tokens(Vec<Vec<u32>>),
}

/// How the numbers of a vector are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As numbers.
    Float,
    /// As base64 of their bytes, four little-endian ones a number.
    Base64,
}

/// Vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The model that the provider says has made them; empty where it does not say.
    pub model: String,
    /// One for each item of the input, in its order.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens, as the provider counted them.
    pub usage: Option<Usage>,
}

impl Input {
    /// How many vectors are wanted.
    pub fn count(&self) -> usize {
        match self {
            Input::Texts(texts) => texts.len(),
            Input::Tokens(lists) => lists.len(),
        }
    }
}
