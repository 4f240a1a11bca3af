//! Changes at servers, put together: one word for all that comes at once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::{Receiver, error::RecvError, error::TryRecvError};

use super::watching::Watching;
use crate::mcp::Scope;
use crate::mcp::upstream::{Change, Servers, What};

/// Changes that come so soon after one another are told together.
const TOGETHER: Duration = Duration::from_millis(50);

/// What has changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    pub(super) tools: bool,
    pub(super) prompts: bool,
    pub(super) resources: bool,
    uris: BTreeSet<(Arc<str>, Arc<str>)>,
    /// Some changes were missed: any resource may have changed.
    missed: bool,
}

/// Tells what has changed, as far as it concerns one client.
pub(super) struct Ticker {
    changes: Receiver<Change>,
    /// The server that this client sees; `None` for all.
    alone: Option<Arc<str>>,
}

impl Ticker {
    /// From now on, for a client that sees `scope`.
    pub(super) fn new(servers: &Servers, scope: &Scope) -> Ticker {
        let alone = match scope {
            Scope::All => None,
            Scope::One(server) => Some(server.spec.name.clone()),
        };
        Ticker { changes: servers.changes(), alone }
    }

    /// The next news; `None` where there will be none.
    pub(super) async fn next(&mut self) -> Option<News> {
        let mut news = News::default();
        while news == News::default() {
            match self.changes.recv().await {
                Ok(change) => self.add(&mut news, change),
                Err(RecvError::Lagged(_)) => news.miss(),
                Err(RecvError::Closed) => return None,
            }
        }
        tokio::time::sleep(TOGETHER).await;
        loop {
            match self.changes.try_recv() {
                Ok(change) => self.add(&mut news, change),
                Err(TryRecvError::Lagged(_)) => news.miss(),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return Some(news),
            }
        }
    }

    fn add(&self, news: &mut News, change: Change) {
        if self.alone.as_ref().is_some_and(|alone| *alone != change.server) {
            return;
        }
        match change.what {
            What::Tools => news.tools = true,
            What::Prompts => news.prompts = true,
            What::Resources => news.resources = true,
            What::Resource(uri) => {
                news.uris.insert((change.server, uri));
            }
        }
    }
}

impl News {
    fn miss(&mut self) {
        (self.tools, self.prompts, self.resources, self.missed) = (true, true, true, true);
    }

    /// Has what is `watched` as `uri` changed? A server may name something beneath it (docs: the legacy revisions'
    /// "Subscriptions"); it is told as what the client knows.
    pub(super) fn updated(&self, uri: &str, watched: &Watching) -> Option<String> {
        let (server, known) = watched.key();
        let is_it = |(at, changed): &(Arc<str>, Arc<str>)| {
            let beneath = changed.strip_prefix(&**known);
            at == server && beneath.is_some_and(|rest| rest.is_empty() || known.ends_with('/') || rest.starts_with('/'))
        };
        (self.missed || self.uris.iter().any(is_it)).then(|| uri.to_owned())
    }
}
