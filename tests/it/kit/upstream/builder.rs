//! An upstream's script, as a test writes it.

use super::kind::Kind;
use super::record::{Missing, Shared};
use super::replies::ok;
use super::reply::Reply;
use super::say::Say;
use super::{Upstream, socket};
use std::collections::VecDeque;
use std::sync::Arc;

/// An upstream before its start. Answers are used in the order in which they were added, the last one again and
/// again; with none, it answers `hello from <name>`.
pub struct UpstreamBuilder {
    kind: Kind,
    script: VecDeque<Reply>,
    probe: Reply,
    models: Vec<String>,
    missing: Missing,
    closed: bool,
}

impl UpstreamBuilder {
    pub(super) fn new(kind: Kind) -> Self {
        let models = kind.models().iter().map(|id| (*id).to_owned()).collect();
        Self { kind, script: VecDeque::new(), probe: ok(), models, missing: Missing::default(), closed: false }
    }

    /// Adds an answer, whole or streamed as the request asks. The protocol's opening and ending are added to it,
    /// and text goes out word by word.
    pub fn say(mut self, reply: impl Into<Reply>) -> Self {
        self.script.push_back(reply.into());
        self
    }

    /// Adds the next answer.
    pub fn then(self, reply: impl Into<Reply>) -> Self {
        self.say(reply)
    }

    /// This answer to everything.
    pub fn always(mut self, reply: impl Into<Reply>) -> Self {
        self.script.clear();
        self.say(reply)
    }

    /// Adds an answer of exactly these pieces, after which the body ends.
    pub fn stream(self, pieces: impl Into<Vec<Say>>) -> Self {
        self.say(Reply::exactly(pieces))
    }

    /// What lists and key checks get instead of their usual answer.
    pub fn probe(mut self, reply: impl Into<Reply>) -> Self {
        self.probe = reply.into();
        self
    }

    /// The models in the provider's list.
    pub fn lists(mut self, models: impl IntoIterator<Item = &'static str>) -> Self {
        self.models = models.into_iter().map(str::to_owned).collect();
        self
    }

    /// Leaves out this path, as an older server would.
    pub fn without(mut self, path: &'static str) -> Self {
        self.missing.paths.push(path);
        self
    }

    /// What paths that are not there get instead of the provider's usual 404.
    pub fn strays(mut self, reply: impl Into<Reply>) -> Self {
        self.missing.reply = reply.into();
        self
    }

    /// Starts with the port closed: connections are refused until `restart`.
    pub fn closed(mut self) -> Self {
        self.closed = true;
        self
    }

    /// Starts to serve.
    pub async fn start(self) -> Upstream {
        // Bound but not listening: while no listener shares the port, connections are refused, and nobody else gets it.
        let reserved = socket("127.0.0.1:0".parse().expect("an address"));
        let address = reserved.local_addr().expect("a bound socket");
        let shared = Arc::new(Shared::new(self.kind, self.script, self.probe, self.models, self.missing));
        let mut upstream = Upstream { shared, address, _reserved: reserved, accepting: None };
        if !self.closed {
            upstream.restart().await;
        }
        upstream
    }
}
