//! `mcp`: the MCP server on stdin and stdout. Nothing but its messages is ever written to stdout.

use std::process::ExitCode;

use super::runtime;
use super::serve::signals;
use crate::app::{self, App};
use crate::clock::Clock;
use crate::config::Config;
use crate::telemetry::log;

pub(super) fn run(mut config: Config) -> anyhow::Result<ExitCode> {
    let _log = log::start(&config.server.log);
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let key = config.mcp.key.take();
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        let app = App::build(config, Clock::real())?;
        Box::pin(app::serve_mcp(app, key, (tokio::io::stdin(), tokio::io::stdout()), signals(None)?)).await
    });
    // A read of stdin that never ends must not hold the process.
    runtime.shutdown_background();
    served.map(|()| ExitCode::SUCCESS)
}
