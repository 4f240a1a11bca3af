//! A request that is another server's: sent on, watched, and answered.

mod attend;
mod client;
mod errand;
mod failure;
mod flight;
mod gone;
mod level;
mod parked;
mod prefixed;
mod run;
pub(super) mod tasks;

use rmcp::ErrorData;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, GetPromptRequestParams,
    GetPromptResponse, LoggingLevel, ReadResourceRequestParams, ReadResourceResponse, Reference, ResultType,
    ServerResult,
};
use rmcp::service::{RequestContext, RoleServer};

use super::catalog::{Found, Place};
use super::upstream::Standing;
use super::view::View;
use super::{Scope, catalog};
use crate::domain::facts::Caller;
pub(super) use errand::Errand;
pub(super) use failure::Failure;
pub(super) use parked::Parked;
use run::Asked;

/// Calls a tool of another server.
pub(super) async fn call_tool(
    view: &View,
    mut request: CallToolRequestParams,
    caller: &Caller,
    context: RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let look = || catalog::place_of_tool(&view.mcp, &view.scope, &request.name);
    let found = match look() {
        Some(Found::There(place)) => Some(Found::There(place)),
        // Its server may have been started just now.
        _ => {
            view.mcp.settle().await;
            look()
        }
    };
    let place = match found {
        Some(Found::There(place)) => place,
        Some(Found::Held(place)) => {
            return Ok(Failure::Held.of_tool(&place.server.spec.name, &place.name)?.into());
        }
        Some(Found::Unheard(server)) => {
            let failure = run::away(&server);
            return Ok(failure.of_tool(&server.spec.name, &request.name)?.into());
        }
        None => return Err(ErrorData::invalid_params(format!("unknown tool: {}", request.name), None)),
    };
    request.meta = None;
    request.name = place.name.clone().into();
    let asked = Asked::new(view, caller, &context, &place.server);
    let answered = match run::run(&asked, Errand::Tool(request)).await {
        Ok(ServerResult::CallToolResult(mut result)) => {
            result.result_type = Some(ResultType::COMPLETE);
            if let Scope::All = view.scope {
                prefixed::tool(place.server.spec.prefix(), &mut result);
            }
            return Ok(result.into());
        }
        Ok(ServerResult::InputRequiredResult(required)) => return Ok(required.into()),
        Ok(ServerResult::CreateTaskResult(task)) => return Ok(tasks::shown(view, &place.server, task).into()),
        Ok(_) => Failure::Nonsense,
        Err(failure) => failure,
    };
    Ok(answered.of_tool(&place.server.spec.name, &place.name)?.into())
}

/// Gets a prompt of another server.
pub(super) async fn get_prompt(
    view: &View,
    mut request: GetPromptRequestParams,
    caller: &Caller,
    context: RequestContext<RoleServer>,
) -> Result<GetPromptResponse, ErrorData> {
    let Some(place) = place_of_prompt(view, &request.name).await else {
        return Err(ErrorData::invalid_params(format!("unknown prompt: {}", request.name), None));
    };
    request.meta = None;
    request.name.clone_from(&place.name);
    let asked = Asked::new(view, caller, &context, &place.server);
    let failure = match run::run(&asked, Errand::Prompt(request)).await {
        Ok(ServerResult::GetPromptResult(mut result)) => {
            result.result_type = Some(ResultType::COMPLETE);
            if let Scope::All = view.scope {
                prefixed::prompt(place.server.spec.prefix(), &mut result);
            }
            return Ok(result.into());
        }
        Ok(ServerResult::InputRequiredResult(required)) => return Ok(required.into()),
        Ok(_) => Failure::Nonsense,
        Err(failure) => failure,
    };
    Err(failure.error(&place.server.spec.name, &place.name))
}

/// Where a prompt is; its server may have been started just now.
async fn place_of_prompt(view: &View, name: &str) -> Option<Place> {
    let look = || catalog::place_of_prompt(&view.mcp, &view.scope, name);
    if let Some(place) = look() {
        return Some(place);
    }
    view.mcp.settle().await;
    look()
}

/// Reads a resource of another server.
pub(super) async fn read_resource(
    view: &View,
    mut request: ReadResourceRequestParams,
    caller: &Caller,
    context: RequestContext<RoleServer>,
) -> Result<ReadResourceResponse, ErrorData> {
    let Some(place) = catalog::place_of_uri(&view.mcp, &view.scope, &request.uri) else {
        let data = serde_json::json!({"uri": request.uri});
        return Err(ErrorData::resource_not_found(format!("unknown resource: {}", request.uri), Some(data)));
    };
    request.meta = None;
    request.uri.clone_from(&place.name);
    let asked = Asked::new(view, caller, &context, &place.server);
    let failure = match run::run(&asked, Errand::Read(request)).await {
        Ok(ServerResult::ReadResourceResult(mut result)) => {
            result.result_type = Some(ResultType::COMPLETE);
            if let Scope::All = view.scope {
                prefixed::resource(place.server.spec.prefix(), &mut result);
            }
            return Ok(result.into());
        }
        Ok(ServerResult::InputRequiredResult(required)) => return Ok(required.into()),
        Ok(_) => Failure::Nonsense,
        Err(failure) => failure,
    };
    Err(failure.error(&place.server.spec.name, &place.name))
}

/// Completes an argument of another server's prompt or resource template.
pub(super) async fn complete(
    view: &View,
    mut request: CompleteRequestParams,
    caller: &Caller,
    context: RequestContext<RoleServer>,
) -> Result<CompleteResult, ErrorData> {
    let place = match &mut request.r#ref {
        Reference::Prompt(prompt) => {
            let place = place_of_prompt(view, &prompt.name).await;
            place.inspect(|place| prompt.name.clone_from(&place.name))
        }
        Reference::Resource(resource) => {
            let place = catalog::place_of_uri(&view.mcp, &view.scope, &resource.uri);
            place.inspect(|place| resource.uri.clone_from(&place.name))
        }
        _ => None,
    };
    let Some(place) = place else { return Err(ErrorData::invalid_params("ref: not one that is known", None)) };
    request.meta = None;
    let asked = Asked::new(view, caller, &context, &place.server);
    let failure = match run::run(&asked, Errand::Complete(request)).await {
        Ok(ServerResult::CompleteResult(mut result)) => {
            result.result_type = Some(ResultType::COMPLETE);
            return Ok(result);
        }
        Ok(_) => Failure::Nonsense,
        Err(failure) => failure,
    };
    Err(failure.error(&place.server.spec.name, &place.name))
}

/// Has servers tell their log messages from this level on.
pub(super) async fn set_level(view: &View, level: LoggingLevel) {
    let servers = match &view.scope {
        Scope::All => view.mcp.servers().all(),
        Scope::One(server) => std::slice::from_ref(server),
    };
    let all = servers.iter().map(|server| async {
        if let Standing::Up(link) = server.standing() {
            level::ensure(server, &link, level).await;
        }
    });
    futures_util::future::join_all(all).await;
}
