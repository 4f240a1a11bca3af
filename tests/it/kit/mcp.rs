//! A client of MCP for tests, of either era, over HTTP and over stdio, without any SDK.
//!
//! docs: protocols/mcp.md, 1 to 4

mod http;
mod inbox;
mod pending;
mod schema;
mod stdio;

pub use inbox::Said;
use pending::{Outcome, Pending};
pub use schema::misfit;

use super::caller::Caller;
use super::gateway::GatewayBuilder;
use super::process::Process;
use super::wait::in_time;
use http::Http;
use inbox::Inbox;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use stdio::Stdio;

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// `initialize`, sessions, requests of the server.
    Legacy,
    /// Each request for itself, with `_meta`.
    Modern,
}

impl Era {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Legacy, Self::Modern];

    /// The newest revision of it.
    fn version(self) -> &'static str {
        match self {
            Self::Legacy => "2025-11-25",
            Self::Modern => "2026-07-28",
        }
    }
}

/// What a client answers to a request of the server: from the method and the parameters.
pub(super) type Script = Arc<dyn Fn(&str, &Value) -> Said + Send + Sync>;

/// A client under construction.
pub struct McpBuilder {
    way: Way,
    era: Era,
    version: Option<String>,
    capabilities: Value,
    script: Script,
}

enum Way {
    Http(Http),
    Stdio(GatewayBuilder),
}

/// A client of the legacy era over HTTP, at `/mcp` unless another path is set.
pub fn mcp(server: &Caller) -> McpBuilder {
    McpBuilder::new(Way::Http(Http::new(server)))
}

/// A client of the legacy era over stdio, of the binary that this builder starts.
pub fn mcp_over_stdio(gateway: GatewayBuilder) -> McpBuilder {
    McpBuilder::new(Way::Stdio(gateway))
}

impl McpBuilder {
    fn new(way: Way) -> Self {
        let script: Script = Arc::new(|method, _| Said::Error(-32601, format!("nothing is said to {method}")));
        Self { way, era: Era::Legacy, version: None, capabilities: json!({}), script }
    }

    /// Speaks this era.
    pub fn era(self, era: Era) -> Self {
        Self { era, ..self }
    }

    /// Speaks the modern era.
    pub fn modern(self) -> Self {
        self.era(Era::Modern)
    }

    /// Names this revision.
    pub fn version(self, version: &str) -> Self {
        Self { version: Some(version.to_owned()), ..self }
    }

    /// Calls another path than `/mcp`.
    pub fn path(mut self, path: &str) -> Self {
        self.http().path = path.to_owned();
        self
    }

    /// Shows this client key.
    pub fn key(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    /// Sends this header with every request.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.http().headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn http(&mut self) -> &mut Http {
        match &mut self.way {
            Way::Http(http) => http,
            Way::Stdio(_) => panic!("there are no paths and headers on stdio"),
        }
    }

    /// Says that it can do this: `{"sampling": {}}`.
    pub fn able(self, capabilities: Value) -> Self {
        Self { capabilities, ..self }
    }

    /// Answers the server's requests so.
    pub fn answering(self, script: impl Fn(&str, &Value) -> Said + Send + Sync + 'static) -> Self {
        Self { script: Arc::new(script), ..self }
    }

    /// Connects: a legacy client has said `initialize` and `notifications/initialized`, a modern one nothing.
    pub async fn connect(self) -> Mcp {
        let era = self.era;
        let mcp = self.start();
        if era == Era::Legacy {
            mcp.initialize().await.result();
        }
        mcp
    }

    /// The client before its first word. Over stdio the process runs.
    pub fn start(self) -> Mcp {
        let version = self.version.unwrap_or_else(|| self.era.version().to_owned());
        let inbox = Arc::new(Inbox::new(self.script));
        let wire = match self.way {
            Way::Http(http) => Wire::Http(http),
            Way::Stdio(gateway) => Wire::Stdio(Stdio::start(gateway, &inbox)),
        };
        let version = Mutex::new(version);
        let inner = Inner { era: self.era, version, capabilities: self.capabilities, wire, inbox, next: 1.into() };
        Mcp(Arc::new(inner))
    }
}

