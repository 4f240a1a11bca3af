//! What a server offers, read from it page by page, within bounds.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rmcp::model::{
    ClientRequest, CustomResult, ListPromptsRequest, ListResourceTemplatesRequest, ListResourcesRequest,
    ListToolsRequest, PaginatedRequestParams, Prompt, Resource, ResourceTemplate, ServerCapabilities, ServerResult,
    Tool,
};
use rmcp::service::{Peer, RoleClient, ServiceError};
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;

use super::fault::{Fault, Unread};
use super::{Offer, Spec};

/// How long a server may take for one page of a list.
const PATIENCE: Duration = Duration::from_secs(20);
/// The most pages of a list, and the most items.
const MOST_PAGES: usize = 100;
const MOST_ITEMS: usize = 5000;
/// The longest name, and the largest definition of a tool, in bytes (docs: protocols/mcp.md, 5).
const LONGEST_NAME: usize = 128;
const LARGEST_TOOL: usize = 256 << 10;
/// The most tools of one list that are logged because they are left out.
const MOST_TOLD: usize = 20;
/// The most of a list, in bytes of JSON.
const MOST_BYTES: usize = 32 << 20;

/// One page of a list, and where the next one begins.
type Page<T> = (Vec<T>, Option<String>);

/// Reads a list to its end, page by page.
///
/// The SDK's own methods keep what they have read, and tell it again where a server does not answer any more.
async fn all<T: Serialize>(
    what: &'static str,
    peer: &Peer<RoleClient>,
    request: impl Fn(PaginatedRequestParams) -> ClientRequest,
    page: impl Fn(ServerResult) -> Option<Page<T>>,
) -> Result<Vec<T>, Unread> {
    let (mut all, mut cursor, mut bytes) = (Vec::new(), None, 0);
    for _ in 0..MOST_PAGES {
        let answer =
            timeout(PATIENCE, peer.send_request(request(PaginatedRequestParams::default().with_cursor(cursor))));
        let answer =
            answer.await.map_err(|_| Unread::Late(what, PATIENCE))?.map_err(|error| Unread::Failed(what, error))?;
        let (items, next) = page(answer).ok_or(Unread::Failed(what, ServiceError::UnexpectedResponse))?;
        bytes += items.iter().map(size).sum::<usize>();
        if bytes > MOST_BYTES {
            return Err(Unread::Large(what, MOST_BYTES));
        }
        all.extend(items);
        cursor = next;
        if cursor.is_none() || all.len() > MOST_ITEMS {
            break;
        }
    }
    all.truncate(MOST_ITEMS);
    Ok(all)
}

/// What the server at the other end offers, without what is denied. A list that cannot be read is as it was in
/// `before`.
///
/// # Errors
/// Where its tools cannot be read.
pub(super) async fn read(peer: &Peer<RoleClient>, spec: &Spec, before: &Offer) -> Result<Offer, Unread> {
    let info = peer.peer_info();
    let capabilities = info.as_ref().map(|info| info.capabilities.clone()).unwrap_or_default();
    let instructions = info.and_then(|info| info.instructions.clone());
    let (can, left_out) = (&capabilities, LeftOut::default());
    // All at once: whoever waits for a change that was told waits for one answer, not for four.
    let (tools, prompts, resources, templates) = tokio::join!(
        asked(can.tools.is_some(), Box::pin(tools(peer, spec, &left_out))),
        asked(can.prompts.is_some(), Box::pin(prompts(peer))),
        asked(can.resources.is_some(), Box::pin(resources(peer))),
        asked(can.resources.is_some(), Box::pin(templates(peer))),
    );
    let kept = |error: Unread| {
        let (server, why) = (&*spec.name, Fault::from(error).words());
        tracing::warn!(server, why, "a list of an MCP server was not read");
    };
    Ok(Offer {
        tools: tools?,
        prompts: prompts.unwrap_or_else(|error| {
            kept(error);
            before.prompts.clone()
        }),
        resources: resources.unwrap_or_else(|error| {
            kept(error);
            before.resources.clone()
        }),
        // A server need not know of templates to have resources.
        templates: templates.unwrap_or_else(|_| before.templates.clone()),
        capabilities,
        instructions,
        held: Vec::new(),
        left_out: left_out.told(spec, &before.left_out),
    })
}

/// A list, or nothing where the server has none of its kind.
async fn asked<T>(can: bool, list: impl Future<Output = Result<Vec<T>, Unread>>) -> Result<Vec<T>, Unread> {
    if can { list.await } else { Ok(Vec::new()) }
}

