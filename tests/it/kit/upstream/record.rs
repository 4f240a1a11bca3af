//! What an upstream is told to say and what came to it; shared by its connections and its handle.

use super::kind::{Endpoint, Kind};
use super::replies;
use super::reply::Reply;
use super::request::Call;
use std::collections::VecDeque;
use std::sync::Mutex;
use tokio::sync::{Semaphore, watch};

/// Paths that a server lacks although its kind has them, and what it says of any that it lacks.
pub(super) struct Missing {
    pub paths: Vec<&'static str>,
    pub reply: Reply,
}

impl Default for Missing {
    fn default() -> Self {
        Self { paths: Vec::new(), reply: replies::status(404) }
    }
}

/// State of one upstream.
pub(super) struct Shared {
    pub kind: Kind,
    missing: Missing,
    state: Mutex<State>,
    changed: watch::Sender<()>,
    permits: Semaphore,
}

/// The part that changes.
pub(super) struct State {
    pub script: VecDeque<Reply>,
    /// Chooses the answer from the call, in the script's place.
    pub choose: Option<fn(&Call) -> Reply>,
    pub probe: Reply,
    pub models: Vec<String>,
    /// Calls that cost something: chat, embeddings, token counts.
    pub calls: Vec<Call>,
    /// Lists and key checks.
    pub probes: Vec<Call>,
    /// Requests to paths that the provider does not have.
    pub strays: Vec<Call>,
    /// Calls whose client went away before the answer had been sent.
    pub hung_up: usize,
    /// Calls whose answer is under way, now and at most.
    pub under_way: usize,
    pub most_under_way: usize,
    pub bytes_sent: u64,
    /// Connections that were ever accepted.
    pub connections: usize,
}

impl Shared {
    pub(super) fn new(
        kind: Kind,
        script: VecDeque<Reply>,
        probe: Reply,
        models: Vec<String>,
        missing: Missing,
    ) -> Self {
        let state = State {
            script,
            choose: None,
            probe,
            models,
            calls: Vec::new(),
            probes: Vec::new(),
            strays: Vec::new(),
            hung_up: 0,
            under_way: 0,
            most_under_way: 0,
            bytes_sent: 0,
            connections: 0,
        };
        Self { kind, missing, state: Mutex::new(state), changed: watch::Sender::new(()), permits: Semaphore::new(0) }
    }

    /// Looks at the state or changes it, and wakes whoever waits for it.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let outcome = act(&mut self.state.lock().expect("no test panicked in here"));
        self.changed.send_replace(());
        outcome
    }

    /// Waits until the state is so.
    pub(super) async fn until(&self, so: impl Fn(&State) -> bool) {
        let mut changes = self.changed.subscribe();
        while !so(&self.state.lock().expect("no test panicked in here")) {
            changes.changed().await.expect("the sender lives as long as this");
        }
    }

    pub(super) fn models(&self) -> Vec<String> {
        self.with(|state| state.models.clone())
    }

    /// Records the request and chooses its answer; the number counts this upstream's requests from 1.
    pub(super) fn receive(&self, call: &Call) -> (Endpoint, Reply, usize) {
        let missing = self.missing.paths.contains(&call.path.as_str());
        let endpoint = if missing { Endpoint::Unknown } else { self.kind.endpoint(&call.method, &call.path) };
        let objection = self.kind.objection(endpoint, call);
        self.with(|state| {
            let (list, reply) = match endpoint {
                Endpoint::Unknown => (&mut state.strays, self.missing.reply.clone()),
                Endpoint::Probe => (&mut state.probes, state.probe.clone()),
                _ => {
                    let next = match (objection, state.choose) {
                        (Some(_), _) => None,
                        (None, Some(choose)) => Some(choose(call)),
                        (None, None) if state.script.len() > 1 => state.script.pop_front(),
                        (None, None) => state.script.front().cloned(),
                    };
                    state.under_way += 1;
                    state.most_under_way = state.most_under_way.max(state.under_way);
                    (&mut state.calls, next.unwrap_or_else(replies::ok))
                }
            };
            list.push(call.clone());
            let number = state.calls.len() + state.probes.len() + state.strays.len();
            let reply = match objection {
                Some((status, message)) => {
                    replies::json(format!(r#"{{"error":{{"message":"{message}"}}}}"#)).status(status)
                }
                None => reply,
            };
            (endpoint, reply, number)
        })
    }

    /// The answer to a request is over.
    pub(super) fn finished(&self, endpoint: Endpoint, hung_up: bool) {
        if !matches!(endpoint, Endpoint::Probe | Endpoint::Unknown) {
            self.with(|state| {
                state.under_way -= 1;
                state.hung_up += usize::from(hung_up);
            });
        }
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.with(|state| state.bytes_sent += bytes as u64);
    }

    /// Lets this many waits go on.
    pub(super) fn release(&self, waits: usize) {
        self.permits.add_permits(waits);
    }

    /// Takes one release.
    pub(super) async fn permit(&self) {
        self.permits.acquire().await.expect("never closed").forget();
    }
}
