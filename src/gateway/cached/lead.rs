//! Getting an answer for all who ask the same, beside the request that was the first of them.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;

use super::super::live::Wanted;
use super::super::record::Record;
use super::super::ties::Ties;
use super::super::{Answered, Gateway, GatewayError, Stream};
use crate::cache::{Entry, Head, Lead, Own, Resumption, Told};
use crate::domain::facts::Caller;
use crate::protocol::call::Call;
use crate::provider::link::Chain;
use crate::upstream::reply::{Reply, ReplyBody};

/// The one of a provider's headers that says which answer this is, whenever it is read; its rate limits do not last.
const LASTING: &str = "x-provider-request-id";

/// A request whose answer is got for all who ask the same.
pub(super) struct Leading {
    gateway: Gateway,
    wanted: Wanted,
    call: Call,
    caller: Caller,
    ties: Arc<Ties>,
    ttl: Duration,
}

impl Leading {
    pub(super) fn new(
        gateway: Gateway,
        wanted: Wanted,
        call: Call,
        caller: Caller,
        ties: Arc<Ties>,
        ttl: Duration,
    ) -> Leading {
        // The deadline of the one who asked first is not the others'.
        let caller = Caller { timeout: None, ..caller };
        Leading { gateway, wanted, call, caller, ties, ttl }
    }

    /// Gets the answer, for as long as somebody waits for it, and puts it where replicas share.
    pub(super) async fn run(self, record: Record, chain: Chain, lead: Lead<GatewayError>) {
        let board = self.gateway.board.clone();
        let name = board.is_configured().then(|| lead.name());
        let deserted = lead.deserted();
        let kept = tokio::select! {
            biased;
            () = deserted => return,
            kept = self.get(record, chain, lead) => kept,
        };
        if let (Some(name), Some(entry)) = (name, kept) {
            let packed = entry.packed(self.ttl, self.gateway.clock().wall());
            board.put(&name, packed, self.ttl).await;
        }
    }

    /// Gets the answer; gives it back where it was kept.
    async fn get(&self, record: Record, chain: Chain, lead: Lead<GatewayError>) -> Option<Arc<Entry>> {
        let answered = match self.gateway.live(self.wanted, &self.call, &self.caller, record, chain).await {
            Ok(answered) => answered,
            Err(error) => {
                lead.fail(error);
                return None;
            }
        };
        let (head, stream) = parts(answered);
        match stream {
            None => lead.whole(head, self.ttl),
            Some(stream) => self.pass_on(head, stream, lead).await,
        }
    }

    /// Passes a stream on as it comes.
    async fn pass_on(&self, head: Head, mut stream: Stream, lead: Lead<GatewayError>) -> Option<Arc<Entry>> {
        let head = Arc::new(head);
        lead.begin(head.clone());
        let mut noted = (0, false);
        while let Some(Ok(frame)) = stream.frame().await {
            if let Some(resumed) = stream.resumed() {
                let now = (resumed.attempts.len(), resumed.model.is_some());
                if std::mem::replace(&mut noted, now) != now {
                    let attempts = resumed.attempts.to_vec();
                    lead.resumed(Resumption { provider: resumed.provider, model: resumed.model, attempts });
                }
            }
            if let Ok(bytes) = frame.into_data() {
                lead.push(bytes).await;
            }
        }
        let (finale, sound) = self.ties.finale();
        lead.end(&head, finale, sound && !stream.is_torn(), self.ttl)
    }
}

/// What is told of an answer, and its stream where it is one.
fn parts(answered: Answered) -> (Head, Option<Stream>) {
    let Answered { reply, provider, model, attempts, fallback, cost, upstream, .. } = answered;
    let Reply { headers, dropped, estimated, body } = reply;
    let lasting = headers.iter().filter(|(name, _)| name.as_str() == LASTING).cloned().collect();
    let told = Arc::new(Told { provider, model, headers: lasting, dropped, attempts });
    let (whole, stream) = match body {
        ReplyBody::Whole { bytes, learned } => (Some((bytes, learned)), None),
        ReplyBody::Stream(stream) => (None, Some(stream)),
    };
    (Head { told, own: Own { headers, estimated, fallback, cost, upstream }, whole }, stream)
}
