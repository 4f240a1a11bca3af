//! The client's own count beside the database's: so many requests, so many rows, so much money.

use std::io::{Read, Write};
use std::net::TcpStream;
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
        let (asked, cost) = ask(options, runtime, upstream, &folder.join("count"), &url)?;
        let after = if name == "SQLite" { sqlite(&file)? } else { runtime.block_on(postgres(&url))? };
        let (rows, sum) = (after.0 - before.0, after.1 - before.1);
        println!("{name}: {asked} answers, {rows} rows, {sum:.9} USD in all");
        ensure!(rows == asked, "{name} has {rows} rows of {asked} answers");
        let expected = cost * asked as f64;
        ensure!((expected - sum).abs() < 1e-9, "{name}'s sum is not the client's own, which is {expected:.9}");
    }
    Ok(())
}

/// Asks so often, ends the gateway as an operator would, and gives the number of answers and what each said it cost.
fn ask(options: &Options, runtime: &Runtime, upstream: u16, folder: &Path, url: &str) -> Result<(u64, f64)> {
    let variables = [("DATABASE_URL", url.to_owned())];
    let request = request(&options.model, Mode::Whole, 0);
    let gateway = Proxy::start(Kind::With(&variables), upstream, folder, &request)?;
    let cost = cost(gateway.port, &request)?;
    // The one answer that showed that it serves, the one that told its cost, and all others.
    let asked = 2 + runtime.block_on(load::counted(&gateway, &request, BUSY, options.count.saturating_sub(2)))?;
    drop(gateway);
    Ok((asked, cost))
}

/// What one answer says that it cost, in USD.
fn cost(port: u16, request: &[u8]) -> Result<f64> {
    let mut connection = TcpStream::connect(("127.0.0.1", port))?;
    connection.write_all(request)?;
    let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
    while memchr::memmem::find(&head, b"\r\n\r\n").is_none() {
        let length = connection.read(&mut buffer)?;
        ensure!(length > 0, "no whole head");
        head.extend_from_slice(&buffer[..length]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let value = head.lines().find_map(|line| line.strip_prefix("x-gateway-cost-usd: "));
    Ok(value.context("no cost")?.trim().parse()?)
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
