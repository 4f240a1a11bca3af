//! The two ways out: hyper's own client on the request path, and reqwest for the rest.
//!
//! Both keep connections, and both are made of the same parts; reqwest adds what checks and proxies need, at a price
//! for each request that is most of what this gateway costs (README.md, "Measure it").

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower::{BoxError, Service};

use super::tls::Tls;
use super::wire::Pieces;

/// How long an idle connection is kept.
const KEPT: Duration = Duration::from_secs(90);
/// The most idle connections that are kept for a provider.
const MOST_KEPT: usize = 1024;

/// Plain HTTP/1.1 and HTTP/2, and nothing that a chat does not need.
pub(super) type Direct = Client<Bounded<HttpsConnector<HttpConnector>>, Pieces>;

/// The client of the request path.
pub(super) fn direct(tls: &Tls, connect: Duration) -> Direct {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(Duration::from_secs(60)));
    tcp.enforce_http(false);
    let https =
        HttpsConnectorBuilder::new().with_tls_config(tls.config()).https_or_http().enable_http1().enable_http2();
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(KEPT)
        .pool_max_idle_per_host(MOST_KEPT)
        .build(Bounded { inner: https.wrap_connector(tcp), limit: connect })
}

/// The client of checks, of lists, and of providers behind the system's proxy.
pub(super) fn convenient(tls: &Tls, connect: Duration) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls.config())
        .connect_timeout(connect)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .tcp_nodelay(true)
        .pool_idle_timeout(KEPT)
        .build()
}

/// A connector with a limit on all of it: name, connection, TLS.
#[derive(Clone)]
pub(super) struct Bounded<C> {
    inner: C,
    limit: Duration,
}

impl<C> Service<Uri> for Bounded<C>
where
    C: Service<Uri>,
    C::Error: Into<BoxError>,
    C::Future: Send + 'static,
    C::Response: Send,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let limit = self.limit;
        let connecting = self.inner.call(to);
        Box::pin(async move {
            let late = || format!("no connection within {} ms", limit.as_millis());
            match tokio::time::timeout(limit, connecting).await {
                Ok(result) => result.map_err(Into::into),
                Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, late()).into()),
            }
        })
    }
}
