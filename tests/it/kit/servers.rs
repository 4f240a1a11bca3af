//! Other MCP servers: `tests/mcp/child.py` as entries of `mcp.json`, over stdio or HTTP, and what happened to them.

use super::gateway::{Gateway, GatewayBuilder};
use super::process::Process;
use super::wait::{PATIENCE, eventually};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The protocol's version of the modern era.
pub const MODERN: &str = "2026-07-28";

/// The servers of an `mcp.json` to be; each has a journal.
#[derive(Clone)]
pub struct Servers {
    entries: Map<String, Value>,
    folder: Arc<TempDir>,
}

/// No servers yet.
pub fn servers() -> Servers {
    Servers { entries: Map::new(), folder: Arc::new(TempDir::new().expect("a temporary folder")) }
}

impl Servers {
    /// Adds a child process that is started with these options, or changes one of this name.
    pub fn stdio(self, name: &str, options: &[&str]) -> Self {
        let journal = self.journal(name);
        let entry = json!({"command": python(), "args": arguments(&journal, options)});
        self.entry(name, entry)
    }

    /// Adds the address of a server over HTTP.
    pub fn http(self, name: &str, server: &HttpServer) -> Self {
        self.entry(name, json!({"url": server.url()}))
    }

    /// Adds any entry, or puts it in the place of the one of this name.
    pub fn entry(mut self, name: &str, entry: Value) -> Self {
        self.entries.insert(name.to_owned(), entry);
        self
    }

    /// Sets a field of an entry, such as `alias`, `tools`, `pin`, `env` or `timeoutMs`.
    pub fn field(mut self, name: &str, field: &str, value: Value) -> Self {
        self.entries[name][field] = value;
        self
    }

    /// What happens to the server of this name.
    pub fn journal(&self, name: &str) -> Journal {
        Journal(self.folder.path().join(format!("{name}.jsonl")))
    }

    /// The path of a file beside the journals, which is not there yet; for options that wait for one.
    pub fn file_beside(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("a path of text").to_owned()
    }

    /// The file's content.
    pub fn file(&self) -> String {
        json!({"mcpServers": self.entries}).to_string()
    }
}

impl GatewayBuilder {
    /// Has these other MCP servers, by an `mcp.json` in its folder.
    pub fn mcp(self, servers: &Servers) -> Self {
        self.file("mcp.json", servers.file())
    }
}

/// A running server over HTTP. It ends with this value.
pub struct HttpServer {
    process: Process,
    port: u16,
    journal: Journal,
    _folder: TempDir,
}

/// A server over HTTP with these options, on any free port.
pub async fn http_server(options: &[&str]) -> HttpServer {
    http_server_on(0, options).await
}

/// The same on this port.
pub async fn http_server_on(port: u16, options: &[&str]) -> HttpServer {
    let folder = TempDir::new().expect("a temporary folder");
    let journal = Journal(folder.path().join("http.jsonl"));
    let port = port.to_string();
    let options = [&["--http", &port], options].concat();
    let mut command = Command::new(python());
    command.args(arguments(&journal, &options));
    let process = Process::spawn(&mut command);
    process.wait_for_stdout("line with the port", |text| text.ends_with('\n')).await;
    let port = process.stdout().trim().parse().expect("a port");
    HttpServer { process, port, journal, _folder: folder }
}

impl HttpServer {
    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/mcp", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What happens to it.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Ends it at once, and waits until it has ended.
    pub async fn kill(mut self) {
        self.process.signal(nix::sys::signal::Signal::SIGKILL);
        self.process.exit().await;
    }
}

/// What happened to a server, one event a line.
#[derive(Clone)]
pub struct Journal(PathBuf);

impl Journal {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Everything so far.
    pub fn all(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.0).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The events of one kind: `started`, `session`, `discover`, `list`, `call`, `done`, `cancelled`, …
    pub fn of(&self, event: &str) -> Vec<Value> {
        self.all().into_iter().filter(|line| line["event"] == event).collect()
    }

