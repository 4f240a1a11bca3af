//! The local model: an Ollama server, or any server with OpenAI's chat completions.

use super::classify::{self, Refused};
use super::embed::{EmbedAdapter, EmbedWay};
use super::{Auth, ChatAdapter, Probe, Reach, Role, Spec, Var, Way};
use crate::domain::chat::Chat as Conversation;
use crate::domain::failure::{Class, Failure};
use crate::models::Card;
use crate::protocol::call::Call;
use crate::protocol::ollama::Ollama;
use crate::protocol::openai::OpenAi;
use crate::protocol::splice::Edits;

/// The row.
pub static SPEC: Spec = Spec {
    name: "oss-local",
    title: "OSS",
    summary: "a local model, served by Ollama or by any server with OpenAI's API",
    aliases: &["ollama"],
    vars: &[
        Var {
            name: "OSS_MODEL_ENABLED",
            role: Role::Switch,
            default: "false",
            help: "the local model ends every chain",
        },
        Var {
            name: "OSS_MODEL_ENDPOINT",
            role: Role::BaseUrl,
            default: "http://localhost:11434",
            help: "an Ollama server, or one with /v1/chat/completions",
        },
    ],
    auth: Auth::None,
    probe: Probe::Get(&["/api/tags", "/v1/models"]),
    reach: Reach::Network,
    chat: Some(&Chat),
    embed: Some(&Embed),
};

struct Chat;
struct Embed;

impl EmbedAdapter for Embed {
    /// Ollama's own form first: there alone it can be told not to cut what is too long.
    fn ways(&self) -> &'static [EmbedWay] {
        &[EmbedWay { path: "/api/embed", back: Some(&Ollama) }, EmbedWay { path: "/v1/embeddings", back: None }]
    }
}

impl ChatAdapter for Chat {
    /// Ollama's own form first: there alone a failure in mid-stream can be seen (docs: protocols/ollama.md).
    fn ways(&self) -> &'static [Way] {
        &[Way { back: &Ollama, path: "/api/chat" }, Way { back: &OpenAi, path: "/v1/chat/completions" }]
    }

    fn suited(&self, _call: &Call, _model: &str, _card: &Card) -> &'static [usize] {
        &[0, 1]
    }

    /// Ollama's `/v1` reads the length by its old name alone, and ignores what it does not know.
    fn edit(&self, call: &Call, _card: &Card, edits: &mut Edits) {
        super::openai::ask_for_usage(call, edits);
        if let Some(length) = call.field("max_completion_tokens") {
            edits.cut("max_completion_tokens");
            edits.set("max_tokens", String::from_utf8_lossy(length).into_owned());
        }
    }

    fn amend(&self, refusal: &Failure, chat: &mut Conversation) -> bool {
        let thinks = chat.effort.is_some() && refusal.message.contains("does not support thinking");
        if thinks {
            chat.effort = None;
        }
        thinks
    }

    fn classify(&self, refused: &Refused<'_>) -> Option<Class> {
        match refused.status.as_u16() {
            // What a conversation can lack is its model; any other 404 is a server without this endpoint.
            404 if refused.error.says("model") => Some(Class::ModelUnavailable),
            404 => Some(Class::Malformed),
            // A 501, or a 500, of a model that only chats: the caller's choice, and no failure of the server.
            _ if refused.error.says("does not support embeddings") => Some(Class::InvalidRequest),
            // Models in Ollama's cloud, behind the local server.
            403 => Some(Class::Quota),
            _ => None,
        }
    }

    fn models_path(&self) -> Option<&'static str> {
        Some("/api/tags")
    }

    fn read_models(&self, body: &[u8]) -> Vec<String> {
        let mut ids = classify::listed(body, "models", "name");
        ids.extend(classify::listed_ids(body));
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::Effort;

    #[test]
    fn a_model_that_cannot_think_is_asked_once_more_without() {
        let refusal = Failure::after_sending(Class::InvalidRequest, "\"gemma\" does not support thinking");
        let mut chat = Conversation { effort: Some(Effort::High), ..Conversation::default() };
        assert!(Chat.amend(&refusal, &mut chat));
        assert_eq!(chat, Conversation::default());
        assert!(!Chat.amend(&refusal, &mut chat), "once");
        let other = Failure::after_sending(Class::InvalidRequest, "\"gemma\" does not support tools");
        assert!(!Chat.amend(&other, &mut Conversation { effort: Some(Effort::High), ..Conversation::default() }));
    }

    #[test]
    fn models_of_ollama_and_of_openais_form() {
        assert_eq!(Chat.read_models(br#"{"models":[{"name":"llama3:latest"},{}]}"#), ["llama3:latest"]);
        assert_eq!(Chat.read_models(br#"{"data":[{"id":"x"}]}"#), ["x"]);
    }
}
