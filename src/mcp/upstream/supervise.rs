//! Keeps servers connected: connects, reads their lists, waits for the end, and begins again after a while.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{ProtocolVersion, ServerNotification, SubscriptionFilter};
use rmcp::service::{ClientLifecycleMode, Peer, RoleClient, RunningService, serve_client_with_lifecycle_and_ct};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::child::Child;
use super::fault::Fault;
use super::keeper::Keeper;
use super::pins::Pins;
use super::read;
use super::{Era, Link, Means, Offer, Reach, Server, Standing, What, http};
use crate::mcp::caught::caught;
use crate::mcp::dispatch::Relay;

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
            was_legacy: false,
        };
        tasks.spawn(keeping.keep());
    }
    tokio::select! {
        () = end => {}
        () = keeper.watch() => {}
    }
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
    /// Was it of the legacy era when it was connected last?
    was_legacy: bool,
}

/// A connection that stands.
type Running = RunningService<RoleClient, Arc<Relay>>;

impl Keeping {
    async fn keep(mut self) {
        let mut pause = PAUSE;
        while !self.stop.is_cancelled() {
            let began = Instant::now();
            let (fault, child) = self.once().await;
            if began.elapsed() >= GOOD {
                pause = PAUSE;
            }
            let again = Instant::now() + pause.mul_f64(0.8 + 0.4 * fastrand::f64());
            if matches!(fault, Fault::Stopped) {
                if let Some(child) = child {
                    child.end().await;
                }
                return;
            }
            // Calls that come while the child is being ended have somebody to tell them so.
            self.is_down(&fault, again);
            let ended = match child {
                Some(child) => child.end().await,
                None => None,
            };
            let fault = match ended {
                Some(status) if fault.is_silence() => Fault::Exited(status),
                _ => fault,
            };
            let why = self.is_down(&fault, again);
            let (server, retry_ms) = (&*self.server.spec.name, pause.as_millis() as u64);
            tracing::warn!(server, why, retry_ms, "MCP server is down");
            tokio::select! {
                () = tokio::time::sleep_until(again) => {}
                () = self.stop.cancelled() => return,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Calls fail from now on, in these words.
    fn is_down(&self, fault: &Fault, again: Instant) -> String {
        let why = fault.words();
        self.server.is(Standing::Down { why: why.as_str().into(), again });
        why
    }

    /// One connection from its beginning to its end, and why it ended. Its child, where it has one, has still to be
    /// ended.
    async fn once(&mut self) -> (Fault, Option<Child>) {
        let (mut child, ended, stop) = (None, CancellationToken::new(), self.stop.clone());
        let fault = tokio::select! {
            fault = caught(self.stand(&mut child, &ended)) => fault.unwrap_or(Fault::Panicked),
            () = stop.cancelled() => Fault::Stopped,
        };
        // Drops the connection, and with it the child's stdin.
        ended.cancel();
        (fault, child)
    }

    async fn stand(&mut self, child: &mut Option<Child>, ended: &CancellationToken) -> Fault {
        let connecting = async {
            let running = self.connect(child, ended).await?;
            let offer = read::read(running.peer(), &self.server.spec, &self.server.offer()).await?;
            Ok::<_, Fault>((running, offer))
        };
        let connected = timeout(CONNECTING, connecting).await;
        let (running, offer) = match connected {
            Ok(Ok(connected)) => connected,
            Ok(Err(fault)) => {
                self.was_legacy = false;
                return fault;
            }
            Err(_) => return Fault::Late(CONNECTING),
        };
        let version = running.peer().peer_info().map(|info| info.protocol_version.clone()).unwrap_or_default();
        let (name, tools) = (&*self.server.spec.name, offer.tools.len());
        tracing::info!(server = name, version = version.as_str(), tools, "MCP server is up");
        self.publish(offer);
        let (peer, relay) = (running.peer().clone(), running.service().clone());
        let link = Arc::new(Link { peer: peer.clone(), era: Era::of(&version), version, relay });
        self.was_legacy = link.era == Era::Legacy;
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
        let mut lifecycle = ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            legacy_version: Some(ProtocolVersion::V_2025_11_25),
        };
        let connected = match &self.server.spec.reach {
            Reach::Child { command, folder, .. } => {
                let started = Child::start(&self.server, &self.keeper);
                let started = started.map_err(|error| Fault::start(command, folder.as_deref(), &error));
                let (started, stdout, stdin) = started?;
                *child = Some(started);
                // One that says nothing to what it does not know costs ten seconds; not each time.
                if self.was_legacy {
                    lifecycle = ClientLifecycleMode::Initialize;
                }
                serve_client_with_lifecycle_and_ct(relay, (stdout, stdin), lifecycle, ended.clone()).await
            }
            Reach::Http { url, headers } => {
                let transport = http::transport(self.means.client.clone(), url, headers);
                serve_client_with_lifecycle_and_ct(relay, transport, lifecycle, ended.clone()).await
            }
        };
        connected.map_err(|error| Fault::Connect(Box::new(error)))
    }

    /// Reads the lists anew when they may have changed, for as long as the connection stands.
    async fn follow(&self, link: &Link) -> Fault {
        let mut hearing = pin!(self.hear(link));
        let mut is_behind = false;
        loop {
            let looks = is_behind
                || !read::tells(&self.server.offer().capabilities)
                || matches!(self.server.spec.reach, Reach::Http { .. });
            let look = async { if looks { tokio::time::sleep(LOOK).await } else { std::future::pending().await } };
            tokio::select! {
                () = self.server.stale.notified() => tokio::time::sleep(GATHERING).await,
                () = &mut hearing => {}
                () = look => {}
            }
            match read::read(&link.peer, &self.server.spec, &self.server.offer()).await {
                Ok(offer) => {
                    is_behind = false;
                    self.publish(offer);
                }
                // One that does something else may do one thing at a time; one that does nothing hangs.
                Err(error) if error.breaks() || (error.is_late() && link.relay.is_idle()) => return error.into(),
                Err(error) => {
                    is_behind = true;
                    let (server, why) = (&*self.server.spec.name, Fault::from(error).words());
                    tracing::warn!(server, why, "the lists of an MCP server stay as they were");
                }
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
        // Perhaps it is not there any more.
        self.server.is_stale();
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
