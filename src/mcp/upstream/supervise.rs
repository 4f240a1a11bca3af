//! Keeps servers connected: connects, reads their lists, waits for the end, and begins again after a while.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use rmcp::model::ProtocolVersion;
use rmcp::service::{ClientLifecycleMode, RoleClient, RunningService, serve_client_with_lifecycle_and_ct};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::child::Child;
use super::fault::Fault;
use super::keeper::Keeper;
use super::pins::Pins;
use super::read;
use super::relay::Relay;
use super::{Era, Link, Means, Offer, Reach, Server, Standing, What, hear, http};
use crate::mcp::caught::caught;

/// How long a server may take from its start until it has answered; some load much before.
const CONNECTING: Duration = Duration::from_secs(60);
/// The first pause after a failure, and the longest.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A connection that lasted so long was a good one: the pause after it is a first one.
const GOOD: Duration = Duration::from_secs(30);
/// How long changes are waited for before lists are read anew: they often come together.
const GATHERING: Duration = Duration::from_millis(50);
/// The least time between two readings of lists, however often a server says that they have changed.
const APART: Duration = Duration::from_millis(200);
/// How often lists are read of a server that cannot tell of changes, and of one that only answers when it is asked.
pub(super) const LOOK: Duration = Duration::from_secs(60);
/// How long a connection may take to end before its child is ended.
const CLOSING: Duration = Duration::from_millis(500);
/// How often the keeper of children is looked after.
const KEEPER_LOOK: Duration = Duration::from_secs(2);
/// How long the SDK waits for an answer to the modern era's first question before it asks as the legacy era does.
const SILENCE: Duration = Duration::from_secs(10);

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
            is_silent: AtomicBool::new(false),
        };
        tasks.spawn(keeping.keep());
    }
    let mut end = pin!(end);
    let mut looks = tokio::time::interval(KEEPER_LOOK);
    loop {
        tokio::select! {
            () = &mut end => break,
            _ = looks.tick() => keeper.look(),
        }
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
    /// Did it leave the modern era's first question without an answer? It is not asked again then.
    is_silent: AtomicBool,
}

/// A connection that stands.
type Running = RunningService<RoleClient, Arc<Relay>>;

/// A child's stdout and stdin.
type Pipes = (ChildStdout, ChildStdin);

/// One try to connect, and the connection that comes of it.
#[derive(Default)]
struct Try {
    child: Option<Child>,
    /// Ends the connection.
    end: CancellationToken,
    /// When it stood.
    up: Option<Instant>,
}

