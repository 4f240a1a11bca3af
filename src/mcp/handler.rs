//! One MCP client's session, or one modern request: each method goes to the gateway's own tools or to another server.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CancelTaskParams, CompleteRequestParams, CompleteResult,
    GetPromptRequestParams, GetPromptResponse, GetTaskParams, GetTaskResult, Implementation, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig, SetLevelRequestParams,
    SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams, UpdateTaskParams,
};
use rmcp::service::{NotificationContext, RequestContext, RoleServer, SubscriptionContext};

use super::audience::{self, Seat};
use super::caller::Door;
use super::caught::answered;
use super::upstream::Server;
use super::view::View;
use super::{Mcp, Scope, catalog, dispatch, resources, tools};
use crate::admit::Stranger;
use crate::domain::facts::Caller;
use crate::gateway::Gateway;

/// What a client of MCP talks to.
pub struct Handler {
    view: View,
    door: Door,
    /// This session's place among those who hear of changes.
    seat: Seat,
}

impl Handler {
    /// For one session or one request.
    pub fn new(mcp: Arc<Mcp>, gateway: Arc<Gateway>, scope: Scope, door: Door) -> Handler {
        Handler { view: View::new(mcp, gateway, scope), door, seat: Seat::default() }
    }

    async fn caller(&self, context: &RequestContext<RoleServer>) -> Result<Caller, ErrorData> {
        self.door.caller(&self.view.gateway, &context.extensions).await.map_err(|stranger| refused(&stranger))
    }
}

/// A key that is not, or no longer, let in.
fn refused(stranger: &Stranger) -> ErrorData {
    let words = match stranger {
        Stranger::Unknown => "The client key is missing or not known: set GATEWAY_API_KEY to one that is.",
        Stranger::Revoked => "The client key was revoked.",
        Stranger::Expired(_) => "The client key has expired.",
        Stranger::Unreachable => "Client keys cannot be looked up now, since the database is away; try again shortly.",
    };
    ErrorData::invalid_request(words, None)
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        // The same whatever other servers can do: they come and go, and this is answered before they are up.
        let mut capabilities = ServerCapabilities::builder()
            .enable_completions()
            .enable_logging()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_resources_list_changed()
            .enable_resources_subscribe()
            .enable_tools()
            .enable_tool_list_changed()
            .build();
        // But for tasks: the SDK refuses their methods where they are not declared.
        let later = |server: &Arc<Server>| server.offer().capabilities.supports_tasks();
        let is_there = match &self.view.scope {
            Scope::All => self.view.mcp.servers().all().iter().any(later),
            Scope::One(server) => later(server),
        };
        if is_there {
            capabilities.extensions = ServerCapabilities::builder().enable_tasks().build().extensions;
        }
        let name = Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")).with_title("AI MCP Gateway");
        let mut config = ServerConfig::new(capabilities).with_server_info(name);
        config.instructions = catalog::instructions(&self.view.scope);
        config
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        self.view.mcp.settle().await;
        let (tools, next) = catalog::tools(&self.view.mcp, &self.view.scope, &self.view.gateway, request)?;
        Ok(ListToolsResult { next_cursor: next, ..ListToolsResult::with_all_items(tools) })
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        catalog::tool(&self.view.mcp, &self.view.scope, &self.view.gateway, name)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let caller = self.caller(&context).await?;
        if matches!(self.view.scope, Scope::All)
            && let Some(tool) = tools::named(&request.name, &self.view.gateway)
        {
            return Ok(tools::call(tool, request.arguments.unwrap_or_default(), &self.view, &caller, &context)
                .await
                .into());
        }
        answered(dispatch::call_tool(&self.view, request, &caller, context)).await
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        self.view.mcp.settle().await;
        let (prompts, next) = catalog::prompts(&self.view.mcp, &self.view.scope, request)?;
        Ok(ListPromptsResult { next_cursor: next, ..ListPromptsResult::with_all_items(prompts) })
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let caller = self.caller(&context).await?;
        answered(dispatch::get_prompt(&self.view, request, &caller, context)).await
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.view.mcp.settle().await;
        let (resources, next) = catalog::resources(&self.view.mcp, &self.view.scope, request)?;
        Ok(ListResourcesResult { next_cursor: next, ..ListResourcesResult::with_all_items(resources) })
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        self.view.mcp.settle().await;
        let (templates, next) = catalog::templates(&self.view.mcp, &self.view.scope, request)?;
        Ok(ListResourceTemplatesResult { next_cursor: next, ..ListResourceTemplatesResult::with_all_items(templates) })
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let caller = self.caller(&context).await?;
        if matches!(self.view.scope, Scope::All)
            && let Some(read) = resources::read(&request.uri, &self.view.gateway, &caller).await
        {
            return Ok(read.into());
        }
        answered(dispatch::read_resource(&self.view, request, &caller, context)).await
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let caller = self.caller(&context).await?;
        answered(dispatch::complete(&self.view, request, &caller, context)).await
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        let caller = self.caller(&context).await?;
        answered(dispatch::tasks::get(&self.view, request, &caller, &context)).await
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let caller = self.caller(&context).await?;
        answered(dispatch::tasks::update(&self.view, request, &caller, &context)).await
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let caller = self.caller(&context).await?;
        answered(dispatch::tasks::cancel(&self.view, request, &caller, &context)).await
    }

    async fn set_level(
        &self,
        request: SetLevelRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.view.hears_from(request.level);
        dispatch::set_level(&self.view, request.level).await;
        Ok(())
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.seat.subscribe(&self.view, &request.uri).await
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.seat.unsubscribe(&request.uri);
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(audience::accepted(&self.view, requested))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        audience::listen(&self.view, context).await
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.seat.take(&self.view, context.peer);
    }
}
