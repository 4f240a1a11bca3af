//! The providers that are simulated: their paths, credentials, headers and lists of models.

use super::anthropic::Anthropic;
use super::dialect::Dialect;
use super::ollama::Ollama;
use super::openai::OpenAi;
use super::request::Call;
use super::responses::Responses;
use serde_json::{Value, json};

/// Which provider an upstream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    OpenAi,
    Anthropic,
    OpenRouter,
    /// An Ollama server: native `/api/chat`, and OpenAI's form below `/v1`.
    Ollama,
    /// A local server with OpenAI's form only.
    Compatible,
}

/// What a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Chat(Form),
    Embeddings,
    OllamaEmbed,
    CountTokens,
    /// Any GET: lists, key checks.
    Probe,
    /// Not a path of this provider.
    Unknown,
}

/// The form that an endpoint speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    OpenAi,
    Anthropic,
    Ollama,
    Responses,
}

impl Kind {
    /// The name in `hello from …`, in ids and in keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::OpenRouter => "openrouter",
            Self::Ollama => "ollama",
            Self::Compatible => "compatible",
        }
    }

    /// The text that an upstream of this kind answers unless a script says otherwise.
    pub fn greeting(self) -> &'static str {
        match self {
            Self::OpenAi => "hello from openai",
            Self::Anthropic => "hello from anthropic",
            Self::OpenRouter => "hello from openrouter",
            Self::Ollama => "hello from ollama",
            Self::Compatible => "hello from compatible",
        }
    }

    pub(super) fn models(self) -> &'static [&'static str] {
        match self {
            Self::OpenAi => &["gpt-4o", "gpt-4o-mini", "text-embedding-3-small"],
            Self::Anthropic => &["claude-opus-4-5-20251101", "claude-sonnet-4-5-20250929"],
            Self::OpenRouter => &["openai/gpt-4o-mini", "anthropic/claude-sonnet-4.5", "openrouter/auto"],
            Self::Ollama | Self::Compatible => &["llama3:8b"],
        }
    }

    pub(super) fn endpoint(self, method: &str, path: &str) -> Endpoint {
        if method == "GET" || method == "HEAD" {
            return if self.listing(path, &[]).is_some() { Endpoint::Probe } else { Endpoint::Unknown };
        }
        match (self, path) {
            (Self::OpenAi, "/v1/responses") | (Self::OpenRouter, "/api/v1/responses") => {
                Endpoint::Chat(Form::Responses)
            }
            (Self::Anthropic, "/v1/messages") | (Self::OpenRouter, "/api/v1/messages") => {
                Endpoint::Chat(Form::Anthropic)
            }
            (Self::Anthropic, "/v1/messages/count_tokens") => Endpoint::CountTokens,
            (Self::Anthropic, _) => Endpoint::Unknown,
            (Self::OpenRouter, "/api/v1/chat/completions") => Endpoint::Chat(Form::OpenAi),
            (Self::OpenRouter, "/api/v1/embeddings") => Endpoint::Embeddings,
            (Self::OpenRouter, _) => Endpoint::Unknown,
            (Self::Ollama, "/api/chat") => Endpoint::Chat(Form::Ollama),
            (Self::Ollama, "/api/embed") => Endpoint::OllamaEmbed,
            (Self::Ollama, "/api/show") => Endpoint::Probe,
            (_, "/v1/chat/completions") => Endpoint::Chat(Form::OpenAi),
            (_, "/v1/embeddings") => Endpoint::Embeddings,
            _ => Endpoint::Unknown,
        }
    }

    pub(super) fn dialect(self, form: Form, call: &Call, number: usize) -> Box<dyn Dialect> {
        match form {
            Form::OpenAi => Box::new(OpenAi::new(self, call, number)),
            Form::Anthropic => Box::new(Anthropic::new(call, number)),
            Form::Ollama => Box::new(Ollama::new(call)),
            Form::Responses => Box::new(Responses::new(call, number)),
        }
    }

    /// What the real provider would refuse before looking at anything else: status and message.
    pub(super) fn objection(self, endpoint: Endpoint, call: &Call) -> Option<(u16, &'static str)> {
        let needs_key = matches!(self, Self::OpenAi | Self::Anthropic | Self::OpenRouter);
        if needs_key && call.key().is_none() {
            return Some((401, "no key in the request"));
        }
        if self == Self::Anthropic && call.header("anthropic-version").is_none() {
            return Some((400, "anthropic-version: header is required"));
        }
        let Endpoint::Chat(form) = endpoint else {
            return None;
        };
        if !call.json.is_object() {
            return Some((400, "the body is not a JSON object"));
        }
        if call.model().is_empty() {
            return Some((400, "model: field required"));
        }
        let turns = if form == Form::Responses { "input" } else { "messages" };
        if call.json[turns].is_null() {
            return Some((400, "messages: field required"));
        }
        (form == Form::Anthropic && call.json["max_tokens"].is_null()).then_some((400, "max_tokens: field required"))
    }

    /// Whether the request wants a stream; Ollama's native form streams unless told not to.
    pub(super) fn streams(endpoint: Endpoint, call: &Call) -> bool {
        match endpoint {
            Endpoint::Chat(Form::Ollama) => call.json["stream"] != false,
            Endpoint::Chat(_) => call.json["stream"] == true,
            _ => false,
        }
    }

    /// The headers that the provider puts on every answer.
    pub(super) fn headers(self, number: usize) -> Vec<(String, String)> {
        let number = number.to_string();
        let id = format!("req_{}_{number}", self.name());
        let list: &[(&str, &str)] = match self {
            Self::OpenAi => &[
                ("x-request-id", &id),
                ("openai-organization", "simulated-org"),
                ("openai-processing-ms", "42"),
                ("openai-version", "2020-10-01"),
                ("x-ratelimit-limit-requests", "10000"),
                ("x-ratelimit-remaining-requests", "9999"),
                ("x-ratelimit-reset-requests", "6ms"),
                ("x-ratelimit-limit-tokens", "200000"),
                ("x-ratelimit-remaining-tokens", "199990"),
                ("x-ratelimit-reset-tokens", "12ms"),
            ],
            Self::Anthropic => &[
                ("request-id", &id),
                ("anthropic-organization-id", "simulated-org"),
                ("anthropic-ratelimit-requests-limit", "4000"),
                ("anthropic-ratelimit-requests-remaining", "3999"),
                ("anthropic-ratelimit-requests-reset", "2026-11-20T12:00:01Z"),
                ("anthropic-ratelimit-tokens-limit", "400000"),
                ("anthropic-ratelimit-tokens-remaining", "399990"),
                ("anthropic-ratelimit-tokens-reset", "2026-11-20T12:00:01Z"),
            ],
            Self::OpenRouter => &[("x-generation-id", &id)],
            Self::Ollama | Self::Compatible => &[],
        };
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// The answer to a GET; `None` for a path that the provider does not have.
    pub(super) fn listing(self, path: &str, models: &[String]) -> Option<Value> {
        let openai = |id: &String| json!({"id": id, "object": "model", "created": 1_700_000_000, "owned_by": "system"});
        let list = || json!({"object": "list", "data": models.iter().map(openai).collect::<Value>()});
        match (self, path) {
            (Self::OpenAi | Self::Ollama | Self::Compatible, "/v1/models") => Some(list()),
            (Self::Anthropic, "/v1/models") => {
                let one = |id: &String| json!({"type": "model", "id": id, "display_name": id, "created_at": "2025-09-29T00:00:00Z"});
                let (first, last) = (models.first(), models.last());
                let data: Value = models.iter().map(one).collect();
                Some(json!({"data": data, "has_more": false, "first_id": first, "last_id": last}))
            }
            (Self::OpenRouter, "/api/v1/key") => Some(json!({"data": {
                "label": "sk-or-…", "limit": null, "limit_remaining": null, "usage": 0.0, "is_free_tier": false,
            }})),
            (Self::OpenRouter, "/api/v1/models") => {
                let one = |id: &String| {
                    let pricing = json!({"prompt": "0.00000015", "completion": "0.0000006"});
                    json!({"id": id, "name": id, "created": 1_700_000_000, "context_length": 128_000, "pricing": pricing})
                };
                Some(json!({"data": models.iter().map(one).collect::<Value>()}))
            }
            (Self::Ollama, "/api/tags") => {
                let one = |name: &String| {
                    let details = json!({"format": "gguf", "family": "llama", "parameter_size": "8.0B"});
                    json!({"name": name, "model": name, "size": 4_661_224_676_u64, "digest": "d1", "details": details})
                };
                Some(json!({"models": models.iter().map(one).collect::<Value>()}))
            }
            (Self::Ollama, "/api/show") => Some(json!({"capabilities": ["completion", "tools"], "model_info": {}})),
            (Self::Ollama, "/api/version") => Some(json!({"version": "0.33.0"})),
            _ => None,
        }
    }
}
