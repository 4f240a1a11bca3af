//! `check`: asks every provider, the database, Redis and other MCP servers, and says whether a request could be served.

use std::process::ExitCode;

use super::{runtime, tell};
use crate::app::{self, App};
use crate::clock::Clock;
use crate::config::Config;
use crate::provider::Standing;

pub(super) fn run(mut config: Config) -> anyhow::Result<ExitCode> {
    for warning in &config.warnings {
        println!("warning: {warning}");
    }
    let unless_keys = config.unless_keys.take();
    runtime()?.block_on(async {
        let app = App::build(config, Clock::real())?;
        if let Some(fault) = unless_keys
            && app.prepare().await == Some(false)
        {
            return Ok(tell(&[fault]));
        }
        let gateway = app.gateway()?;
        let mut could_serve = false;
        for entry in gateway.entries() {
            let (up, line) = gateway.check_line(entry).await;
            could_serve |= up && matches!(entry.standing, Standing::Ready(_));
            println!("{line}");
        }
        // A request can be served without either.
        println!("{}", gateway.database_line().await);
        println!("{}", gateway.redis_line().await);
        for line in app::look_at_servers(&app).await {
            println!("{line}");
        }
        println!();
        if could_serve {
            println!("A request could be served.");
            return Ok(ExitCode::SUCCESS);
        }
        println!("No request could be served.");
        Ok(ExitCode::FAILURE)
    })
}
