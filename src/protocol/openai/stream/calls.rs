//! Tool calls in a stream: fragments that several calls may interleave, told apart by their index.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::chat::{Event, ToolCall};
use crate::domain::failure::{Class, Failure};

/// A fragment of a tool call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Fragment {
    index: Option<u32>,
    id: Option<String>,
    function: Option<Function>,
}

/// A fragment of a function's name and arguments.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Function {
    name: Option<String>,
    /// JSON text; some servers send the object itself.
    arguments: Option<Value>,
}

/// The calls of one answer.
#[derive(Debug)]
pub(super) struct Calls {
    list: Vec<Call>,
    started: u32,
    /// What ids are made of where the provider sends none.
    stamp: String,
    made: u32,
}

#[derive(Debug)]
struct Call {
    /// The provider's index; `None` for the deprecated `function_call`, of which there is one.
    wire: Option<u32>,
    /// The provider's id, where it has sent one.
    id: Option<String>,
    /// What came before the name was known.
    buffer: String,
    /// The hub's index, once it has started.
    at: Option<u32>,
}

impl Calls {
    /// No calls yet.
    pub(super) fn new(stamp: &str) -> Calls {
        Calls { list: Vec::new(), started: 0, stamp: stamp.to_owned(), made: 0 }
    }

    /// Has any call begun?
    pub(super) fn is_open(&self) -> bool {
        !self.list.is_empty()
    }

    /// Takes a fragment, which stood at `position` in its chunk.
    pub(super) fn add(&mut self, position: usize, fragment: Fragment, out: &mut Vec<Event>) {
        let wire = fragment.index.or_else(|| u32::try_from(position).ok());
        let id = fragment.id.filter(|id| !id.is_empty());
        self.put(wire, id, fragment.function.unwrap_or_default(), out);
    }

    /// Takes a fragment of the deprecated `function_call`.
    pub(super) fn add_legacy(&mut self, function: Function, out: &mut Vec<Event>) {
        self.put(None, None, function, out);
    }

    /// The answer is done: whether it called any tool.
    ///
    /// # Errors
    /// A [`Failure`] where a call has no name, so that nobody can run it.
    pub(super) fn close(&self) -> Result<bool, Failure> {
        // A fragment of nothing at all, which some servers send, is no call.
        let is_nameless = |call: &Call| call.at.is_none() && (call.id.is_some() || !call.buffer.is_empty());
        if self.list.iter().any(is_nameless) {
            return Err(Failure::after_sending(Class::Malformed, "the answer calls a tool without naming it"));
        }
        Ok(self.started > 0)
    }

    fn put(&mut self, wire: Option<u32>, id: Option<String>, function: Function, out: &mut Vec<Event>) {
        let name = function.name.filter(|name| !name.is_empty());
        let arguments = match function.arguments {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text,
            Some(object) => object.to_string(),
        };
        let known = self.list.iter().rposition(|call| call.wire == wire);
        let at = known.filter(|at| !self.list[*at].is_over(id.as_deref(), name.is_some())).unwrap_or_else(|| {
            self.list.push(Call { wire, id: None, buffer: String::new(), at: None });
            self.list.len() - 1
        });
        let call = &mut self.list[at];
        call.id = call.id.take().or(id);
        match (call.at, name) {
            (Some(_), _) if arguments.is_empty() => {}
            (Some(index), _) => out.push(Event::CallDelta { index, arguments }),
            (None, None) => call.buffer.push_str(&arguments),
            (None, Some(name)) => {
                call.at = Some(self.started);
                let arguments = std::mem::take(&mut call.buffer) + &arguments;
                let id = call.id.clone().unwrap_or_else(|| {
                    self.made += 1;
                    format!("call_{}{}", self.stamp, self.made)
                });
                out.push(Event::CallStart { index: self.started, call: ToolCall { id, name, arguments } });
                self.started += 1;
            }
        }
    }
}

impl Call {
    /// Does a fragment with this id, or with a name, begin another call at the same index?
    fn is_over(&self, id: Option<&str>, named: bool) -> bool {
        match (&self.id, id) {
            (Some(known), Some(id)) => known != id,
            // Servers without ids send whole calls, each with its name; those with ids may repeat the name.
            (None, _) => self.at.is_some() && named,
            (Some(_), None) => false,
        }
    }
}
