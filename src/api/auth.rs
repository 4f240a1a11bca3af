//! Client keys: who may ask.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The keys that clients may use. Kept as digests, and compared in constant time.
#[derive(Clone, Default)]
pub struct ClientKeys(Arc<[(Arc<str>, [u8; 32])]>);

/// The name in logs of a caller that needs no key.
const ANONYMOUS: &str = "anonymous";

impl ClientKeys {
    /// The keys of `GATEWAY_API_KEYS`, named `key-1`, `key-2` and so on in logs.
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a str>) -> ClientKeys {
        let named = |(at, key): (usize, &str)| (Arc::from(format!("key-{}", at + 1)), digest(key));
        ClientKeys(keys.into_iter().enumerate().map(named).collect())
    }

    /// Is there no key at all, so that everybody may ask?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name of the key that a request carries; `None` where it carries none that is known.
    pub(super) fn admit(&self, headers: &HeaderMap) -> Option<Arc<str>> {
        if self.0.is_empty() {
            return Some(Arc::from(ANONYMOUS));
        }
        let sent = digest(presented(headers)?);
        let mut found = None;
        // Every key is compared, so that the time tells nothing of which one matched.
        for (name, known) in self.0.iter() {
            if bool::from(known.ct_eq(&sent)) {
                found = Some(name.clone());
            }
        }
        found
    }
}

/// The key that a request carries: `x-api-key`, else `Authorization: Bearer`.
fn presented(headers: &HeaderMap) -> Option<&str> {
    if let Some(key) = headers.get("x-api-key") {
        return key.to_str().ok().map(str::trim);
    }
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: Option<(&'static str, &'static str)>, expected: Option<&str>) {
        let keys = ClientKeys::new(["alpha-key", "beta-key"]);
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = header {
            headers.insert(name, value.parse().unwrap());
        }
        assert_eq!(keys.admit(&headers).as_deref(), expected, "{header:?}");
    }

    #[test]
    fn keys_in_either_header() {
        check(Some(("authorization", "Bearer alpha-key")), Some("key-1"));
        check(Some(("authorization", "bearer  beta-key ")), Some("key-2"));
        check(Some(("x-api-key", "beta-key")), Some("key-2"));
        check(Some(("x-api-key", "alpha-ke")), None);
        check(Some(("authorization", "Basic alpha-key")), None);
        check(None, None);
        assert_eq!(ClientKeys::default().admit(&HeaderMap::new()).as_deref(), Some("anonymous"));
    }
}
