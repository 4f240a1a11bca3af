//! The way out: one set of clients and limits for every provider. The only room that names reqwest.

pub mod chat;
mod client;
mod embed;
mod outgoing;
mod plain;
pub mod probe;
pub mod reply;
mod road;
pub mod stream;
mod tls;
mod ways;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use hyper_util::client::proxy::matcher::Matcher;

use crate::clock::Clock;
use crate::domain::failure::{Class, Failure};
use crate::models::Models;
use crate::provider::{LocalAnswer, Provider, Reach, Roster};
use road::Road;
pub use tls::Tls;
use wire::{Body, Pieces, Wire};

/// The longest whole answer, in bytes.
pub const LONGEST_ANSWER: usize = 64 << 20;
/// The longest error that is kept, in bytes.
const LONGEST_ERROR: usize = 1 << 20;

/// The operator's limits.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// To a connection.
    pub connect: Duration,
    /// To a stream's first content, while another link remains and the model is not one that thinks first.
    pub first_event: Duration,
    /// To everything else: a whole answer's head, or a stream's first content.
    pub first_byte: Duration,
    /// The longest silence inside a stream.
    pub idle: Duration,
    /// The same for a model that thinks.
    pub idle_thinking: Duration,
    /// Does a parameter that the serving provider does not have make the request fail?
    pub reject_unsupported: bool,
    /// Bounds every check.
    pub probe: Duration,
}

/// A client for whatever is asked besides providers: it follows no redirects.
///
/// # Errors
/// Where it cannot be made.
pub fn plain_client(tls: &Tls, connect: Duration) -> Result<reqwest::Client, reqwest::Error> {
    client::convenient(tls, connect)
}

/// Sends requests. One for each worker, so that a connection never crosses threads.
pub struct Upstream {
    direct: client::Direct,
    convenient: reqwest::Client,
    roads: Vec<Road>,
    limits: Limits,
    models: Arc<Models>,
    clock: Clock,
}

/// An answer's head, and its body still to come.
struct Incoming {
    status: http::StatusCode,
    headers: HeaderMap,
    wire: Wire,
}

impl Upstream {
    /// Clients with connections of their own to the providers of `roster`.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(
        limits: Limits,
        roster: &Roster,
        models: Arc<Models>,
        tls: &Tls,
        clock: Clock,
    ) -> Result<Upstream, reqwest::Error> {
        let direct = client::direct(tls, limits.connect);
        let convenient = client::convenient(tls, limits.connect)?;
        let proxies = Matcher::from_system();
        let roads = roster.ready().map(|provider| Road::new(provider, &proxies)).collect();
        Ok(Upstream { direct, convenient, roads, limits, models, clock })
    }

    /// Posts `body` to `path` of `provider`, with `headers` beside the provider's own.
    async fn post(
        &self,
        provider: &Provider,
        path: &'static str,
        headers: HeaderMap,
        body: Vec<Bytes>,
    ) -> Result<Incoming, Failure> {
        if let Reach::Here(answer) = provider.spec.reach {
            return Ok(here(answer(path, &wire::join(body))));
        }
        let road = self.road(provider)?;
        let mut request = http::Request::new(Pieces::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = road.uri(path)?;
        *request.headers_mut() = road.headers.clone();
        request.headers_mut().extend(headers);
        if road.proxied {
            let request = request.map(reqwest::Body::wrap);
            let request = reqwest::Request::try_from(request).map_err(|error| wire::no_head(&error))?;
            return self.send(request).await;
        }
        let response = self.direct.request(request).await.map_err(|error| wire::no_head(&error))?;
        let (head, body) = response.into_parts();
        Ok(Incoming { status: head.status, headers: head.headers, wire: Wire::new(Body::Direct(body)) })
    }

    /// Gets `path` of `provider`.
    async fn get(&self, provider: &Provider, path: &str) -> Result<Incoming, Failure> {
        let url = format!("{}{path}", provider.base_url);
        let url = reqwest::Url::parse(&url).map_err(|error| Failure::new(Class::Network, format!("{url}: {error}")))?;
        let mut request = reqwest::Request::new(Method::GET, url);
        *request.headers_mut() = self.road(provider)?.headers.clone();
        request.headers_mut().remove(CONTENT_TYPE);
        self.send(request).await
    }

    async fn send(&self, request: reqwest::Request) -> Result<Incoming, Failure> {
        let response = self.convenient.execute(request).await.map_err(|error| wire::no_head(&error))?;
        let (head, body) = http::Response::from(response).into_parts();
        Ok(Incoming { status: head.status, headers: head.headers, wire: Wire::new(Body::Convenient(body)) })
    }

    fn road(&self, provider: &Provider) -> Result<&Road, Failure> {
        let road = self.roads.iter().find(|road| road.provider == provider.name());
        road.ok_or_else(|| Failure::new(Class::ModelUnavailable, "this provider is not configured"))
    }
}

fn here(answer: LocalAnswer) -> Incoming {
    let (kind, pieces) = match answer {
        LocalAnswer::Whole(body) => ("application/json", vec![body]),
        LocalAnswer::Pieces(pieces) => ("text/event-stream", pieces),
    };
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
    Incoming { status: http::StatusCode::OK, headers, wire: Wire::new(Body::Here(pieces.into())) }
}
