//! The links behind the one whose stream broke: each is asked to go on, as well as it can.

use std::sync::Arc;

use http_body_util::BodyExt;
use tokio::time::Instant;

use super::super::Gateway;
use super::reading::{Overlap, Reading};
use crate::chain::{self, Exhausted, Served};
use crate::domain::chat::Event;
use crate::domain::facts::Caller;
use crate::domain::failure::{Blame, Class, Failure};
use crate::protocol::call::Call;
use crate::protocol::resume::{By, Place, Resume};
use crate::provider::link::{Chain, Link, Terms};
use crate::upstream::reply::ReplyBody;
use crate::upstream::stream::Live;

/// What it takes to ask the rest of a chain.
pub(in crate::gateway) struct Rest {
    gateway: Gateway,
    caller: Caller,
    began: Instant,
    pub(super) call: Call,
    pub(super) chain: Chain,
    pub(super) front: &'static dyn Resume,
}

/// A stream that goes on with what another one has begun.
pub(super) struct Continuation {
    pub(super) live: Box<Live>,
    pub(super) reading: Reading,
    /// What it has said already that is new to the caller.
    pub(super) events: Vec<Event>,
    pub(super) overlap: Overlap,
    pub(super) by: By,
    /// The model that its provider says is answering.
    pub(super) model: Arc<str>,
}

impl Rest {
    /// Is `link`'s stream in answer to `call` one that could be gone on with, where the operator wants that at all?
    pub(in crate::gateway) fn of(
        gateway: &Gateway,
        call: &Call,
        caller: &Caller,
        began: Instant,
        chain: &Chain,
        link: &Link,
    ) -> Option<Rest> {
        let is_last = chain.links.last().is_none_or(|last| last.is(link));
        let front = call.front.resume().filter(|_| gateway.shared.options.resume && !is_last)?;
        let (call, caller, chain) = front.is_plain(call).then(|| (call.clone(), caller.clone(), chain.clone()))?;
        Some(Rest { gateway: gateway.clone(), caller, began, call, chain, front })
    }

    /// Has the request's time run out?
    pub(super) fn is_late(&self) -> bool {
        self.gateway.clock().now() >= self.gateway.conditions(&self.caller, self.began).deadline
    }

    /// Asks the links of `chain` in order to go on with `text`.
    pub(super) async fn run(self: Arc<Self>, chain: Chain, text: String) -> Result<Served<Continuation>, Exhausted> {
        let conditions = self.gateway.conditions(&self.caller, self.began);
        chain::run(&chain, &conditions, |link, terms| self.ask(link, terms, &text)).await
    }

    async fn ask(&self, link: Link, terms: Terms, text: &str) -> Result<Continuation, Failure> {
        let begun = self.begun(&link, text);
        let (by, call, overlap) = match &begun {
            Some((call, space)) => (By::Prefill, call, Overlap::perhaps(space)),
            None => (By::Repeat, &self.call, Overlap::all(text)),
        };
        let model = link.model.clone();
        // The model that the caller asked for is behind us: what a stand-in cannot do is no fault of the request.
        let terms = Terms { first: false, ..terms };
        let reply = self.gateway.upstream.chat(link, call, terms).await.map_err(|failure| match by {
            By::Prefill if failure.class == Class::InvalidRequest && failure.blame == Blame::ByClass => {
                Failure { blame: Blame::Translation, ..failure }
            }
            _ => failure,
        })?;
        let ReplyBody::Stream(mut live) = reply.body else { return Err(unlike()) };
        live.hand_over_breaks();
        let reading = Reading::new(self.front);
        let mut next = Continuation { live, reading, events: Vec::new(), overlap, by, model };
        next.catch_up().await?;
        Ok(next)
    }

    /// The request with `text` as its last turn, and the white space that had to be left out at its end (no Claude
    /// takes a last turn that ends in any); `None` where `link`'s model is not known to continue one.
    fn begun<'a>(&self, link: &Link, text: &'a str) -> Option<(Call, &'a str)> {
        let known = self.gateway.shared.models.card(&link.model).prefill == Some(true);
        let beginning = Some(text.trim_end()).filter(|beginning| known && !beginning.is_empty())?;
        Some((self.front.with_answer(&self.call, beginning)?, &text[beginning.len()..]))
    }
}

impl Continuation {
    /// Reads until there is something to pass on, as before any answer: until then another link may be asked instead.
    async fn catch_up(&mut self) -> Result<(), Failure> {
        loop {
            let Some(Ok(frame)) = self.live.frame().await else {
                return Err(self.live.take_break().unwrap_or_else(unlike));
            };
            let Ok(bytes) = frame.into_data() else { continue };
            let mut events = Vec::new();
            self.reading.read(bytes, &mut Place::default(), &mut events);
            for event in events {
                if let Event::Start { model } = &event {
                    self.model = model.clone();
                }
                self.events.extend(self.overlap.pass(event));
            }
            if self.overlap.differs() {
                return Err(unlike());
            }
            if self.overlap.is_over() && self.events.iter().any(is_news) {
                return Ok(());
            }
        }
    }
}

/// Is this more than what every stream begins with?
fn is_news(event: &Event) -> bool {
    !matches!(event, Event::Start { .. } | Event::Usage(_))
}

/// The link is sound, but of no use here: it is passed over, and nobody is marked for it.
fn unlike() -> Failure {
    let message = "its answer does not begin as the one that was to be continued";
    Failure { blame: Blame::Unfit, ..Failure::after_sending(Class::Malformed, message) }
}
