//! The configuration: environment variables, read once at start, every fault told at once.

mod dotenv;
mod generation;
mod llm;
mod mcp;
mod server;
mod storage;
mod vars;

use std::fmt;
use std::sync::Arc;

use crate::gateway;
use crate::health;
use crate::models::Models;
use crate::plan::Rules;
use crate::provider::Roster;
use crate::{admit, api, cache, shared, upstream};
pub use generation::Generation;
pub use mcp::Mcp;
pub use server::Server;
pub use storage::Storage;
pub use vars::{Known, Vars};

/// Everything that the process goes by.
pub struct Config {
    /// Where to listen, what to log, when to end.
    pub server: Server,
    /// The HTTP front.
    pub api: api::Options,
    /// The providers, configured or not.
    pub roster: Roster,
    /// The rules from names to chains.
    pub rules: Rules,
    /// What is known of models.
    pub models: Arc<Models>,
    /// Bounds of a request.
    pub gateway: gateway::Options,
    /// How long health is believed.
    pub health: health::Options,
    /// Bounds of calls.
    pub upstream: upstream::Limits,
    /// Image and video providers.
    pub generation: Generation,
    /// The database.
    pub storage: Storage,
    /// Redis.
    pub shared: shared::Options,
    /// The response cache.
    pub cache: cache::Options,
    /// The limits of client keys.
    pub admit: admit::Options,
    /// Other MCP servers, and the key of stdio.
    pub mcp: Mcp,
    /// A fault unless the database holds a client key, or has held one.
    pub unless_keys: Option<ConfigFault>,
    /// What the operator should hear although it stops nobody, such as a placeholder for a key.
    pub warnings: Vec<String>,
}

/// One thing wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigFault {
    /// The variable.
    pub variable: String,
    /// Its value; masked where it is a secret.
    pub value: String,
    /// What is accepted.
    pub accepted: String,
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}={}: {}", self.variable, self.value, self.accepted)
    }
}

impl Config {
    /// Reads the configuration. `mock` adds the built-in mock provider.
    ///
    /// # Errors
    /// Every fault there is.
    pub fn read(vars: &Vars, mock: bool) -> Result<Config, Vec<ConfigFault>> {
        let server = server::read(vars);
        let clients = server::clients(vars, &server);
        let roster = llm::roster(vars, mock);
        let config = Config {
            api: server::api(vars, &server),
            rules: llm::rules(vars, &roster),
            models: llm::models(vars),
            gateway: llm::gateway(vars),
            health: llm::health(vars),
            upstream: llm::upstream(vars),
            generation: generation::read(vars),
            storage: storage::read(vars),
            shared: storage::shared(vars),
            cache: storage::cache(vars),
            admit: storage::admit(vars, &clients),
            mcp: mcp::read(vars),
            unless_keys: clients.exposed,
            server,
            roster,
            warnings: Vec::new(),
        };
        let faults = vars.faults();
        if faults.is_empty() { Ok(Config { warnings: vars.warnings(), ..config }) } else { Err(faults) }
    }
}

#[cfg(test)]
mod tests;
