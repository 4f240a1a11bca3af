//! The other MCP servers: what is configured of each, what it offered last, and the connection while there is one.

pub(in crate::mcp) mod ask;
mod child;
mod fault;
mod hear;
mod http;
pub mod keeper;
mod line;
mod link;
pub(in crate::mcp) mod notes;
mod offer;
mod pins;
mod read;
pub(in crate::mcp) mod relay;
mod spec;
mod stderr;
mod supervise;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::runtime::Handle;
use tokio::sync::{Notify, broadcast, watch};
use tokio::time::Instant;

pub use keeper::Surroundings;
pub use link::{Era, Link};
pub use offer::Offer;
pub use spec::{Choice, Reach, Spec};

use crate::telemetry;

/// Changes that may wait for somebody who listens; who is further behind is told that everything may have changed.
const CHANGES: usize = 64;

/// The other servers of this process. Their connections live on one runtime, that of the thread that started them.
pub struct Servers {
    list: Vec<Arc<Server>>,
    runtime: OnceLock<Handle>,
    changes: broadcast::Sender<Change>,
}

/// One other server.
pub struct Server {
    /// What is configured of it.
    pub spec: Spec,
    offer: ArcSwap<Offer>,
    standing: watch::Sender<Standing>,
    /// Its lists have to be read anew.
    stale: Notify,
    /// The last line of its stderr.
    last_words: Mutex<String>,
    changes: broadcast::Sender<Change>,
}

/// What connections are made with.
#[derive(Clone)]
pub struct Means {
    /// For servers over HTTP: follows no redirects.
    pub client: reqwest::Client,
    /// What children are started with.
    pub surroundings: Surroundings,
    /// Where it is kept which tools were seen first; in memory alone where there is no folder.
    pub folder: Option<PathBuf>,
}

/// How a server is.
#[derive(Clone)]
pub enum Standing {
    /// It has not answered yet, nor failed.
    Starting,
    /// It answers.
    Up(Arc<Link>),
    /// It does not; it is tried again then.
    Down {
        /// What went wrong, fit for a client's eyes.
        why: Arc<str>,
        /// When it is tried again.
        again: Instant,
    },
}

/// Something that those who listen want to hear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The server's name.
    pub server: Arc<str>,
    /// What has changed there.
    pub what: What,
}

/// What may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The list of tools.
    Tools,
    /// The list of prompts.
    Prompts,
    /// The lists of resources and of their templates.
    Resources,
    /// One resource, by its URI at its server.
    Resource(Arc<str>),
}

impl Servers {
    /// Servers that are not started yet.
    pub fn new(specs: Vec<Spec>) -> Servers {
        let (changes, _) = broadcast::channel(CHANGES);
        let list = specs.into_iter().map(|spec| Arc::new(Server::new(spec, changes.clone()))).collect();
        Servers { list, runtime: OnceLock::new(), changes }
    }

    /// All of them, in the order of the file.
    pub fn all(&self) -> &[Arc<Server>] {
        &self.list
    }

    /// The one of this name or alias.
    pub fn named(&self, name: &str) -> Option<Arc<Server>> {
        self.list.iter().find(|server| server.spec.is_called(name)).cloned()
    }

    /// Tells of changes from now on.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// The runtime on which connections live; `None` before the start.
    pub fn runtime(&self) -> Option<&Handle> {
        self.runtime.get()
    }

    /// Keeps every server connected until `end`; then ends every child. Called once.
    pub async fn keep(&self, means: Means, end: impl Future<Output = ()>) {
        self.runtime.set(Handle::current()).ok();
        supervise::all(&self.list, means, end).await;
    }

    /// Waits until each server has answered or failed once, but no longer than `limit`.
    pub async fn settled(&self, limit: Duration) {
        let all = self.list.iter().map(|server| {
            let mut standing = server.standing.subscribe();
            async move {
                standing.wait_for(|standing| !matches!(standing, Standing::Starting)).await.ok();
            }
        });
        tokio::time::timeout(limit, futures_util::future::join_all(all)).await.ok();
    }
}

impl Server {
    fn new(spec: Spec, changes: broadcast::Sender<Change>) -> Server {
        let (standing, _) = watch::channel(Standing::Starting);
        Server {
            spec,
            offer: ArcSwap::default(),
            standing,
            stale: Notify::new(),
            last_words: Mutex::default(),
            changes,
        }
    }

    /// What it offered last.
    pub fn offer(&self) -> Arc<Offer> {
        self.offer.load_full()
    }

    /// How it is.
    pub fn standing(&self) -> Standing {
        self.standing.borrow().clone()
    }

    fn is(&self, standing: Standing) {
        telemetry::mcp_server(&self.spec.name, matches!(standing, Standing::Up(_)));
        self.standing.send_replace(standing);
    }

    /// How it is, and each time that this changes.
    pub fn watch(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Tells those who listen.
    pub fn tell(&self, what: What) {
        self.changes.send(Change { server: self.spec.name.clone(), what }).ok();
    }

    fn has_said(&self, words: &str) {
        words.clone_into(&mut self.last_words.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The last line of its stderr, for operators alone; empty where there is none.
    fn last_words(&self) -> String {
        self.last_words.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has its lists read anew soon.
    pub fn is_stale(&self) {
        self.stale.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str) -> Spec {
        let reach = Reach::Http { url: "http://127.0.0.1:1/mcp".to_owned(), headers: Vec::new() };
        let timeout = Duration::from_secs(1);
        Spec { name: Arc::from(name), alias: None, reach, tools: Choice::default(), timeout, pin: false }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_hangs_is_waited_for_no_longer_than_the_limit() {
        let servers = Servers::new(vec![spec("hangs"), spec("fails")]);
        let [hangs, fails] = servers.all() else { panic!("there are two") };
        fails.is(Standing::Down { why: "it is gone".into(), again: Instant::now() });
        let began = Instant::now();
        servers.settled(Duration::from_secs(10)).await;
        assert_eq!(began.elapsed().as_secs(), 10);
        assert!(hangs.told().2.contains("has not answered yet") && fails.told().2.contains("it is gone"));
        hangs.is(Standing::Down { why: "it is gone".into(), again: Instant::now() });
        servers.settled(Duration::from_secs(10)).await;
        assert_eq!(began.elapsed().as_secs(), 10, "nobody is waited for who has answered or failed");
    }
}
