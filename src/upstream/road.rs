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
    /// The addresses of its endpoints by their paths, where they are addresses.
    endpoints: Vec<(&'static str, Result<Uri, String>)>,
}

impl Road {
    pub(super) fn new(provider: &Provider, proxies: &Matcher) -> Road {
        let endpoint = |path: &'static str| {
            let address = format!("{}{path}", provider.base_url);
            (path, address.parse::<Uri>().map_err(|error| format!("{address}: {error}")))
        };
        let endpoints: Vec<_> = provider.spec.paths().map(endpoint).collect();
        let proxied = endpoints.iter().flat_map(|(_, uri)| uri).any(|uri| proxies.intercept(uri).is_some());
        Road { provider: provider.name(), headers: headers(provider), proxied, endpoints }
    }

    /// The address of the endpoint at `path`.
    pub(super) fn uri(&self, path: &str) -> Result<Uri, Failure> {
        let unknown = || Err("this provider has no such endpoint".to_owned());
        let found = self.endpoints.iter().find(|(known, _)| *known == path).map(|(_, uri)| uri.clone());
        found.unwrap_or_else(unknown).map_err(|why| Failure::new(Class::Network, why))
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
