//! Anthropic: Claude, straight.

use http::{HeaderMap, HeaderValue};

use super::classify::{self, Refused};
use super::{Auth, ChatAdapter, Probe, Provider, Reach, Role, Spec, Var, Way};
use crate::domain::failure::Class;
use crate::protocol::anthropic::Anthropic;

/// The row.
pub static SPEC: Spec = Spec {
    name: "anthropic",
    title: "Anthropic",
    summary: "Anthropic's Claude models",
    aliases: &[],
    vars: &[
        Var {
            name: "ANTHROPIC_API_KEY",
            role: Role::Key,
            default: "",
            help: "Anthropic key; unset leaves Anthropic out",
        },
        Var {
            name: "ANTHROPIC_BASE_URL",
            role: Role::BaseUrl,
            default: "https://api.anthropic.com",
            help: "where Anthropic's API is served, without /v1",
        },
    ],
    auth: Auth::Header("x-api-key"),
    probe: Probe::Get(&["/v1/models?limit=1000"]),
    reach: Reach::Network,
    chat: Some(&Chat),
};

/// The version that translated requests are written for (docs: protocols/translation.md, 6).
const VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

struct Chat;

impl ChatAdapter for Chat {
    fn ways(&self) -> &'static [Way] {
        &[Way { back: &Anthropic, path: "/v1/messages" }]
    }

    fn headers(&self, _provider: &Provider, out: &mut HeaderMap) {
        out.insert("anthropic-version", VERSION);
    }

    fn classify(&self, refused: &Refused<'_>) -> Option<Class> {
        let error = &refused.error;
        let spent = |text: &str| error.message.contains(text);
        match refused.status.as_u16() {
            // Its oldest way of saying that the money ran out is a 400.
            400 if spent("credit balance is too low")
                || spent("specified usage limit")
                || spent("specified API usage limit") =>
            {
                Some(Class::Quota)
            }
            429 if error.stable.as_deref().is_some_and(|code| code.ends_with("spend_limit_reached")) => {
                Some(Class::Quota)
            }
            429 if classify::retry_after(refused.headers).is_none() && spent("spend") => Some(Class::Quota),
            404 if error.kind.as_deref() == Some("not_found_error") => Some(Class::ModelUnavailable),
            _ => None,
        }
    }

    fn models_path(&self) -> Option<&'static str> {
        Some("/v1/models?limit=1000")
    }

    fn read_models(&self, body: &[u8]) -> Vec<String> {
        classify::listed_ids(body)
    }
}
