//! The hidden command that ends the children of a gateway that was killed.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use super::runtime;
use crate::mcp::upstream::keeper;

pub(super) fn run() -> anyhow::Result<ExitCode> {
    let runtime = runtime()?;
    runtime.block_on(async {
        // Whoever ends the gateway by a signal to all of its processes does not mean this one: its work begins then.
        let heard = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
        keeper::keep(tokio::io::stdin()).await;
        drop(heard);
    });
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}
