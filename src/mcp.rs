//! MCP: the gateway's own tools, and those of other MCP servers, for clients of either era.
//!
//! docs: contract/mcp.md, protocols/mcp.md. The protocol itself is the official SDK's (`rmcp`).

#![expect(deprecated, reason = "clients of the legacy era go on logging, sampling and naming their roots")]

mod audience;
pub mod caller;
mod catalog;
mod caught;
mod dispatch;
mod handler;
pub mod http;
mod names;
mod progress;
mod remembered;
mod resources;
mod sessions;
pub mod stdio;
mod tools;
pub mod upstream;
mod view;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use audience::Watches;
use catalog::Catalog;
use dispatch::Parked;
use sessions::AllSessions;
use upstream::{Server, Servers, Spec};

/// How long after the start lists wait for servers that have not answered yet.
const SETTLING: Duration = Duration::from_secs(5);

/// The most calls of the gateway's own tools at once, whatever their clients do with their connections.
const MOST_CALLS: usize = 10_000;

/// What all workers' MCP fronts share: the other servers, legacy sessions, and what waits for a client's word.
pub struct Mcp {
    servers: Servers,
    /// Places for calls of the gateway's own tools.
    calls: Semaphore,
    catalog: Catalog,
    sessions: AllSessions,
    parked: Parked,
    watches: Watches,
    settled: Instant,
}

/// What a client sees.
#[derive(Clone)]
pub enum Scope {
    /// The gateway's own tools, and every other server's behind its prefix.
    All,
    /// One other server alone, as it is.
    One(Arc<Server>),
}

impl Mcp {
    /// The front, with `specs` for other servers; none is started yet.
    pub fn new(specs: Vec<Spec>) -> Mcp {
        let servers = Servers::new(specs);
        Mcp {
            calls: Semaphore::new(MOST_CALLS),
            sessions: AllSessions::new(&servers),
            servers,
            catalog: Catalog::default(),
            parked: Parked::default(),
            watches: Watches::default(),
            settled: Instant::now() + SETTLING,
        }
    }

    /// The other servers.
    pub fn servers(&self) -> &Servers {
        &self.servers
    }

    /// Gives servers that have just been started the time to say what they have, before lists are told without them.
    async fn settle(&self) {
        self.servers.settled(self.settled.saturating_duration_since(Instant::now())).await;
    }
}
