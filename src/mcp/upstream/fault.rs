//! Why there is no connection to another server, in words that are fit for its operator and for clients.

use std::error::Error;
use std::io;
use std::time::Duration;

use rmcp::service::{ClientInitializeError, ServiceError};
use rmcp::transport::streamable_http_client::StreamableHttpError;

use crate::secret::scrub;

/// The most words of a fault, in characters.
const MOST_WORDS: usize = 300;

/// Why there is no connection, or none any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("it cannot be started: {0}")]
    Start(#[from] io::Error),
    #[error("{0}")]
    Connect(#[from] Box<ClientInitializeError>),
    #[error("it has not answered within {} s", .0.as_secs())]
    Late(Duration),
    #[error("{0}")]
    Unread(#[from] Unread),
    #[error("the connection has ended")]
    Ended,
    #[error("the gateway failed in a way that it should not")]
    Panicked,
    #[error("the gateway is about to end")]
    Stopped,
}

/// Why a list could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    #[error("{0} took longer than {limit} s", limit = .1.as_secs())]
    Late(&'static str, Duration),
    #[error("{0} gives more than {limit} MiB", limit = .1 >> 20)]
    Large(&'static str, usize),
    #[error("{0} failed: {1}")]
    Failed(&'static str, ServiceError),
}

impl Unread {
    /// Is it the connection that failed, rather than the server that did not do what it was asked?
    pub(super) fn is_broken(&self) -> bool {
        matches!(self, Unread::Failed(_, ServiceError::TransportClosed | ServiceError::TransportSend(_)))
    }

    /// Did it take too long?
    pub(super) fn is_late(&self) -> bool {
        matches!(self, Unread::Late(..))
    }
}

impl Fault {
    /// The fault in words that are fit for a client: no keys, no address (which may hold one), and not too many.
    pub(super) fn words(&self) -> String {
        let words = match self {
            Fault::Connect(error) => connecting(error),
            Fault::Unread(Unread::Failed(what, error)) => format!("{what} failed: {}", asking(error)),
            other => other.to_string(),
        };
        scrub(&words).chars().take(MOST_WORDS).collect()
    }

    /// May it have come about because a child has ended?
    pub(super) fn may_be_an_end(&self) -> bool {
        matches!(self, Fault::Connect(_) | Fault::Unread(_) | Fault::Ended)
    }
}

/// What is wrong with the first words between the two. The SDK's own words repeat what was sent.
fn connecting(error: &ClientInitializeError) -> String {
    match error {
        ClientInitializeError::TransportError { error, .. } => transport(&*error.error),
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => connecting(fallback),
        ClientInitializeError::ConnectionClosed(_) => "it has hung up before it had answered".to_owned(),
        ClientInitializeError::JsonRpcError(error) => {
            format!("it answers with an error: {} ({})", error.message, error.code.0)
        }
        ClientInitializeError::NoCompatibleProtocolVersion { server_supported, .. } => {
            let versions: Vec<&str> = server_supported.iter().map(|version| version.as_str()).collect();
            format!("it speaks no version of MCP that the gateway speaks, but {}", versions.join(", "))
        }
        _ => "it answers with what is not MCP".to_owned(),
    }
}

fn asking(error: &ServiceError) -> String {
    match error {
        ServiceError::McpError(error) => format!("{} ({})", error.message, error.code.0),
        ServiceError::TransportSend(error) => transport(&*error.error),
        ServiceError::TransportClosed => "the connection has ended".to_owned(),
        ServiceError::UnexpectedResponse => "its answer is not what was asked for".to_owned(),
        other => other.to_string(),
    }
}

fn transport(error: &(dyn Error + Send + Sync + 'static)) -> String {
    let Some(error) = error.downcast_ref::<StreamableHttpError<reqwest::Error>>() else {
        return format!("the connection broke: {}", innermost(error));
    };
    match error {
        StreamableHttpError::AuthRequired(_) => refused(401),
        StreamableHttpError::InsufficientScope(_) => refused(403),
        StreamableHttpError::HttpStatus(status) => refused(status.status),
        StreamableHttpError::Client(error) => web(error),
        StreamableHttpError::UnexpectedServerResponse(said) => match status(said) {
            Some(status) => refused(status),
            None => "it answers with what is not MCP".to_owned(),
        },
        StreamableHttpError::UnexpectedContentType(kind) => {
            format!(
                "it answers with {} and not with MCP: see that `url` is right",
                kind.as_deref().unwrap_or("nothing")
            )
        }
        other => other.to_string(),
    }
}

/// The status in the SDK's words for an answer that is none: `HTTP 404 Not Found: …`.
fn status(said: &str) -> Option<u16> {
    said.strip_prefix("HTTP ")?.get(..3)?.parse().ok()
}

/// A status instead of an answer.
fn refused(status: u16) -> String {
    match status {
        401 => "it refuses the gateway (401): set its credentials in `headers`".to_owned(),
        403 => "it refuses the gateway (403): the credentials in `headers` may not do this".to_owned(),
        404 | 405 => format!("there is no MCP at its address ({status}): see that `url` is right"),
        300..=399 => format!("it redirects ({status}), which is not followed: set `url` to where it leads"),
        _ => format!("it answers with HTTP {status}"),
    }
}

/// An error of reqwest without the address, which may hold a key.
fn web(error: &reqwest::Error) -> String {
    match error.status() {
        Some(status) => refused(status.as_u16()),
        None if error.is_timeout() => "nobody answers at its address in time".to_owned(),
        None if error.is_connect() => format!("its address cannot be reached: {}", innermost(error)),
        None => format!("the connection broke: {}", innermost(error)),
    }
}

/// What is behind an error and everything before it.
fn innermost(error: &(dyn Error + 'static)) -> String {
    match error.source() {
        Some(source) => innermost(source),
        // An error of reqwest with nothing behind it would tell the address.
        None if error.is::<reqwest::Error>() => "no reason is given".to_owned(),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_to_change() {
        assert_eq!(status("HTTP 401 Unauthorized: no"), Some(401));
        assert_eq!(status("could not parse"), None);
        assert!(refused(401).contains("`headers`") && refused(404).contains("`url`") && refused(308).contains("`url`"));
        assert_eq!(refused(503), "it answers with HTTP 503");
        let start = Fault::from(io::Error::other("there is no program `npx`"));
        assert_eq!(start.words(), "it cannot be started: there is no program `npx`");
        assert_eq!(Fault::Late(Duration::from_secs(60)).words(), "it has not answered within 60 s");
    }

    #[test]
    fn an_address_with_a_key_is_not_told() {
        rustls::crypto::ring::default_provider().install_default().ok();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let asked = runtime.block_on(reqwest::Client::new().get("http://127.0.0.1:1/mcp?key=sk-SECRET").send());
        let words = web(&asked.expect_err("nobody listens there"));
        assert!(words.starts_with("its address cannot be reached: ") && !words.contains("SECRET"), "{words}");
    }

    #[test]
    fn words_are_bounded() {
        let start = Fault::from(io::Error::other("x".repeat(10_000)));
        assert_eq!(start.words().chars().count(), MOST_WORDS);
    }
}
