//! The client's own count beside the database's: so many requests, so many rows, so much money.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use tokio::runtime::Runtime;

use crate::load;
use crate::proxy::{Kind, Proxy};
use crate::wire::{Mode, request};
use crate::{BUSY, Options};

/// Rows and their sum in each database.
pub fn both(options: &Options, runtime: &Runtime, upstream: u16, folder: &Path) -> Result<()> {
    let file = folder.join("count").join("records.db");
    let mut databases = vec![("SQLite", "sqlite://records.db".to_owned())];
    databases.extend(options.postgres.clone().map(|url| ("PostgreSQL", url)));
    for (name, url) in databases {
        let before = if name == "SQLite" { (0, 0.0) } else { runtime.block_on(postgres(&url))? };
        let asked = ask(options, runtime, upstream, &folder.join("count"), &url)?;
        let after = if name == "SQLite" { sqlite(&file)? } else { runtime.block_on(postgres(&url))? };
        let (rows, sum) = (after.0 - before.0, after.1 - before.1);
        println!("{name}: {asked} answers, {rows} rows, {sum:.9} USD in all");
        ensure!(rows == asked, "{name} has {rows} rows of {asked} answers");
        let each = sum / rows as f64;
        ensure!((each * asked as f64 - sum).abs() < 1e-6, "the sum drifts");
    }
    Ok(())
}

/// Asks so often, ends the gateway as an operator would, and gives the number of answers.
fn ask(options: &Options, runtime: &Runtime, upstream: u16, folder: &Path, url: &str) -> Result<u64> {
    let variables = [("DATABASE_URL", url.to_owned())];
    let request = request(&options.model, Mode::Whole, 0);
    let gateway = Proxy::start(Kind::With(&variables), upstream, folder, &request)?;
    // The one answer that showed that it serves, and the load's own first ones.
    let asked = 1 + runtime.block_on(load::counted(&gateway, &request, BUSY, options.count - 1))?;
    drop(gateway);
    Ok(asked)
}

fn sqlite(file: &Path) -> Result<(u64, f64)> {
    let open = rusqlite::Connection::open(file)?;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<f64>>(1)?));
    let (rows, sum) = open.query_row("SELECT count(*), sum(cost) FROM llm_logs", [], row)?;
    Ok((rows.try_into()?, sum.context("no cost")?))
}

async fn postgres(url: &str) -> Result<(u64, f64)> {
    use sqlx::Connection as _;
    let mut open = sqlx::PgConnection::connect(url).await?;
    let there: Option<String> = sqlx::query_scalar("SELECT to_regclass('llm_logs')::text").fetch_one(&mut open).await?;
    if there.is_none() {
        return Ok((0, 0.0));
    }
    const COUNT: &str = "SELECT count(*), coalesce(sum(cost), 0)::float8 FROM llm_logs";
    let (rows, sum): (i64, f64) = sqlx::query_as(COUNT).fetch_one(&mut open).await?;
    Ok((rows.try_into()?, sum))
}
