//! What Ollama answers: one object for a whole answer, one a line for a streamed one.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::Stamp;
use crate::domain::Dialect;
use crate::domain::chat::{Answer, Finish, Part, Text, Thought, ToolCall, Usage};
use crate::domain::failure::{Class, Failure, Said};

/// An answer, or a line of one.
#[derive(Deserialize)]
pub(super) struct Line<'a> {
    /// A failure, instead of all else.
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) model: Option<String>,
    #[serde(borrow, default)]
    pub(super) message: Option<Spoken<'a>>,
    #[serde(default)]
    pub(super) done: Option<bool>,
    #[serde(default)]
    done_reason: Option<String>,
    #[serde(default)]
    prompt_eval_count: Option<u64>,
    #[serde(default)]
    eval_count: Option<u64>,
}

/// What the model said.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Spoken<'a> {
    pub(super) content: Option<String>,
    pub(super) thinking: Option<String>,
    #[serde(borrow)]
    pub(super) tool_calls: Option<Vec<Called<'a>>>,
}

/// A tool call, complete.
#[derive(Deserialize)]
pub(super) struct Called<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(borrow)]
    function: CalledFunction<'a>,
}

#[derive(Deserialize)]
struct CalledFunction<'a> {
    name: String,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
}

/// Gives ids to tool calls that came without one.
#[derive(Debug)]
pub(super) struct Ids {
    stem: String,
    made: u32,
}

/// Reads a whole answer.
///
/// # Errors
/// A [`Failure`] of class `malformed` where it is not one, or the failure that it tells of.
pub(super) fn read(body: &[u8], stamp: &Stamp) -> Result<Answer, Failure> {
    let line = Line::parse(body).map_err(malformed)?;
    if let Some(error) = line.error {
        return Err(failure(error, body));
    }
    if line.done == Some(false) {
        return Err(malformed("the answer is not complete"));
    }
    let spoken = line.message.as_ref().ok_or_else(|| malformed("the answer has no message"))?;
    let empty = spoken.is_empty();
    let called = spoken.tool_calls.as_ref().is_some_and(|calls| !calls.is_empty());
    let (finish, usage) = (line.finish(called, empty)?, line.usage());
    let mut ids = Ids::new(stamp);
    let spoken = line.message.unwrap_or_default();
    let mut parts = Vec::new();
    if let Some(text) = spoken.thinking.filter(|text| !text.is_empty()) {
        parts.push(Part::Thought(Thought { text, ..Thought::default() }));
    }
    if let Some(text) = spoken.content.filter(|text| !text.is_empty()) {
        parts.push(Part::Text(Text { text, cache: false }));
    }
    for call in spoken.tool_calls.unwrap_or_default() {
        parts.push(Part::Call(call.read(&mut ids)?));
    }
    Ok(Answer { model: line.model.unwrap_or_default(), parts, finish, usage })
}

impl<'a> Line<'a> {
    /// Reads one object.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Line<'a>, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "the answer is not UTF-8".to_owned())?;
        // A list would be read as an object's values in order.
        if !text.trim_ascii_start().starts_with('{') {
            return Err("the answer is not a JSON object".into());
        }
        serde_json::from_str(text).map_err(|error| format!("the answer is broken: {error}"))
    }

    /// Why the answer ended, given whether a tool was called and whether nothing was said.
    ///
    /// # Errors
    /// A [`Failure`] of class `malformed` where the model was only loaded or unloaded.
    pub(super) fn finish(&self, called: bool, empty: bool) -> Result<Finish, Failure> {
        match self.done_reason.as_deref().unwrap_or_default() {
            "" | "stop" if called => Ok(Finish::ToolCalls),
            "" | "stop" => Ok(Finish::Stop),
            "length" => Ok(Finish::Length),
            reason @ ("load" | "unload") if empty => {
                Err(malformed(format!("the model was {reason}ed and said nothing")))
            }
            other => Ok(Finish::Other(other.to_owned())),
        }
    }

    /// Tokens; `None` where neither count is there. A count of zero is left out by Ollama.
    pub(super) fn usage(&self) -> Option<Usage> {
        if self.prompt_eval_count.is_none() && self.eval_count.is_none() {
            return None;
        }
        let (input, output) = (self.prompt_eval_count.unwrap_or(0), self.eval_count.unwrap_or(0));
        Some(Usage { input, output, ..Usage::default() })
    }
}

impl Spoken<'_> {
    /// Is there neither a word nor a call?
    pub(super) fn is_empty(&self) -> bool {
        let nothing = |text: &Option<String>| text.as_deref().unwrap_or_default().is_empty();
        nothing(&self.content) && nothing(&self.thinking) && self.tool_calls.as_ref().is_none_or(Vec::is_empty)
    }
}

impl Called<'_> {
    /// The call, with an id even where it came without.
    ///
    /// # Errors
    /// A [`Failure`] of class `malformed` where it has no name, so that nobody can run it.
    pub(super) fn read(self, ids: &mut Ids) -> Result<ToolCall, Failure> {
        let CalledFunction { name, arguments: given } = self.function;
        if name.is_empty() {
            return Err(malformed("the answer calls a tool without naming it"));
        }
        let id = self.id.filter(|id| !id.is_empty()).unwrap_or_else(|| ids.next());
        Ok(ToolCall { id, name, arguments: arguments(given) })
    }
}

impl Ids {
    /// Ids for the answer of `stamp`.
    pub(super) fn new(stamp: &Stamp) -> Ids {
        Ids { stem: stamp.id.clone(), made: 0 }
    }

    fn next(&mut self) -> String {
        self.made += 1;
        format!("call_{}{}", self.stem, self.made)
    }
}

/// The JSON text of arguments, as it came; an object, or by some servers a string that holds one.
fn arguments(raw: Option<&RawValue>) -> String {
    let text = match raw.map(RawValue::get) {
        None | Some("null") => String::new(),
        Some(text) => serde_json::from_str::<String>(text).unwrap_or_else(|_| text.to_owned()),
    };
    if text.trim().is_empty() { "{}".to_owned() } else { text }
}

/// As much of a provider's error as is kept.
const LONGEST_SAID: usize = 1 << 20;

/// The failure that `error` tells of; `line` is all of what came.
pub(super) fn failure(error: &RawValue, line: &[u8]) -> Failure {
    let value: Value = serde_json::from_str(error.get()).unwrap_or_default();
    let words = value.as_str().or_else(|| value.get("message")?.as_str()).unwrap_or(error.get());
    let body = Bytes::copy_from_slice(&line[..line.len().min(LONGEST_SAID)]);
    let said = Said { dialect: Dialect::Ollama, body, kind: None, code: None, param: None };
    Failure { status: Some(500), said: Some(Box::new(said)), ..Failure::after_sending(Class::ServerError, words) }
}

fn malformed(why: impl Into<String>) -> Failure {
    Failure::after_sending(Class::Malformed, why)
}