    /// Waits until there are so many of one kind, and gives the last of these.
    pub async fn wait_for(&self, event: &str, count: usize) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = self.of(event).into_iter().nth(count - 1) {
                return found;
            }
            assert!(Instant::now() < end, "waited {PATIENCE:?} in vain for {count} times {event:?}: {:#?}", self.all());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Every process that wrote into it, grandchildren too.
    pub fn processes(&self) -> Vec<i32> {
        let mut all: Vec<i32> =
            self.all().iter().filter_map(|line| i32::try_from(line["pid"].as_i64()?).ok()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Those of them that still run.
    pub fn running(&self) -> Vec<i32> {
        self.processes().into_iter().filter(|pid| runs(*pid)).collect()
    }

    /// Waits until none of them runs.
    pub async fn wait_for_the_end(&self) {
        eventually("every process to end", || self.running().is_empty()).await;
    }
}

/// Does the process still run? One that has ended and that nobody has reaped does not.
pub fn runs(pid: i32) -> bool {
    state(pid).is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

/// Has the process ended without having been reaped?
pub fn is_zombie(pid: i32) -> bool {
    state(pid) == Some('Z')
}

/// The processes that watch over the children of this one, should it be killed.
pub fn keepers_of(pid: u32) -> Vec<i32> {
    let processes = std::fs::read_dir("/proc").expect("a system that is Linux").flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_one = |of: &i32| {
        let line = std::fs::read(format!("/proc/{of}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|argument| argument == b"end-children") && parent(*of) == Some(pid)
    };
    pids.filter(is_one).collect()
}

fn parent(pid: i32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// The letter that Linux has for how a process is; `None` where there is none.
fn state(pid: i32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it may hold anything, brackets too.
    stat.rsplit_once(") ")?.1.chars().next()
}

impl Gateway {
    /// The names of the tools at `path` (`/mcp`, `/mcp/files`), in their order.
    pub async fn tools(&self, path: &str) -> Vec<String> {
        let listed = self.modern(path, "tools/list", json!({})).await;
        let tools = listed["result"]["tools"].as_array().unwrap_or_else(|| panic!("no list: {listed}")).iter();
        tools.map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
    }

    /// Waits until the tools at `path` are so.
    pub async fn wait_for_tools(&self, path: &str, what: &str, so: impl Fn(&[String]) -> bool) {
        let end = Instant::now() + PATIENCE;
        loop {
            let tools = self.tools(path).await;
            if so(&tools) {
                return;
            }
            assert!(Instant::now() < end, "waited {PATIENCE:?} in vain for {what}: {tools:?}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// One request of the modern era, which stands for itself; the JSON-RPC answer to it.
    pub async fn modern(&self, path: &str, method: &str, mut params: Value) -> Value {
        params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!(MODERN);
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
        let name = params["name"].as_str().or(params["uri"].as_str()).map(str::to_owned);
        let mut request = self.request("POST", path).header("accept", "application/json, text/event-stream");
        request = request.header("mcp-protocol-version", MODERN).header("mcp-method", method);
        if let Some(name) = name {
            request = request.header("mcp-name", name);
        }
        let answer = request.json(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})).send().await;
        match answer.events.last() {
            Some(last) => last.json.clone(),
            None => answer.json,
        }
    }
}

/// The command line of a server behind the interpreter.
fn arguments(journal: &Journal, options: &[&str]) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mcp/child.py");
    let journal = journal.path().to_str().expect("a path of text");
    let own = ["-S", "-E", script, "--journal", journal];
    own.iter().chain(options).map(|argument| (*argument).to_owned()).collect()
}

/// The interpreter. The gateways of tests have no PATH.
fn python() -> String {
    let path = std::env::var_os("PATH").expect("a PATH");
    let found = std::env::split_paths(&path).map(|folder| folder.join("python3")).find(|program| program.is_file());
    found.expect("python3 on the PATH").to_str().expect("a path of text").to_owned()
}
