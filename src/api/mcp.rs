//! `/mcp` and `/mcp/{server}`: MCP over streamable HTTP, behind the same door as every other request.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{HOST, HeaderName, ORIGIN, WWW_AUTHENTICATE};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use axum::response::Response;

use super::enter::Entered;
use super::error::{self, Refusal};
use super::headers;
use super::reply::Placed;
use super::{Api, Cors};
use crate::mcp::http::Service;
use crate::protocol::openai::OpenAi;

/// The headers that name a request's revision, and a modern one's method.
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");

/// The gateway's own tools, and those of every other server.
pub(super) async fn all(State(api): State<Arc<Api>>, request: Request<Body>) -> Response {
    serve(&api, "/mcp", request, |api| Some(api.mcp.all())).await
}

/// One other server alone.
pub(super) async fn one(State(api): State<Arc<Api>>, Path(name): Path<String>, request: Request<Body>) -> Response {
    serve(&api, "/mcp/{server}", request, |api| api.mcp.of(&name)).await
}

async fn serve(
    api: &Api,
    endpoint: &'static str,
    mut request: Request<Body>,
    service: impl Fn(&Api) -> Option<&Service>,
) -> Response {
    let Entered { caller, place } = match api.enter(request.headers(), &OpenAi, endpoint) {
        Ok(entered) => entered,
        Err(refused) => return challenged(*refused),
    };
    if let Err(refusal) = api.options.visitors.check(request.uri(), request.headers()) {
        return error::refuse(&OpenAi, &caller, refusal);
    }
    let Some(service) = service(api) else {
        return error::refuse(&OpenAi, &caller, Refusal::NoSuchPath(request.uri().path().to_owned()));
    };
    // A stream of notifications is open for as long as its client likes: nobody waits for its end.
    let place = (!listens(&request)).then_some(place);
    let id = headers::id(&caller.request_id);
    request.extensions_mut().insert(caller);
    let is_delete = request.method() == Method::DELETE;
    let (mut head, body) = service.handle(request).await.into_parts();
    // There is nothing more to say of a session that is over; some clients warn of "accepted".
    if is_delete && head.status == StatusCode::ACCEPTED {
        head.status = StatusCode::NO_CONTENT;
    }
    head.headers.insert(&headers::REQUEST_ID, id);
    let body = match place {
        Some(place) => Body::new(Placed::new(body, place)),
        None => Body::new(body),
    };
    Response::from_parts(head, body)
}

/// Is this a request for a stream of notifications? Of a modern one the header says so, which the SDK holds against the
/// body.
fn listens(request: &Request<Body>) -> bool {
    let says = |name: &HeaderName, so: fn(&[u8]) -> bool| {
        request.headers().get(name).is_some_and(|value| so(value.as_bytes()))
    };
    let is_modern = || says(&VERSION, |version| version >= b"2026-07-28".as_slice());
    request.method() == Method::GET || (says(&METHOD, |method| method == b"subscriptions/listen") && is_modern())
}

/// A client without a key learns how to show one (docs: protocols/mcp.md, 3).
fn challenged(mut refused: Response) -> Response {
    if refused.status() == StatusCode::UNAUTHORIZED {
        refused.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    refused
}

/// By which names this server may be called, and from which pages: a name that an attacker's DNS has led here is
/// neither (docs: protocols/mcp.md, 3).
#[derive(Clone)]
pub struct Visitors {
    /// Names by which clients reach this server, beside loopback names and plain addresses.
    pub hosts: Vec<String>,
    /// Pages that may call it, beside those of loopback names.
    pub origins: Cors,
}

impl Visitors {
    fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let told = headers.get(HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
        let host = uri.authority().cloned().or(told);
        match host {
            Some(host) if self.knows(host.host()) => {}
            Some(host) => return Err(Refusal::Host(host.host().to_owned())),
            None => return Err(Refusal::Host(String::new())),
        }
        let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
        if self.welcomes(origin) {
            return Ok(());
        }
        Err(Refusal::Origin(String::from_utf8_lossy(origin.as_bytes()).into_owned()))
    }

    /// An address is nobody's name, so that no DNS can have led there.
    fn knows(&self, host: &str) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        is_loopback(host)
            || bare.parse::<IpAddr>().is_ok()
            || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
    }

    fn welcomes(&self, origin: &HeaderValue) -> bool {
        let local = || {
            let uri = origin.to_str().ok()?.parse::<Uri>().ok()?;
            uri.scheme()?;
            Some(is_loopback(uri.host()?))
        };
        let listed = match &self.origins {
            Cors::Off => false,
            Cors::Any => true,
            Cors::Only(origins) => origins.contains(origin),
        };
        listed || local() == Some(true)
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(host: &str, origin: Option<&str>, expected: bool) {
        let visitors = Visitors {
            hosts: vec!["gw.example".to_owned()],
            origins: Cors::Only(vec![HeaderValue::from_static("https://app.example")]),
        };
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        assert_eq!(visitors.check(&Uri::from_static("/mcp"), &headers).is_ok(), expected, "{host} {origin:?}");
    }

    #[test]
    fn hosts_that_are_known() {
        for host in ["localhost:3000", "127.0.0.1", "[::1]:3000", "LOCALHOST", "10.0.0.7:3000", "gw.example:8443"] {
            check(host, None, true);
        }
        for host in ["evil.example", "evil.example:3000", "localhost.evil.example", "127.0.0.1.evil.example"] {
            check(host, None, false);
        }
    }

    #[test]
    fn pages_that_may_call() {
        for origin in ["http://localhost:5173", "http://127.0.0.1", "https://[::1]:3000", "https://app.example"] {
            check("localhost", Some(origin), true);
        }
        for origin in ["null", "http://evil.example", "https://app.example.evil", "http://app.example", "localhost"] {
            check("localhost", Some(origin), false);
        }
    }
}
