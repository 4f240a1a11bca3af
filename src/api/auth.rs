//! The keys that clients show.

use std::sync::{Arc, LazyLock};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

/// The name in logs of a caller that needs no key.
pub(super) fn anonymous() -> Arc<str> {
    static NAME: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from("anonymous"));
    NAME.clone()
}

/// The keys that a request carries: `x-api-key` and `Authorization: Bearer`. Some SDKs always fill the one, whatever
/// their user has put into the other.
pub(super) fn shown(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let plain = headers.get("x-api-key").and_then(|key| key.to_str().ok());
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.split_once(' '));
    let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, key)| key);
    plain.into_iter().chain(bearer).map(str::trim).filter(|key| !key.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: Option<(&'static str, &'static str)>, expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = header {
            headers.insert(name, value.parse().unwrap());
        }
        assert_eq!(shown(&headers).next(), expected, "{header:?}");
    }

    #[test]
    fn keys_in_either_header() {
        check(Some(("authorization", "Bearer alpha-key")), Some("alpha-key"));
        check(Some(("authorization", "bearer  beta-key ")), Some("beta-key"));
        check(Some(("x-api-key", "beta-key")), Some("beta-key"));
        check(Some(("x-api-key", "")), None);
        check(Some(("authorization", "Basic alpha-key")), None);
        check(None, None);
    }
}
