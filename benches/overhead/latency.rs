//! Latency at a low fixed rate, from a thread that blocks: no event loop adds its own time.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::answer::Answer;

/// Between two requests: 200 a second.
const GAP: Duration = Duration::from_millis(5);
/// The end of each wait is spent awake, since a sleep ends late.
const AWAKE: Duration = Duration::from_micros(300);
/// Requests before the measured ones.
const WARM: usize = 40;
/// Longest silence of a proxy.
const SILENCE: Duration = Duration::from_secs(10);

/// Latencies of one leg, in microseconds, sorted.
#[derive(Debug)]
pub struct Latencies {
    /// From the moment that the request was due until the first token or the whole answer.
    first: Vec<f64>,
    /// The same until the answer's end.
    whole: Vec<f64>,
}

impl Latencies {
    const fn new() -> Self {
        Self { first: Vec::new(), whole: Vec::new() }
    }

    /// Time to the first token, at a quantile from 0 to 1.
    pub fn first_token(&self, quantile: f64) -> f64 {
        at(&self.first, quantile)
    }

    /// Time to the answer's end, at a quantile from 0 to 1.
    pub fn answer(&self, quantile: f64) -> f64 {
        at(&self.whole, quantile)
    }
}

/// Sends requests to each port at the fixed rate for `length`, one connection each.
///
/// The ports take turns request by request, in another order each time: what the machine does
/// beside it meets all of them alike. A late answer delays the next request, whose latency still
/// counts from when it was due.
///
/// # Errors
/// An answer is wrong or missing.
pub fn at_fixed_rate<const N: usize>(ports: [u16; N], request: &[u8], length: Duration) -> Result<[Latencies; N]> {
    let mut latencies = [const { Latencies::new() }; N];
    let mut streams = Vec::new();
    for port in ports {
        streams.push(connect(port)?);
    }
    let start = Instant::now() + GAP;
    let turns = usize::try_from(length.as_millis() / GAP.as_millis())?;
    for number in 0..(WARM + turns) * N {
        let due = start + GAP * u32::try_from(number)? / u32::try_from(N)?;
        let (turn, place) = (number / N, number % N);
        let target = (turn + place) % N;
        wait_until(due);
        let (first, whole) = exchange(&mut streams[target], request)?;
        if turn >= WARM {
            let micros = |moment: Instant| (moment - due).as_secs_f64() * 1e6;
            latencies[target].first.push(micros(first));
            latencies[target].whole.push(micros(whole));
        }
    }
    for each in &mut latencies {
        each.first.sort_by(f64::total_cmp);
        each.whole.sort_by(f64::total_cmp);
    }
    Ok(latencies)
}

/// One request on a connection of its own.
///
/// # Errors
/// The answer is wrong or missing.
pub fn ask(port: u16, request: &[u8]) -> Result<()> {
    exchange(&mut connect(port)?, request).map(drop)
}

fn connect(port: u16) -> Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(SILENCE))?;
    Ok(stream)
}

/// Sends a request; when the first token had come, and when the end.
fn exchange(stream: &mut TcpStream, request: &[u8]) -> Result<(Instant, Instant)> {
    let mut buffer = [0; 16 * 1024];
    let mut answer = Answer::default();
    let mut first = None;
    stream.write_all(request)?;
    loop {
        let length = stream.read(&mut buffer)?;
        let now = Instant::now();
        answer.check_open(length)?;
        answer.push(&buffer[..length])?;
        if answer.has_token() {
            first.get_or_insert(now);
        }
        if answer.done() {
            answer.check()?;
            return Ok((first.unwrap_or(now), now));
        }
    }
}

fn wait_until(due: Instant) {
    let left = due.saturating_duration_since(Instant::now());
    std::thread::sleep(left.saturating_sub(AWAKE));
    while Instant::now() < due {
        std::hint::spin_loop();
    }
}

/// The nearest-rank quantile of sorted values.
fn at(sorted: &[f64], quantile: f64) -> f64 {
    let rank = (sorted.len() as f64 * quantile).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied().unwrap_or(f64::NAN)
}
