//! Why another server is not connected, in words that are fit for clients: no keys, no addresses, not too much.

use std::error::Error;
use std::io;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use rmcp::service::{ClientInitializeError, ServiceError};
use rmcp::transport::DynamicTransportError;
use rmcp::transport::streamable_http_client::HttpStatusError;

use super::read::Unread;
use crate::secret::scrub;

/// The most of an error that is told, in characters.
const MOST_WORDS: usize = 300;
/// What to do where a server wants to know who asks.
const CREDENTIALS: &str = "it refuses the gateway (401): set its credentials in `headers`";

/// Why there is no connection, or none any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The child cannot be started.
    #[error("{0}")]
    Start(String),
    /// It does not begin as the protocol wants it.
    #[error("{}", connecting(.0))]
    Connect(#[from] Box<ClientInitializeError>),
    /// It takes too long to begin.
    #[error("it has not answered within {} s", .0.as_secs())]
    Late(Duration),
    /// What it offers cannot be read.
    #[error("{}", unread(.0))]
    Unread(#[from] Unread),
    /// The connection stood, and does not any more.
    #[error("the connection has ended")]
    Ended,
    /// The child has ended of its own accord.
    #[error("it has ended ({0})")]
    Exited(ExitStatus),
    /// The gateway's own fault.
    #[error("the gateway failed in a way that it should not")]
    Panicked,
    /// The gateway is about to end.
    #[error("the gateway is about to end")]
    Stopped,
}

impl Fault {
    /// Why `command` was not started in `folder`.
    pub(super) fn start(command: &str, folder: Option<&str>, error: &io::Error) -> Fault {
        let lost = folder.filter(|folder| !Path::new(folder).is_dir());
        Fault::Start(match (lost, error.kind()) {
            (Some(folder), _) => format!("it cannot be started: there is no folder `{folder}`"),
            (None, io::ErrorKind::NotFound) => {
                format!("it cannot be started: there is no program `{command}`, nor one of this name on the PATH")
            }
            _ => format!("`{command}` cannot be started: {error}"),
        })
    }

    /// May the child's own end be the better reason?
    pub(super) fn is_silence(&self) -> bool {
        match self {
            Fault::Ended | Fault::Unread(_) => true,
            Fault::Connect(error) => matches!(
                without_probe(error),
                ClientInitializeError::ConnectionClosed(_) | ClientInitializeError::TransportError { .. }
            ),
            _ => false,
        }
    }

    /// The fault in words that are fit for a client.
    pub(super) fn words(&self) -> String {
        scrub(&without_addresses(&self.to_string())).chars().take(MOST_WORDS).collect()
    }
}

/// The error that counts of those of both eras.
fn without_probe(error: &ClientInitializeError) -> &ClientInitializeError {
    match error {
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => without_probe(fallback),
        other => other,
    }
}

fn connecting(error: &ClientInitializeError) -> String {
    if error.is_authorization_required() {
        return CREDENTIALS.to_owned();
    }
    match without_probe(error) {
        ClientInitializeError::TransportError { error, .. } => transport(error),
        ClientInitializeError::ConnectionClosed(_) => "the connection has ended before it answered".to_owned(),
        ClientInitializeError::JsonRpcError(error) => format!("it refuses to begin: {}", error.message),
        other => other.to_string(),
    }
}

fn unread(error: &Unread) -> String {
    match error {
        Unread::Failed(what, ServiceError::TransportSend(error)) => format!("{what}: {}", transport(error)),
        Unread::Failed(what, ServiceError::McpError(error)) => format!("{what}: it refuses: {}", error.message),
        other => other.to_string(),
    }
}

/// What went wrong on the way. The SDK's own words hold the address, and names of types.
fn transport(error: &DynamicTransportError) -> String {
    let chain = || std::iter::successors(Some(&*error.error as &(dyn Error + 'static)), |&error| error.source());
    let last = chain().last().map(ToString::to_string).unwrap_or_default();
    let of_http = chain().find_map(|error| error.downcast_ref::<reqwest::Error>());
    let status = chain().find_map(|error| error.downcast_ref::<HttpStatusError>());
    match (of_http, status) {
        (Some(error), _) if error.is_connect() => format!("it cannot be reached: {last}"),
        (Some(error), _) if error.is_timeout() => "it does not answer in time".to_owned(),
        (Some(_), _) => format!("the connection failed: {last}"),
        (None, Some(error)) => format!("it answers HTTP {}", error.status),
        (None, None) => advised(&error.error.to_string()),
    }
}

/// An answer that is none of the protocol's, with what to do about it where that is known.
fn advised(words: &str) -> String {
    let status = words.split_once("HTTP ").and_then(|(_, rest)| rest.get(..3)?.parse::<u16>().ok());
    match status {
        Some(401) => CREDENTIALS.to_owned(),
        Some(status @ 300..=399) => {
            format!(
                "it redirects (HTTP {status}), which is not followed: set the address that it redirects to in `url`"
            )
        }
        _ => words.to_owned(),
    }
}

/// `words` with nothing of an address but its scheme, its host and its port: users, paths and queries may be keys.
pub(super) fn without_addresses(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let ends = |letter: char| letter.is_whitespace() || matches!(letter, ')' | '"' | '\'' | '`' | '>' | ',');
        let address = &after[..after.find(ends).unwrap_or(after.len())];
        let authority = address.split(['/', '?', '#']).next().unwrap_or_default();
        out.push_str(authority.rsplit('@').next().unwrap_or_default());
        rest = &after[address.len()..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_an_address_is_told_that_may_be_a_key() {
        let check = |words: &str, told: &str| assert_eq!(without_addresses(words), told);
        check("no address", "no address");
        check("for url (https://me:secret@a.example:1/mcp/secret?key=secret): no", "for url (https://a.example:1): no");
        check("http://a.example?secret and https://b.example#secret", "http://a.example and https://b.example");
        check("at the end https://p@q@a.example", "at the end https://a.example");
        check("://", "://");
    }

    #[test]
    fn what_cannot_be_started_is_told_by_its_name() {
        let gone = io::Error::from(io::ErrorKind::NotFound);
        let told = |folder| Fault::start("nonesuch", folder, &gone).words();
        assert!(told(None).contains("no program `nonesuch`"), "{}", told(None));
        assert!(told(Some("/")).contains("no program `nonesuch`"));
        assert!(told(Some("/no/such/folder")).contains("no folder `/no/such/folder`"));
        let denied = Fault::start("data", None, &io::ErrorKind::PermissionDenied.into()).words();
        assert!(denied.starts_with("`data` cannot be started: "), "{denied}");
    }

    #[test]
    fn an_answer_that_is_none_is_told_with_what_to_do() {
        assert_eq!(advised("unexpected server response: HTTP 401 Unauthorized: {}"), CREDENTIALS);
        assert!(advised("unexpected server response: HTTP 307 Temporary Redirect: ").contains("in `url`"));
        assert_eq!(advised("Unexpected content type: None"), "Unexpected content type: None");
        assert_eq!(advised("HTTP é"), "HTTP é");
    }
}
