//! What makes two requests the same.

use sha2::{Digest, Sha256};

use super::canonical;
use crate::protocol::call::Call;

/// A request's meaning and who may share its answer, as a digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

/// Goes into every key: a change of what a key is made of changes all of them.
const VERSION: &[u8] = b"1";

impl Key {
    /// The key of `call` at `endpoint` for `tenant`; `None` where the body is nested too deeply to have one.
    pub fn of(endpoint: &str, tenant: Option<&str>, call: &Call) -> Option<Key> {
        let mut digest = Sha256::new();
        let mut part = |bytes: &[u8]| {
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        };
        let option = |text: Option<&str>| text.map(|text| format!("={text}")).unwrap_or_default();
        part(VERSION);
        part(endpoint.as_bytes());
        part(option(tenant).as_bytes());
        part(option(call.whom.user.as_deref()).as_bytes());
        part(option(call.whom.conversation.as_deref()).as_bytes());
        part(&canonical::form(&call.body)?);
        for (name, value) in &call.headers {
            part(name.as_str().as_bytes());
            part(value.as_bytes());
        }
        Some(Key(digest.finalize().into()))
    }

    /// Its name where replicas share.
    pub fn name(&self) -> String {
        let hex: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("amg:cache:{hex}")
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderName, HeaderValue};

    use super::*;
    use crate::protocol::openai::OpenAi;
    use crate::protocol::scan::scan;

    const BODY: &str = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}"#;

    fn call(body: &'static str) -> Call {
        scan(&OpenAi, Bytes::from_static(body.as_bytes())).unwrap()
    }

    fn key(endpoint: &str, tenant: Option<&str>, body: &'static str) -> String {
        Key::of(endpoint, tenant, &call(body)).unwrap().name()
    }

    #[test]
    fn endpoint_tenant_and_body_count() {
        let plain = key("/v1/chat/completions", None, BODY);
        assert_eq!(plain.len(), "amg:cache:".len() + 64);
        assert_eq!(
            plain,
            key("/v1/chat/completions", None, r#"{"messages": [{"content":"hi","role":"user"}], "model":"gpt-4o"}"#)
        );
        assert_ne!(plain, key("/v1/route", None, BODY));
        assert_ne!(plain, key("/v1/chat/completions", Some(""), BODY));
        assert_ne!(plain, key("/v1/chat/completions", Some("key-1"), BODY));
        assert_ne!(key("/v1/chat/completions", Some("key-2"), BODY), key("/v1/chat/completions", Some("key-1"), BODY));
        assert_ne!(
            plain,
            key("/v1/chat/completions", None, r#"{"model":"gpt-4o","messages":[{"role":"user","content":"ho"}]}"#)
        );
    }

    #[test]
    fn headers_that_pass_and_for_whom_it_is_asked_count() {
        let of = |call: &Call| Key::of("/v1/messages", None, call).unwrap().name();
        let plain = call(BODY);
        let with = |value| Call {
            headers: vec![(HeaderName::from_static("anthropic-beta"), HeaderValue::from_static(value))],
            ..plain.clone()
        };
        assert_ne!(of(&plain), of(&with("a")));
        assert_ne!(of(&with("b")), of(&with("a")));
        let mut asked = plain.clone();
        asked.whom.user = Some("u".into());
        assert_ne!(of(&plain), of(&asked));
    }
}
