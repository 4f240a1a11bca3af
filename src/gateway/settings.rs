//! The operator's settings as clients may see them: no key, no address, nothing that is secret.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Gateway;
use crate::provider::Standing;
use crate::store::Store;

impl Gateway {
    /// Which providers are configured, which routes there are, and within which bounds requests are answered.
    pub fn settings(&self) -> Value {
        let shared = &self.shared;
        let (options, cache) = (&shared.options, shared.cache.options());
        let providers = self.entries().iter().map(|entry| {
            let (configured, variable) = match entry.standing {
                Standing::Ready(_) => (true, None),
                Standing::Unconfigured(variable) | Standing::Disabled(variable) => (false, Some(variable)),
            };
            (entry.spec.name.to_owned(), json!({"configured": configured, "set": variable}))
        });
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "providers": providers.collect::<Map<String, Value>>(),
            "routes": shared.rules.routes,
            "limits": {
                "timeout_ms": ms(options.timeout),
                "retries": options.retries,
                "longest_wait_ms": ms(options.longest_wait),
                "resumes_streams": options.resume,
            },
            "cache": {"ttl_ms": ms(cache.ttl), "shared_by_keys": cache.shared},
            "database": shared.store.as_ref().map(Store::name),
            "redis": self.board.is_configured(),
        })
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
