//! One attempt at a call whose answer is a small JSON object: no lanes, no streams.

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue};

use super::reply::{Reply, ReplyBody, passed_on};
use super::{Incoming, Upstream, chat, outgoing};
use crate::domain::Dialect;
use crate::domain::facts::Learned;
use crate::domain::failure::{Class, Failure};
use crate::protocol::call::Call;
use crate::provider::Provider;
use crate::provider::link::{Link, Terms};
use bytes::Bytes;

impl Upstream {
    /// Has `link` count the tokens of `call`.
    ///
    /// # Errors
    /// A [`Failure`].
    pub async fn count(&self, link: Link, call: &Call, terms: Terms) -> Result<Reply, Failure> {
        let Some((adapter, path)) = link.provider.spec.chat.and_then(|chat| Some((chat, chat.count_path()?))) else {
            return Err(Failure::new(Class::ModelUnavailable, "this provider does not count tokens"));
        };
        let dialect = call.front.dialect();
        let outgoing = outgoing::direct(adapter, &link, call, &self.models.card(&link.model), terms);
        let (headers, bytes) =
            self.json_of(&link.provider, dialect, path, outgoing.headers, outgoing.body, terms).await?;
        let body = ReplyBody::Whole { bytes, learned: Learned::default() };
        Ok(Reply { headers: passed_on(&headers), dropped: outgoing.dropped, estimated: None, body })
    }

    /// Posts `body` to `path` of `provider` and gives back the JSON that comes, with its headers.
    ///
    /// # Errors
    /// A [`Failure`], also where an answer of 200 carries an error.
    pub(super) async fn json_of(
        &self,
        provider: &Provider,
        dialect: Dialect,
        path: &'static str,
        mut headers: HeaderMap,
        body: Vec<Bytes>,
        terms: Terms,
    ) -> Result<(HeaderMap, Bytes), Failure> {
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let sending = self.post(provider, path, headers, body);
        let mut incoming: Incoming = self.head(sending, self.limits.first_byte, terms).await?;
        if !incoming.status.is_success() {
            return Err(self.refused(provider, dialect, terms, incoming).await);
        }
        let body = self.json(terms, &mut incoming).await?;
        if chat::carries_error(&body) {
            return Err(chat::refusal(provider, dialect, None, &incoming.headers, body));
        }
        Ok((incoming.headers, body))
    }
}
