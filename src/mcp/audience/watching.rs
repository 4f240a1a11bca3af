//! Resources that somebody wants to hear of, watched at their servers: each once, however many want to hear of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{
    ErrorCode, ServerNotification, SubscribeRequestParams, SubscriptionFilter, UnsubscribeRequestParams,
};
use rmcp::service::ServiceError;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::mcp::Mcp;
use crate::mcp::catalog::Place;
use crate::mcp::dispatch::Failure;
use crate::mcp::upstream::{Era, Link, Server, Standing, What};

/// The most resources that are watched.
const MOST: usize = 4096;
/// How long a server may take to say yes.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long until a stream of changes that has ended is opened again.
const AGAIN: Duration = Duration::from_secs(1);

/// A server's name, and a URI as that server has it.
type Key = (Arc<str>, Arc<str>);

/// What is watched.
#[derive(Default)]
pub(in crate::mcp) struct Watches(Mutex<HashMap<Key, Watched>>);

struct Watched {
    /// How many want to hear of it.
    count: usize,
    /// What its server said to it; `None` until then.
    said: watch::Receiver<Option<Result<(), ErrorData>>>,
    end: CancellationToken,
}

/// Somebody's wish to hear of a resource; it ends when it is dropped.
pub(super) struct Watching {
    mcp: Weak<Mcp>,
    key: Key,
}

impl Watching {
    /// The server's name, and the URI as that server has it.
    pub(super) fn key(&self) -> &Key {
        &self.key
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let Some(mcp) = self.mcp.upgrade() else { return };
        let mut watches = mcp.watches.lock();
        if let Some(watched) = watches.get_mut(&self.key) {
            watched.count -= 1;
            if watched.count == 0 {
                watched.end.cancel();
                watches.remove(&self.key);
            }
        }
    }
}

impl Watches {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Watched>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches what is at `place`, and waits until its server has said yes. A server that is away is asked later.
    ///
    /// # Errors
    /// Where it has said no, or too much is watched.
    pub(super) async fn watch(mcp: &Arc<Mcp>, place: Place) -> Result<Watching, ErrorData> {
        let server = place.server;
        let is_up = matches!(server.standing(), Standing::Up(_));
        if !may_tell(&server) {
            let words = format!("server `{}` does not tell of changes of resources", server.spec.name);
            return Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, words, None));
        }
        let Some(runtime) = mcp.servers().runtime() else {
            return Err(Failure::NotYet.error(&server.spec.name, &place.name));
        };
        let key: Key = (server.spec.name.clone(), Arc::from(place.name));
        let mut said = {
            let mut watches = mcp.watches.lock();
            if watches.len() >= MOST && !watches.contains_key(&key) {
                return Err(ErrorData::invalid_request(format!("{MOST} resources are watched already"), None));
            }
            let watched = watches.entry(key.clone()).or_insert_with(|| {
                let (saying, said) = watch::channel(None);
                let end = CancellationToken::new();
                let following = follow(server, key.1.clone(), saying);
                let until = end.clone();
                runtime.spawn(async move { following.until(until).await });
                Watched { count: 0, said, end }
            });
            watched.count += 1;
            watched.said.clone()
        };
        let watching = Watching { mcp: Arc::downgrade(mcp), key };
        if is_up && let Ok(Ok(said)) = tokio::time::timeout(PATIENCE, said.wait_for(Option::is_some)).await {
            said.clone().unwrap_or(Ok(()))?;
        }
        Ok(watching)
    }
}

/// Does `server` tell of changes of resources? Of one that is away, nobody knows.
pub(super) fn may_tell(server: &Server) -> bool {
    let can = server.offer().capabilities.resources.as_ref().is_some_and(|can| can.subscribe == Some(true));
    can || !matches!(server.standing(), Standing::Up(_))
}

