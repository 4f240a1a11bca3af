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
        let mut found = None;
        for sent in presented(headers).map(digest) {
            // Every key is compared, so that the time tells nothing of which one matched.
            for (name, known) in self.0.iter() {
                if bool::from(known.ct_eq(&sent)) {
                    found.get_or_insert_with(|| name.clone());
                }
            }
        }
        found
    }
}

/// The keys that a request carries: `x-api-key` and `Authorization: Bearer`. Some SDKs always fill the one, whatever
/// their user has put into the other.
fn presented(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let plain = headers.get("x-api-key").and_then(|key| key.to_str().ok());
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.split_once(' '));
    let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, key)| key);
    plain.into_iter().chain(bearer).map(str::trim)
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
