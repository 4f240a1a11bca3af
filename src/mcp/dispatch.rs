//! A request that is another server's: sent on, watched, and answered.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::handler::client::ClientHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, GetPromptRequestParams,
    GetPromptResponse, LoggingLevel, ReadResourceRequestParams, ReadResourceResponse,
};
use rmcp::service::{RequestContext, RoleServer};

use super::handler::Handler;
use super::upstream::Server;
use crate::domain::facts::Caller;

/// What a server says beside its answers, passed on to those whom it concerns.
pub struct Relay {
    #[expect(dead_code, reason = "its changes are told")]
    server: Arc<Server>,
}

impl Relay {
    /// For one connection to `server`.
    pub fn new(server: Arc<Server>) -> Relay {
        Relay { server }
    }
}

impl ClientHandler for Relay {}

/// Calls a tool of another server.
pub(super) async fn call_tool(
    _handler: &Handler,
    request: CallToolRequestParams,
    _caller: &Caller,
    _context: RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    Err(ErrorData::invalid_params(format!("unknown tool: {}", request.name), None))
}

/// Gets a prompt of another server.
pub(super) async fn get_prompt(
    _handler: &Handler,
    request: GetPromptRequestParams,
    _caller: &Caller,
    _context: RequestContext<RoleServer>,
) -> Result<GetPromptResponse, ErrorData> {
    Err(ErrorData::invalid_params(format!("unknown prompt: {}", request.name), None))
}

/// Reads a resource of another server.
pub(super) async fn read_resource(
    _handler: &Handler,
    request: ReadResourceRequestParams,
    _caller: &Caller,
    _context: RequestContext<RoleServer>,
) -> Result<ReadResourceResponse, ErrorData> {
    Err(ErrorData::resource_not_found(format!("unknown resource: {}", request.uri), None))
}

/// Completes an argument of another server's prompt or resource template.
pub(super) async fn complete(
    _handler: &Handler,
    _request: CompleteRequestParams,
    _caller: &Caller,
    _context: RequestContext<RoleServer>,
) -> Result<CompleteResult, ErrorData> {
    Ok(CompleteResult::default())
}

/// Has servers tell their log messages from this level on.
pub(super) async fn set_level(_handler: &Handler, _level: LoggingLevel) {}
