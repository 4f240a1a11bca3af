//! One attempt at a chat: the lane is chosen, the request sent, the answer held until it is worth showing.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::outgoing::{self, Outgoing};
use super::reply::{Reply, ReplyBody, passed_on};
use super::stream::{Course, Cutter, Direct, Lane, Live, Translated};
use super::wire::Patience;
use super::{Incoming, LONGEST_ANSWER, LONGEST_ERROR, Upstream};
use crate::domain::Dialect;
use crate::domain::facts::Learned;
use crate::domain::failure::{Class, Failure};
use crate::protocol::call::Call;
use crate::protocol::{Back, Framing, Inspected, Stamp};
use crate::provider::classify::{self, Refused, Told};
use crate::provider::link::{Link, Terms};
use crate::provider::{ChatAdapter, Provider};

/// One call of one endpoint.
struct Exchange<'a> {
    link: &'a Link,
    call: &'a Call,
    back: &'static dyn Back,
    /// Which of the adapter's ways is taken.
    way: usize,
    terms: Terms,
    /// Does the model think before its first word?
    thinks: bool,
}

impl Upstream {
    /// Asks `link` for an answer to `call`, in the caller's protocol.
    ///
    /// # Errors
    /// A [`Failure`]; nothing of the answer has been shown to the caller then.
    pub async fn chat(&self, link: Link, call: &Call, terms: Terms) -> Result<Reply, Failure> {
        let Some(adapter) = link.provider.spec.chat else {
            return Err(Failure::new(Class::ModelUnavailable, "this provider has no chat"));
        };
        let ways = adapter.ways();
        let first = link.provider.way().min(ways.len() - 1);
        let result = self.by(first, adapter, &link, call, terms).await;
        let Err(failure) = &result else { return result };
        // A server that lacks this endpoint has not looked at the request: another of its endpoints may be there.
        let other = (0..ways.len()).find(|way| *way != first && lacks_endpoint(failure));
        let Some(other) = other else { return result };
        let result = self.by(other, adapter, &link, call, terms).await;
        if !result.as_ref().is_err_and(lacks_endpoint) {
            link.provider.found_way(other);
        }
        result
    }

    /// Asks one endpoint, in the lane that fits.
    async fn by(
        &self,
        at: usize,
        adapter: &'static dyn ChatAdapter,
        link: &Link,
        call: &Call,
        terms: Terms,
    ) -> Result<Reply, Failure> {
        let way = adapter.ways()[at];
        let card = self.models.card(&link.model);
        let thinks = call.facts.reasoning || card.thinks_first;
        let exchange = Exchange { link, call, back: way.back, way: at, terms, thinks };
        let reject = self.limits.reject_unsupported;
        if way.back.dialect() == call.front.dialect() {
            let outgoing = outgoing::direct(adapter, link, call);
            outgoing::refuse_dropped(reject, &outgoing, terms, way.back.dialect())?;
            return self.exchange(&exchange, outgoing).await;
        }
        let mut chat = outgoing::read(call)?;
        adapter.adjust(&mut chat);
        loop {
            let outgoing = outgoing::translated(exchange.back, link, &chat, &card)?;
            outgoing::refuse_dropped(reject, &outgoing, terms, way.back.dialect())?;
            match self.exchange(&exchange, outgoing).await {
                Err(refusal) if refusal.class == Class::InvalidRequest && adapter.amend(&refusal, &mut chat) => {}
                result => return result,
            }
        }
    }

    async fn exchange(&self, exchange: &Exchange<'_>, outgoing: Outgoing) -> Result<Reply, Failure> {
        let Exchange { link, call, terms, .. } = exchange;
        let stream = call.facts.stream;
        let quick = stream && terms.more && !exchange.thinks;
        let patience = if quick { self.limits.first_event } else { self.limits.first_byte };
        let until = (self.clock.now() + patience).min(terms.deadline);
        let mut headers = outgoing.headers;
        headers.insert(ACCEPT, HeaderValue::from_static(if stream { "text/event-stream" } else { "application/json" }));
        let sending = self.post(&link.provider, exchange.way, headers, outgoing.body);
        let late = |_| {
            let cut_short = self.clock.now() >= terms.deadline;
            let why = if cut_short {
                "the deadline passed".into()
            } else {
                format!("no answer within {} ms", patience.as_millis())
            };
            Err(Failure::after_sending(Class::Timeout, why))
        };
        let incoming = self.clock.until(until, sending).await.unwrap_or_else(late)?;
        if !incoming.status.is_success() {
            return Err(outgoing::blame(self.refused(exchange, incoming).await, &outgoing.ours));
        }
        let headers = passed_on(&incoming.headers);
        let body = match stream {
            true => self.stream(exchange, incoming, until).await?,
            false => self.whole(exchange, incoming).await?,
        };
        Ok(Reply { headers, dropped: outgoing.dropped, body })
    }

