//! Changes of lists, of which a modern server tells only where it is asked to.

use std::time::Duration;

use rmcp::model::{ServerNotification, SubscriptionFilter};
use rmcp::service::{Peer, RoleClient};
use tokio::time::Instant;

use super::fault::Fault;
use super::fault::Unread;
use super::supervise::LOOK;
use super::{Era, Link, Offer, Server};

/// The first pause after a stream of changes has ended; the longest is that of looks.
const PAUSE: Duration = Duration::from_secs(1);

/// Has the lists of `server` read anew when it says that they have changed. Never ends.
pub(super) async fn hear(server: &Server, link: &Link) {
    let filter = wanted(&server.offer());
    if link.era == Era::Modern && filter != SubscriptionFilter::default() {
        let mut pause = PAUSE;
        loop {
            let began = Instant::now();
            hear_once(server, &link.peer, filter.clone()).await;
            pause = if began.elapsed() > pause { PAUSE } else { (pause * 2).min(LOOK) };
            tokio::time::sleep(pause).await;
        }
    }
    std::future::pending().await
}

async fn hear_once(server: &Server, peer: &Peer<RoleClient>, filter: SubscriptionFilter) {
    let mut changes = match peer.listen(filter).await {
        Ok(changes) => changes,
        Err(error) => {
            let (server, why) =
                (&*server.spec.name, Fault::from(Unread::Failed("subscriptions/listen", error)).words());
            tracing::debug!(server, why, "an MCP server does not tell of changes");
            return;
        }
    };
    // What has changed before it was listened for was not heard.
    server.is_stale();
    while let Ok(Some(change)) = changes.next().await {
        if matches!(
            change,
            ServerNotification::ToolListChangedNotification(_)
                | ServerNotification::PromptListChangedNotification(_)
                | ServerNotification::ResourceListChangedNotification(_)
        ) {
            server.is_stale();
        }
    }
    // Perhaps it is not there any more.
    server.is_stale();
}

/// The changes that a server can tell of.
fn wanted(offer: &Offer) -> SubscriptionFilter {
    let can = &offer.capabilities;
    let mut filter = SubscriptionFilter::default();
    filter.tools_list_changed = can.tools.as_ref().and_then(|can| can.list_changed).filter(|can| *can);
    filter.prompts_list_changed = can.prompts.as_ref().and_then(|can| can.list_changed).filter(|can| *can);
    filter.resources_list_changed = can.resources.as_ref().and_then(|can| can.list_changed).filter(|can| *can);
    filter
}
