//! The only place where the parts are made and joined.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::admit::Admit;
use crate::api::accept::{End, Worker, accept};
use crate::api::{self, Load};
use crate::cache::Cache;
use crate::chain::RetryBudget;
use crate::clock::Clock;
use crate::config::Config;
use crate::gateway::{Flags, Gateway, Listings, Shared, replicas, status};
use crate::health::Health;
use crate::mcp::http::Services;
use crate::mcp::upstream::Means;
use crate::mcp::{Mcp, http, stdio};
use crate::provider::Standing;
use crate::record::{Recorder, Writing};
use crate::secret::Secret;
use crate::shared::Board;
use crate::store::Store;
use crate::upstream::{Limits, Tls, Upstream, plain_client};

/// The longest that the start waits for the database.
const START_WAITS: Duration = Duration::from_millis(750);
/// The longest that the line about the server waits for the first checks.
const START_LINE_WAITS: Duration = Duration::from_millis(500);

/// How long `check` waits for other MCP servers: longer than an old one needs that does not answer a question that it
/// does not know, which is waited for for ten seconds.
const LOOK: Duration = Duration::from_secs(12);

/// The process's parts, joined.
pub struct App {
    shared: Arc<Shared>,
    /// What replicas share, for this thread; each worker's gateway has its own connection.
    board: Board,
    limits: Limits,
    tls: Tls,
    api: api::Options,
    mcp: Arc<Mcp>,
    means: Means,
    grace: Duration,
    /// How long records are kept; `None` for ever.
    retention: Option<Duration>,
    /// The thread that writes records, where there is a database.
    writing: Option<Writing>,
}

impl App {
    /// Makes the parts.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn build(config: Config, clock: Clock) -> anyhow::Result<App> {
        let health = Health::new(&config.roster, config.health, clock.clone());
        let database = &config.storage.database;
        let store = Store::new(database)?;
        let (recorder, writing) = match &store {
            Some(store) => {
                let (recorder, writing) = Recorder::start(store, database.folder().to_owned())?;
                (recorder, Some(writing))
            }
            None => (Recorder::off(), None),
        };
        let folder = database.folder().to_owned();
        let tls = Tls::load()?;
        let means = Means {
            client: plain_client(&tls, config.upstream.connect)?,
            surroundings: config.mcp.surroundings,
            folder: store.is_some().then(|| folder.clone()),
        };
        let admit = Admit::new(config.admit, folder, store.clone(), clock.clone());
        let shared = Shared {
            rules: config.rules,
            roster: config.roster,
            models: config.models,
            health,
            budget: RetryBudget::new(clock.now()),
            listings: Listings::default(),
            options: config.gateway,
            flags: Flags::new(config.generation.weights),
            recorder,
            store,
            cache: Cache::new(config.cache, clock.clone()),
            admit,
            clock,
        };
        Ok(App {
            shared: Arc::new(shared),
            board: Board::new(&config.shared),
            limits: config.upstream,
            tls,
            api: config.api,
            mcp: Arc::new(Mcp::new(config.mcp.servers)),
            means,
            grace: config.server.grace,
            retention: config.storage.retention,
            writing,
        })
    }

    /// Opens the database and reads what it must be asked for before the first request, where it can be had so soon.
    /// Says whether callers need a key; `None` where that is not known.
    pub async fn prepare(&self) -> Option<bool> {
        let admit = &self.shared.admit;
        let reading = async {
            if let Some(store) = &self.shared.store {
                store.open().await?;
            }
            admit.load().await
        };
        tokio::time::timeout(START_WAITS, reading).await.ok()?.ok()
    }

    /// A gateway with connections of its own, for one thread.
    ///
    /// # Errors
    /// Where its client cannot be made.
    pub fn gateway(&self) -> anyhow::Result<Arc<Gateway>> {
        let models = self.shared.models.clone();
        let upstream = Upstream::new(self.limits, &self.shared.roster, models, &self.tls, self.shared.clock.clone())?;
        Ok(Arc::new(Gateway::new(self.shared.clone(), upstream, self.board.apart())))
    }
}

/// Serves on `listener` until the first of `signals` comes, then finishes what is under way, for as long as the grace
/// lasts or until a second one.
///
/// # Errors
/// Where the workers cannot be started.
pub async fn serve(listener: TcpListener, mut app: App, mut signals: mpsc::Receiver<()>) -> anyhow::Result<()> {
    let load = Arc::new(Load::default());
    let (ending, end) = watch::channel(None);
    let sessions = CancellationToken::new();
    let workers = workers(&app, &load, &end, &sessions)?;
    let servers = Servers::start(&app);
    let address = listener.local_addr()?;
    let mut checks = checks(&app, Some(address))?;
    let mut keeping = keep(&app);
    tokio::select! {
        () = accept(listener, &workers) => {}
        _ = signals.recv() => {}
    }
    load.drain();
    tracing::info!("draining: no new connections, finishing what is under way");
    checks.abort_all();
    keeping.abort_all();
    let until = Instant::now() + app.grace;
    // Connections that are kept are answered until then, so that whoever asks learns that this process is not ready.
    let hurry = tokio::select! {
        () = load.idle() => false,
        () = tokio::time::sleep_until(until) => false,
        Some(()) = signals.recv() => true,
    };
    // Streams of notifications never end by themselves.
    sessions.cancel();
    ending.send_replace(Some(if hurry { Instant::now() } else { until }));
    let writing = app.writing.take();
    let mut joining = tokio::task::spawn_blocking(|| {
        workers.into_iter().for_each(Worker::join);
        // Nobody is left who could record anything.
        writing.into_iter().for_each(Writing::finish);
    });
    let joined = tokio::select! {
        joined = &mut joining => joined,
        Some(()) = signals.recv() => {
            ending.send_replace(Some(Instant::now()));
            joining.await
        }
    };
    servers.end().await;
    Ok(joined?)
}