/// Can this server tell of changes by itself?
pub(super) fn tells(capabilities: &ServerCapabilities) -> bool {
    let tools = capabilities.tools.as_ref().is_none_or(|can| can.list_changed == Some(true));
    let prompts = capabilities.prompts.as_ref().is_none_or(|can| can.list_changed == Some(true));
    let resources = capabilities.resources.as_ref().is_none_or(|can| can.list_changed == Some(true));
    tools && prompts && resources
}

async fn prompts(peer: &Peer<RoleClient>) -> Result<Vec<Prompt>, Unread> {
    let request = |params| ListPromptsRequest { params: Some(params), ..Default::default() }.into();
    let page = |answer| match answer {
        ServerResult::ListPromptsResult(list) => Some((list.prompts, list.next_cursor)),
        _ => None,
    };
    all("prompts/list", peer, request, page).await
}

async fn resources(peer: &Peer<RoleClient>) -> Result<Vec<Resource>, Unread> {
    let request = |params| ListResourcesRequest { params: Some(params), ..Default::default() }.into();
    let page = |answer| match answer {
        ServerResult::ListResourcesResult(list) => Some((list.resources, list.next_cursor)),
        _ => None,
    };
    all("resources/list", peer, request, page).await
}

async fn templates(peer: &Peer<RoleClient>) -> Result<Vec<ResourceTemplate>, Unread> {
    let request = |params| ListResourceTemplatesRequest { params: Some(params), ..Default::default() }.into();
    let page = |answer| match answer {
        ServerResult::ListResourceTemplatesResult(list) => Some((list.resource_templates, list.next_cursor)),
        _ => None,
    };
    all("resources/templates/list", peer, request, page).await
}

async fn tools(peer: &Peer<RoleClient>, spec: &Spec, left_out: &LeftOut) -> Result<Vec<Tool>, Unread> {
    let request = |params| ListToolsRequest { params: Some(params), ..Default::default() }.into();
    let page = |answer| match answer {
        ServerResult::ListToolsResult(list) => Some((list.tools, list.next_cursor)),
        // One tool that is not as it should be makes the SDK give up the whole page.
        ServerResult::CustomResult(CustomResult(page)) => one_by_one(page, left_out),
        _ => None,
    };
    let mut seen = HashSet::new();
    let mut tools = Vec::new();
    for tool in all("tools/list", peer, request, page).await? {
        let fault = fault(&tool).or_else(|| (!seen.insert(tool.name.clone())).then_some("another one has its name"));
        match fault {
            Some(fault) => left_out.put(&tool.name, fault),
            None if spec.tools.shows(&tool.name) => tools.push(tool),
            None => {}
        }
    }
    Ok(tools)
}

/// The tools of a page that are as they should be.
fn one_by_one(mut page: Value, left_out: &LeftOut) -> Option<Page<Tool>> {
    let Value::Array(items) = page.get_mut("tools")?.take() else { return None };
    let next = page["nextCursor"].as_str().map(str::to_owned);
    let mut tools = Vec::new();
    for item in items {
        let name = item["name"].as_str().unwrap_or_default().to_owned();
        match serde_json::from_value(item) {
            Ok(tool) => tools.push(tool),
            Err(_) => left_out.put(&name, "it is not what the protocol calls a tool"),
        }
    }
    Some((tools, next))
}

/// Its length as JSON, in bytes.
fn size(item: &impl Serialize) -> usize {
    serde_json::to_vec(item).map_or(LARGEST_TOOL + 1, |bytes| bytes.len())
}

/// What is wrong with a tool (docs: protocols/mcp.md, 5).
fn fault(tool: &Tool) -> Option<&'static str> {
    match () {
        () if tool.name.is_empty() => Some("it has no name"),
        () if tool.name.len() > LONGEST_NAME => Some("its name is longer than 128 bytes"),
        () if tool.name.chars().any(|letter| letter.is_control() || letter.is_whitespace()) => {
            Some("its name holds blanks or control characters")
        }
        () if tool.input_schema.get("type").is_some_and(|kind| kind != "object") => Some("its arguments are no object"),
        () if size(tool) > LARGEST_TOOL => Some("its definition is larger than 256 KiB"),
        () => None,
    }
}

/// Tools that are left out, each with what is wrong with it.
#[derive(Default)]
struct LeftOut(Mutex<Vec<String>>);

impl LeftOut {
    fn put(&self, tool: &str, fault: &str) {
        let tool: String = tool.chars().take(LONGEST_NAME).collect();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{tool:?}: {fault}"));
    }

    /// All of them. Those that were not told `before` are told now.
    fn told(self, spec: &Spec, before: &[String]) -> Vec<String> {
        let all = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        for tool in all.iter().filter(|tool| !before.contains(tool)).take(MOST_TOLD) {
            tracing::warn!(server = &*spec.name, tool, "a tool of an MCP server is left out");
        }
        all
    }
}
