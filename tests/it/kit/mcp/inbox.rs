//! What a server says: answers to those who wait for them, notifications and requests to all.

use super::Script;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Mutex;
use tokio::sync::{oneshot, watch};

/// A client's word on a request of the server.
#[derive(Clone, Debug)]
pub enum Said {
    /// Its result.
    Result(Value),
    /// Its error: code and message.
    Error(i64, String),
}

/// What has come.
pub(super) struct Inbox {
    script: Script,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Value>>>,
    notes: Mutex<Vec<Value>>,
    asked: Mutex<Vec<Value>>,
    changed: watch::Sender<()>,
}

impl Inbox {
    pub(super) fn new(script: Script) -> Self {
        let changed = watch::Sender::new(());
        Self { script, waiting: Mutex::default(), notes: Mutex::default(), asked: Mutex::default(), changed }
    }

    /// The answer to the request of this id, when it comes.
    pub(super) fn expect(&self, id: u64) -> oneshot::Receiver<Value> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().expect("no panic in here").insert(id, sender);
        receiver
    }

    /// Nobody answers that request any more.
    pub(super) fn forget(&self, id: u64) {
        self.waiting.lock().expect("no panic in here").remove(&id);
    }

    /// Takes a message; what is to be sent back, if it asks for that.
    pub(super) fn take(&self, message: Value) -> Option<Value> {
        let reply = match (message["method"].as_str(), message.get("id")) {
            (Some(method), Some(id)) => {
                let reply = match (self.script)(method, &message["params"]) {
                    Said::Result(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
                    Said::Error(code, words) => {
                        json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": words}})
                    }
                };
                self.asked.lock().expect("no panic in here").push(message);
                Some(reply)
            }
            (Some(_), None) => {
                self.notes.lock().expect("no panic in here").push(message);
                None
            }
            (None, _) => {
                let id = message["id"].as_u64();
                let waiting = id.and_then(|id| self.waiting.lock().expect("no panic in here").remove(&id));
                // An answer that nobody waits for is told too: it should never have come.
                match waiting {
                    Some(waiting) => drop(waiting.send(message)),
                    None => self.notes.lock().expect("no panic in here").push(message),
                }
                None
            }
        };
        self.changed.send_replace(());
        reply
    }

    pub(super) fn notes(&self) -> Vec<Value> {
        self.notes.lock().expect("no panic in here").clone()
    }

    pub(super) fn asked(&self) -> Vec<Value> {
        self.asked.lock().expect("no panic in here").clone()
    }

    /// Waits until it is so, looking again after each message.
    pub(super) async fn until(&self, so: impl Fn() -> bool) {
        let mut changes = self.changed.subscribe();
        while !so() {
            changes.changed().await.expect("the sender is ours");
        }
    }
}
