//! One attempt at vectors: the caller's own bytes where the link speaks OpenAI's form, else by the hub form.

use bytes::Bytes;

use super::outgoing::{self, Outgoing};
use super::reply::{Reply, ReplyBody, passed_on};
use super::{Upstream, ways};
use crate::domain::facts::Learned;
use crate::domain::failure::{Class, Failure};
use crate::domain::vectors::Request;
use crate::protocol::call::Call;
use crate::protocol::embed::EmbedBack;
use crate::protocol::estimate;
use crate::protocol::openai::embeddings;
use crate::provider::embed::{EmbedAdapter, EmbedWay, FIRST_WAY};
use crate::provider::link::{Link, Terms};

impl Upstream {
    /// Asks `link` for the vectors of `call`, which was read as `request`.
    ///
    /// # Errors
    /// A [`Failure`].
    pub async fn embed(&self, link: Link, call: &Call, request: &Request, terms: Terms) -> Result<Reply, Failure> {
        let Some(adapter) = link.provider.spec.embed else {
            return Err(Failure::new(Class::ModelUnavailable, "this provider has no embeddings"));
        };
        let numbers: Vec<usize> = (FIRST_WAY..).take(adapter.ways().len()).collect();
        let by = |number: usize| {
            let way = &adapter.ways()[number - FIRST_WAY];
            self.embed_by(way, adapter, &link, call, request, terms)
        };
        ways::ask(&link.provider, &numbers, |failure| adapter.lacks_endpoint(failure), by).await
    }

    async fn embed_by(
        &self,
        way: &EmbedWay,
        adapter: &'static dyn EmbedAdapter,
        link: &Link,
        call: &Call,
        request: &Request,
        terms: Terms,
    ) -> Result<Reply, Failure> {
        let outgoing = match way.back {
            None => direct(adapter, link, call),
            Some(back) => translated(back, link, request)?,
        };
        let dialect = way.back.map_or(call.front.dialect(), EmbedBack::dialect);
        outgoing::refuse_dropped(self.limits.reject_unsupported, &outgoing, terms, dialect)?;
        let Outgoing { body, headers, dropped, ours } = outgoing;
        let (headers, bytes) = self
            .json_of(&link.provider, dialect, way.path, headers, body, terms)
            .await
            .map_err(|refused| outgoing::blame(refused, &ours))?;
        let (bytes, learned) = match way.back {
            None => passed(bytes, request)?,
            Some(back) => written(back, &bytes, link, request)?,
        };
        let body = ReplyBody::Whole { bytes, learned };
        Ok(Reply { headers: passed_on(&headers), dropped, estimated: None, body })
    }
}

fn direct(adapter: &dyn EmbedAdapter, link: &Link, call: &Call) -> Outgoing {
    let mut edits = outgoing::for_link(link, call);
    adapter.edit(call, &mut edits);
    outgoing::spliced(call, &edits)
}

fn translated(back: &dyn EmbedBack, link: &Link, request: &Request) -> Result<Outgoing, Failure> {
    let written = back.write_request(request, &link.model);
    written.map(Outgoing::from).map_err(|unfit| Failure::unfit(back.dialect(), unfit.param, unfit.message))
}

/// An answer of OpenAI's form, as it was asked for.
fn passed(bytes: Bytes, request: &Request) -> Result<(Bytes, Learned), Failure> {
    let (bytes, learned) = embeddings::as_asked(bytes, request)?;
    let usage = estimate::usage(learned.usage, true, || estimate::input(&request.input), 0);
    Ok((bytes, Learned { usage: Some(usage), ..learned }))
}

/// An answer of another form, written in OpenAI's.
fn written(back: &dyn EmbedBack, bytes: &[u8], link: &Link, request: &Request) -> Result<(Bytes, Learned), Failure> {
    let mut answer = back.read_answer(bytes, request.input.count())?;
    answer.usage = Some(estimate::usage(answer.usage, true, || estimate::input(&request.input), 0));
    if answer.model.is_empty() {
        answer.model = link.model.to_string();
    }
    let bytes = embeddings::write(&answer, request.encoding);
    Ok((bytes, Learned { model: Some(answer.model), usage: answer.usage, finish: None }))
}
