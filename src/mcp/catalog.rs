//! What a client sees: the gateway's own tools and resources, and every server's, as they were offered last.

use rmcp::ErrorData;
use rmcp::model::{PaginatedRequestParams, Prompt, Resource, ResourceTemplate, Tool};

use super::{Mcp, Scope, resources as own_resources, tools as own_tools};
use crate::gateway::Gateway;

/// Every tool.
pub(super) fn tools(mcp: &Mcp, scope: &Scope, gateway: &Gateway) -> Vec<Tool> {
    match scope {
        Scope::All => {
            let _ = mcp;
            own_tools::listed(gateway)
        }
        Scope::One(server) => server.offer().tools.clone(),
    }
}

/// One tool.
pub(super) fn tool(mcp: &Mcp, scope: &Scope, gateway: &Gateway, name: &str) -> Option<Tool> {
    tools(mcp, scope, gateway).into_iter().find(|tool| tool.name == name)
}

/// Every prompt.
pub(super) fn prompts(_mcp: &Mcp, scope: &Scope) -> Vec<Prompt> {
    match scope {
        Scope::All => Vec::new(),
        Scope::One(server) => server.offer().prompts.clone(),
    }
}

/// Every resource.
pub(super) fn resources(_mcp: &Mcp, scope: &Scope) -> Vec<Resource> {
    match scope {
        Scope::All => own_resources::listed(),
        Scope::One(server) => server.offer().resources.clone(),
    }
}

/// Every resource template.
pub(super) fn templates(_mcp: &Mcp, scope: &Scope) -> Vec<ResourceTemplate> {
    match scope {
        Scope::All => Vec::new(),
        Scope::One(server) => server.offer().templates.clone(),
    }
}

/// How to use what there is.
pub(super) fn instructions(scope: &Scope) -> String {
    match scope {
        Scope::All => {
            "Ask language models with `route` or `chat`; `explain_route` says who would answer. Tools of other \
                       servers are named `server__tool`."
                .to_owned()
        }
        Scope::One(server) => server.offer().instructions.clone().unwrap_or_default(),
    }
}

/// One page of a list, and the cursor of the next one.
///
/// # Errors
/// Where the cursor is not one of this list's.
pub(super) fn page<T>(
    all: Vec<T>,
    _request: Option<PaginatedRequestParams>,
    _name: impl Fn(&T) -> &str,
) -> Result<(Vec<T>, Option<String>), ErrorData> {
    Ok((all, None))
}
