//! What a client sees: the gateway's own tools and resources, and every server's, as they were offered last.

mod page;
mod shelf;

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rmcp::ErrorData;
use rmcp::model::{PaginatedRequestParams, Prompt, Resource, ResourceTemplate, Tool};

use super::upstream::{Offer, Server, Servers, Standing};
use super::{Mcp, Scope, names, resources as own_resources, tools as own_tools};
use crate::gateway::Gateway;
use page::page;
use shelf::Shelf;

/// One page of a list, and the cursor of the next one.
pub(super) type Page<T> = Result<(Vec<T>, Option<String>), ErrorData>;

/// The catalog of all servers, which is made anew when one of them offers something else.
#[derive(Default)]
pub(super) struct Catalog(ArcSwapOption<All>);

/// Where something is: at a server, by the name that it has there.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) server: Arc<Server>,
    pub(super) name: String,
}

/// Whether a tool can be called.
pub(super) enum Found {
    /// It can.
    There(Place),
    /// Its definition has changed, and its server is pinned.
    Held(Place),
    /// Its server has not been heard of yet, so that nobody knows.
    Unheard(Arc<Server>),
}

/// What all servers offered when this was made, under the names that `/mcp` shows.
struct All {
    offers: Vec<Arc<Offer>>,
    tools: Shelf<Tool>,
    prompts: Shelf<Prompt>,
    resources: Shelf<Resource>,
    templates: Shelf<ResourceTemplate>,
    held: Shelf<()>,
}

impl Catalog {
    fn now(&self, servers: &Servers) -> Arc<All> {
        let is_of_now = |all: &Arc<All>| {
            let both = all.offers.iter().zip(servers.all());
            both.into_iter().all(|(known, server)| Arc::ptr_eq(known, &server.offer()))
        };
        if let Some(all) = self.0.load_full().filter(is_of_now) {
            return all;
        }
        let all = Arc::new(All::of(servers));
        self.0.store(Some(all.clone()));
        all
    }
}

impl All {
    fn of(servers: &Servers) -> All {
        let mut all = All {
            offers: Vec::new(),
            tools: Shelf::default(),
            prompts: Shelf::default(),
            resources: Shelf::default(),
            templates: Shelf::default(),
            held: Shelf::default(),
        };
        for server in servers.all() {
            let (offer, prefix) = (server.offer(), server.spec.prefix());
            for tool in &offer.tools {
                let shown = names::shown(prefix, &tool.name);
                let mut entry = tool.clone();
                entry.name = shown.clone().into();
                all.tools.put(&shown, server, &tool.name, entry);
            }
            for prompt in &offer.prompts {
                let shown = names::shown(prefix, &prompt.name);
                let mut entry = prompt.clone();
                entry.name.clone_from(&shown);
                all.prompts.put(&shown, server, &prompt.name, entry);
            }
            for resource in &offer.resources {
                let mut entry = resource.clone();
                entry.uri = names::shown_uri(prefix, &resource.uri);
                entry.name = names::shown(prefix, &resource.name);
                all.resources.put(&entry.uri.clone(), server, &resource.uri, entry);
            }
            for template in &offer.templates {
                let mut entry = template.clone();
                entry.uri_template = names::shown_uri(prefix, &template.uri_template);
                entry.name = names::shown(prefix, &template.name);
                all.templates.put(&entry.uri_template.clone(), server, &template.uri_template, entry);
            }
            for name in &offer.held {
                all.held.put(&names::shown(prefix, name), server, name, ());
            }
            all.offers.push(offer);
        }
        all
    }
}

/// A page of the tools.
///
/// # Errors
/// Where the cursor is not one of this list's; so it is with every list.
pub(super) fn tools(
    mcp: &Mcp,
    scope: &Scope,
    gateway: &Gateway,
    request: Option<PaginatedRequestParams>,
) -> Page<Tool> {
    let name = |tool: &Tool| tool.name.to_string();
    match scope {
        Scope::All => {
            let own = own_tools::listed(gateway);
            let all = mcp.catalog.now(&mcp.servers);
            page(own.iter().chain(all.tools.items()), request, name)
        }
        Scope::One(server) => page(server.offer().tools.iter(), request, name),
    }
}

