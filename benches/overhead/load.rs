//! The load for CPU time and memory: keep-alive connections, HTTP/1.1 written by hand.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::answer::Answer;
use crate::process::Process;
use crate::proxy::Proxy;

/// How long a proxy has to become quiet before its CPU time is read.
const SETTLE: Duration = Duration::from_millis(40);
/// How much longer than planned a leg may take before it counts as stuck.
const STUCK: Duration = Duration::from_secs(20);

/// What one leg cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// CPU time of the proxy.
    pub cpu: Duration,
    /// From the first request to the last answer.
    pub wall: Duration,
    /// Whole answers.
    pub answers: u64,
    /// Server-sent events in all answers.
    pub events: u64,
}

/// What has come back so far, on all connections.
#[derive(Debug, Default)]
struct Tally {
    answers: Cell<u64>,
    events: Cell<u64>,
}

/// One keep-alive connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// Keeps `connections` busy with one request after another.
///
/// # Errors
/// An answer is wrong or missing.
pub async fn steady(proxy: &Proxy, request: &[u8], connections: usize, length: Duration) -> Result<Spent> {
    varied(proxy, request, connections, length, |_| ()).await
}

/// The same, where `vary` changes each request before it is sent.
///
/// # Errors
/// An answer is wrong or missing.
pub async fn varied(
    proxy: &Proxy,
    request: &[u8],
    connections: usize,
    length: Duration,
    vary: impl Fn(&mut [u8]),
) -> Result<Spent> {
    let warm = Tally::default();
    let open = (0..connections).map(|_| async {
        let mut connection = Connection::open(proxy.port).await?;
        connection.exchange(request, &warm).await?;
        anyhow::Ok(connection)
    });
    let open = timeout(STUCK, try_join_all(open)).await.context("stuck")??;
    sleep(SETTLE).await;
    let (before, start, tally) = (proxy.process.cpu()?, Instant::now(), Tally::default());
    let work = open.into_iter().map(|mut connection| {
        let (tally, vary, mut request) = (&tally, &vary, request.to_vec());
        async move {
            while start.elapsed() < length {
                vary(&mut request);
                connection.exchange(&request, tally).await?;
            }
            anyhow::Ok(connection)
        }
    });
    // The connections stay open until the CPU time is read: closing them is no request.
    let open = timeout(length + STUCK, try_join_all(work));
    let open = open.await.context("stuck")??;
    let wall = start.elapsed();
    sleep(SETTLE).await;
    let spent = tally.spent(&proxy.process, &before, wall)?;
    drop(open);
    Ok(spent)
}

/// Asks so often, over `connections` connections; gives the number of whole answers.
///
/// # Errors
/// An answer is wrong or missing.
pub async fn counted(proxy: &Proxy, request: &[u8], connections: usize, count: u64) -> Result<u64> {
    let (tally, left) = (Tally::default(), Cell::new(count));
    let work = (0..connections).map(|_| async {
        let mut connection = Connection::open(proxy.port).await?;
        while left.get() > 0 {
            left.set(left.get() - 1);
            connection.exchange(request, &tally).await?;
        }
        anyhow::Ok(())
    });
    try_join_all(work).await?;
    Ok(tally.answers.get())
}

/// Counts events on `connections` endless streams that are all well under way.
///
/// # Errors
/// An answer is wrong, missing, or ends.
pub async fn flowing(proxy: &Proxy, request: &[u8], connections: usize, length: Duration) -> Result<Spent> {
    let mut open = hold(proxy, request, connections).await?;
    let tally = Tally::default();
    let mut read = async |length| {
        let each = open.iter_mut().map(|(c, answer)| c.follow(answer, &tally));
        match timeout(length, try_join_all(each)).await {
            Err(_) => Ok(()),
            Ok(ended) => ended.map(drop).and(Err(anyhow::anyhow!("a stream ended"))),
        }
    };
    read(length / 4).await?;
    let (before, start) = (proxy.process.cpu()?, Instant::now());
    tally.events.set(0);
    read(length).await?;
    tally.spent(&proxy.process, &before, start.elapsed())
}

/// Opens streams and reads each until its first token.
///
/// # Errors
/// An answer is wrong or missing.
pub async fn hold(proxy: &Proxy, request: &[u8], connections: usize) -> Result<Vec<(Connection, Answer)>> {
    let open = stream::iter(0..connections).map(|_| async {
        let mut connection = Connection::open(proxy.port).await?;
        // Grows again where it is needed: a thousand streams that stay silent need no room.
        connection.buffer = vec![0; 8 * 1024];
        connection.stream.write_all(request).await?;
        let mut answer = Answer::default();
        while !answer.has_token() {
            connection.read(&mut answer).await?;
        }
        answer.check()?;
        anyhow::Ok((connection, answer))
    });
    let open = open.buffer_unordered(32).try_collect();
    timeout(STUCK, open).await.context("stuck")?
}

impl Connection {
    async fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 64 * 1024] })
    }

    /// One request and its whole answer.
    async fn exchange(&mut self, request: &[u8], tally: &Tally) -> Result<()> {
        self.stream.write_all(request).await?;
        let mut answer = Answer::default();
        while !answer.done() {
            self.read(&mut answer).await?;
        }
        answer.check()?;
        tally.add(1, answer.events());
        Ok(())
    }

    /// Reads a stream to its end, counting events as they come.
    async fn follow(&mut self, answer: &mut Answer, tally: &Tally) -> Result<()> {
        while !answer.done() {
            let before = answer.events();
            self.read(answer).await?;
            tally.add(0, answer.events() - before);
        }
        Ok(())
    }

    async fn read(&mut self, answer: &mut Answer) -> Result<()> {
        let length = self.stream.read(&mut self.buffer).await?;
        answer.check_open(length)?;
        answer.push(&self.buffer[..length])
    }
}

impl Tally {
    fn add(&self, answers: u64, events: u64) {
        self.answers.set(self.answers.get() + answers);
        self.events.set(self.events.get() + events);
    }

    fn spent(&self, process: &Process, before: &crate::process::Cpu, wall: Duration) -> Result<Spent> {
        Ok(Spent { cpu: process.cpu()?.since(before), wall, answers: self.answers.get(), events: self.events.get() })
    }
}