/// A client of MCP; clones are the same client.
#[derive(Clone)]
pub struct Mcp(Arc<Inner>);

struct Inner {
    era: Era,
    /// The revision that was asked for, then the one that was agreed on.
    version: Mutex<String>,
    capabilities: Value,
    wire: Wire,
    inbox: Arc<Inbox>,
    next: AtomicU64,
}

enum Wire {
    Http(Http),
    Stdio(Stdio),
}

impl Inner {
    fn version(&self) -> String {
        self.version.lock().expect("no panic in here").clone()
    }
}

impl Mcp {
    /// Says `initialize`, and `notifications/initialized` where that went well.
    pub async fn initialize(&self) -> Outcome {
        let params = json!({
            "protocolVersion": self.0.version(),
            "capabilities": self.0.capabilities,
            "clientInfo": {"name": "kit", "version": "1"},
        });
        let outcome = self.request("initialize", params).await;
        if let Some(version) = outcome.body["result"]["protocolVersion"].as_str() {
            version.clone_into(&mut self.0.version.lock().expect("no panic in here"));
            self.notify("notifications/initialized", Value::Null).await;
        }
        outcome
    }

    /// Calls a tool; its result, which may say `isError`.
    pub async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.calling(tool, arguments).result().await
    }

    /// Calls a tool with a progress token; its result, and the notes of progress in their order.
    pub async fn call_watched(&self, tool: &str, arguments: Value) -> (Value, Vec<Value>) {
        let pending = self.calling_watched(tool, arguments);
        let notes = pending.notes_later();
        (pending.result().await, notes())
    }

    /// Calls a tool and does not wait.
    pub fn calling(&self, tool: &str, arguments: Value) -> Pending {
        self.send("tools/call", json!({"name": tool, "arguments": arguments}))
    }

    /// The same with a progress token.
    pub fn calling_watched(&self, tool: &str, arguments: Value) -> Pending {
        let token = self.next();
        let meta = json!({"progressToken": token});
        self.send_as(token, "tools/call", json!({"name": tool, "arguments": arguments, "_meta": meta}))
    }

    /// What a list holds, all its pages: `tools`, `resources`, `prompts`; `resourceTemplates` by its method's name.
    pub async fn list(&self, method: &str) -> Vec<Value> {
        let field = match method.strip_suffix("/list") {
            Some("resources/templates") => "resourceTemplates",
            Some(field) => field,
            None => panic!("{method} is no list"),
        };
        let (mut all, mut params) = (Vec::new(), json!({}));
        loop {
            let page = self.send(method, params).result().await;
            all.extend(page[field].as_array().expect("a list").iter().cloned());
            match &page["nextCursor"] {
                Value::Null => return all,
                cursor => params = json!({"cursor": cursor}),
            }
        }
    }

    /// The tools.
    pub async fn tools(&self) -> Vec<Value> {
        self.list("tools/list").await
    }

    /// A request and all that came of it.
    pub async fn request(&self, method: &str, params: Value) -> Outcome {
        self.send(method, params).outcome().await
    }

    /// Sends a request and does not wait.
    pub fn send(&self, method: &str, params: Value) -> Pending {
        self.send_as(self.next(), method, params)
    }

    /// Listens for changes: `{"toolsListChanged": true}`. Its notes come until it is cancelled.
    pub fn listen(&self, filter: Value) -> Pending {
        self.send("subscriptions/listen", json!({"notifications": filter}))
    }

    fn send_as(&self, id: u64, method: &str, params: Value) -> Pending {
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": self.complete(method, params)});
        let answer = self.0.inbox.expect(id);
        let sending = match &self.0.wire {
            Wire::Http(http) => Some(http.post(&self.0, id, message)),
            Wire::Stdio(stdio) => {
                stdio.write(&message.to_string());
                None
            }
        };
        Pending::new(self.clone(), id, answer, sending)
    }

    /// Sends a notification.
    pub async fn notify(&self, method: &str, params: Value) {
        let message = json!({"jsonrpc": "2.0", "method": method, "params": self.complete(method, params)});
        match &self.0.wire {
            Wire::Http(http) => http.tell(&self.0, message).await,
            Wire::Stdio(stdio) => stdio.write(&message.to_string()),
        }
    }

    /// The parameters with what the era wants beside them.
    fn complete(&self, method: &str, mut params: Value) -> Value {
        let is_modern = self.0.era == Era::Modern && !method.starts_with("notifications/");
        if is_modern {
            let of = |field: &str| format!("io.modelcontextprotocol/{field}");
            let meta = &mut params["_meta"];
            meta[of("protocolVersion")] = json!(self.0.version());
            meta[of("clientCapabilities")] = self.0.capabilities.clone();
            meta[of("clientInfo")] = json!({"name": "kit", "version": "1"});
        }
        if params.is_null() { json!({}) } else { params }
    }

    fn next(&self) -> u64 {
        self.0.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Every notification so far, wherever it came.
    pub fn notes(&self) -> Vec<Value> {
        self.0.inbox.notes()
    }

    /// Notifications of this method so far.
    pub fn notes_of(&self, method: &str) -> Vec<Value> {
        self.notes().into_iter().filter(|note| note["method"] == method).collect()
    }

    /// Waits until so many notifications of this method have come.
    pub async fn wait_for_notes(&self, method: &str, count: usize) -> Vec<Value> {
        in_time(&format!("{count} of {method}"), self.0.inbox.until(|| self.notes_of(method).len() >= count)).await;
        self.notes_of(method)
    }

    /// Every request of the server so far.
    pub fn asked(&self) -> Vec<Value> {
        self.0.inbox.asked()
    }

    /// The era that it speaks.
    pub fn spoken(&self) -> Era {
        self.0.era
    }

    /// Over HTTP, legacy: opens the stream of what the server says of its own accord.
    pub async fn open_stream(&self) {
        self.over_http().open_stream(&self.0).await;
    }

    /// Over HTTP, legacy: ends the session; the status of the answer.
    pub async fn end_session(&self) -> u16 {
        self.over_http().end_session().await
    }

    /// Over HTTP, legacy: the session's id.
    pub fn session(&self) -> Option<String> {
        self.over_http().session()
    }

    fn over_http(&self) -> &Http {
        match &self.0.wire {
            Wire::Http(http) => http,
            Wire::Stdio(_) => panic!("this client speaks over stdio"),
        }
    }

    /// Over stdio: the process.
    pub fn process(&self) -> &Process {
        match &self.0.wire {
            Wire::Stdio(stdio) => &stdio.process,
            Wire::Http(_) => panic!("this client speaks over HTTP"),
        }
    }

    /// Over stdio: writes this line as it is.
    pub fn write_line(&self, line: &str) {
        self.process().write_line(line);
    }

    /// Over stdio: everything that stdout said, each line a JSON-RPC message.
    #[track_caller]
    pub fn assert_only_messages(&self) -> Vec<Value> {
        let text = self.process().stdout();
        assert!(text.is_empty() || text.ends_with('\n'), "half a line at the end of stdout: {text}");
        let message = |line: &str| {
            let message = serde_json::from_str::<Value>(line).unwrap_or_default();
            let is_one =
                message["method"].is_string() || message.get("result").is_some() || message["error"].is_object();
            assert!(message["jsonrpc"] == "2.0" && is_one, "no message on stdout: {line}");
            message
        };
        text.lines().map(message).collect()
    }

    /// Over stdio: hangs up.
    pub fn hang_up(&self) {
        self.process().close_stdin();
    }

    /// Over stdio: sends the process a signal.
    pub fn signal(&self, signal: Signal) {
        self.process().signal(signal);
    }

    /// Over stdio: waits for the end; `None` if a signal made it.
    pub async fn exit_code(&self) -> Option<i32> {
        self.process().ended().await.code()
    }
}