/// One resource at its server, over all connections.
struct Following {
    server: Arc<Server>,
    uri: Arc<str>,
    saying: watch::Sender<Option<Result<(), ErrorData>>>,
}

fn follow(server: Arc<Server>, uri: Arc<str>, saying: watch::Sender<Option<Result<(), ErrorData>>>) -> Following {
    Following { server, uri, saying }
}

impl Following {
    async fn until(self, end: CancellationToken) {
        let mut standing = self.server.watch();
        loop {
            let link = tokio::select! {
                link = up(&mut standing) => link,
                () = end.cancelled() => return,
            };
            let Some(link) = link else { return };
            let began = tokio::select! {
                ended = self.over(&link, &end) => ended,
                () = gone(&mut standing, &link) => true,
            };
            if end.is_cancelled() {
                return;
            }
            if !began {
                // It has said no: it is asked again when it is connected anew, for it may be another by then.
                tokio::select! {
                    () = gone(&mut standing, &link) => {}
                    () = end.cancelled() => return,
                }
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Over one connection, until nobody wants to hear of it. False where the server has said no.
    async fn over(&self, link: &Link, end: &CancellationToken) -> bool {
        match link.era {
            Era::Legacy => {
                let asked = link.peer.subscribe(SubscribeRequestParams::new(&*self.uri));
                if !self.said(tokio::time::timeout(PATIENCE, asked).await.unwrap_or(Err(late()))) {
                    return false;
                }
                end.cancelled().await;
                let asked = link.peer.unsubscribe(UnsubscribeRequestParams::new(&*self.uri));
                tokio::time::timeout(PATIENCE, asked).await.ok();
                true
            }
            Era::Modern => {
                let filter = SubscriptionFilter::builder().resource_subscription(&*self.uri).build();
                let listening = tokio::time::timeout(PATIENCE, link.peer.listen(filter)).await;
                let mut listening = match listening.unwrap_or(Err(late())) {
                    Ok(listening) => listening,
                    Err(error) => return self.said(Err(error)),
                };
                self.said(Ok(()));
                loop {
                    tokio::select! {
                        () = end.cancelled() => {
                            tokio::time::timeout(PATIENCE, listening.cancel()).await.ok();
                            return true;
                        }
                        heard = listening.next() => match heard {
                            Ok(Some(ServerNotification::ResourceUpdatedNotification(_))) => self.tell(),
                            Ok(Some(_)) => {}
                            Ok(None) | Err(_) => return true,
                        },
                    }
                }
            }
        }
    }

    fn tell(&self) {
        self.server.tell(What::Resource(self.uri.clone()));
    }

    /// What the server said. After a connection was lost, nobody knows what has changed in the meantime.
    fn said(&self, said: Result<(), ServiceError>) -> bool {
        let yes = said.is_ok();
        let was_said = self.saying.borrow().is_some();
        if yes && was_said {
            self.tell();
        }
        self.saying.send_replace(Some(said.map_err(|error| match error {
            ServiceError::McpError(error) => error,
            _ => Failure::Broken("it did not answer".into()).error(&self.server.spec.name, &self.uri),
        })));
        yes
    }
}

fn late() -> ServiceError {
    ServiceError::Timeout { timeout: PATIENCE }
}

/// The connection, when there is one; `None` where there never will be.
async fn up(standing: &mut watch::Receiver<Standing>) -> Option<Arc<Link>> {
    let is_up = |standing: &Standing| matches!(standing, Standing::Up(link) if !link.peer.is_transport_closed());
    match &*standing.wait_for(is_up).await.ok()? {
        Standing::Up(link) => Some(link.clone()),
        _ => None,
    }
}

/// Waits until `link` is no longer the connection.
async fn gone(standing: &mut watch::Receiver<Standing>, link: &Arc<Link>) {
    let is_gone = |standing: &Standing| !matches!(standing, Standing::Up(other) if Arc::ptr_eq(other, link));
    standing.wait_for(is_gone).await.ok();
}
