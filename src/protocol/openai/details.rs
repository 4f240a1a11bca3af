//! Thoughts in a message: OpenRouter's `reasoning_details`, and the plain text of other vendors
//! (docs: protocols/openai-chat.md, "Reasoning extensions").

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::BadRequest;
use super::super::fields::Fields;
use crate::domain::chat::{Part, Thought};

/// One entry as it came.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wire {
    text: Option<String>,
    summary: Option<String>,
    signature: Option<String>,
    data: Option<String>,
    format: Option<String>,
    index: Option<u32>,
}

/// One entry to be written.
#[derive(Debug, Serialize)]
pub(super) struct Entry<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a str>,
    index: u32,
}

impl Wire {
    /// Which entry it is a piece of, and the piece; `None` where it holds no thought (`reasoning.server_tool_call`).
    pub(super) fn piece(self) -> Option<(Option<u32>, Thought)> {
        let text = self.text.or(self.summary);
        if text.is_none() && self.signature.is_none() && self.data.is_none() {
            return None;
        }
        let given = |word: Option<String>| word.filter(|word| !word.is_empty());
        let thought = Thought {
            text: text.unwrap_or_default(),
            signature: given(self.signature),
            sealed: given(self.data),
            format: given(self.format),
        };
        Some((self.index, thought))
    }
}

/// The entries of one thought, or of a piece of one.
pub(super) fn entries(index: u32, thought: &Thought, is_piece: bool) -> impl Iterator<Item = Entry<'_>> {
    let format = thought.format.as_deref();
    let entry = |kind| Entry { kind, text: None, summary: None, signature: None, data: None, format, index };
    let text = Some(thought.text.as_str()).filter(|text| !(is_piece && text.is_empty()));
    let signature = thought.signature.as_deref();
    let says = !thought.text.is_empty() || signature.is_some() || thought.sealed.is_none();
    let open = says.then(|| match format {
        // The Responses API shows summaries and never a signed text.
        Some(name) if name.ends_with("-responses-v1") && signature.is_none() => {
            Entry { summary: text, ..entry("reasoning.summary") }
        }
        _ => Entry { text, signature, ..entry("reasoning.text") },
    });
    let sealed = thought.sealed.as_deref().map(|data| Entry { data: Some(data), ..entry("reasoning.encrypted") });
    open.into_iter().chain(sealed)
}

/// Takes the thoughts of an assistant's turn.
pub(super) fn of_request(message: &mut Fields<'_>) -> Result<Vec<Part>, BadRequest> {
    let at = message.at("reasoning_details");
    let list = message.array("reasoning_details", "an array of objects")?.unwrap_or_default();
    let mut thoughts = Thoughts::default();
    for (index, value) in list.into_iter().enumerate() {
        let at = at.item(index);
        if !value.is_object() {
            return Err(at.wrong("an object", &value));
        }
        let wire = serde_json::from_value::<Wire>(value)
            .map_err(|error| at.fault(format!("`{at}` cannot be read: {error}.")))?;
        thoughts.add(wire);
    }
    let plain = [message.string("reasoning")?, message.string("reasoning_content")?];
    Ok(thoughts.or_plain(plain))
}

/// The thoughts of an answer; an entry that cannot be read is none.
pub(super) fn of_answer(details: Vec<Value>, plain: [Option<String>; 2]) -> Vec<Part> {
    let mut thoughts = Thoughts::default();
    for wire in details.into_iter().filter_map(|value| serde_json::from_value(value).ok()) {
        thoughts.add(wire);
    }
    thoughts.or_plain(plain)
}

/// Thoughts that are put together from entries.
#[derive(Default)]
struct Thoughts {
    whole: Vec<Thought>,
    last: Option<u32>,
}

impl Thoughts {
    /// Adds an entry. Callers that only collect a stream's pieces send them as they came: those of one index belong
    /// together until the signature or the sealed data, which come last.
    fn add(&mut self, wire: Wire) {
        let Some((index, piece)) = wire.piece() else { return };
        let continues = index.is_some() && index == self.last;
        self.last = index;
        match self.whole.last_mut() {
            Some(last) if continues && last.signature.is_none() && last.sealed.is_none() => {
                last.text.push_str(&piece.text);
                last.signature = piece.signature;
                last.sealed = piece.sealed;
                last.format = last.format.take().or(piece.format);
            }
            _ => self.whole.push(piece),
        }
    }

    /// The thoughts; where there are none, the first plain text that says something.
    fn or_plain(self, plain: [Option<String>; 2]) -> Vec<Part> {
        if !self.whole.is_empty() {
            return self.whole.into_iter().map(Part::Thought).collect();
        }
        let text = plain.into_iter().flatten().find(|text| !text.is_empty());
        text.map(|text| Part::Thought(Thought { text, ..Thought::default() })).into_iter().collect()
    }
}
