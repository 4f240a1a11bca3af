//! Requests under way, and what came of them.

use super::super::wait::in_time;
use super::{Era, Mcp, Wire};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A request under way. Dropping it lets it go on unheard.
pub struct Pending {
    mcp: Mcp,
    id: u64,
    answer: oneshot::Receiver<Value>,
    /// Over HTTP: the exchange, which gives status, head, and a body that is no message.
    exchange: Option<JoinHandle<Exchanged>>,
}

/// An HTTP answer.
pub(super) struct Exchanged {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// The body where it is no answer to the request.
    pub(super) body: Value,
}

/// What came of a request.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Over HTTP: the status.
    pub status: Option<u16>,
    /// Over HTTP: the head.
    pub headers: HeaderMap,
    /// The JSON-RPC message, or whatever else the body was.
    pub body: Value,
}

impl Outcome {
    /// The result; there must be one.
    #[track_caller]
    pub fn result(self) -> Value {
        assert!(self.body["result"].is_object(), "no result: {self:?}");
        self.body["result"].clone()
    }

    /// The JSON-RPC error; there must be one.
    #[track_caller]
    pub fn error(&self) -> &Value {
        assert!(self.body["error"].is_object(), "no error: {self:?}");
        &self.body["error"]
    }

    /// The JSON-RPC error's code.
    #[track_caller]
    pub fn code(&self) -> i64 {
        self.error()["code"].as_i64().expect("a code")
    }
}

impl Pending {
    pub(super) fn new(
        mcp: Mcp,
        id: u64,
        answer: oneshot::Receiver<Value>,
        exchange: Option<JoinHandle<Exchanged>>,
    ) -> Self {
        Self { mcp, id, answer, exchange }
    }

    /// The request's id, which is its progress token too.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// What came of it.
    pub async fn outcome(self) -> Outcome {
        let id = self.id;
        let whole = async {
            let mut exchanged = Exchanged { status: 0, headers: HeaderMap::new(), body: Value::Null };
            let is_http = self.exchange.is_some();
            if let Some(exchange) = self.exchange {
                exchanged = exchange.await.expect("an exchange that was not cancelled");
                self.mcp.0.inbox.forget(id);
            }
            let body = self.answer.await.unwrap_or(exchanged.body);
            Outcome { status: is_http.then_some(exchanged.status), headers: exchanged.headers, body }
        };
        in_time(&format!("the answer to request {id}"), whole).await
    }

    /// Its result; there must be one.
    pub async fn result(self) -> Value {
        self.outcome().await.result()
    }

    /// Its notes so far: those with its progress token, and those of its subscription.
    pub fn notes(&self) -> Vec<Value> {
        self.notes_later()()
    }

    /// The same, to be looked at when it is over.
    pub fn notes_later(&self) -> impl Fn() -> Vec<Value> + use<> {
        let (mcp, id) = (self.mcp.clone(), json!(self.id));
        move || {
            let of = |note: &Value| {
                let params = &note["params"];
                params["progressToken"] == id || params["_meta"]["io.modelcontextprotocol/subscriptionId"] == id
            };
            mcp.notes().into_iter().filter(of).collect()
        }
    }

    /// Waits until so many of its notes have come.
    pub async fn wait_for_notes(&self, count: usize) -> Vec<Value> {
        let notes = self.notes_later();
        in_time(&format!("{count} notes"), self.mcp.0.inbox.until(|| notes().len() >= count)).await;
        notes()
    }

    /// Cancels it as its era does: a modern client over HTTP hangs up, all others say so.
    pub async fn cancel(self) {
        match (&self.mcp.0.wire, self.mcp.0.era) {
            (Wire::Http(_), Era::Modern) => self.hang_up(),
            _ => {
                let params = json!({"requestId": self.id, "reason": "the test has enough"});
                self.mcp.notify("notifications/cancelled", params).await;
            }
        }
    }

    /// Over HTTP: closes the connection.
    pub fn hang_up(self) {
        self.exchange.expect("an exchange over HTTP").abort();
        self.mcp.0.inbox.forget(self.id);
    }
}
