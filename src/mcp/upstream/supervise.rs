//! Keeps servers connected: connects, reads their lists, waits for the end, and begins again after a while.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{ProtocolVersion, ServerNotification, SubscriptionFilter};
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, Peer, RoleClient, RunningService, serve_client_with_lifecycle_and_ct,
};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::child::Child;
use super::keeper::Keeper;
use super::pins::Pins;
use super::read::{self, Unread};
use super::{Era, Link, Means, Offer, Reach, Server, Standing, What, http};
use crate::mcp::dispatch::Relay;
use crate::secret::scrub;

/// How long a server may take from its start until it has answered; some load much before.
const CONNECTING: Duration = Duration::from_secs(60);
/// The first pause after a failure, and the longest.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A connection that lasted so long was a good one: the pause after it is a first one.
const GOOD: Duration = Duration::from_secs(30);
/// How long changes are waited for before lists are read anew: they often come together.
const GATHERING: Duration = Duration::from_millis(50);
/// How often lists are read of a server that cannot tell of changes, and of one that only answers when it is asked.
const LOOK: Duration = Duration::from_secs(60);
/// How long a connection may take to end before its child is ended.
const CLOSING: Duration = Duration::from_millis(500);
/// The most of an error that is told, in characters.
const MOST_WORDS: usize = 300;

/// Keeps all of `servers` connected until `end`, then ends every child.
pub(super) async fn all(servers: &[Arc<Server>], means: Means, end: impl Future<Output = ()>) {
    let keeper = Arc::new(Keeper::new(means.surroundings.clone()));
    let pins = Arc::new(Pins::load(means.folder.clone()));
    let (means, stop) = (Arc::new(means), CancellationToken::new());
    let mut tasks = JoinSet::new();
    // A task each: whatever becomes of one, the others go on.
    for server in servers {
        let keeping = Keeping {
            server: server.clone(),
            means: means.clone(),
            keeper: keeper.clone(),
            pins: pins.clone(),
            stop: stop.clone(),
        };
        tasks.spawn(keeping.keep());
    }
    end.await;
    stop.cancel();
    while tasks.join_next().await.is_some() {}
}

/// One server, and what it is kept with.
struct Keeping {
    server: Arc<Server>,
    means: Arc<Means>,
    keeper: Arc<Keeper>,
    pins: Arc<Pins>,
    stop: CancellationToken,
}

/// A connection that stands.
type Running = RunningService<RoleClient, Arc<Relay>>;

