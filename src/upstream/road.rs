//! The road to one provider: what every request to it has in common, made once.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;

use crate::domain::failure::{Class, Failure};
use crate::provider::{Auth, Provider};
use crate::secret::Secret;

/// How this gateway calls itself.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("ai-mcp-gateway/", env!("CARGO_PKG_VERSION")));

/// The road to one provider.
pub(super) struct Road {
    pub(super) provider: &'static str,
    /// Headers of every request: who asks, by which key. Built, never copied from a caller.
    pub(super) headers: HeaderMap,
    /// Does the system's proxy stand between?
    pub(super) proxied: bool,
    /// The addresses of the adapter's ways, where they are addresses.
    ways: Vec<Result<Uri, String>>,
}

impl Road {
    pub(super) fn new(provider: &Provider, proxies: &Matcher) -> Road {
        let paths = provider.spec.chat.map(|chat| chat.ways()).unwrap_or_default();
        let uri = |path: &str| {
            let address = format!("{}{path}", provider.base_url);
            address.parse::<Uri>().map_err(|error| format!("{address}: {error}"))
        };
        let ways: Vec<_> = paths.iter().map(|way| uri(way.path)).collect();
        let proxied = ways.iter().flatten().any(|uri| proxies.intercept(uri).is_some());
        Road { provider: provider.name(), headers: headers(provider), proxied, ways }
    }

    /// The address of one of the adapter's ways.
    pub(super) fn uri(&self, way: usize) -> Result<Uri, Failure> {
        let unknown = || Err("this provider has no such endpoint".to_owned());
        let uri = self.ways.get(way).cloned().unwrap_or_else(unknown);
        uri.map_err(|why| Failure::new(Class::Network, why))
    }
}

fn headers(provider: &Provider) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(chat) = provider.spec.chat {
        chat.headers(provider, &mut headers);
    }
    headers.insert(USER_AGENT, AGENT);
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(key) = &provider.key {
        // A key that no header can carry was refused with the configuration.
        match provider.spec.auth {
            Auth::None => {}
            Auth::Bearer => put(&mut headers, AUTHORIZATION, "Bearer ", key),
            Auth::Header(name) => put(&mut headers, HeaderName::from_static(name), "", key),
        }
    }
    headers
}

fn put(headers: &mut HeaderMap, name: HeaderName, prefix: &str, key: &Secret) {
    if let Ok(mut value) = HeaderValue::from_str(&format!("{prefix}{}", key.expose())) {
        value.set_sensitive(true);
        headers.insert(name, value);
    }
}
