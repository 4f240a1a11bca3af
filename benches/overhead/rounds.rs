//! The rounds: nginx and the gateway in turns, section by section.

use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::runtime::Runtime;

use crate::latency::at_fixed_rate;
use crate::load::{self, Spent};
use crate::proxy::{Kind, Proxy};
use crate::report::{Metric, Table, median};
use crate::wire::{Mode, request};

/// Connections that are kept busy for CPU time.
const BUSY: usize = 32;
/// Streams that flow slowly at a time.
const FLOWING: usize = 64;
/// Streams of a burst at a time.
const BURSTING: usize = 8;
/// Streams held open for memory.
const HELD: usize = 1000;
/// Quiet before memory is read.
const QUIET: Duration = Duration::from_secs(1);

/// What can be measured by itself.
#[derive(Clone, Copy, Debug, PartialEq, clap::ValueEnum)]
pub enum Section {
    /// CPU time of a small request, requests a second.
    Request,
    /// CPU time of a request with a body of 100 KB.
    Body,
    /// CPU time of a chunk, streams that flow slowly.
    Chunk,
    /// CPU time of a chunk, streams as fast as they are taken.
    Burst,
    /// CPU time of the start of a stream.
    Start,
    /// Added latency and time to first token at a low fixed rate.
    Latency,
    /// Memory idle and with open streams.
    Memory,
}

/// Everything that a leg needs.
pub struct Bench<'a> {
    /// One thread: the load itself takes as little as it can.
    pub runtime: Runtime,
    /// The simulated upstream's port.
    pub upstream: u16,
    /// Which process is measured as the gateway.
    pub gateway: Kind<'a>,
    /// Model to ask for.
    pub model: &'a str,
    /// How long one leg lasts.
    pub length: Duration,
    /// Where the proxies run.
    pub folder: &'a Path,
    /// Direct latencies, for the note below the table.
    pub direct: RefCell<Vec<[f64; 4]>>,
}

/// Both proxies, running.
pub struct Pair {
    nginx: Proxy,
    gateway: Proxy,
}

impl Section {
    /// Every section, in the order of the table.
    pub const ALL: [Self; 7] =
        [Self::Request, Self::Body, Self::Chunk, Self::Burst, Self::Start, Self::Latency, Self::Memory];

    fn mode(self) -> Mode {
        match self {
            Self::Request | Self::Body | Self::Latency => Mode::Whole,
            Self::Chunk => Mode::Paced,
            Self::Burst => Mode::Burst,
            Self::Start => Mode::Short,
            Self::Memory => Mode::Hold,
        }
    }
}

