//! OpenAI: chat completions, straight.

use super::{Auth, ChatAdapter, Probe, Provider, Reach, Role, Spec, Var, Way, classify};
use crate::protocol::call::Call;
use crate::protocol::openai::OpenAi;
use crate::protocol::splice::Edits;

/// The row.
pub static SPEC: Spec = Spec {
    name: "openai",
    title: "OpenAI",
    summary: "OpenAI, or any server that speaks its API",
    aliases: &[],
    vars: &[
        Var { name: "OPENAI_API_KEY", role: Role::Key, default: "", help: "OpenAI key; unset leaves OpenAI out" },
        Var {
            name: "OPENAI_BASE_URL",
            role: Role::BaseUrl,
            default: "https://api.openai.com/v1",
            help: "where OpenAI's API is served, with its /v1",
        },
    ],
    auth: Auth::Bearer,
    probe: Probe::Get(&["/models"]),
    reach: Reach::Network,
    chat: Some(&Chat),
};

struct Chat;

/// Fields of other vendors that OpenAI refuses (docs: protocols/openai-chat.md, "Unknown fields").
const FOREIGN: [&str; 4] = ["cache_control", "provider", "reasoning", "top_k"];

impl ChatAdapter for Chat {
    fn ways(&self) -> &'static [Way] {
        &[Way { back: &OpenAi, path: "/chat/completions" }]
    }

    fn edit(&self, call: &Call, _provider: &Provider, edits: &mut Edits) {
        for name in FOREIGN {
            if call.place(name).is_some() {
                edits.drop(name);
            }
        }
        ask_for_usage(call, edits);
    }

    fn models_path(&self) -> Option<&'static str> {
        Some("/models")
    }

    fn read_models(&self, body: &[u8]) -> Vec<String> {
        classify::listed_ids(body)
    }
}

/// Asks for usage at the stream's end, which is how the gateway knows what a stream has cost.
pub(super) fn ask_for_usage(call: &Call, edits: &mut Edits) {
    if !call.facts.stream || call.facts.include_usage {
        return;
    }
    let options = call.field("stream_options").and_then(|raw| serde_json::from_slice(raw).ok());
    let mut options: serde_json::Map<String, serde_json::Value> = options.unwrap_or_default();
    options.insert("include_usage".into(), true.into());
    edits.set("stream_options", serde_json::Value::Object(options).to_string());
}

#[cfg(test)]
mod tests;
