//! Who hears of changes: legacy sessions, and modern clients that listen.

mod news;
mod watching;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::ErrorData;
use rmcp::model::{ResourceUpdatedNotificationParam, SubscriptionFilter};
use rmcp::service::{Peer, RoleServer, SubscriptionContext};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::view::View;
use super::{Scope, catalog, resources};
use news::{News, Ticker};
pub(super) use watching::Watches;
use watching::Watching;

/// The most resources that one client hears of.
const MOST: usize = 256;

/// One session's place among those who hear of changes; it is given back when it is dropped.
pub(super) struct Seat {
    state: Arc<State>,
    end: CancellationToken,
    _end: DropGuard,
}

#[derive(Default)]
struct State {
    /// What is watched for this client, by the URI that it knows. `None` where it never changes.
    watched: Mutex<HashMap<String, Option<Watching>>>,
}

impl State {
    fn watched(&self) -> MutexGuard<'_, HashMap<String, Option<Watching>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The URIs that have changed, as this client knows them.
    fn updated(&self, news: &News) -> Vec<String> {
        let watched = self.watched();
        let told = watched.iter().filter_map(|(uri, watching)| Some((uri, watching.as_ref()?)));
        told.flat_map(|(uri, watching)| news.updated(uri, watching)).collect()
    }
}

impl Default for Seat {
    fn default() -> Seat {
        let end = CancellationToken::new();
        Seat { state: Arc::default(), _end: end.clone().drop_guard(), end }
    }
}

impl Seat {
    /// A legacy client has said that it is ready.
    pub(super) fn take(&self, view: &View, client: Peer<RoleServer>) {
        let ticker = Ticker::new(view.mcp.servers(), &view.scope);
        let (state, end) = (self.state.clone(), self.end.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = tell(ticker, &state, &client) => {}
                () = end.cancelled() => {}
            }
        });
    }

    /// A legacy client wants to hear of changes of a resource.
    ///
    /// # Errors
    /// Where nobody has it, its server does not tell of changes, or there are too many.
    pub(super) async fn subscribe(&self, view: &View, uri: &str) -> Result<(), ErrorData> {
        if self.state.watched().contains_key(uri) {
            return Ok(());
        }
        let watching = watch(view, uri).await?;
        let mut watched = self.state.watched();
        if watched.len() >= MOST {
            return Err(ErrorData::invalid_request(format!("{MOST} resources are subscribed to already"), None));
        }
        watched.insert(uri.to_owned(), watching);
        Ok(())
    }

    /// A legacy client has heard enough of a resource.
    pub(super) fn unsubscribe(&self, uri: &str) {
        self.state.watched().remove(uri);
    }
}

/// Has a resource watched at its server; `None` for one of the gateway's own.
async fn watch(view: &View, uri: &str) -> Result<Option<Watching>, ErrorData> {
    if is_own(view, uri) {
        return Ok(None);
    }
    view.mcp.settle().await;
    let Some(place) = catalog::place_of_uri(&view.mcp, &view.scope, uri) else {
        let data = serde_json::json!({"uri": uri});
        return Err(ErrorData::resource_not_found(format!("unknown resource: {uri}"), Some(data)));
    };
    Ok(Some(Watches::watch(&view.mcp, place).await?))
}

fn is_own(view: &View, uri: &str) -> bool {
    matches!(view.scope, Scope::All) && resources::listed().iter().any(|resource| resource.uri == uri)
}

/// Tells a legacy client of everything, for as long as it can be told.
async fn tell(mut ticker: Ticker, state: &State, client: &Peer<RoleServer>) {
    while let Some(news) = ticker.next().await {
        let told = async {
            if news.tools {
                client.notify_tool_list_changed().await?;
            }
            if news.prompts {
                client.notify_prompt_list_changed().await?;
            }
            if news.resources {
                client.notify_resource_list_changed().await?;
            }
            for uri in state.updated(&news) {
                client.notify_resource_updated(ResourceUpdatedNotificationParam::new(uri)).await?;
            }
            Ok::<(), rmcp::ServiceError>(())
        };
        if told.await.is_err() && client.is_transport_closed() {
            return;
        }
    }
}

/// What of `requested` a modern client will hear.
pub(super) fn accepted(view: &View, requested: &SubscriptionFilter) -> SubscriptionFilter {
    let mut accepted = requested.clone();
    if let Some(uris) = &mut accepted.resource_subscriptions {
        uris.retain(|uri| is_own(view, uri) || catalog::place_of_uri(&view.mcp, &view.scope, uri).is_some());
        uris.truncate(MOST);
    }
    accepted
}

/// Tells a modern client of what it asked for, until it has enough.
pub(super) async fn listen(view: &View, context: SubscriptionContext) -> Result<(), ErrorData> {
    let mut ticker = Ticker::new(view.mcp.servers(), &view.scope);
    let (sink, state) = (context.sink().clone(), State::default());
    let wanted = context.accepted().resource_subscriptions.clone().unwrap_or_default();
    let telling = async {
        let asked = wanted.into_iter().map(|uri| async { (watch(view, &uri).await, uri) });
        for (watching, uri) in futures_util::future::join_all(asked).await {
            // It was accepted before its server could be asked; one that does not tell of changes will not.
            state.watched().insert(uri, watching.ok().flatten());
        }
        while let Some(news) = ticker.next().await {
            let accepted = sink.accepted();
            if news.tools && accepted.tools_list_changed == Some(true) {
                sink.notify_tool_list_changed().await.ok();
            }
            if news.prompts && accepted.prompts_list_changed == Some(true) {
                sink.notify_prompt_list_changed().await.ok();
            }
            if news.resources && accepted.resources_list_changed == Some(true) {
                sink.notify_resource_list_changed().await.ok();
            }
            for uri in state.updated(&news) {
                sink.notify_resource_updated(uri).await.ok();
            }
        }
    };
    tokio::select! {
        () = telling => {}
        () = context.cancelled() => {}
    }
    Ok(())
}
