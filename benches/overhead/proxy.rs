//! What stands between the load and the upstream: nginx, the gateway, or nothing.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use anyhow::{Context, Result, bail};

use crate::latency::ask;
use crate::nginx;
use crate::process::Process;

/// How long a proxy may take until it answers: an interpreter with many modules needs its time.
const START: Duration = Duration::from_secs(60);

/// Which proxy to start.
#[derive(Clone, Copy, Debug)]
pub enum Kind<'a> {
    /// The plain reverse proxy that everything is compared with.
    Nginx,
    /// This package's binary, with these variables laid over the benchmark's own.
    With(&'a [(&'a str, String)]),
    /// A command for the shell, with `{port}` and `{upstream}` to be filled in.
    Command(&'a str),
}

/// A proxy that answers.
#[derive(Debug)]
pub struct Proxy {
    /// Its port on 127.0.0.1.
    pub port: u16,
    /// Its processes.
    pub process: Process,
}

/// The simulated upstream's process, ended when dropped.
#[derive(Debug)]
pub struct Upstream {
    /// Its port on 127.0.0.1.
    pub port: u16,
    child: Child,
    /// Kept open: the port's line is all that it prints.
    _output: BufReader<ChildStdout>,
}

impl Proxy {
    /// Starts a proxy in an empty folder and waits until it has answered `request`.
    ///
    /// # Errors
    /// It cannot be started, ends, or does not answer.
    pub fn start(kind: Kind, upstream: u16, folder: &Path, request: &[u8]) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let port = free_port()?;
        let mut command = match kind {
            Kind::Nginx => nginx::command(port, upstream, folder)?,
            Kind::With(variables) => gateway(port, upstream, variables),
            Kind::Command(text) => shell(text, port, upstream),
        };
        let process =
            Process::start(&mut command, folder).with_context(|| format!("{kind:?}")).with_context(|| match kind {
                Kind::Nginx => nginx::INSTALL,
                _ => "the gateway",
            })?;
        let mut proxy = Self { port, process };
        proxy.wait(request).with_context(|| format!("{kind:?}"))?;
        Ok(proxy)
    }

    fn wait(&mut self, request: &[u8]) -> Result<()> {
        let start = Instant::now();
        loop {
            self.process.check()?;
            let Err(error) = ask(self.port, request) else {
                return Ok(());
            };
            if start.elapsed() > START {
                bail!("no answer: {error:#}\n{}", self.process.output());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Upstream {
    /// Starts this program again as the simulated upstream.
    ///
    /// # Errors
    /// It cannot be started or says no port.
    pub fn start(model: &str) -> Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .args(["--upstream", "--model", model])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut output = BufReader::new(child.stdout.take().context("no output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let port = line.trim().parse().context("the upstream said no port")?;
        Ok(Self { port, child, _output: output })
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The gateway as a user starts it, records and log file off.
fn gateway(port: u16, upstream: u16, variables: &[(&str, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ai-mcp-gateway"));
    command.arg("serve");
    settings(&mut command, port, upstream);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command
}

fn shell(text: &str, port: u16, upstream: u16) -> Command {
    let text =
        text.replace("{port}", &port.to_string()).replace("{upstream}", &format!("http://127.0.0.1:{upstream}/v1"));
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec {text}")]);
    settings(&mut command, port, upstream);
    command
}

/// The whole environment: nothing of the caller's own keys or proxies takes part.
fn settings(command: &mut Command, port: u16, upstream: u16) {
    command.env_clear();
    command.envs(["PATH", "HOME"].map(|name| (name, env::var_os(name).unwrap_or_default())));
    command
        .env("API_PORT", port.to_string())
        .env("OPENAI_API_KEY", "sk-bench")
        .env("OPENAI_BASE_URL", format!("http://127.0.0.1:{upstream}/v1"))
        .env("DATABASE_URL", "off")
        .env("LOG_FILE", "off")
        .env("LOG_LEVEL", "warn");
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
