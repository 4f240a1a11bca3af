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
    embed: None,
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
        let code = error.stable.as_deref().unwrap_or_default();
        if code.ends_with("spend_limit_reached") {
            return Some(Class::Quota);
        }
        match refused.status.as_u16() {
            // Its oldest way of saying that the money ran out is a 400.
            400 if ["credit balance is too low", "specified usage limit", "specified api usage limit"]
                .iter()
                .any(|words| error.says(words)) =>
            {
                Some(Class::Quota)
            }
            // The operator's account, not the caller's request.
            400 if code == "organization_on_hold" => Some(Class::Auth),
            429 if classify::retry_after(refused.headers).is_none() && error.says("spend") => Some(Class::Quota),
            404 if error.kind.as_deref() == Some("not_found_error") => Some(Class::ModelUnavailable),
            _ => None,
        }
    }

    fn count_path(&self) -> Option<&'static str> {
        Some("/v1/messages/count_tokens")
    }

    fn models_path(&self) -> Option<&'static str> {
        Some("/v1/models?limit=1000")
    }

    fn read_models(&self, body: &[u8]) -> Vec<String> {
        classify::listed_ids(body)
    }
}
