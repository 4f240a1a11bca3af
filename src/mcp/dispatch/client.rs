//! Whom a request comes from, as far as another server may know it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rmcp::model::{ClientCapabilities, LoggingLevel, RequestMetaObject, TASKS_EXTENSION_ID};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::Value;

use super::flight::Behalf;
use crate::mcp::upstream::Era;

/// The protocol's own fields of a request's `_meta` (docs: protocols/mcp.md, 2).
const OWN: &str = "io.modelcontextprotocol/";
const PROGRESS: &str = "progressToken";

/// A request's client.
pub(super) struct Client {
    pub(super) era: Era,
    /// From which level on it has said that it wants log messages.
    pub(super) wish: Option<LoggingLevel>,
    pub(super) behalf: Behalf,
}

impl Client {
    /// The client of a request; `level` is from where on its session hears log messages.
    pub(super) fn of(context: &RequestContext<RoleServer>, level: Option<LoggingLevel>) -> Client {
        let era = context.protocol_version().map_or(Era::Legacy, |version| Era::of(&version));
        let abilities = context.client_capabilities().unwrap_or_default();
        // Only what is passed on: other extensions than tasks need methods that are not.
        let mut passed = ClientCapabilities::default();
        passed.roots = abilities.roots;
        passed.sampling = abilities.sampling;
        passed.elicitation = abilities.elicitation;
        let tasks = abilities.extensions.and_then(|mut extensions| extensions.remove_entry(TASKS_EXTENSION_ID));
        passed.extensions = tasks.filter(|_| era == Era::Modern).map(|tasks| BTreeMap::from([tasks]));
        let wish = match era {
            Era::Modern => context.meta.log_level(),
            Era::Legacy => level,
        };
        // A legacy client that has not said anything is told what its server chooses to tell it.
        let level = wish.or_else(|| (era == Era::Legacy).then_some(LoggingLevel::Info));
        let wants_progress = context.meta.get_progress_token().is_some();
        Client { era, wish, behalf: Behalf { era, abilities: Arc::new(passed), level, wants_progress } }
    }

    /// The `_meta` for a server of `era`: what the client says beside the protocol, and what it can do.
    pub(super) fn meta(&self, context: &RequestContext<RoleServer>, era: Era) -> RequestMetaObject {
        let own: serde_json::Map<String, Value> = context
            .meta
            .0
            .0
            .iter()
            .filter(|(name, _)| !name.starts_with(OWN) && *name != PROGRESS)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let mut meta = RequestMetaObject::from(own);
        if era == Era::Modern {
            meta.set_client_capabilities((*self.behalf.abilities).clone());
            if let Some(level) = self.behalf.level {
                meta.set_log_level(level);
            }
        }
        meta
    }
}
