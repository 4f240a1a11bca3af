//! The gateway's own tools, in a table. A tool is one file and one line.

mod models;

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use rmcp::model::{CallToolResult, ContentBlock, JsonObject, Tool, ToolAnnotations};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::Value;

use super::handler::Handler;
use crate::domain::facts::Caller;
use crate::gateway::Gateway;

/// One of the gateway's own tools.
pub(super) struct OwnTool {
    /// Its name: at most 40 of the letters a-z, digits and `_`.
    pub(super) name: &'static str,
    /// What people see.
    pub(super) title: &'static str,
    /// What models see.
    pub(super) description: &'static str,
    /// JSON Schema of its arguments, and of its result.
    pub(super) input: fn() -> Value,
    pub(super) output: fn() -> Value,
    /// Does it only look?
    pub(super) read_only: bool,
    /// Is it there at all?
    pub(super) is_there: fn(&Gateway) -> bool,
    /// Does what it is for.
    pub(super) run: for<'a> fn(JsonObject, Desk<'a>) -> Running<'a>,
}

/// A tool at work.
pub(super) type Running<'a> = Pin<Box<dyn Future<Output = Result<Value, Trouble>> + Send + 'a>>;

/// What a tool has at hand.
#[derive(Clone, Copy)]
pub(super) struct Desk<'a> {
    pub(super) gateway: &'a Arc<Gateway>,
    pub(super) caller: &'a Caller,
    pub(super) context: &'a RequestContext<RoleServer>,
}

/// Why a tool has failed, in words for a model, and as the structured content that goes with them.
pub(super) struct Trouble {
    pub(super) words: String,
    pub(super) details: Value,
}

/// Every tool, in the order in which they are listed.
static TOOLS: &[OwnTool] = &[models::TOOL];

/// The tools that are there.
pub(super) fn listed(gateway: &Gateway) -> Vec<Tool> {
    TOOLS.iter().filter(|tool| (tool.is_there)(gateway)).map(OwnTool::told).collect()
}

/// The tool of this name, where it is there.
pub(super) fn named(name: &str, gateway: &Gateway) -> Option<&'static OwnTool> {
    TOOLS.iter().find(|tool| tool.name == name && (tool.is_there)(gateway))
}

/// Does what a tool is for. It fails within its result, never otherwise.
pub(super) async fn call(
    tool: &'static OwnTool,
    arguments: JsonObject,
    handler: &Handler,
    caller: &Caller,
    context: &RequestContext<RoleServer>,
) -> CallToolResult {
    let desk = Desk { gateway: &handler.gateway, caller, context };
    let done = tokio::select! {
        done = (tool.run)(arguments, desk) => done,
        () = context.ct.cancelled() => Err(Trouble { words: "cancelled".into(), details: Value::Null }),
    };
    match done {
        Ok(value) => {
            let mut result = CallToolResult::success(vec![ContentBlock::text(value.to_string())]);
            result.structured_content = Some(value);
            result
        }
        Err(trouble) => {
            let mut result = CallToolResult::error(vec![ContentBlock::text(trouble.words)]);
            result.structured_content = Some(trouble.details).filter(|details| !details.is_null());
            result
        }
    }
}

impl OwnTool {
    fn told(&self) -> Tool {
        let object = |schema: Value| match schema {
            Value::Object(schema) => Arc::new(schema),
            _ => Arc::default(),
        };
        let mut tool = Tool::new(self.name, Cow::Borrowed(self.description), object((self.input)()));
        tool.title = Some(self.title.to_owned());
        tool.output_schema = Some(object((self.output)()));
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
