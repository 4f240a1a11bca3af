//! The gateway's own tools, in a table. A tool is one file and one line.

mod answer;
mod arguments;
mod chat;
mod explain;
mod health;
mod models;
mod route;
mod run;
mod schema;
mod trouble;
mod usage;

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::Value;

use crate::domain::facts::Caller;
use crate::gateway::Gateway;
pub(super) use run::call;
use trouble::Trouble;

/// One of the gateway's own tools.
pub(super) struct OwnTool {
    /// Its name: at most 40 of the letters a-z, digits and `_`.
    name: &'static str,
    /// What people see.
    title: &'static str,
    /// What models see: what it does, and when to use it.
    description: &'static str,
    /// Its arguments, each with its JSON Schema.
    input: fn() -> Value,
    /// Arguments that must be there.
    required: &'static [&'static str],
    /// The fields of its result, each with its JSON Schema.
    output: fn() -> Value,
    /// Does it only look?
    read_only: bool,
    /// Is it there at all?
    is_there: fn(&Gateway) -> bool,
    /// Does what it is for, with arguments whose names are known.
    run: for<'a> fn(JsonObject, Desk<'a>) -> Running<'a>,
}

/// A tool at work.
type Running<'a> = Pin<Box<dyn Future<Output = Result<Value, Trouble>> + Send + 'a>>;

/// What a tool has at hand.
#[derive(Clone, Copy)]
struct Desk<'a> {
    /// The tool's own name.
    tool: &'static str,
    gateway: &'a Arc<Gateway>,
    caller: &'a Caller,
}

/// Every tool, in the order in which they are listed.
static TOOLS: &[OwnTool] = &[route::TOOL, chat::TOOL, explain::TOOL, models::TOOL, health::TOOL, usage::TOOL];

/// The same as clients see them; made once, since each modern call looks here for its tool's schema.
static TOLD: LazyLock<Vec<Tool>> = LazyLock::new(|| TOOLS.iter().map(OwnTool::told).collect());

/// The tools that are there.
pub(super) fn listed(gateway: &Gateway) -> Vec<Tool> {
    let there = TOOLS.iter().zip(TOLD.iter()).filter(|(tool, _)| (tool.is_there)(gateway));
    there.map(|(_, told)| told.clone()).collect()
}

/// The tool of this name, where it is there.
pub(super) fn named(name: &str, gateway: &Gateway) -> Option<&'static OwnTool> {
    TOOLS.iter().find(|tool| tool.name == name && (tool.is_there)(gateway))
}

impl OwnTool {
    fn told(&self) -> Tool {
        let object = |schema: Value| match schema {
            Value::Object(schema) => Arc::new(schema),
            _ => Arc::default(),
        };
        let input = object(schema::input((self.input)(), self.required));
        let mut tool = Tool::new(self.name, Cow::Borrowed(self.description), input);
        tool.title = Some(self.title.to_owned());
        tool.output_schema = Some(object(schema::output((self.output)())));
        // A tool that spends money changes nothing that is there, but does it again each time, and asks the world.
        tool.annotations = Some(
            ToolAnnotations::new()
                .read_only(self.read_only)
                .destructive(false)
                .idempotent(self.read_only)
                .open_world(!self.read_only),
        );
        tool
    }
}

#[cfg(test)]
mod tests;
