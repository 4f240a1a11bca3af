//! One attempt at a chat: the lane is chosen, the request sent, the answer held until it is worth showing.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::time::Instant;

use super::outgoing::{self, Outgoing};
use super::reply::{Reply, ReplyBody, passed_on};
use super::stream::{Course, Cutter, Direct, Ends, Lane, Live, Translated, Translation};
use super::wire::Patience;
use super::{Incoming, LONGEST_ANSWER, LONGEST_ERROR, Upstream, ways};
use crate::domain::Dialect;
use crate::domain::facts::Learned;
use crate::domain::failure::{Class, Failure};
use crate::models::Card;
use crate::protocol::call::Call;
use crate::protocol::estimate;
use crate::protocol::renamed::Renamed;
use crate::protocol::{Back, Framing, Inspected, Stamp};
use crate::provider::classify::{self, Refused, Told};
use crate::provider::link::{Link, Terms};
use crate::provider::{ChatAdapter, Provider};

/// One call of one endpoint.
struct Exchange<'a> {
    link: &'a Link,
    call: &'a Call,
    back: &'static dyn Back,
    path: &'static str,
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
        let card = self.models.card(&link.model);
        let suited = adapter.suited(call, &link.model, &card);
        let by = |way| self.by(way, adapter, &card, &link, call, terms);
        ways::ask(&link.provider, suited, |failure| adapter.lacks_endpoint(failure), by).await
    }

    /// Asks one endpoint, in the lane that fits.
    async fn by(
        &self,
        at: usize,
        adapter: &'static dyn ChatAdapter,
        card: &Card,
        link: &Link,
        call: &Call,
        terms: Terms,
    ) -> Result<Reply, Failure> {
        let way = adapter.ways()[at];
        let thinks = call.facts.reasoning || card.thinks_first;
        let exchange = Exchange { link, call, back: way.back, path: way.path, terms, thinks };
        let reject = self.limits.reject_unsupported;
        if way.back.dialect() == call.front.dialect() {
            let outgoing = outgoing::direct(adapter, link, call, card, terms);
            outgoing::refuse_dropped(reject, &outgoing, terms, way.back.dialect())?;
            return self.exchange(&exchange, outgoing, None).await;
        }
        let mut chat = outgoing::read(call)?;
        adapter.adjust(&mut chat, card, way.back.dialect());
        let names = way.back.longest_tool_name().map(|longest| Renamed::fit(&mut chat, longest)).unwrap_or_default();
        let translation = Translation { prompt: estimate::prompt(&chat), names };
        loop {
            let outgoing = outgoing::translated(exchange.back, link, call, &chat, card)?;
            outgoing::refuse_dropped(reject, &outgoing, terms, way.back.dialect())?;
            match self.exchange(&exchange, outgoing, Some(&translation)).await {
                Err(refusal) if refusal.class == Class::InvalidRequest && adapter.amend(&refusal, &mut chat) => {}
                result => return result,
            }
        }
    }

    /// One call. `translation` is what must be known of a conversation that was translated.
    async fn exchange(
        &self,
        exchange: &Exchange<'_>,
        outgoing: Outgoing,
        translation: Option<&Translation>,
    ) -> Result<Reply, Failure> {
        let Exchange { link, call, path, terms, .. } = *exchange;
        let stream = call.facts.stream;
        let quick = stream && terms.more && !exchange.thinks;
        let patience = if quick { self.limits.first_event } else { self.limits.first_byte };
        let mut headers = outgoing.headers;
        headers.insert(ACCEPT, HeaderValue::from_static(if stream { "text/event-stream" } else { "application/json" }));
        let sending = self.post(&link.provider, path, headers, outgoing.body);
        let until = (self.clock.now() + patience).min(terms.deadline);
        let incoming = self.head(sending, patience, terms).await?;
        if !incoming.status.is_success() {
            let refused = self.refused(&link.provider, exchange.back.dialect(), terms, incoming).await;
            return Err(outgoing::blame(refused, &outgoing.ours));
        }
        let headers = passed_on(&incoming.headers);
        let body = match stream {
            true => self.stream(exchange, incoming, translation, until).await?,
            false => self.whole(exchange, incoming, translation).await?,
        };
        Ok(Reply { headers, dropped: outgoing.dropped, estimated: None, body })
    }

    /// The head of an answer, if it comes within `patience`.
    pub(super) async fn head(
        &self,
        sending: impl Future<Output = Result<Incoming, Failure>>,
        patience: Duration,
        terms: Terms,
    ) -> Result<Incoming, Failure> {
        let until = (self.clock.now() + patience).min(terms.deadline);
        let late = |_| {
            let cut_short = self.clock.now() >= terms.deadline;
            let why = if cut_short {
                "the deadline passed".into()
            } else {
                format!("no answer within {} ms", patience.as_millis())
            };
            Err(Failure::after_sending(Class::Timeout, why))
        };
        self.clock.until(until, sending).await.unwrap_or_else(late)
    }

    /// A streamed answer, read up to its first content.
    async fn stream(
        &self,
        exchange: &Exchange<'_>,
        incoming: Incoming,
        translation: Option<&Translation>,
        until: Instant,
    ) -> Result<ReplyBody, Failure> {
        let Exchange { link, call, back, terms, thinks, .. } = exchange;
        let expected = match back.framing() {
            Framing::Sse => "text/event-stream",
            Framing::Ndjson => "ndjson",
        };
        if !has_type(&incoming.headers, expected) {
            return Err(self.not_a_stream(exchange, incoming).await);
        }
        let lane = match translation {
            None => {
                let prompt = estimate::request(call);
                Lane::Direct(Direct::new(call.front.tap(call), prompt, link.provider.clone(), back.dialect()))
            }
            Some(translation) => {
                let stamp = self.stamp();
                let reader = back.reader(&stamp);
                let writer = call.front.writer(call, stamp);
                let ends = Ends { reader, writer, translation: translation.clone() };
                let cutter = Cutter::of(back.framing());
                Lane::Translated(Box::new(Translated::new(cutter, ends, link.provider.clone(), back.dialect())))
            }
        };
        let course = Course {
            provider: link.provider.clone(),
            model: link.model.clone(),
            ping: translation.map_or(&b""[..], |_| call.front.ping()),
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
        let body = self.rest(exchange.terms, &mut incoming, LONGEST_ERROR).await.unwrap_or_default();
        if carries_error(&body) {
            return refusal(&exchange.link.provider, exchange.back.dialect(), None, &incoming.headers, body);
        }
        Failure::after_sending(Class::Malformed, format!("a stream was asked for, and the answer is `{kind}`"))
    }

    /// A whole answer.
    async fn whole(
        &self,
        exchange: &Exchange<'_>,
        mut incoming: Incoming,
        translation: Option<&Translation>,
    ) -> Result<ReplyBody, Failure> {
        let Exchange { link, call, back, .. } = exchange;
        let body = self.json(exchange.terms, &mut incoming).await?;
        let refused = |body| Err(refusal(&link.provider, back.dialect(), None, &incoming.headers, body));
        let Some(translation) = translation else {
            return match call.front.inspect(&body)? {
                Inspected::Error => refused(body),
                Inspected::Answer(learned) => {
                    let usage = estimate::usage(learned.usage, true, || estimate::request(call), body.len());
                    Ok(ReplyBody::Whole { bytes: body, learned: Learned { usage: Some(usage), ..learned } })
                }
            };
        };
        if carries_error(&body) {
            return refused(body);
        }
        let stamp = self.stamp();
        let mut answer = back.read_answer(&body, &stamp)?;
        let usage = estimate::usage(answer.usage, true, || translation.prompt, estimate::said(&answer.parts));
        answer.usage = Some(usage);
        translation.names.restore(&mut answer);
        let bytes = call.front.write_answer(&answer, call, &stamp);
        let learned = Learned { model: Some(answer.model), usage: answer.usage, finish: Some(answer.finish) };
        Ok(ReplyBody::Whole { bytes, learned })
    }

    /// The body of an answer that is JSON.
    pub(super) async fn json(&self, terms: Terms, incoming: &mut Incoming) -> Result<Bytes, Failure> {
        let kind = content_type(&incoming.headers).to_owned();
        if !kind.is_empty() && !has_type(&incoming.headers, "json") {
            return Err(Failure::after_sending(Class::Malformed, format!("the answer is `{kind}`, not JSON")));
        }
        self.rest(terms, incoming, LONGEST_ANSWER).await
    }

    /// What a refusal means.
    pub(super) async fn refused(
        &self,
        provider: &Provider,
        dialect: Dialect,
        terms: Terms,
        mut incoming: Incoming,
    ) -> Failure {
        let body = self.rest(terms, &mut incoming, LONGEST_ERROR).await.unwrap_or_default();
        refusal(provider, dialect, Some(incoming.status), &incoming.headers, body)
    }

    /// The rest of an answer whose head has come. Some providers send the head at once and the answer when it is
    /// ready, so a pause may be as long as the wait for a head.
    async fn rest(&self, terms: Terms, incoming: &mut Incoming, most: usize) -> Result<Bytes, Failure> {
        let pause = self.limits.first_byte;
        incoming.wire.whole(most, &Patience { clock: &self.clock, pause, deadline: terms.deadline }).await
    }

    fn stamp(&self) -> Stamp {
        let id = format!("{:016x}{:08x}", fastrand::u64(..), fastrand::u32(..));
        Stamp { id, created: self.clock.wall().as_second() }
    }
}

/// Makes a failure of a refusal; without a status, of an error inside an answer of 200.
pub(super) fn refusal(
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

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default()
}

fn has_type(headers: &HeaderMap, expected: &str) -> bool {
    content_type(headers).to_ascii_lowercase().contains(expected)
}

/// Has a body a top-level `error`?
pub(super) fn carries_error(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Head {
        #[serde(default)]
        error: Option<serde::de::IgnoredAny>,
    }
    serde_json::from_slice::<Head>(body).is_ok_and(|head| head.error.is_some())
}