impl Keeping {
    async fn keep(self) {
        let mut pause = PAUSE;
        loop {
            let mut this = Try::default();
            let fault = caught(self.stand(&mut this)).await.unwrap_or(Fault::Panicked);
            if this.up.is_some_and(|up| up.elapsed() >= GOOD) {
                pause = PAUSE;
            }
            let again = Instant::now() + pause.mul_f64(0.8 + 0.4 * fastrand::f64());
            // Whoever asks for it need not wait until its child has ended.
            self.is_down(&fault, this.child.as_mut(), again).await;
            // Drops the connection, and with it the child's stdin.
            this.end.cancel();
            if let Some(child) = this.child {
                child.end().await;
            }
            tokio::select! {
                biased;
                // The pause may be over by now: nobody is started at the end.
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep_until(again) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn is_down(&self, fault: &Fault, child: Option<&mut Child>, again: Instant) {
        if self.stop.is_cancelled() {
            return;
        }
        let ended = match child {
            Some(child) if fault.may_be_an_end() => child.has_ended().await,
            _ => None,
        };
        let why = ended.unwrap_or_else(|| fault.words());
        let retry_ms = again.saturating_duration_since(Instant::now()).as_millis() as u64;
        tracing::warn!(server = &*self.server.spec.name, why, retry_ms, "MCP server is down");
        self.server.is(Standing::Down { why: why.into(), again });
    }

    /// One connection from its beginning to its end, and why it ended.
    async fn stand(&self, this: &mut Try) -> Fault {
        let Try { child, end, up } = this;
        let pipes = match self.start(child) {
            Ok(pipes) => pipes,
            Err(error) => return error.into(),
        };
        let connecting = async {
            let running = self.connect(pipes, end).await?;
            let offer = read::read(running.peer(), &self.server.spec, &self.server.offer()).await?;
            Ok::<_, Fault>((running, offer))
        };
        let connected = tokio::select! {
            connected = timeout(CONNECTING, connecting) => connected,
            () = gone(child) => return Fault::Ended,
            () = self.stop.cancelled() => return Fault::Stopped,
        };
        let (running, offer) = match connected {
            Ok(Ok(connected)) => connected,
            Ok(Err(fault)) => return fault,
            Err(_) => return Fault::Late(CONNECTING),
        };
        let version = running.peer().peer_info().map(|info| info.protocol_version.clone()).unwrap_or_default();
        let (name, tools) = (&*self.server.spec.name, offer.tools.len());
        tracing::info!(server = name, version = version.as_str(), tools, "MCP server is up");
        self.publish(offer);
        let (peer, relay) = (running.peer().clone(), running.service().clone());
        let link = Arc::new(Link { peer: peer.clone(), era: Era::of(&version), version, relay });
        self.server.is(Standing::Up(link.clone()));
        *up = Some(Instant::now());
        let mut over = pin!(running.waiting());
        let fault = tokio::select! {
            _ = &mut over => return Fault::Ended,
            fault = self.follow(&link) => fault,
            () = gone(child) => Fault::Ended,
            () = self.stop.cancelled() => Fault::Stopped,
        };
        end.cancel();
        timeout(CLOSING, over).await.ok();
        fault
    }

    /// Starts the child, where there is one to be started; its stdout and its stdin.
    fn start(&self, child: &mut Option<Child>) -> io::Result<Option<Pipes>> {
        if let Reach::Http { .. } = self.server.spec.reach {
            return Ok(None);
        }
        let (started, stdout, stdin) = Child::start(&self.server, &self.keeper)?;
        *child = Some(started);
        Ok(Some((stdout, stdin)))
    }

    async fn connect(&self, pipes: Option<Pipes>, end: &CancellationToken) -> Result<Running, Fault> {
        let relay = Arc::new(Relay::new(self.server.clone()));
        let lifecycle = match self.is_silent.swap(false, Ordering::Relaxed) {
            true => ClientLifecycleMode::Initialize,
            false => ClientLifecycleMode::Auto {
                preferred_versions: vec![ProtocolVersion::V_2026_07_28],
                legacy_version: Some(ProtocolVersion::V_2025_11_25),
            },
        };
        let asks_first = lifecycle != ClientLifecycleMode::Initialize;
        let began = Instant::now();
        let connected = match (pipes, &self.server.spec.reach) {
            (None, Reach::Http { url, headers }) => {
                let transport = http::transport(self.means.client.clone(), url, headers);
                serve_client_with_lifecycle_and_ct(relay, transport, lifecycle, end.clone()).await
            }
            (Some(pipes), _) => serve_client_with_lifecycle_and_ct(relay, pipes, lifecycle, end.clone()).await,
            (None, Reach::Child { .. }) => return Err(Fault::Ended),
        };
        let running = connected.map_err(|error| Fault::Connect(Box::new(error)))?;
        let is_legacy = running.peer().peer_info().is_some_and(|info| Era::of(&info.protocol_version) == Era::Legacy);
        self.is_silent.store(is_legacy && (!asks_first || began.elapsed() >= SILENCE), Ordering::Relaxed);
        Ok(running)
    }

    /// Reads the lists anew when they may have changed, for as long as the connection stands.
    async fn follow(&self, link: &Link) -> Fault {
        let mut hearing = pin!(hear::hear(&self.server, link));
        let (mut last, mut is_behind) = (Instant::now(), false);
        loop {
            let looks = is_behind
                || !read::tells(&self.server.offer().capabilities)
                || matches!(self.server.spec.reach, Reach::Http { .. });
            let look = async { if looks { tokio::time::sleep(LOOK).await } else { std::future::pending().await } };
            tokio::select! {
                () = self.server.stale.notified() => {}
                () = &mut hearing => {}
                () = look => {}
            }
            tokio::time::sleep_until((Instant::now() + GATHERING).max(last + APART)).await;
            // What was said in between is read now, too.
            self.server.stale.notified().now_or_never();
            last = Instant::now();
            match read::read(&link.peer, &self.server.spec, &self.server.offer()).await {
                Ok(offer) => {
                    is_behind = false;
                    self.publish(offer);
                }
                // One that is late with a call under way may do one thing at a time; with none, it hangs.
                Err(error) if error.is_broken() || (error.is_late() && link.relay.is_idle()) => return error.into(),
                Err(error) => {
                    is_behind = true;
                    let (server, why) = (&*self.server.spec.name, Fault::from(error).words());
                    tracing::warn!(server, why, "the lists of an MCP server stay as they were");
                }
            }
        }
    }

    /// What it offers from now on. Those who listen hear of what has changed.
    fn publish(&self, mut offer: Offer) {
        let spec = &self.server.spec;
        let changed = self.pins.changed(&spec.name, &offer.tools, spec.pin);
        let before = self.server.offer();
        for tool in changed.iter().filter(|tool| !before.held.contains(tool)) {
            let server = &*spec.name;
            tracing::warn!(server, tool, "a tool of an MCP server is not what it was when it was first seen");
            if spec.pin {
                let words =
                    "it is held back; to accept it, end the gateway, remove it from mcp-tools.json, start again";
                tracing::warn!(server, tool, "{words}");
            }
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

/// Waits for the end of the child, of which its pipes say nothing where a process that it has started holds them.
async fn gone(child: &mut Option<Child>) {
    match child {
        Some(child) => child.gone().await,
        None => std::future::pending().await,
    }
}
