//! The only place where the parts are made and joined.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::api::accept::{Worker, accept};
use crate::api::{self, Load};
use crate::chain::RetryBudget;
use crate::clock::Clock;
use crate::config::Config;
use crate::gateway::{Gateway, Listings, Shared};
use crate::health::Health;
use crate::provider::Standing;
use crate::upstream::{Limits, Tls, Upstream};

/// The process's parts, joined.
pub struct App {
    shared: Arc<Shared>,
    limits: Limits,
    tls: Tls,
    api: api::Options,
    grace: Duration,
}

impl App {
    /// Makes the parts.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn build(config: Config, clock: Clock) -> anyhow::Result<App> {
        let health = Health::new(&config.roster, config.health, clock.clone());
        let shared = Shared {
            rules: config.rules,
            roster: config.roster,
            models: config.models,
            health,
            budget: RetryBudget::new(clock.now()),
            listings: Listings::default(),
            options: config.gateway,
            clock,
        };
        Ok(App {
            shared: Arc::new(shared),
            limits: config.upstream,
            tls: Tls::load()?,
            api: config.api,
            grace: config.server.grace,
        })
    }

    /// A gateway with connections of its own, for one thread.
    ///
    /// # Errors
    /// Where its client cannot be made.
    pub fn gateway(&self) -> anyhow::Result<Arc<Gateway>> {
        let models = self.shared.models.clone();
        let upstream = Upstream::new(self.limits, &self.shared.roster, models, &self.tls, self.shared.clock.clone())?;
        Ok(Arc::new(Gateway::new(self.shared.clone(), upstream)))
    }
}

/// Serves on `listener` until `shutdown` comes, then finishes what is under way, for as long as the grace lasts.
///
/// # Errors
/// Where the workers cannot be started.
pub async fn serve(listener: TcpListener, app: App, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let load = Arc::new(Load::default());
    let (ending, end) = watch::channel(());
    let workers = workers(&app, &load, &end)?;
    let checks = checks(&app)?;
    tokio::select! {
        () = accept(listener, &workers, end) => {}
        () = shutdown => {}
    }
    tracing::info!("draining: no new connections, finishing what is under way");
    load.drain();
    drop(ending);
    checks.into_iter().for_each(|check| check.abort());
    tokio::task::spawn_blocking(|| workers.into_iter().for_each(Worker::join)).await?;
    Ok(())
}

/// A worker for each core.
fn workers(app: &App, load: &Arc<Load>, end: &watch::Receiver<()>) -> anyhow::Result<Vec<Worker>> {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let start = |at: usize| {
        let (gateway, options, load) = (app.gateway()?, app.api.clone(), load.clone());
        let router = move || api::router(gateway, options, load);
        let worker: io::Result<Worker> = Worker::start(format!("worker-{at}"), end.clone(), app.grace, router);
        Ok(worker?)
    };
    (0..count).map(start).collect()
}

/// The checks of providers, for as long as the process serves. The first ones are told in a line each.
fn checks(app: &App) -> anyhow::Result<Vec<tokio::task::JoinHandle<()>>> {
    let gateway = app.gateway()?;
    tracing::info!("Checking LLM provider connectivity...");
    let mut tasks = Vec::new();
    for at in 0..gateway.entries().len() {
        let gateway = gateway.clone();
        tasks.push(tokio::spawn(async move {
            let entry = &gateway.entries()[at];
            let (_, line) = gateway.check_line(entry).await;
            tracing::info!("{line}");
            if let Standing::Ready(provider) = &entry.standing {
                gateway.clone().keep_checking(provider.clone()).await;
            }
        }));
    }
    Ok(tasks)
}
