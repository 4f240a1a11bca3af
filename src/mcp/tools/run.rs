//! A tool at work: watched, cancelled, and caught where it fails in a way that nobody foresaw.

use rmcp::model::{CallToolResult, ContentBlock, JsonObject};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::Value;

use super::trouble::Trouble;
use super::{Desk, OwnTool, arguments};
use crate::domain::facts::Caller;
use crate::mcp::caught::caught;
use crate::mcp::progress::Progress;
use crate::mcp::view::View;

/// Does what a tool is for. It fails within its result, never otherwise.
pub(in crate::mcp) async fn call(
    tool: &'static OwnTool,
    given: JsonObject,
    view: &View,
    caller: &Caller,
    context: &RequestContext<RoleServer>,
) -> CallToolResult {
    let progress = Progress::of(context, view.gateway.clock());
    let onlooker = progress.as_ref().map(Progress::onlooker);
    let caller = Caller { onlooker, ..caller.clone() };
    let desk = Desk { tool: tool.name, gateway: &view.gateway, caller: &caller };
    let Ok(_place) = view.mcp.calls.try_acquire() else {
        return told(Err(desk.failed("overloaded", "Too many calls are under way.", "Call again shortly.")));
    };
    let work = async {
        match progress {
            Some(progress) => progress.along(done(tool, given, desk)).await,
            None => done(tool, given, desk).await,
        }
    };
    let done = tokio::select! {
        done = work => done,
        // The work is dropped, and with it the provider's call; nobody reads this.
        () = context.ct.cancelled() => Err(desk.failed("client_gone", "The call was cancelled.", "")),
    };
    told(done)
}

/// What came of it, for those who read text and for those who read structured content.
fn told(done: Result<Value, Trouble>) -> CallToolResult {
    let (mut result, content) = match done {
        Ok(value) => (CallToolResult::success(vec![ContentBlock::text(value.to_string())]), value),
        Err(trouble) => (CallToolResult::error(vec![ContentBlock::text(trouble.words)]), trouble.details),
    };
    result.structured_content = Some(content);
    result
}

/// Runs the tool to its end, whatever that is.
pub(super) async fn done(tool: &OwnTool, given: JsonObject, desk: Desk<'_>) -> Result<Value, Trouble> {
    if let Err(bad) = arguments::check(tool, &given) {
        if !tool.read_only {
            desk.gateway.turned_away(desk.caller, "invalid_request", 400);
        }
        return Err(desk.wrong(&bad));
    }
    caught((tool.run)(given, desk)).await.unwrap_or_else(|| {
        tracing::error!(tool = tool.name, request_id = &*desk.caller.request_id, "a tool panicked");
        let message = format!("`{}` failed in a way that it should not: this is a fault of the gateway.", tool.name);
        Err(desk.failed("internal_error", &message, "Its log says more."))
    })
}
