//! How the gateway and its providers are: what `/health` and the start-up lines tell.

use serde_json::{Map, Value, json};

use super::Gateway;
use crate::health::{Report, Status};
use crate::provider::{Entry, Standing};
use crate::store::Store;
use crate::upstream::probe::Found;

impl Gateway {
    /// Each provider as it is believed to be, in the order in which they are shown. Makes no call.
    pub fn providers(&self) -> Vec<Report> {
        self.shared.health.report()
    }

    /// The providers of this process, configured or not.
    pub fn entries(&self) -> &[Entry] {
        &self.shared.roster.entries
    }

    /// Could some provider serve a request?
    pub fn can_serve(&self) -> bool {
        self.providers().iter().any(|report| report.serves)
    }

    /// Is every configured provider well, and the database, and Redis?
    pub fn is_well(&self) -> bool {
        let providers = self.providers().iter().all(|report| report.status != Status::Unhealthy);
        providers && self.has_database() != Some(false) && self.has_redis() != Some(false)
    }

    /// Can the database be had? `None` where none is configured.
    pub fn has_database(&self) -> Option<bool> {
        self.shared.store.as_ref().map(Store::is_up)
    }

    /// Can Redis be had? `None` where none is configured.
    pub fn has_redis(&self) -> Option<bool> {
        self.board.is_configured().then(|| self.board.is_up())
    }

    /// How everything is, as `GET /health` tells it. Makes no call.
    pub fn told_health(&self) -> Value {
        let providers = self.providers();
        let providers = providers.iter().map(|report| (report.name.to_owned(), provider(report)));
        json!({
            "status": if self.is_well() { "ok" } else { "degraded" },
            "redis": self.has_redis().unwrap_or(false),
            "database": self.has_database().unwrap_or(false),
            "timestamp": time(self.clock().wall()),
            "version": env!("CARGO_PKG_VERSION"),
            "providers": providers.collect::<Map<String, Value>>(),
        })
    }

    /// Checks one provider and says in a line what came of it: `openai: ✅ Available`.
    pub async fn check_line(&self, entry: &Entry) -> (bool, String) {
        let name = entry.spec.name;
        let (up, words) = match &entry.standing {
            Standing::Unconfigured(variable) => (false, format!("not configured: {variable} is unset")),
            Standing::Disabled(variable) => (false, format!("disabled: {variable}=false")),
            Standing::Ready(provider) => match self.check(provider).await {
                None | Some(Found::Up(_)) => (true, String::new()),
                Some(Found::CannotTell) => (true, "it has no endpoint for checks".to_owned()),
                Some(Found::Down(Some(status), message)) if !message.starts_with("status ") => {
                    (false, format!("{status} {message}"))
                }
                Some(Found::Down(_, message)) => (false, message),
            },
        };
        (up, line(name, up, &words))
    }

    /// Opens the database and says in a line what came of it.
    pub async fn database_line(&self) -> String {
        let (up, words) = match &self.shared.store {
            None => (false, "not configured: DATABASE_URL is off".to_owned()),
            Some(store) => match store.open().await {
                Ok(()) => (true, store.name().to_owned()),
                Err(error) => (false, error.to_string()),
            },
        };
        line("database", up, &words)
    }

    /// Looks at Redis and says in a line what came of it.
    pub async fn redis_line(&self) -> String {
        let (up, words) = match self.board.look().await {
            None => (false, "not configured: REDIS_URL is unset".to_owned()),
            Some(Ok(())) => (true, String::new()),
            Some(Err(error)) => (false, error),
        };
        line("redis", up, &words)
    }
}

/// How one part is, as operators read it: `openai: ✅ Available`.
pub fn line(name: &str, up: bool, words: &str) -> String {
    let mark = if up { "✅ Available" } else { "❌ Unavailable" };
    match words {
        "" => format!("{name}: {mark}"),
        words => format!("{name}: {mark} ({words})"),
    }
}

fn provider(report: &Report) -> Value {
    json!({
        "status": report.status.name(),
        "configured": !matches!(report.status, Status::Unconfigured | Status::Disabled),
        "latency_ms": report.latency.map(|latency| latency.as_millis() as u64),
        "error": report.error,
        "checked_at": report.checked_at.map(time),
    })
}

/// ISO 8601, UTC, to the millisecond.
fn time(time: jiff::Timestamp) -> String {
    format!("{time:.3}")
}
