//! Vectors in Ollama's native form, `/api/embed` (docs: protocols/ollama.md, Others).

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::embed::{EmbedBack, malformed, sound, wrong_count};
use super::super::{Unwritable, Written};
use super::Ollama;
use crate::domain::Dialect;
use crate::domain::chat::Usage;
use crate::domain::failure::Failure;
use crate::domain::vectors::{Answer, Input, Request};

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: &'a [String],
    /// Ollama would cut what is too long, and say nothing.
    truncate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_alive: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Came {
    #[serde(default)]
    model: Option<String>,
    embeddings: Vec<Vec<f32>>,
    #[serde(default)]
    prompt_eval_count: Option<u64>,
}

/// Ollama's own fields, which pass.
const OWN: [&str; 2] = ["keep_alive", "options"];

impl EmbedBack for Ollama {
    fn dialect(&self) -> Dialect {
        Dialect::Ollama
    }

    fn write_request(&self, request: &Request, model: &str) -> Result<Written, Unwritable> {
        let Input::Texts(input) = &request.input else {
            return Err(Unwritable::new("input", "Ollama does not take tokens: send texts."));
        };
        let own = |name: &str| request.rest.get(name).map(|value| &**value);
        let body = Body {
            model,
            input,
            truncate: false,
            dimensions: request.dimensions,
            options: own("options"),
            keep_alive: own("keep_alive"),
        };
        let body = serde_json::to_vec(&body).map_err(|error| Unwritable::new("input", error.to_string()))?;
        // Nobody misses `user`, which says something to OpenAI alone.
        let dropped = request.rest.keys().filter(|name| !OWN.contains(&name.as_str())).cloned().collect();
        Ok(Written { body: Bytes::from(body), headers: Vec::new(), dropped, ours: vec!["truncate"] })
    }

    fn read_answer(&self, body: &[u8], wanted: usize) -> Result<Answer, Failure> {
        // A list would be read as an object's values in order.
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(malformed("the answer is not a JSON object"));
        }
        let came: Came =
            serde_json::from_slice(body).map_err(|error| malformed(format!("the answer is broken: {error}")))?;
        if came.embeddings.len() != wanted {
            return Err(wrong_count(wanted, came.embeddings.len()));
        }
        Ok(Answer {
            model: came.model.unwrap_or_default(),
            vectors: came.embeddings.into_iter().map(sound).collect::<Result<_, _>>()?,
            usage: came.prompt_eval_count.map(|input| Usage { input, ..Usage::default() }),
        })
    }
}

#[cfg(test)]
mod tests;
