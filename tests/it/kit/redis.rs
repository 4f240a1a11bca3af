//! A real Redis: a server of the test's own on a free port, which ends with the test.

use std::io;
use std::net::TcpListener;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::process::Process;
use super::wait::{PATIENCE, in_time};

/// A server of Redis. Nothing of it is kept, unless the test says so.
pub struct Redis {
    process: Option<Process>,
    folder: TempDir,
    port: u16,
    args: Vec<String>,
}

/// A new, empty Redis; `None`, said aloud, where there is no `redis-server`: `scripts/test` installs it.
pub async fn redis() -> Option<Redis> {
    redis_with(&[]).await
}

/// The same with more arguments, such as `--requirepass`.
pub async fn redis_with(args: &[&str]) -> Option<Redis> {
    if Command::new("redis-server").arg("--version").output().is_err() {
        let wanted = ["CI", "SDK_TESTS"].iter().any(|name| std::env::var_os(name).is_some());
        assert!(!wanted, "redis-server is missing; on Debian: apt-get install redis-server");
        eprintln!("no Redis: start the tests by scripts/test, or install redis-server");
        return None;
    }
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    let folder = TempDir::new().expect("a temporary folder");
    let mut redis = Redis { process: None, folder, port: 0, args };
    // Somebody may take the port before the server does.
    for _ in 0..5 {
        redis.port = free_port();
        if redis.try_start(&[]).await {
            return Some(redis);
        }
    }
    panic!("redis-server does not start: {}", redis.said());
}

impl Redis {
    /// What `REDIS_URL` is to be.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Host and port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Freezes it: its kernel still takes connections and bytes, and nobody answers.
    pub fn stop(&self) {
        self.process.as_ref().expect("it runs").signal(Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub fn cont(&self) {
        self.process.as_ref().expect("it runs").signal(Signal::SIGCONT);
    }

    /// Kills it; what it held is lost, unless it was saved.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again on the same port, and waits until it answers.
    pub async fn restart(&mut self) {
        self.kill();
        assert!(self.try_start(&[]).await, "it does not start again: {}", self.said());
    }

    /// Starts it again so that it answers `-LOADING` for some seconds, and waits until it does.
    pub async fn restart_loading(&mut self) {
        self.cli(&["DEBUG", "POPULATE", "3000", "filler"]).await;
        self.cli(&["SAVE"]).await;
        self.kill();
        let slowly = ["--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024"];
        assert!(self.try_start(&slowly).await, "it does not start again: {}", self.said());
        let said = self.try_cli(&["GET", "x"]).await;
        assert!(said.as_ref().is_err_and(|error| error.starts_with("LOADING")), "{said:?}");
    }

    /// Makes it somebody's replica: it can be read, and not written.
    pub async fn read_only(&self) {
        self.cli(&["REPLICAOF", "127.0.0.1", "1"]).await;
    }

    /// Makes it its own master again.
    pub async fn writable(&self) {
        self.cli(&["REPLICAOF", "NO", "ONE"]).await;
    }

    /// Every key there is, in order.
    pub async fn keys(&self) -> Vec<String> {
        let keys = self.cli(&["KEYS", "*"]).await;
        let mut keys: Vec<String> = serde_json::from_value(keys).expect("names");
        keys.sort();
        keys
    }

    /// One command; a refusal fails the test.
    pub async fn cli(&self, words: &[&str]) -> Value {
        self.try_cli(words).await.unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    /// One command and its answer, or the words in which it was refused.
    pub async fn try_cli(&self, words: &[&str]) -> Result<Value, String> {
        in_time("Redis", ask(&self.address(), words)).await.expect("a connection to Redis")
    }

    /// Its own log.
    fn said(&self) -> String {
        self.process.as_ref().map_or_else(String::new, |process| process.stdout() + &process.stderr())
    }

    /// Starts it, and waits until it answers, be it with a refusal. False where it ends instead.
    async fn try_start(&mut self, more: &[&str]) -> bool {
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.args(["--enable-debug-command", "local", "--daemonize", "no", "--loglevel", "warning"]);
        command.args(&self.args).args(more).current_dir(self.folder.path());
        let process = self.process.insert(Process::spawn(&mut command));
        let until = std::time::Instant::now() + PATIENCE;
        while process.is_running() && std::time::Instant::now() < until {
            if ask(&format!("127.0.0.1:{}", self.port), &["PING"]).await.is_ok() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        false
    }
}

/// A port that is free, and stays so while a server on it is started again: none that the system gives to whoever
/// asks for any, and none that another test was given.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let at = std::process::id().wrapping_mul(97).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 20_000 + u16::try_from(at % 12_000).expect("a small number");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// One command on a connection of its own.
async fn ask(address: &str, words: &[&str]) -> io::Result<Result<Value, String>> {
    let mut stream = BufReader::new(TcpStream::connect(address).await?);
    let mut command = format!("*{}\r\n", words.len());
    for word in words {
        command += &format!("${}\r\n{word}\r\n", word.len());
    }
    stream.write_all(command.as_bytes()).await?;
    answer(&mut stream).await
}

/// Reads an answer; what an array holds may be arrays.
async fn answer(stream: &mut BufReader<TcpStream>) -> io::Result<Result<Value, String>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let (kind, rest) = line.trim_end().split_at(1);
    let number = || rest.parse::<i64>().map_err(io::Error::other);
    Ok(Ok(match kind {
        "+" => rest.into(),
        "-" => return Ok(Err(rest.to_owned())),
        ":" => number()?.into(),
        "$" => match usize::try_from(number()?) {
            Err(_) => Value::Null,
            Ok(length) => {
                let mut bytes = vec![0; length + 2];
                stream.read_exact(&mut bytes).await?;
                String::from_utf8_lossy(&bytes[..length]).into()
            }
        },
        "*" => {
            let mut list = Vec::new();
            for _ in 0..number()? {
                match Box::pin(answer(stream)).await? {
                    Ok(one) => list.push(one),
                    Err(error) => return Ok(Err(error)),
                }
            }
            list.into()
        }
        _ => return Err(io::Error::other(line)),
    }))
}