/// Why there is no connection, or none any more.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("it cannot be started: {0}")]
    Start(#[from] std::io::Error),
    #[error("{0}")]
    Connect(#[from] Box<ClientInitializeError>),
    #[error("it has not answered within {limit} s", limit = CONNECTING.as_secs())]
    Late,
    #[error("{0}")]
    Unread(#[from] Unread),
    #[error("the connection has ended")]
    Ended,
    #[error("the gateway is about to end")]
    Stopped,
}

impl Keeping {
    async fn keep(self) {
        let mut pause = PAUSE;
        while !self.stop.is_cancelled() {
            let began = Instant::now();
            let fault = self.once().await;
            if self.stop.is_cancelled() {
                return;
            }
            if began.elapsed() >= GOOD {
                pause = PAUSE;
            }
            let why = fault.words();
            tracing::warn!(
                server = &*self.server.spec.name,
                why,
                retry_ms = pause.as_millis() as u64,
                "MCP server is down"
            );
            let again = Instant::now() + pause.mul_f64(0.8 + 0.4 * fastrand::f64());
            self.server.is(Standing::Down { why: why.into(), again });
            tokio::select! {
                () = tokio::time::sleep_until(again) => {}
                () = self.stop.cancelled() => return,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// One connection from its beginning to its end, and why it ended. Its child, where it has one, is ended with it.
    async fn once(&self) -> Fault {
        let (mut child, ended) = (None, CancellationToken::new());
        let fault = tokio::select! {
            fault = self.stand(&mut child, &ended) => fault,
            () = self.stop.cancelled() => Fault::Stopped,
        };
        // Drops the connection, and with it the child's stdin.
        ended.cancel();
        if let Some(child) = child {
            child.end().await;
        }
        fault
    }

    async fn stand(&self, child: &mut Option<Child>, ended: &CancellationToken) -> Fault {
        let connecting = async {
            let running = self.connect(child, ended).await?;
            let offer = read::read(running.peer(), &self.server.spec, &self.server.offer()).await?;
            Ok::<_, Fault>((running, offer))
        };
        let (running, offer) = match timeout(CONNECTING, connecting).await {
            Ok(Ok(connected)) => connected,
            Ok(Err(fault)) => return fault,
            Err(_) => return Fault::Late,
        };
        let version = running.peer().peer_info().map(|info| info.protocol_version.clone()).unwrap_or_default();
        let (name, tools) = (&*self.server.spec.name, offer.tools.len());
        tracing::info!(server = name, version = version.as_str(), tools, "MCP server is up");
        self.publish(offer);
        let (peer, relay) = (running.peer().clone(), running.service().clone());
        let link = Arc::new(Link { peer: peer.clone(), era: Era::of(&version), version, relay });
        self.server.is(Standing::Up(link.clone()));
        let mut over = pin!(running.waiting());
        tokio::select! {
            _ = &mut over => Fault::Ended,
            fault = self.follow(&link) => {
                ended.cancel();
                timeout(CLOSING, over).await.ok();
                fault
            }
        }
    }

    async fn connect(&self, child: &mut Option<Child>, ended: &CancellationToken) -> Result<Running, Fault> {
        let relay = Arc::new(Relay::new(self.server.clone()));
        let lifecycle = ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            legacy_version: Some(ProtocolVersion::V_2025_11_25),
        };
        let connected = match &self.server.spec.reach {
            Reach::Child { .. } => {
                let (started, stdout, stdin) = Child::start(&self.server.spec, &self.keeper)?;
                *child = Some(started);
                serve_client_with_lifecycle_and_ct(relay, (stdout, stdin), lifecycle, ended.clone()).await
            }
            Reach::Http { url, headers } => {
                let transport = http::transport(self.means.client.clone(), url, headers);
                serve_client_with_lifecycle_and_ct(relay, transport, lifecycle, ended.clone()).await
            }
        };
        connected.map_err(|error| Fault::Connect(Box::new(error)))
    }

    /// Reads the lists anew when they may have changed, for as long as they can be read.
    async fn follow(&self, link: &Link) -> Fault {
        let mut hearing = pin!(self.hear(link));
        loop {
            let looks =
                !read::tells(&self.server.offer().capabilities) || matches!(self.server.spec.reach, Reach::Http { .. });
            let look = async { if looks { tokio::time::sleep(LOOK).await } else { std::future::pending().await } };
            tokio::select! {
                () = self.server.stale.notified() => tokio::time::sleep(GATHERING).await,
                () = &mut hearing => {}
                () = look => {}
            }
            match read::read(&link.peer, &self.server.spec, &self.server.offer()).await {
                Ok(offer) => self.publish(offer),
                Err(error) => return error.into(),
            }
        }
    }

    /// Hears of changes from a modern server, which tells of them only where it is asked to. Never ends.
    async fn hear(&self, link: &Link) {
        let filter = wanted(&self.server.offer());
        if link.era == Era::Modern && filter != SubscriptionFilter::default() {
            loop {
                self.hear_once(&link.peer, filter.clone()).await;
                tokio::time::sleep(LOOK).await;
            }
        }
        std::future::pending().await
    }

    async fn hear_once(&self, peer: &Peer<RoleClient>, filter: SubscriptionFilter) {
        let mut changes = match peer.listen(filter).await {
            Ok(changes) => changes,
            Err(error) => {
                let server = &*self.server.spec.name;
                tracing::debug!(server, %error, "an MCP server does not tell of changes");
                return;
            }
        };
        // What has changed before it was listened for was not heard.
        self.server.is_stale();
        while let Ok(Some(change)) = changes.next().await {
            if matches!(
                change,
                ServerNotification::ToolListChangedNotification(_)
                    | ServerNotification::PromptListChangedNotification(_)
                    | ServerNotification::ResourceListChangedNotification(_)
            ) {
                self.server.is_stale();
            }
        }
    }

    /// What it offers from now on. Those who listen hear of what has changed.
    fn publish(&self, mut offer: Offer) {
        let spec = &self.server.spec;
        let changed = self.pins.changed(&spec.name, &offer.tools, spec.pin);
        let before = self.server.offer();
        for tool in changed.iter().filter(|tool| !before.held.contains(tool)) {
            let held = spec.pin;
            tracing::warn!(
                server = &*spec.name,
                tool,
                held,
                "a tool of an MCP server is not what it was when it was first seen"
            );
        }
        if spec.pin {
            offer.tools.retain(|tool| !changed.iter().any(|name| **name == *tool.name));
            offer.held = changed;
        }
        let tools = before.tools != offer.tools;
        let prompts = before.prompts != offer.prompts;
        let resources = before.resources != offer.resources || before.templates != offer.templates;
        self.server.offer.store(Arc::new(offer));
        for (_, what) in [(tools, What::Tools), (prompts, What::Prompts), (resources, What::Resources)]
            .into_iter()
            .filter(|(changed, _)| *changed)
        {
            self.server.tell(what);
        }
    }
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

impl Fault {
    /// The fault in words that are fit for a client: without keys, and not too many.
    fn words(&self) -> String {
        let words = match self {
            Fault::Connect(error) if error.is_authorization_required() => {
                "it refuses the gateway (401): set its credentials in `headers`".to_owned()
            }
            other => chain(other),
        };
        scrub(&words).chars().take(MOST_WORDS).collect()
    }
}

/// An error with what is behind it, each said once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        source = error.source();
    }
    words
}