/// Serves one client of MCP over two byte streams, until it hangs up or the first of `signals` comes.
///
/// # Errors
/// Where the parts for it cannot be made.
pub async fn serve_mcp<R, W>(
    mut app: App,
    key: Option<Secret>,
    (reader, writer): (R, W),
    mut signals: mpsc::Receiver<()>,
) -> anyhow::Result<()>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let gateway = app.gateway()?;
    let servers = Servers::start(&app);
    // Whoever asks at once is answered at once: nothing of this is waited for.
    let mut keeping = keep(&app);
    let mut checks = checks(&app, None)?;
    let end = CancellationToken::new();
    let serving = stdio::serve(app.mcp.clone(), gateway, key, reader, writer, end.clone());
    let mut serving = pin!(serving);
    tokio::select! {
        () = &mut serving => {}
        _ = signals.recv() => {
            end.cancel();
            serving.await;
        }
    }
    checks.abort_all();
    keeping.abort_all();
    servers.end().await;
    let writing = app.writing.take();
    tokio::task::spawn_blocking(|| writing.into_iter().for_each(Writing::finish)).await?;
    Ok(())
}

/// How the other MCP servers are, once each has been tried, in a line each.
pub async fn look_at_servers(app: &App) -> Vec<String> {
    let servers = Servers::start(app);
    app.mcp.servers().settled(LOOK).await;
    let told = app.mcp.servers().all().iter().map(|server| {
        let (name, up, words) = server.told();
        status::line(&name, up, &words)
    });
    let lines = told.collect();
    servers.end().await;
    lines
}

/// The other MCP servers, kept connected beside everything else.
struct Servers {
    keeping: JoinHandle<()>,
    end: CancellationToken,
}

impl Servers {
    fn start(app: &App) -> Servers {
        let (mcp, means, end) = (app.mcp.clone(), app.means.clone(), CancellationToken::new());
        let until = end.clone().cancelled_owned();
        Servers { keeping: tokio::spawn(async move { mcp.servers().keep(means, until).await }), end }
    }

    /// Ends their connections and every child.
    async fn end(self) {
        self.end.cancel();
        self.keeping.await.ok();
    }
}

/// What goes on beside requests for as long as the process serves: the database is opened when it can be had, flags and
/// client keys are as it has them, Redis is looked at, what is seen here and at other replicas is exchanged, and old
/// records are deleted.
fn keep(app: &App) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    if let Some(store) = app.shared.store.clone() {
        let clock = app.shared.clock.clone();
        tasks.spawn(async move { store.keep(&clock).await });
        let shared = app.shared.clone();
        tasks.spawn(async move { shared.admit.keep().await });
    }
    let board = app.board.clone();
    tasks.spawn(async move { board.keep().await });
    tasks.spawn(replicas::share(app.shared.clone(), app.board.clone()));
    if let Some(store) = app.shared.store.clone() {
        let shared = app.shared.clone();
        tasks.spawn(async move { shared.flags.follow(&store).await });
    }
    if let (Some(store), Some(retention)) = (app.shared.store.clone(), app.retention) {
        let clock = app.shared.clock.clone();
        tasks.spawn(async move { store.keep_tidy(retention, &clock).await });
    }
    tasks
}

/// A worker for each core.
fn workers(app: &App, load: &Arc<Load>, end: &End, sessions: &CancellationToken) -> anyhow::Result<Vec<Worker>> {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let of_mcp = http::Options { longest_body: app.api.longest_body, end: sessions.clone() };
    let start = |at: usize| {
        let (gateway, options, load) = (app.gateway()?, app.api.clone(), load.clone());
        let mcp = Services::new(&app.mcp, &gateway, &of_mcp);
        let router = {
            let load = load.clone();
            move || api::router(gateway, mcp, options, load)
        };
        let worker: io::Result<Worker> =
            Worker::start(format!("worker-{at}"), load, end.clone(), app.shared.clock.clone(), router);
        Ok(worker?)
    };
    (0..count).map(start).collect()
}

/// The checks of providers, for as long as the process serves. The first ones are told in a line each, and then where
/// the server listens, which it does already: that line waits for the checks, but not for long.
fn checks(app: &App, address: Option<SocketAddr>) -> anyhow::Result<JoinSet<()>> {
    let gateway = app.gateway()?;
    tracing::info!("Checking LLM provider connectivity...");
    let mut tasks = JoinSet::new();
    let (checking, mut checked) = mpsc::channel::<()>(1);
    for at in 0..gateway.entries().len() {
        let (gateway, checking) = (gateway.clone(), checking.clone());
        tasks.spawn(async move {
            let entry = &gateway.entries()[at];
            let (_, line) = gateway.check_line(entry).await;
            tracing::info!("{line}");
            drop(checking);
            if let Standing::Ready(provider) = &entry.standing {
                gateway.clone().keep_checking(provider.clone()).await;
            }
        });
    }
    drop(checking);
    let Some(address) = address else { return Ok(tasks) };
    tasks.spawn(async move {
        // Nothing is ever sent: the wait ends when the last first check is over.
        tokio::time::timeout(START_LINE_WAITS, checked.recv()).await.ok();
        tracing::info!("API server started on http://{address}");
    });
    Ok(tasks)
}
