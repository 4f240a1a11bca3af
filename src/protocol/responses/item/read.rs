//! Output items, read.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::head::{kind, word};

/// An output item as it came.
#[derive(Debug, PartialEq)]
pub(in super::super) enum Given {
    /// What the model thought.
    Reasoning {
        /// What it tells of its thoughts.
        summary: Vec<String>,
        /// The thoughts themselves, of models that show them.
        content: Vec<String>,
        /// The form that may be sent back.
        sealed: Option<String>,
    },
    /// What it said.
    Message(Vec<Piece>),
    /// A tool that it calls.
    Call(Called),
    /// Anything else: what a server's own tools did.
    Other,
}

/// A piece of a message.
#[derive(Debug, PartialEq)]
pub(in super::super) enum Piece {
    /// Text.
    Text(String),
    /// Words of refusal.
    Refusal(String),
    /// A piece of a kind that is not known.
    Other,
}

/// A call of a tool; what is not told is empty.
#[derive(Debug, PartialEq)]
pub(in super::super) struct Called {
    /// The id that the tool's answer must name.
    pub(in super::super) id: String,
    /// The tool's name.
    pub(in super::super) name: String,
    /// Its arguments, or its free text.
    pub(in super::super) said: String,
    /// Is it free text?
    pub(in super::super) free: bool,
}

#[derive(Deserialize)]
struct Reasoning {
    #[serde(default)]
    summary: Option<Vec<Words>>,
    #[serde(default)]
    content: Option<Vec<Words>>,
    #[serde(default)]
    encrypted_content: Option<String>,
}

#[derive(Deserialize)]
struct Words {
    #[serde(default)]
    text: Option<String>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    call_id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    /// JSON text; some servers send the object itself.
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
    #[serde(default)]
    input: Option<String>,
}

impl Given {
    /// Reads an output item.
    pub(in super::super) fn read(item: &RawValue) -> Result<Given, serde_json::Error> {
        let json = item.get();
        Ok(match &*kind(item) {
            "reasoning" => {
                let Reasoning { summary, content, encrypted_content } = serde_json::from_str(json)?;
                let texts = |list: Option<Vec<Words>>| {
                    list.unwrap_or_default().into_iter().map(|words| words.text.unwrap_or_default()).collect()
                };
                let sealed = encrypted_content.filter(|sealed| !sealed.is_empty());
                Given::Reasoning { summary: texts(summary), content: texts(content), sealed }
            }
            "message" => {
                let Message { content } = serde_json::from_str(json)?;
                Given::Message(content.unwrap_or_default().into_iter().map(Piece::read).collect::<Result<_, _>>()?)
            }
            kind @ ("function_call" | "custom_tool_call") => {
                let free = kind == "custom_tool_call";
                let Call { id, call_id, name, arguments, input } = serde_json::from_str(json)?;
                let given = |word: Option<String>| word.filter(|word| !word.is_empty());
                Given::Call(Called {
                    id: given(call_id).or_else(|| given(id)).unwrap_or_default(),
                    name: name.unwrap_or_default(),
                    said: if free { input.unwrap_or_default() } else { arguments.map(text).unwrap_or_default() },
                    free,
                })
            }
            _ => Given::Other,
        })
    }
}

impl Piece {
    fn read(part: &RawValue) -> Result<Piece, serde_json::Error> {
        let kind = kind(part);
        if !matches!(&*kind, "output_text" | "refusal") {
            return Ok(Piece::Other);
        }
        let Said { text, refusal } = serde_json::from_str(part.get())?;
        Ok(match &*kind {
            "refusal" => Piece::Refusal(refusal.unwrap_or_default()),
            _ => Piece::Text(text.unwrap_or_default()),
        })
    }
}

/// What separates the paragraphs of a thought.
pub(in super::super) const BREAK: &str = "\n\n";

/// The parts of a thought as one text.
pub(in super::super) fn paragraphs(parts: &[String]) -> String {
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(BREAK)
}

/// Arguments as text.
fn text(arguments: &RawValue) -> String {
    match arguments.get() {
        "null" => String::new(),
        json => word(arguments).map_or_else(|| json.to_owned(), Into::into),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn given(item: Value) -> Given {
        Given::read(&RawValue::from_string(item.to_string()).unwrap()).unwrap()
    }

    #[test]
    fn every_kind_of_item() {
        let reasoning = json!({
            "type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "a"}, {"text": "b"}],
            "content": [{"type": "reasoning_text", "text": "c"}], "encrypted_content": "gAAA", "status": null,
        });
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let (summary, content) = (texts(&["a", "b"]), texts(&["c"]));
        assert_eq!(given(reasoning), Given::Reasoning { summary, content, sealed: Some("gAAA".into()) });
        let bare = json!({"type": "reasoning", "summary": [], "content": null, "encrypted_content": ""});
        assert_eq!(given(bare), Given::Reasoning { summary: vec![], content: vec![], sealed: None });
        let message = json!({"type": "message", "content": [
            {"type": "output_text", "text": "a\n", "annotations": []}, {"type": "refusal", "refusal": "No."},
            {"type": "later", "text": {"odd": 1}},
        ]});
        let pieces = vec![Piece::Text("a\n".into()), Piece::Refusal("No.".into()), Piece::Other];
        assert_eq!(given(message), Given::Message(pieces));
        assert_eq!(given(json!({"type": "web_search_call", "content": 7})), Given::Other);
        assert_eq!(given(json!({"content": 7})), Given::Other);
    }

    #[test]
    fn calls_with_arguments_and_with_free_text() {
        let call = |id: &str, said: &str, free| {
            Given::Call(Called { id: id.into(), name: "f".into(), said: said.into(), free })
        };
        let function = |arguments: Value| json!({"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": arguments});
        assert_eq!(given(function(json!("{\"a\":\"\\n\"}"))), call("call_1", "{\"a\":\"\\n\"}", false));
        assert_eq!(given(function(json!({"a": 1}))), call("call_1", "{\"a\":1}", false));
        assert_eq!(given(function(json!(null))), call("call_1", "", false));
        assert_eq!(given(json!({"type": "function_call", "id": "fc_1", "name": "f"})), call("fc_1", "", false));
        let custom = json!({"type": "custom_tool_call", "call_id": "call_1", "name": "f", "input": "free \"text\""});
        assert_eq!(given(custom), call("call_1", "free \"text\"", true));
    }
}
