//! A client's side of streamable HTTP.

use super::super::caller::{Caller, Request};
use super::super::wait::in_time;
use super::pending::Exchanged;
use super::{Era, Inner};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use eventsource_stream::Eventsource;
use futures_util::{Stream, StreamExt, future};
use reqwest::Response;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::task::JoinHandle;

/// Where the server is, and what is sent along.
pub(super) struct Http {
    server: Caller,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    session: Mutex<Option<String>>,
}

impl Http {
    pub(super) fn new(server: &Caller) -> Self {
        Self { server: server.clone(), path: "/mcp".to_owned(), headers: Vec::new(), session: Mutex::default() }
    }

    pub(super) fn session(&self) -> Option<String> {
        self.session.lock().expect("no panic in here").clone()
    }

    /// Sends a request; its answer goes to the inbox, and all else that its stream brings.
    pub(super) fn post(&self, inner: &Arc<Inner>, id: u64, message: Value) -> JoinHandle<Exchanged> {
        let is_first = message["method"] == "initialize";
        let request = self.request("POST", inner, Some(&message)).json(&message);
        let inner = Arc::clone(inner);
        tokio::spawn(async move {
            let response = request.respond().await;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            if is_first {
                let session = headers.get("mcp-session-id");
                let session = session.map(|id| id.to_str().expect("an id of text").to_owned());
                *inner.http().session.lock().expect("no panic in here") = session;
            }
            let mut body = Value::Null;
            if is_stream(&response) {
                let mut messages = messages(response);
                while let Some(message) = messages.next().await {
                    let is_answer = message["method"].is_null() && message["id"] == id;
                    inner.hear(message);
                    if is_answer {
                        break;
                    }
                }
            } else {
                let bytes = response.bytes().await.expect("a whole body");
                body = serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into());
                if body["jsonrpc"] == "2.0" && body["id"] == id {
                    inner.inbox.take(body.take());
                }
            }
            Exchanged { status, headers, body }
        })
    }

    /// Sends what needs no answer.
    pub(super) async fn tell(&self, inner: &Inner, message: Value) {
        let answer = self.request("POST", inner, Some(&message)).json(&message).send().await;
        assert_eq!(answer.status, 202, "{:?}", String::from_utf8_lossy(&answer.body));
    }

    /// Opens the stream that is no request's.
    pub(super) async fn open_stream(&self, inner: &Arc<Inner>) {
        let response = self.request("GET", inner, None).respond().await;
        assert!(response.status() == 200 && is_stream(&response), "no stream of notifications: {response:?}");
        let inner = Arc::downgrade(inner);
        tokio::spawn(async move {
            let mut messages = messages(response);
            while let (Some(message), Some(inner)) = (messages.next().await, inner.upgrade()) {
                inner.hear(message);
            }
        });
    }

    pub(super) async fn end_session(&self) -> u16 {
        let mut request = self.server.request("DELETE", &self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(session) = self.session() {
            request = request.header("mcp-session-id", session);
        }
        request.send().await.status
    }

    /// A request with the headers that its era and its message want.
    fn request(&self, method: &str, inner: &Inner, message: Option<&Value>) -> Request {
        let accepted = if message.is_some() { "application/json, text/event-stream" } else { "text/event-stream" };
        let mut request = self.server.request(method, &self.path).header("accept", accepted);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let named = message.and_then(|message| message["method"].as_str()).unwrap_or_default();
        if named != "initialize" {
            request = request.header("mcp-protocol-version", inner.version());
        }
        if inner.era == Era::Legacy {
            return match self.session() {
                Some(session) if named != "initialize" => request.header("mcp-session-id", session),
                _ => request,
            };
        }
        let params = message.map(|message| &message["params"]);
        let name = match named {
            "tools/call" | "prompts/get" => params.and_then(|params| params["name"].as_str()),
            "resources/read" => params.and_then(|params| params["uri"].as_str()),
            "tasks/get" | "tasks/update" | "tasks/cancel" => params.and_then(|params| params["taskId"].as_str()),
            _ => None,
        };
        let request = request.header("mcp-method", named);
        match name {
            Some(name) => request.header("mcp-name", as_header(name)),
            None => request,
        }
    }
}

impl Inner {
    fn http(&self) -> &Http {
        match &self.wire {
            super::Wire::Http(http) => http,
            super::Wire::Stdio(_) => panic!("this client speaks over stdio"),
        }
    }

    /// Takes a message, and answers it where it is a request.
    fn hear(self: &Arc<Self>, message: Value) {
        if let Some(reply) = self.inbox.take(message) {
            let inner = Arc::clone(self);
            tokio::spawn(async move {
                in_time("a reply to be taken", inner.http().tell(&inner, reply)).await;
            });
        }
    }
}

fn is_stream(response: &Response) -> bool {
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/event-stream"))
}

/// The messages of a stream; events without data say nothing.
fn messages(response: Response) -> impl Stream<Item = Value> + Send + Unpin {
    let events = response.bytes_stream().eventsource();
    Box::pin(
        events.filter_map(|event| future::ready(event.ok().and_then(|event| serde_json::from_str(&event.data).ok()))),
    )
}

/// A value as headers may have it (docs: protocols/mcp.md, 3).
fn as_header(value: &str) -> String {
    let is_plain = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) && value.trim() == value;
    if is_plain { value.to_owned() } else { format!("=?base64?{}?=", STANDARD.encode(value)) }
}
