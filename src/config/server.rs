//! The server's part of the configuration.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::{HeaderValue, Uri};

use super::ConfigFault;
use super::Vars;
use super::vars::is_placeholder;
use crate::admit::{self, Digest};
use crate::api::{self, Cors, Visitors};
use crate::telemetry::log;

/// Where to listen, what to log, when to end.
pub struct Server {
    /// The address to listen on.
    pub host: String,
    /// The port; 0 picks a free one.
    pub port: u16,
    /// How long open requests may last once the process is to end.
    pub grace: Duration,
    /// What is logged, how, and where.
    pub log: log::Options,
}

/// A day: no wait is longer.
const LONGEST: u64 = 86_400_000;

pub(super) fn read(vars: &Vars) -> Server {
    let host = vars.text("API_HOST", "127.0.0.1").unwrap_or_default();
    let is_host = |host: &str| host == "localhost" || host.parse::<IpAddr>().is_ok();
    let host = if is_host(&host) {
        host
    } else {
        vars.fault("API_HOST", &host, "an address such as 127.0.0.1, 0.0.0.0 or ::1, or localhost");
        "127.0.0.1".to_owned()
    };
    Server {
        host,
        port: vars.number("API_PORT", 3000, 0..=u16::MAX),
        grace: vars.millis("SHUTDOWN_GRACE_MS", 30_000, 0..=LONGEST),
        log: log(vars),
    }
}

fn log(vars: &Vars) -> log::Options {
    let is_level = |level: &str| log::is_level(level).then(|| level.to_owned());
    let level =
        vars.parse("LOG_LEVEL", "info", "trace, debug, info, warn, error, or a tracing filter directive", is_level);
    let format = vars.parse("LOG_FORMAT", "text", "text or json", |format| match format {
        "text" => Some(log::Format::Text),
        "json" => Some(log::Format::Json),
        _ => None,
    });
    let file = vars.text("LOG_FILE", "logs/ai-mcp-gateway.log").unwrap_or_default();
    let file = match file.as_str() {
        "off" => None,
        _ if vars.is_quoted_nothing("LOG_FILE") => None,
        path => Some(PathBuf::from(path)),
    };
    log::Options {
        level: level.unwrap_or_else(|| "info".to_owned()),
        format: format.unwrap_or(log::Format::Text),
        file,
    }
}

/// Who may ask.
pub(super) struct Clients {
    /// The keys of the environment.
    pub(super) keys: Vec<Digest>,
    /// What is wrong where the database holds no key either.
    pub(super) exposed: Option<ConfigFault>,
}

/// Who may ask. A process that strangers can reach needs keys: here, or in the database, which is asked at the start.
pub(super) fn clients(vars: &Vars, server: &Server) -> Clients {
    let keys = keys(vars);
    let open = vars.switch("GATEWAY_ALLOW_ANONYMOUS", false);
    let loopback =
        server.host == "localhost" || server.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let exposed = (keys.is_empty() && !loopback && !open).then(|| ConfigFault {
        variable: "API_HOST".to_owned(),
        value: server.host.clone(),
        accepted: "a loopback address, unless GATEWAY_API_KEYS holds a client key, `ai-mcp-gateway keys create` has \
                   made one, or GATEWAY_ALLOW_ANONYMOUS=true lets everybody in"
            .to_owned(),
    });
    Clients { keys, exposed }
}

/// The HTTP front's part.
pub(super) fn api(vars: &Vars, server: &Server) -> api::Options {
    let cors = cors(vars);
    let hosts = std::iter::once(server.host.clone()).chain(public_host(vars)).collect();
    api::Options {
        longest_body: vars.number("MAX_BODY_BYTES", 33_554_432, 1..=1 << 32),
        most_requests: vars.number("MAX_CONCURRENT_REQUESTS", 4096, 1..=1_000_000),
        visitors: Visitors { hosts, origins: cors.clone() },
        cors,
    }
}

/// The host by which clients reach this gateway.
fn public_host(vars: &Vars) -> Option<String> {
    let host = |url: &str| {
        let url = url.parse::<Uri>().ok()?;
        let http = matches!(url.scheme_str(), Some("http" | "https"));
        url.host().filter(|host| http && !host.is_empty()).map(str::to_owned)
    };
    vars.parse("PUBLIC_BASE_URL", "", "an address such as https://gateway.example", host)
}

fn keys(vars: &Vars) -> Vec<Digest> {
    let all = vars.list("GATEWAY_API_KEYS", "");
    let (placeholders, keys): (Vec<_>, Vec<_>) = all.into_iter().partition(|key| is_placeholder(key));
    if !placeholders.is_empty() {
        vars.warn("GATEWAY_API_KEYS holds a placeholder, which does not count as a key".to_owned());
    }
    if keys.iter().any(|key| !key.bytes().all(|byte| byte.is_ascii_graphic())) {
        vars.fault("GATEWAY_API_KEYS", "****", "keys of printable ASCII characters, between commas");
    }
    keys.iter().map(|key| admit::digest(key)).collect()
}

/// A scheme and a host, as a browser sends it: with a path or a slash at the end it would never be matched.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.');
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'?' | b'#' | b'@' | b'*');
    !scheme.is_empty() && scheme.bytes().all(letter) && !host.is_empty() && host.bytes().all(plain)
}

fn cors(vars: &Vars) -> Cors {
    let origins = vars.list("API_CORS_ORIGIN", "");
    if origins.iter().any(|origin| origin == "*") {
        return Cors::Any;
    }
    let mut values = Vec::new();
    for origin in origins {
        match HeaderValue::from_str(&origin) {
            Ok(value) if is_origin(&origin) => values.push(value),
            _ => vars.fault("API_CORS_ORIGIN", &origin, "origins such as https://app.example, between commas, or *"),
        }
    }
    if values.is_empty() { Cors::Off } else { Cors::Only(values) }
}