    /// A streamed answer, read up to its first content.
    async fn stream(
        &self,
        exchange: &Exchange<'_>,
        incoming: Incoming,
        until: tokio::time::Instant,
    ) -> Result<ReplyBody, Failure> {
        let Exchange { link, call, back, terms, thinks, .. } = exchange;
        let direct = back.dialect() == call.front.dialect();
        let expected = match back.framing() {
            Framing::Sse => "text/event-stream",
            Framing::Ndjson => "ndjson",
        };
        if !has_type(&incoming.headers, expected) {
            return Err(self.not_a_stream(exchange, incoming).await);
        }
        let lane = if direct {
            let tap = call.front.tap(call.facts.choices, call.facts.include_usage);
            Lane::Direct(Direct::new(tap, link.provider.clone(), back.dialect()))
        } else {
            let stamp = self.stamp();
            let reader = back.reader(&stamp);
            let writer = call.front.writer(stamp, call.facts.include_usage);
            let cutter = Cutter::of(back.framing());
            Lane::Translated(Translated::new(cutter, reader, writer, link.provider.clone(), back.dialect()))
        };
        let course = Course {
            provider: link.provider.clone(),
            model: link.model.clone(),
            front: call.front,
            clock: self.clock.clone(),
            idle: if *thinks { self.limits.idle_thinking } else { self.limits.idle },
            deadline: terms.deadline,
        };
        let mut live = Box::new(Live::new(incoming.wire, lane, course));
        live.hold(until).await?;
        Ok(ReplyBody::Stream(live))
    }

    /// An answer of 200 that is no stream: an error in JSON, or nothing that could be used.
    async fn not_a_stream(&self, exchange: &Exchange<'_>, mut incoming: Incoming) -> Failure {
        let kind = content_type(&incoming.headers).to_owned();
        let body = self.rest(exchange, &mut incoming, LONGEST_ERROR).await.unwrap_or_default();
        if carries_error(&body) {
            return refusal(&exchange.link.provider, exchange.back.dialect(), None, &incoming.headers, body);
        }
        Failure::after_sending(Class::Malformed, format!("a stream was asked for, and the answer is `{kind}`"))
    }

    /// A whole answer.
    async fn whole(&self, exchange: &Exchange<'_>, mut incoming: Incoming) -> Result<ReplyBody, Failure> {
        let Exchange { link, call, back, .. } = exchange;
        let kind = content_type(&incoming.headers).to_owned();
        if !kind.is_empty() && !has_type(&incoming.headers, "json") {
            return Err(Failure::after_sending(Class::Malformed, format!("the answer is `{kind}`, not JSON")));
        }
        let body = self.rest(exchange, &mut incoming, LONGEST_ANSWER).await?;
        let refused = |body| Err(refusal(&link.provider, back.dialect(), None, &incoming.headers, body));
        if back.dialect() == call.front.dialect() {
            return match call.front.inspect(&body)? {
                Inspected::Error => refused(body),
                Inspected::Answer(learned) => Ok(ReplyBody::Whole { bytes: body, learned }),
            };
        }
        if carries_error(&body) {
            return refused(body);
        }
        let stamp = self.stamp();
        let answer = back.read_answer(&body, &stamp)?;
        let bytes = call.front.write_answer(&answer, &stamp);
        let learned = Learned { model: Some(answer.model), usage: answer.usage, finish: Some(answer.finish) };
        Ok(ReplyBody::Whole { bytes, learned })
    }

    /// What a refusal means.
    async fn refused(&self, exchange: &Exchange<'_>, mut incoming: Incoming) -> Failure {
        let body = self.rest(exchange, &mut incoming, LONGEST_ERROR).await.unwrap_or_default();
        refusal(&exchange.link.provider, exchange.back.dialect(), Some(incoming.status), &incoming.headers, body)
    }

    /// The rest of an answer whose head has come. Some providers send the head at once and the answer when it is
    /// ready, so a pause may be as long as the wait for a head.
    async fn rest(&self, exchange: &Exchange<'_>, incoming: &mut Incoming, most: usize) -> Result<Bytes, Failure> {
        let pause = self.limits.first_byte;
        incoming.wire.whole(most, &Patience { clock: &self.clock, pause, deadline: exchange.terms.deadline }).await
    }

    fn stamp(&self) -> Stamp {
        let id = format!("{:016x}{:08x}", fastrand::u64(..), fastrand::u32(..));
        Stamp { id, created: self.clock.wall().as_second() }
    }
}

/// Makes a failure of a refusal; without a status, of an error inside an answer of 200.
fn refusal(
    provider: &Provider,
    dialect: Dialect,
    status: Option<StatusCode>,
    headers: &HeaderMap,
    body: Bytes,
) -> Failure {
    let body = without_key(provider, body);
    let error = Told::read(&body);
    let status = status.unwrap_or_else(|| error.status());
    let failure = classify::failure(provider.spec.chat, dialect, &Refused { status, headers, body: &body, error });
    Failure { headers: passed_on(headers), ..failure }
}

/// What a provider says of a key that it refuses may hold the key, whole: it is taken out before anybody reads on.
fn without_key(provider: &Provider, body: Bytes) -> Bytes {
    match &provider.key {
        Some(key) if memchr::memmem::find(&body, key.expose().as_bytes()).is_some() => {
            Bytes::from(key.scrub(&String::from_utf8_lossy(&body)))
        }
        _ => body,
    }
}

/// Makes a failure of an error inside a stream of `dialect`.
pub(super) fn told_in_stream(provider: &Provider, dialect: Dialect, data: &[u8]) -> Failure {
    let body = Bytes::copy_from_slice(data);
    refusal(provider, dialect, None, &HeaderMap::new(), body)
}

/// Has the server no such endpoint (rather than no such model)?
fn lacks_endpoint(failure: &Failure) -> bool {
    matches!(failure.status, Some(404 | 405 | 501)) && failure.class != Class::ModelUnavailable
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default()
}

fn has_type(headers: &HeaderMap, expected: &str) -> bool {
    content_type(headers).to_ascii_lowercase().contains(expected)
}

/// Has a body a top-level `error`?
fn carries_error(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Head {
        #[serde(default)]
        error: Option<serde::de::IgnoredAny>,
    }
    serde_json::from_slice::<Head>(body).is_ok_and(|head| head.error.is_some())
}