/// A page of the prompts.
pub(super) fn prompts(mcp: &Mcp, scope: &Scope, request: Option<PaginatedRequestParams>) -> Page<Prompt> {
    let name = |prompt: &Prompt| prompt.name.clone();
    match scope {
        Scope::All => page(mcp.catalog.now(&mcp.servers).prompts.items(), request, name),
        Scope::One(server) => page(server.offer().prompts.iter(), request, name),
    }
}

/// A page of the resources.
pub(super) fn resources(mcp: &Mcp, scope: &Scope, request: Option<PaginatedRequestParams>) -> Page<Resource> {
    let name = |resource: &Resource| resource.uri.clone();
    match scope {
        Scope::All => {
            let own = own_resources::listed();
            let all = mcp.catalog.now(&mcp.servers);
            page(own.iter().chain(all.resources.items()), request, name)
        }
        Scope::One(server) => page(server.offer().resources.iter(), request, name),
    }
}

/// A page of the resource templates.
pub(super) fn templates(mcp: &Mcp, scope: &Scope, request: Option<PaginatedRequestParams>) -> Page<ResourceTemplate> {
    let name = |template: &ResourceTemplate| template.uri_template.clone();
    match scope {
        Scope::All => page(mcp.catalog.now(&mcp.servers).templates.items(), request, name),
        Scope::One(server) => page(server.offer().templates.iter(), request, name),
    }
}

/// One tool as it is shown.
pub(super) fn tool(mcp: &Mcp, scope: &Scope, gateway: &Gateway, name: &str) -> Option<Tool> {
    match scope {
        Scope::All => match own_tools::listed(gateway).into_iter().find(|tool| tool.name == name) {
            Some(own) => Some(own),
            None => mcp.catalog.now(&mcp.servers).tools.get(name).cloned(),
        },
        Scope::One(server) => server.offer().tools.iter().find(|tool| tool.name == name).cloned(),
    }
}

/// Where a tool is.
pub(super) fn place_of_tool(mcp: &Mcp, scope: &Scope, name: &str) -> Option<Found> {
    match scope {
        Scope::All => {
            let all = mcp.catalog.now(&mcp.servers);
            let there = all.tools.place(name).map(Found::There);
            there.or_else(|| all.held.place(name).map(Found::Held)).or_else(|| {
                let (prefix, _) = name.split_once("__")?;
                unheard(mcp.servers.all().iter().find(|server| server.spec.prefix() == prefix)?)
            })
        }
        Scope::One(server) => {
            let (offer, place) = (server.offer(), Place { server: server.clone(), name: name.to_owned() });
            if offer.tools.iter().any(|tool| tool.name == name) {
                Some(Found::There(place))
            } else if offer.held.iter().any(|held| held == name) {
                Some(Found::Held(place))
            } else {
                unheard(server)
            }
        }
    }
}

fn unheard(server: &Arc<Server>) -> Option<Found> {
    let offer = server.offer();
    let empty = offer.tools.is_empty() && offer.prompts.is_empty() && offer.resources.is_empty();
    (empty && !matches!(server.standing(), Standing::Up(_))).then(|| Found::Unheard(server.clone()))
}

/// Where a prompt is. One server alone is asked for whatever it is asked for.
pub(super) fn place_of_prompt(mcp: &Mcp, scope: &Scope, name: &str) -> Option<Place> {
    match scope {
        Scope::All => mcp.catalog.now(&mcp.servers).prompts.place(name),
        Scope::One(server) => Some(Place { server: server.clone(), name: name.to_owned() }),
    }
}

/// Where a resource is, or a template, whether listed or not.
pub(super) fn place_of_uri(mcp: &Mcp, scope: &Scope, uri: &str) -> Option<Place> {
    match scope {
        Scope::All => {
            let (scheme, name) = names::parts_of_uri(uri)?;
            let server = mcp.servers.all().iter().find(|server| names::is_scheme_of(server.spec.prefix(), scheme))?;
            Some(Place { server: server.clone(), name: name.to_owned() })
        }
        Scope::One(server) => Some(Place { server: server.clone(), name: uri.to_owned() }),
    }
}

/// How to use what there is.
pub(super) fn instructions(scope: &Scope) -> Option<String> {
    match scope {
        Scope::All => Some(
            "Ask language models with `route` or `chat`; `explain_route` says who would answer. Tools and prompts of \
             other servers are named `server__name`, and their resources `server+uri`."
                .to_owned(),
        ),
        Scope::One(server) => server.offer().instructions.clone(),
    }
}
