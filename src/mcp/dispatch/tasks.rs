//! Tasks of other servers: calls that are answered at once and done later (the modern era's extension
//! `io.modelcontextprotocol/tasks`).

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::{
    CallToolResult, CancelTaskParams, CreateTaskResult, GetTaskParams, GetTaskResult, ServerResult, TaskPayload,
    UpdateTaskParams,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::Value;

use super::errand::Errand;
use super::failure::Failure;
use super::prefixed;
use super::run::{self, Asked};
use crate::domain::facts::Caller;
use crate::mcp::Scope;
use crate::mcp::upstream::Server;
use crate::mcp::view::View;

/// What stands between a server's prefix and its task's id.
const BETWEEN: &str = "__";

/// A new task as its client sees it: on a path of many servers its id tells whose it is.
pub(super) fn shown(view: &View, server: &Server, mut task: CreateTaskResult) -> CreateTaskResult {
    task.task.task_id = shown_id(view, server, &task.task.task_id);
    task
}

/// How a task is.
pub(in crate::mcp) async fn get(
    view: &View,
    mut request: GetTaskParams,
    caller: &Caller,
    context: &RequestContext<RoleServer>,
) -> Result<GetTaskResult, ErrorData> {
    let (server, id) = place(view, &request.task_id).await?;
    (request.meta, request.task_id) = (None, id);
    let asked = Asked::new(view, caller, context, &server);
    let failure = match run::run(&asked, Errand::GetTask(request)).await {
        Ok(ServerResult::GetTaskResult(mut result)) => {
            result.task.task.task_id = shown_id(view, &server, &result.task.task.task_id);
            if let (Scope::All, TaskPayload::Completed { result }) = (&view.scope, &mut result.task.payload) {
                prefix(server.spec.prefix(), result);
            }
            return Ok(result);
        }
        Ok(_) => Failure::Nonsense,
        Err(failure) => failure,
    };
    Err(failure.error(&server.spec.name, ""))
}

/// Answers what a task has asked for.
pub(in crate::mcp) async fn update(
    view: &View,
    mut request: UpdateTaskParams,
    caller: &Caller,
    context: &RequestContext<RoleServer>,
) -> Result<(), ErrorData> {
    let (server, id) = place(view, &request.task_id).await?;
    (request.meta, request.task_id) = (None, id);
    acknowledged(Asked::new(view, caller, context, &server), Errand::UpdateTask(request)).await
}

/// Asks a task to end.
pub(in crate::mcp) async fn cancel(
    view: &View,
    mut request: CancelTaskParams,
    caller: &Caller,
    context: &RequestContext<RoleServer>,
) -> Result<(), ErrorData> {
    let (server, id) = place(view, &request.task_id).await?;
    (request.meta, request.task_id) = (None, id);
    acknowledged(Asked::new(view, caller, context, &server), Errand::CancelTask(request)).await
}

/// Whatever a server says that is no error is its word that it has heard.
async fn acknowledged(asked: Asked<'_>, errand: Errand) -> Result<(), ErrorData> {
    match run::run(&asked, errand).await {
        Ok(_) => Ok(()),
        Err(failure) => Err(failure.error(&asked.server.spec.name, "")),
    }
}

/// The server of a task that was shown, and the task's own id there.
async fn place(view: &View, shown: &str) -> Result<(Arc<Server>, String), ErrorData> {
    // Its server may have been started just now.
    view.mcp.settle().await;
    let found = match &view.scope {
        Scope::One(server) => Some((server.clone(), shown.to_owned())),
        Scope::All => shown.split_once(BETWEEN).and_then(|(prefix, id)| {
            let server = view.mcp.servers().named(prefix).filter(|server| server.spec.prefix() == prefix)?;
            Some((server, id.to_owned()))
        }),
    };
    let found = found.filter(|(server, _)| server.offer().capabilities.supports_tasks());
    found.ok_or_else(|| ErrorData::invalid_params("unknown task", None))
}

fn shown_id(view: &View, server: &Server, id: &str) -> String {
    match &view.scope {
        Scope::One(_) => id.to_owned(),
        Scope::All => format!("{}{BETWEEN}{id}", server.spec.prefix()),
    }
}

/// The URIs in a task's result, as those of a call's.
fn prefix(prefix: &str, result: &mut serde_json::Map<String, Value>) {
    let read = serde_json::from_value::<CallToolResult>(Value::Object(result.clone()));
    let written = read.and_then(|mut tool| {
        prefixed::tool(prefix, &mut tool);
        serde_json::to_value(tool)
    });
    if let Ok(Value::Object(written)) = written {
        *result = written;
    }
}
