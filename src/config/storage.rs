//! The configuration of what is kept: database, Redis, cache, limits.

use std::time::Duration;

use super::Vars;
use super::server::Clients;
use crate::secret::Secret;
use crate::{admit, cache, shared, store};

/// Where records are kept, and for how long.
pub struct Storage {
    /// The database.
    pub database: store::Options,
    /// Records older than this are deleted; `None` keeps them.
    pub retention: Option<Duration>,
}

/// A day, in seconds.
const DAY: u64 = 86_400;

pub(super) fn read(vars: &Vars) -> Storage {
    let days = vars.number("RETENTION_DAYS", 90, 0..=36_500_u64);
    Storage { database: database(vars), retention: (days > 0).then(|| Duration::from_secs(days * DAY)) }
}

fn database(vars: &Vars) -> store::Options {
    const NAME: &str = "DATABASE_URL";
    let url = vars.text(NAME, "sqlite://data/ai-mcp-gateway.db").unwrap_or_default();
    store::Options::parse(&url).unwrap_or_else(|_| {
        let accepted = "sqlite:// and a file's path, postgres://user:password@host:5432/name, or off";
        vars.fault(NAME, &super::vars::without_password(&url), accepted);
        store::Options::Off
    })
}

/// Redis' part.
pub(super) fn shared(vars: &Vars) -> shared::Options {
    const NAME: &str = "REDIS_URL";
    let Some(url) = vars.text(NAME, "") else { return shared::Options::default() };
    if shared::is_address(&url) {
        return shared::Options { url: Some(Secret::new(url)) };
    }
    vars.fault(NAME, &super::vars::without_password(&url), "redis://host:6379 or rediss://host:6379, with a number");
    shared::Options::default()
}

/// The response cache's part.
pub(super) fn cache(vars: &Vars) -> cache::Options {
    cache::Options {
        ttl: Duration::from_secs(vars.number("CACHE_TTL_SECONDS", 0, 0..=31_536_000)),
        most_bytes: vars.number("CACHE_MAX_BYTES", 268_435_456, 0..=1 << 40),
        shared: vars.switch("CACHE_SHARED", false),
    }
}

/// The limits of client keys.
pub(super) fn admit(vars: &Vars, clients: &Clients) -> admit::Options {
    let rpm = vars.number("RATE_LIMIT_RPM", 0, 0..=1_000_000_000_u64);
    admit::Options { rpm: (rpm > 0).then_some(rpm), keys: clients.keys.clone(), exposed: clients.exposed.is_some() }
}
