//! The way out: one HTTP client for every provider, with one set of limits. The only room that names reqwest.

pub mod chat;
mod outgoing;
pub mod probe;
pub mod reply;
pub mod stream;
mod tls;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::clock::Clock;
use crate::domain::failure::{Class, Failure};
use crate::models::Models;
use crate::provider::{Auth, LocalAnswer, Provider, Reach};
use crate::secret::Secret;
pub use tls::Tls;
use wire::{Body, Pieces, Wire};

/// The longest whole answer, in bytes.
pub const LONGEST_ANSWER: usize = 64 << 20;
/// The longest error that is kept, in bytes.
const LONGEST_ERROR: usize = 1 << 20;
/// How this gateway calls itself.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("ai-mcp-gateway/", env!("CARGO_PKG_VERSION")));

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

/// Sends requests. One for each worker, so that a connection never crosses threads.
pub struct Upstream {
    client: reqwest::Client,
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
    /// A client with its own connections.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(limits: Limits, models: Arc<Models>, tls: &Tls, clock: Clock) -> Result<Upstream, reqwest::Error> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.config())
            .connect_timeout(limits.connect)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .tcp_nodelay(true)
            .pool_idle_timeout(Duration::from_secs(90))
            .build()?;
        Ok(Upstream { client, limits, models, clock })
    }

    /// Posts `body` to `path` of `provider`.
    async fn post(
        &self,
        provider: &Provider,
        path: &str,
        headers: HeaderMap,
        body: Vec<Bytes>,
    ) -> Result<Incoming, Failure> {
        if let Reach::Here(answer) = provider.spec.reach {
            return Ok(here(answer(&wire::join(body))));
        }
        let mut request = self.request(Method::POST, provider, path)?;
        *request.headers_mut() = headers;
        self.authorize(provider, request.headers_mut())?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(reqwest::Body::wrap(Pieces::new(body)));
        self.send(request).await
    }

    /// Gets `path` of `provider`.
    async fn get(&self, provider: &Provider, path: &str, headers: HeaderMap) -> Result<Incoming, Failure> {
        let mut request = self.request(Method::GET, provider, path)?;
        *request.headers_mut() = headers;
        self.authorize(provider, request.headers_mut())?;
        self.send(request).await
    }

    fn request(&self, method: Method, provider: &Provider, path: &str) -> Result<reqwest::Request, Failure> {
        let url = format!("{}{path}", provider.base_url);
        let url = reqwest::Url::parse(&url).map_err(|error| Failure::new(Class::Network, format!("{url}: {error}")))?;
        Ok(reqwest::Request::new(method, url))
    }

    fn authorize(&self, provider: &Provider, headers: &mut HeaderMap) -> Result<(), Failure> {
        headers.insert(USER_AGENT, AGENT);
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        let Some(key) = &provider.key else { return Ok(()) };
        let (name, value) = match provider.spec.auth {
            Auth::None => return Ok(()),
            Auth::Bearer => (AUTHORIZATION, secret_value("Bearer ", key)),
            Auth::Header(name) => (HeaderName::from_static(name), secret_value("", key)),
        };
        headers.insert(
            name,
            value.ok_or_else(|| Failure::new(Class::Auth, "the key holds characters that no header may"))?,
        );
        Ok(())
    }

    async fn send(&self, request: reqwest::Request) -> Result<Incoming, Failure> {
        let response = self.client.execute(request).await.map_err(|error| wire::no_head(&error))?;
        let (head, body) = http::Response::from(response).into_parts();
        Ok(Incoming { status: head.status, headers: head.headers, wire: Wire::new(Body::Net(body)) })
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

fn secret_value(prefix: &str, key: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("{prefix}{}", key.expose())).ok()?;
    value.set_sensitive(true);
    Some(value)
}
