//! The real binary: its environment, its folder, its log.

use super::caller::Caller;
use super::database::Database;
use super::process::{Finished, Process};
use super::redis::Redis;
use super::upstream::{Kind, Upstream};
use nix::sys::signal::Signal;

use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use tempfile::TempDir;

/// The line that tells the address.
const STARTED: &str = "API server started on http://";

/// A gateway to be started. Nothing of this process's environment reaches it; retries are off (`LLM_RETRY=0`)
/// unless set.
pub fn gateway() -> GatewayBuilder {
    let args = ["serve", "--clock-from-stdin"].map(str::to_owned).to_vec();
    let env = [("API_PORT", "0"), ("LLM_RETRY", "0")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let folder = Arc::new(TempDir::new().expect("a temporary folder"));
    GatewayBuilder { program: env!("CARGO_BIN_EXE_ai-mcp-gateway").into(), args, env: env.into(), folder }
}

/// A command line with its environment and its folder.
pub struct GatewayBuilder {
    program: PathBuf,
    args: Vec<String>,
    env: BTreeMap<String, String>,
    folder: Arc<TempDir>,
}

impl GatewayBuilder {
    /// Configures the provider that this upstream plays, with a key that can be searched for.
    pub fn with(self, upstream: &Upstream) -> Self {
        let url = upstream.url();
        match upstream.kind() {
            Kind::OpenAi => {
                self.env("OPENAI_API_KEY", "sk-test-openai-SECRET").env("OPENAI_BASE_URL", format!("{url}/v1"))
            }
            Kind::Anthropic => {
                self.env("ANTHROPIC_API_KEY", "sk-ant-test-anthropic-SECRET").env("ANTHROPIC_BASE_URL", url)
            }
            Kind::OpenRouter => self
                .env("OPENROUTER_API_KEY", "sk-or-test-openrouter-SECRET")
                .env("OPENROUTER_BASE_URL", format!("{url}/api/v1")),
            Kind::Ollama | Kind::Compatible => {
                self.env("OSS_MODEL_ENABLED", "true").env("OSS_MODEL_ENDPOINT", url).env("OSS_MODEL_NAME", "llama3:8b")
            }
        }
    }

    /// Keeps its records in this database.
    pub fn database(self, database: &Database) -> Self {
        self.env("DATABASE_URL", database.url())
    }

    /// Shares what it knows with others by this Redis.
    pub fn redis(self, redis: &Redis) -> Self {
        self.env("REDIS_URL", redis.url())
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: impl ToString) -> Self {
        self.env.insert(name.to_owned(), value.to_string());
        self
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.to_owned());
        self
    }

    /// Another command line instead of `serve`.
    pub fn command<const N: usize>(mut self, args: [&str; N]) -> Self {
        self.args = args.map(str::to_owned).to_vec();
        self
    }

    /// Puts a file into its working directory (`.env`, `mcp.json`, …).
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.folder.path().join(name), content).expect("a file in the folder");
        self
    }

    /// Its working directory.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Works in the folder of an earlier gateway.
    pub fn in_folder_of(mut self, earlier: &Gateway) -> Self {
        self.folder = Arc::clone(&earlier.folder);
        self
    }

    /// Another program in the gateway's place; for the tests of the kit itself.
    pub fn program(mut self, program: &str) -> Self {
        self.program = program.into();
        self
    }

    /// Starts it and waits until it listens.
    pub async fn start(self) -> Gateway {
        let process = self.spawn();
        process.wait_for_stderr("line that tells the address", |log| address(log).is_some()).await;
        let base = format!("http://{}", address(&process.stderr()).expect("the line is there"));
        let secrets = self.env.iter().filter(|(_, value)| value.contains("SECRET"));
        let secrets = secrets.map(|(_, value)| value.clone()).collect();
        Gateway { process, caller: Caller::new(&base), folder: self.folder, secrets }
    }

    /// Starts it without waiting for anything: for `mcp` and other commands that talk on stdin and stdout.
    pub fn spawn(&self) -> Process {
        let mut command = Command::new(&self.program);
        command.args(&self.args).env_clear().envs(&self.env).current_dir(self.folder.path());
        Process::spawn(&mut command)
    }

    /// Runs a command that ends by itself.
    pub async fn run(self) -> Finished {
        self.spawn().finish().await
    }
}

/// A running gateway; it is called as a `Caller`.
pub struct Gateway {
    pub(super) process: Process,
    caller: Caller,
    folder: Arc<TempDir>,
    secrets: Vec<String>,
}

impl Gateway {
    /// A caller of its own for a spawned task.
    pub fn caller(&self) -> Caller {
        self.caller.clone()
    }

    /// Everything it wrote to stderr.
    pub fn log(&self) -> String {
        self.process.stderr()
    }

    /// Waits until its log contains this.
    pub async fn wait_for_log(&self, text: &str) {
        self.process.wait_for_stderr(&format!("{text:?} in the log"), |log| log.contains(text)).await;
    }

    /// Its working directory.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Fails if a key that it was given stands in its output, in a file it wrote, or in an answer it gave.
    pub fn assert_no_secrets(&self) {
        let mut places = vec![
            ("stderr".to_owned(), self.log().into_bytes()),
            ("stdout".to_owned(), self.process.stdout().into_bytes()),
            ("an answer".to_owned(), self.caller.transcript()),
        ];
        files(self.folder.path(), &mut places);
        for secret in &self.secrets {
            for (place, bytes) in &places {
                let found = memchr::memmem::find(bytes, secret.as_bytes()).is_some();
                assert!(!found, "{secret} stands in {place}");
            }
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Waits until it has ended.
    pub async fn exit(&mut self) -> ExitStatus {
        self.process.exit().await
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Memory it holds now, in KiB.
    pub fn rss_kib(&self) -> u64 {
        self.process.rss_kib()
    }
}

impl Deref for Gateway {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// Host and port from the log.
fn address(log: &str) -> Option<&str> {
    let (_, rest) = log.split_once(STARTED)?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || ".:[]-".contains(c)))?;
    Some(&rest[..end])
}

/// Every file below the folder but the `.env` that a test put there.
fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if entry.file_name() != ".env" {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap_or_default()));
        }
    }
}