impl Bench<'_> {
    /// Starts a proxy in a folder of its own.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(&self, kind: Kind, name: &str) -> Result<Proxy> {
        let request = request(self.model, Mode::Whole, 0);
        Proxy::start(kind, self.upstream, &self.folder.join(name), &request)
    }

    /// Starts both.
    ///
    /// # Errors
    /// One does not start.
    pub fn start_pair(&self, number: usize) -> Result<Pair> {
        Ok(Pair {
            nginx: self.start(Kind::Nginx, &format!("nginx-{number}"))?,
            gateway: self.start(self.gateway, &format!("gateway-{number}"))?,
        })
    }

    /// Measures one section once on both; who comes first alternates with the round.
    ///
    /// # Errors
    /// An answer is wrong or missing.
    pub fn round(&self, section: Section, number: usize, pair: &Pair, table: &mut Table) -> Result<()> {
        match section {
            Section::Latency => self.latency(pair, table),
            Section::Memory => self.memory(pair, table),
            _ => self.cpu(section, number, pair, table),
        }
        .with_context(|| format!("{section:?}, round {}", number + 1))
    }

    /// One leg of a section against one proxy.
    ///
    /// # Errors
    /// An answer is wrong or missing.
    pub fn leg(&self, section: Section, proxy: &Proxy, length: Duration) -> Result<Spent> {
        let size = if section == Section::Body { 100_000 } else { 0 };
        let request = request(self.model, section.mode(), size);
        self.runtime.block_on(async {
            match section {
                Section::Chunk | Section::Memory => load::flowing(proxy, &request, FLOWING, length).await,
                Section::Burst => load::steady(proxy, &request, BURSTING, length).await,
                _ => load::steady(proxy, &request, BUSY, length).await,
            }
        })
    }

    fn cpu(&self, section: Section, number: usize, pair: &Pair, table: &mut Table) -> Result<()> {
        let leg = |proxy| self.leg(section, proxy, self.length);
        let (nginx, gateway) = in_turn(number, || leg(&pair.nginx), || leg(&pair.gateway))?;
        let mut add = |metric, of: fn(&Spent) -> f64| table.add(metric, of(&nginx), of(&gateway));
        match section {
            Section::Request => {
                add(Metric::Request, Spent::micros_an_answer);
                add(Metric::Rate, Spent::answers_a_second);
            }
            Section::Body => add(Metric::Body, Spent::micros_an_answer),
            Section::Chunk => add(Metric::Chunk, Spent::micros_an_event),
            Section::Burst => add(Metric::Burst, Spent::micros_an_event),
            _ => add(Metric::Start, Spent::micros_an_answer),
        }
        Ok(())
    }

    fn latency(&self, pair: &Pair, table: &mut Table) -> Result<()> {
        let whole = request(self.model, Mode::Whole, 0);
        let short = request(self.model, Mode::Short, 0);
        let ports = [self.upstream, pair.nginx.port, pair.gateway.port];
        // Three times as long: the rarest hundredth needs many requests.
        let answers = at_fixed_rate(ports, &whole, self.length * 3)?;
        let streams = at_fixed_rate(ports, &short, self.length)?;
        let [direct, nginx, gateway] = std::array::from_fn(|place| {
            let (stream, answer) = (&streams[place], &answers[place]);
            [stream.first_token(0.5), answer.answer(0.5), answer.answer(0.9), answer.answer(0.99)]
        });
        let metrics = [Metric::FirstToken, Metric::Median, Metric::Slow, Metric::Slowest];
        for (index, metric) in metrics.into_iter().enumerate() {
            let added = |through: [f64; 4]| through[index] - direct[index];
            table.add(metric, added(nginx), added(gateway));
        }
        self.direct.borrow_mut().push(direct);
        Ok(())
    }

    /// Needs proxies that have served nothing but their first request.
    fn memory(&self, pair: &Pair, table: &mut Table) -> Result<()> {
        let [nginx, gateway] = [&pair.nginx, &pair.gateway].map(|proxy| self.hold(proxy));
        let (nginx, gateway) = (nginx?, gateway?);
        let metrics = [Metric::Idle, Metric::IdleShare, Metric::Open, Metric::Stream];
        for (index, metric) in metrics.into_iter().enumerate() {
            table.add(metric, nginx[index], gateway[index]);
        }
        Ok(())
    }

    fn hold(&self, proxy: &Proxy) -> Result<[f64; 4]> {
        let request = request(self.model, Mode::Hold, 0);
        std::thread::sleep(QUIET);
        let idle = proxy.process.memory()?;
        let streams = load::hold(proxy, &request, HELD);
        let streams = self.runtime.block_on(streams)?;
        std::thread::sleep(QUIET);
        let open = proxy.process.memory()?;
        drop(streams);
        let each = open.rss.saturating_sub(idle.rss) as f64 / HELD as f64;
        Ok([idle.rss as f64 / 1e6, idle.pss as f64 / 1e6, open.rss as f64 / 1e6, each / 1e3])
    }

    /// The direct latencies that have been taken off, as a note; none if there are none.
    pub fn direct_note(&self) -> Option<String> {
        let direct = self.direct.borrow();
        let middle = |index: usize| {
            let column: Vec<f64> = direct.iter().map(|leg| leg[index]).collect();
            median(&column)
        };
        (!direct.is_empty()).then(|| {
            format!(
                "Without a proxy: time to first token p50 {:.0} µs, latency p50 {:.0} µs, p99 {:.0} µs.",
                middle(0),
                middle(1),
                middle(3)
            )
        })
    }
}

impl Spent {
    fn micros_an_answer(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.answers as f64
    }

    fn micros_an_event(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.events as f64
    }

    fn answers_a_second(&self) -> f64 {
        self.answers as f64 / self.wall.as_secs_f64()
    }
}

/// Runs both, the second one first in every other round.
fn in_turn<T>(number: usize, first: impl FnOnce() -> Result<T>, second: impl FnOnce() -> Result<T>) -> Result<(T, T)> {
    if number.is_multiple_of(2) {
        let first = first()?;
        return Ok((first, second()?));
    }
    let second = second()?;
    Ok((first()?, second))
}
