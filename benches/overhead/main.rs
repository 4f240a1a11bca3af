//! What the gateway costs beside a plain reverse proxy: `cargo bench --bench overhead`.
//!
//! A simulated upstream answers at once. nginx (one worker, keep-alive, no buffering) and the
//! gateway stand before it in alternating rounds; printed are CPU time, added latency and memory
//! of both, their ratio, and the mark that the ratio should keep. Only Linux has what is read
//! here (`/proc`), and nginx must be installed: `apt-get install nginx-light`.
//!
//! It judges nothing: the exit status is 0 when everything could be measured.
//!
//! - `-- --quick`: three short rounds; `-- --rounds 15`: more of them.
//! - `-- --only request,burst`: these sections alone.
//! - `-- --gateway nginx`: nginx in both roles, which shows how far the figures can be trusted.
//! - `-- --gateway 'other --port {port} --upstream {upstream}'`: another gateway.
//! - `-- --only burst --profile 20`: load on the gateway for 20 s, its process id printed, so
//!   that a profiler can be attached; build with `CARGO_PROFILE_BENCH_DEBUG=1` and
//!   `CARGO_PROFILE_BENCH_STRIP=none` for names.

mod answer;
mod latency;
#[expect(dead_code, reason = "the other benchmark counts")]
mod load;
mod message;
mod nginx;
mod process;
mod proxy;
mod report;
mod rounds;
mod upstream;
mod wire;

use std::cell::RefCell;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::process::{machine_time, tree_time};
use crate::proxy::{Kind, Upstream};
use crate::report::Table;
use crate::rounds::{Bench, Section};

/// Open files that a thousand streams need: two connections each, and some room.
const FILES: u64 = 4096;
/// Rounds for memory, each with fresh processes.
const MEMORY_ROUNDS: usize = 3;

/// Measures the gateway beside nginx.
#[derive(Debug, Parser)]
#[command(name = "overhead")]
struct Options {
    /// Rounds, each with nginx and the gateway once.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Three rounds of a third of the length.
    #[arg(long)]
    quick: bool,
    /// Sections to measure; all of them without this.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Section>,
    /// Command of another gateway, `{port}` and `{upstream}` filled in; or `nginx`.
    #[arg(long, value_name = "COMMAND")]
    gateway: Option<String>,
    /// Model to ask for.
    #[arg(long, default_value = "gpt-4o-mini")]
    model: String,
    /// Keeps the first section's load on the gateway for this long and measures nothing else.
    #[arg(long, value_name = "SECONDS")]
    profile: Option<u64>,
    /// Be the simulated upstream.
    #[arg(long, hide = true)]
    upstream: bool,
    /// What cargo adds.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let mut options = Options::parse();
    raise_file_limit()?;
    if options.upstream {
        return upstream::serve(&options.model);
    }
    if options.only.is_empty() {
        options.only = Section::ALL.to_vec();
    }
    if options.quick {
        options.rounds = options.rounds.min(3);
    }
    let upstream = Upstream::start(&options.model)?;
    let folder = tempfile::tempdir()?;
    let bench = Bench {
        runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
        upstream: upstream.port,
        gateway: match options.gateway.as_deref() {
            None => Kind::With(&[]),
            Some("nginx") => Kind::Nginx,
            Some(text) => Kind::Command(text),
        },
        model: &options.model,
        length: Duration::from_millis(if options.quick { 700 } else { 2000 }),
        folder: folder.path(),
        direct: RefCell::default(),
    };
    match options.profile {
        Some(seconds) => profile(&bench, &options, Duration::from_secs(seconds)),
        None => measure(&bench, &options),
    }
}

/// All rounds, then the table.
fn measure(bench: &Bench, options: &Options) -> Result<()> {
    let mut table = Table::default();
    let has_memory = options.only.contains(&Section::Memory);
    let timed: Vec<Section> = Section::ALL
        .into_iter()
        .filter(|section| options.only.contains(section) && *section != Section::Memory)
        .collect();
    if !timed.is_empty() {
        let pair = bench.start_pair(0)?;
        let quiet = Quiet::watch()?;
        for number in 0..options.rounds {
            eprintln!("round {} of {}", number + 1, options.rounds);
            for section in &timed {
                bench.round(*section, number, &pair, &mut table)?;
            }
        }
        table.note(quiet.note()?);
    }
    for number in 0..options.rounds.min(MEMORY_ROUNDS) * usize::from(has_memory) {
        eprintln!("memory, round {}", number + 1);
        let pair = bench.start_pair(number + 1)?;
        bench.round(Section::Memory, number, &pair, &mut table)?;
    }
    if let Some(note) = bench.direct_note() {
        table.note(note);
    }
    println!("\n{table}");
    Ok(())
}

/// Load on the gateway alone.
fn profile(bench: &Bench, options: &Options, length: Duration) -> Result<()> {
    let section = *options.only.first().context("no section")?;
    let gateway = bench.start(bench.gateway, "gateway")?;
    println!("{section:?} on process {}", gateway.process.id());
    let spent = bench.leg(section, &gateway, length)?;
    println!("{spent:?}");
    Ok(())
}

/// How much of the machine went to something else.
struct Quiet {
    start: Instant,
    machine: Duration,
    own: Duration,
}

impl Quiet {
    fn watch() -> Result<Self> {
        Ok(Self { start: Instant::now(), machine: machine_time()?, own: tree_time(std::process::id())? })
    }

    fn note(&self) -> Result<String> {
        let machine = machine_time()?.saturating_sub(self.machine);
        let own = tree_time(std::process::id())?.saturating_sub(self.own);
        let other = machine.saturating_sub(own).as_secs_f64() / self.start.elapsed().as_secs_f64();
        Ok(format!(
            "Other work kept {other:.2} CPUs busy meanwhile{}.",
            if other > 0.1 { ": too much, repeat it on a quiet machine" } else { "" }
        ))
    }
}

/// Inherited by nginx and the gateway, which need it too.
fn raise_file_limit() -> Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    ensure!(hard >= FILES, "needs {FILES} open files: ulimit -n");
    setrlimit(Resource::RLIMIT_NOFILE, soft.max(FILES), hard)?;
    Ok(())
}
