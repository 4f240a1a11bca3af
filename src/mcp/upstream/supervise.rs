//! Keeps servers connected: connects, reads their lists, waits for the end, and begins again after a while.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rmcp::model::ProtocolVersion;
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, RoleClient, RunningService, serve_client_with_lifecycle,
};
use tokio::time::Instant;

use super::{Era, Link, Offer, Reach, Server, Standing, child, http};
use crate::mcp::dispatch::Relay;

/// The wait after a failure.
const WAIT: Duration = Duration::from_secs(1);

/// Keeps all of `servers` connected until `end`, then ends every child.
pub(super) async fn all(servers: &[Arc<Server>], end: impl Future<Output = ()>) {
    let keeping = join_all(servers.iter().map(keep));
    tokio::select! {
        _ = keeping => {}
        () = end => {}
    }
}

async fn keep(server: &Arc<Server>) {
    loop {
        let why = match connect(server).await {
            Ok(running) => {
                let offer = read(&running).await;
                let version = running.peer().peer_info().map(|info| info.protocol_version.clone());
                let era = version.map_or(Era::Legacy, |version| Era::of(&version));
                server.offer.store(Arc::new(offer));
                let relay = running.service().clone();
                let link = Link { peer: running.peer().clone(), era, relay };
                server.standing.send_replace(Standing::Up(Arc::new(link)));
                running.waiting().await.ok();
                "the connection has ended".to_owned()
            }
            Err(error) => error.to_string(),
        };
        let again = Instant::now() + WAIT;
        server.standing.send_replace(Standing::Down { why: why.into(), again });
        tokio::time::sleep_until(again).await;
    }
}

async fn connect(server: &Arc<Server>) -> Result<RunningService<RoleClient, Arc<Relay>>, ClientInitializeError> {
    let relay = Arc::new(Relay::new(server.clone()));
    let lifecycle = ClientLifecycleMode::Auto {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        legacy_version: Some(ProtocolVersion::V_2025_11_25),
    };
    match &server.spec.reach {
        Reach::Child { .. } => {
            let transport = child::start(&server.spec)
                .map_err(|error| ClientInitializeError::ConnectionClosed(error.to_string()))?;
            serve_client_with_lifecycle(relay, transport, lifecycle).await
        }
        Reach::Http { url, headers } => {
            serve_client_with_lifecycle(relay, http::transport(url, headers), lifecycle).await
        }
    }
}

async fn read(running: &RunningService<RoleClient, Arc<Relay>>) -> Offer {
    let peer = running.peer();
    Offer {
        tools: peer.list_all_tools().await.unwrap_or_default(),
        prompts: peer.list_all_prompts().await.unwrap_or_default(),
        resources: peer.list_all_resources().await.unwrap_or_default(),
        templates: peer.list_all_resource_templates().await.unwrap_or_default(),
        capabilities: peer.peer_info().map(|info| info.capabilities.clone()).unwrap_or_default(),
        ..Offer::default()
    }
}
