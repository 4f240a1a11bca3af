//! OpenRouter: one key for many models. Speaks OpenAI chat completions and wants to know who calls.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use serde_json::json;

use super::classify::{self, Refused};
use super::embed::{EmbedAdapter, EmbedWay};
use super::{Auth, ChatAdapter, Probe, Provider, Reach, Role, Spec, Var, Way, anthropic};
use crate::domain::Dialect;
use crate::domain::chat::{Chat as Conversation, Format};
use crate::domain::failure::{Class, Failure};
use crate::models::Card;
use crate::protocol::anthropic::Anthropic;
use crate::protocol::call::Call;
use crate::protocol::history::changed;
use crate::protocol::openai::OpenAi;
use crate::protocol::splice::Edits;

/// The row.
pub static SPEC: Spec = Spec {
    name: "openrouter",
    title: "OpenRouter",
    summary: "OpenRouter, one key for many models",
    aliases: &[],
    vars: &[
        Var { name: "OPENROUTER_API_KEY", role: Role::Key, default: "", help: "OpenRouter key; unset leaves it out" },
        Var {
            name: "OPENROUTER_BASE_URL",
            role: Role::BaseUrl,
            default: "https://openrouter.ai/api/v1",
            help: "where OpenRouter's API is served, with its /v1",
        },
        Var {
            name: SITE_URL,
            role: Role::Setting,
            default: "",
            help: "your application's address, told to OpenRouter",
        },
        Var { name: APP_NAME, role: Role::Setting, default: "", help: "your application's name, told to OpenRouter" },
    ],
    auth: Auth::Bearer,
    probe: Probe::Get(&["/key"]),
    reach: Reach::Network,
    chat: Some(&Chat),
    embed: Some(&Embed),
};

const SITE_URL: &str = "OPENROUTER_SITE_URL";
const APP_NAME: &str = "OPENROUTER_APP_NAME";

/// Without this, a provider behind OpenRouter may quietly ignore what it does not know.
const REQUIRE: &str = r#"{"require_parameters":true}"#;

struct Chat;
struct Embed;

impl EmbedAdapter for Embed {
    fn ways(&self) -> &'static [EmbedWay] {
        &[EmbedWay { path: "/embeddings", back: None }]
    }
}

impl ChatAdapter for Chat {
    fn ways(&self) -> &'static [Way] {
        &[Way { back: &OpenAi, path: "/chat/completions" }, Way { back: &Anthropic, path: "/messages" }]
    }

    fn headers(&self, provider: &Provider, out: &mut HeaderMap) {
        let mut say = |name: &'static str, variable: &str| {
            let value = provider.setting(variable).and_then(|value| HeaderValue::from_str(value).ok());
            if let Some(value) = value {
                out.insert(HeaderName::from_static(name), value);
            }
        };
        say("http-referer", SITE_URL);
        say("x-openrouter-title", APP_NAME);
        say("x-title", APP_NAME);
    }

    /// A Claude's caller gets it as it is, unless the conversation is held by Anthropic itself.
    fn suited(&self, call: &Call, model: &str, _card: &Card) -> &'static [usize] {
        let is_claude = model.trim_start_matches('~').starts_with("anthropic/");
        let own = call.front.dialect() == Dialect::Anthropic && call.field("thread").is_none();
        if own && is_claude { &[1, 0] } else { &[0] }
    }

    /// Its own refusal of a model names the model; a server that stands in its place says no more than the status.
    fn lacks_endpoint(&self, refusal: &Failure) -> bool {
        let unnamed = refusal.class != Class::ModelUnavailable || classify::names_nothing(&refusal.message);
        matches!(refusal.status, Some(404 | 405 | 501)) && unnamed
    }

    fn edit(&self, call: &Call, _card: &Card, edits: &mut Edits) {
        if call.front.dialect() == Dialect::Anthropic {
            if let Some(turns) = changed(call, "messages", &["\"thinking\""], anthropic::without_unsigned) {
                edits.set("messages", turns);
            }
            return;
        }
        if let (Some(effort), None) = (call.field("reasoning_effort"), call.field("reasoning")) {
            edits.cut("reasoning_effort");
            edits.set("reasoning", format!("{{\"effort\":{}}}", String::from_utf8_lossy(effort)));
        }
        if (call.facts.tools || call.facts.structured || call.facts.reasoning) && call.field("provider").is_none() {
            edits.set("provider", REQUIRE);
        }
    }

    fn adjust(&self, chat: &mut Conversation, _card: &Card, back: Dialect) {
        let needs = !chat.tools.is_empty() || chat.format != Format::Text || chat.effort.is_some();
        if needs && back == Dialect::OpenAi && !chat.rest.contains_key("provider") {
            chat.rest.insert("provider".into(), json!({"require_parameters": true}));
        }
    }

    fn classify(&self, refused: &Refused<'_>) -> Option<Class> {
        let error = &refused.error;
        if error.reasons && refused.status == StatusCode::FORBIDDEN {
            return Some(Class::ContentPolicy);
        }
        if let Some(class) = error.stable.as_deref().and_then(by_error_type) {
            return Some(class);
        }
        match refused.status.as_u16() {
            402 if classify::retry_after(refused.headers).is_some() => Some(Class::RateLimited),
            404 if !error.message.is_empty() => Some(Class::ModelUnavailable),
            400 if error.says("not a valid model") => Some(Class::ModelUnavailable),
            _ => None,
        }
    }

    fn models_path(&self) -> Option<&'static str> {
        Some("/models")
    }

    fn read_models(&self, body: &[u8]) -> Vec<String> {
        classify::listed_ids(body)
    }
}

/// `metadata.error_type`, stable across OpenRouter's API formats (docs: protocols/openrouter.md, Errors).
fn by_error_type(name: &str) -> Option<Class> {
    Some(match name {
        "authentication" | "permission_denied" => Class::Auth,
        "invalid_request"
        | "invalid_prompt"
        | "max_tokens_exceeded"
        | "payload_too_large"
        | "precondition_failed"
        | "string_too_long"
        | "unprocessable" => Class::InvalidRequest,
        "not_found" => Class::ModelUnavailable,
        "server" => Class::ServerError,
        "timeout" => Class::Timeout,
        name if name.starts_with("provider_") => Class::ServerError,
        name if name.starts_with("image_") || name.ends_with("_image") || name.ends_with("_image_format") => {
            Class::InvalidRequest
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
