//! What records, limits and the cache cost: `cargo bench --bench records`.
//!
//! Gateways that differ in one setting stand before the same simulated upstream, in turns: recording to SQLite and to
//! PostgreSQL beside none, a key with limits beside one without, answers from the cache beside new ones (all through the
//! cache, which keeps them).
//! Printed are the CPU time of a request and its difference. Then a hundred thousand requests are counted, and with them
//! the rows of each database and their sum.
//!
//! - `-- --postgres postgres://user@host:port/database`: an empty database; without it PostgreSQL is left out.
//! - `-- --rounds 15`, `-- --only sqlite,limits`, `-- --count 0` (no counting).

#[path = "../overhead/answer.rs"]
mod answer;
#[path = "../overhead/latency.rs"]
#[expect(dead_code, reason = "the other benchmark needs more of it")]
mod latency;
#[path = "../overhead/load.rs"]
#[expect(dead_code, reason = "the other benchmark needs more of it")]
mod load;
#[path = "../overhead/message.rs"]
mod message;
#[path = "../overhead/nginx.rs"]
mod nginx;
#[path = "../overhead/process.rs"]
#[expect(dead_code, reason = "the other benchmark needs more of it")]
mod process;
#[path = "../overhead/proxy.rs"]
#[expect(dead_code, reason = "the other benchmark needs more of it")]
mod proxy;
mod reconcile;
#[path = "../overhead/upstream.rs"]
mod upstream;
#[path = "../overhead/wire.rs"]
mod wire;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use tokio::runtime::Runtime;

use crate::proxy::{Kind, Proxy, Upstream};
use crate::wire::{Mode, request};

/// Connections that are kept busy.
const BUSY: usize = 32;

/// Measures what is kept of requests.
#[derive(Debug, Parser)]
#[command(name = "records")]
struct Options {
    /// Rounds, each with every gateway once.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Length of a leg, in milliseconds.
    #[arg(long, default_value_t = 2000)]
    length: u64,
    /// Comparisons to make; all of them without this.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Comparison>,
    /// Requests that are counted.
    #[arg(long, default_value_t = 100_000)]
    count: u64,
    /// An empty database on a PostgreSQL server.
    #[arg(long)]
    postgres: Option<String>,
    /// Model to ask for.
    #[arg(long, default_value = "gpt-4o-mini")]
    model: String,
    /// Be the simulated upstream.
    #[arg(long, hide = true)]
    upstream: bool,
    /// What cargo adds.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is held beside what.
#[derive(Clone, Copy, Debug, PartialEq, clap::ValueEnum)]
enum Comparison {
    /// Records in SQLite, beside none.
    Sqlite,
    /// Records in PostgreSQL, beside none.
    Postgres,
    /// A client key with limits, beside one without.
    Limits,
    /// Answers from the cache, beside new ones.
    Cache,
}

impl Comparison {
    const ALL: [Self; 4] = [Self::Sqlite, Self::Postgres, Self::Limits, Self::Cache];

    fn title(self) -> &'static str {
        match self {
            Self::Sqlite => "records in SQLite",
            Self::Postgres => "records in PostgreSQL",
            Self::Limits => "a key with limits",
            Self::Cache => "answers from the cache",
        }
    }

    /// The variables of the plain gateway, and of the one that is held beside it; `None` where something is missing.
    fn settings(self, options: &Options) -> Option<[Variables; 2]> {
        let set = |name, value: &str| vec![(name, value.to_owned())];
        let key = || set("GATEWAY_API_KEYS", "sk-bench");
        Some(match self {
            Self::Sqlite => [vec![], set("DATABASE_URL", "sqlite://records.db")],
            Self::Postgres => [vec![], set("DATABASE_URL", options.postgres.as_deref()?)],
            Self::Limits => [key(), [key(), set("RATE_LIMIT_RPM", "1000000000")].concat()],
            Self::Cache => [set("CACHE_TTL_SECONDS", "3600"), set("CACHE_TTL_SECONDS", "3600")],
        })
    }
}

/// Variables of a gateway.
type Variables = Vec<(&'static str, String)>;

fn main() -> Result<()> {
    let mut options = Options::parse();
    if options.upstream {
        return upstream::serve(&options.model);
    }
    if options.only.is_empty() {
        options.only = Comparison::ALL.to_vec();
    }
    let upstream = Upstream::start(&options.model)?;
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("{:<24} {:>12} {:>12} {:>9} {:>18}", "CPU a request", "without", "with", "ratio", "answers a second");
    for comparison in options.only.clone() {
        match comparison.settings(&options) {
            Some(settings) => compare(comparison, &settings, &options, &runtime, upstream.port, folder.path())?,
            None => println!("{:<24} left out: --postgres names no database", comparison.title()),
        }
    }
    if options.count > 0 {
        reconcile::both(&options, &runtime, upstream.port, folder.path())?;
    }
    Ok(())
}

/// Rounds of two gateways in turns, and the median of what each spent on a request.
fn compare(
    comparison: Comparison,
    settings: &[Variables; 2],
    options: &Options,
    runtime: &Runtime,
    upstream: u16,
    folder: &Path,
) -> Result<()> {
    let request = numbered(&request(&options.model, Mode::Whole, 0));
    let start = |at: usize| {
        Proxy::start(Kind::With(&settings[at]), upstream, &folder.join(format!("{comparison:?}-{at}")), &request)
    };
    let gateways = [start(0)?, start(1)?];
    let length = Duration::from_millis(options.length);
    let (mut cpu, mut rate) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for round in 0..options.rounds {
        for turn in 0..2 {
            let at = (round + turn) % 2;
            let fresh = comparison == Comparison::Cache && at == 0;
            let leg = load::varied(&gateways[at], &request, BUSY, length, |request| {
                if fresh {
                    number(request);
                }
            });
            let spent = runtime.block_on(leg)?;
            cpu[at].push(spent.cpu.as_secs_f64() * 1e6 / spent.answers as f64);
            rate[at].push(spent.answers as f64 / spent.wall.as_secs_f64());
        }
    }
    let ratios: Vec<f64> = cpu[0].iter().zip(&cpu[1]).map(|(without, with)| with / without).collect();
    println!(
        "{:<24} {:>9.1} µs {:>9.1} µs {:>9.3} {:>8.0} {:>9.0}",
        comparison.title(),
        median(&cpu[0]),
        median(&cpu[1]),
        median(&ratios),
        median(&rate[0]),
        median(&rate[1]),
    );
    Ok(())
}

/// A request with room for a number in its temperature.
fn numbered(request: &[u8]) -> Vec<u8> {
    const ROOM: &str = "0.7000000000000000";
    let text = String::from_utf8_lossy(request).replace("\"temperature\":0.7", &format!("\"temperature\":{ROOM}"));
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return request.to_vec() };
    let lines = head.split("\r\n").filter(|line| !line.starts_with("content-length"));
    let head: Vec<&str> = lines.collect();
    format!("{}\r\ncontent-length: {}\r\n\r\n{body}", head.join("\r\n"), body.len()).into_bytes()
}

/// Makes the request one that nobody has sent before: another temperature, of as many letters.
fn number(request: &mut [u8]) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    const FIELD: &[u8] = b"\"temperature\":0.";
    let Some(at) = memchr::memmem::find(request, FIELD) else { return };
    let digits = format!("{:016}", NEXT.fetch_add(1, Ordering::Relaxed));
    request[at + FIELD.len()..][..digits.len()].copy_from_slice(digits.as_bytes());
}

/// The middle value.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
