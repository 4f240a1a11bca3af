//! `serve`: the HTTP server.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::{runtime, tell};
use crate::app::{self, App};
use crate::clock::{Clock, Stepper};
use crate::config::Config;
use crate::plan::NoChain;
use crate::provider::Standing;
use crate::telemetry::log;

pub(super) fn run(config: Config, clock_from_stdin: bool) -> anyhow::Result<ExitCode> {
    let _log = log::start(&config.server.log);
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    raise_file_limit();
    warn_if_useless(&config);
    let runtime = runtime()?;
    let served = runtime.block_on(serve(config, clock_from_stdin));
    // Everything is closed; a read of stdin that never ends must not hold the process.
    runtime.shutdown_background();
    served
}

async fn serve(mut config: Config, clock_from_stdin: bool) -> anyhow::Result<ExitCode> {
    let address = (config.server.host.clone(), config.server.port);
    let listener = TcpListener::bind(&address)
        .await
        .with_context(|| format!("cannot listen on {}:{} (API_HOST, API_PORT)", address.0, address.1))?;
    let (clock, stepper) = match clock_from_stdin {
        true => Clock::stepped(),
        false => (Clock::real(), Stepper::default()),
    };
    let unless_keys = config.unless_keys.take();
    let app = App::build(config, clock)?;
    // Whoever cannot be asked may hold keys: until it can, nobody is let in.
    if let (Some(false), Some(fault)) = (app.prepare().await, unless_keys) {
        return Ok(tell(&[fault]));
    }
    let signals = signals(clock_from_stdin.then_some(stepper))?;
    app::serve(listener, app, signals).await?;
    Ok(ExitCode::SUCCESS)
}

/// Tells of each signal that wants the process to end. The end of a stdin that steps the clock is one too.
pub(super) fn signals(stepper: Option<Stepper>) -> std::io::Result<mpsc::Receiver<()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let (sender, receiver) = mpsc::channel(1);
    let stdin = sender.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if sender.send(()).await.is_err() {
                return;
            }
        }
    });
    if let Some(stepper) = stepper {
        tokio::spawn(async move {
            step_from_stdin(&stepper).await;
            stdin.send(()).await.ok();
        });
    }
    Ok(receiver)
}

/// Steps the clock as the lines of stdin say, until it ends.
async fn step_from_stdin(stepper: &Stepper) {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(ms) = line.trim().strip_prefix("advance ").and_then(|ms| ms.parse().ok()) {
            stepper.advance(Duration::from_millis(ms));
            println!("advanced");
        }
    }
}

/// A gateway with no provider starts all the same, and says so loudly.
fn warn_if_useless(config: &Config) {
    if config.roster.ready().next().is_some() {
        return;
    }
    let variables = config.roster.entries.iter().filter_map(|entry| match entry.standing {
        Standing::Unconfigured(variable) | Standing::Disabled(variable) => Some(variable),
        Standing::Ready(_) => None,
    });
    let nothing = NoChain::NothingConfigured(variables.collect());
    tracing::error!("{nothing} Until then every request is answered 503. To try everything without a key: --mock");
}

/// A connection is a file descriptor, and the usual limit of 1,024 is soon reached.
fn raise_file_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(rlimit::INFINITY) {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
}
