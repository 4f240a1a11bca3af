//! OpenAI: chat completions, straight.

use serde_json::Value;

use super::classify::{self, Refused};
use super::embed::{EmbedAdapter, EmbedWay};
use super::{Auth, ChatAdapter, Probe, Reach, Role, Spec, Var, Way};
use crate::domain::Dialect;
use crate::domain::chat::{Chat as Conversation, Message, OPENAI_THOUGHT, Part, Thought};
use crate::domain::failure::{Class, Failure};
use crate::models::Card;
use crate::protocol::call::Call;
use crate::protocol::history::{Change, changed};
use crate::protocol::openai::OpenAi;
use crate::protocol::responses::{Responses, without_packed};
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
    embed: Some(&Embed),
};

struct Chat;
struct Embed;

/// Fields of other vendors that OpenAI refuses (docs: protocols/openai-chat.md, "Unknown fields").
const FOREIGN: [&str; 4] = ["cache_control", "provider", "reasoning", "top_k"];

impl ChatAdapter for Chat {
    fn ways(&self) -> &'static [Way] {
        &[Way { back: &OpenAi, path: "/chat/completions" }, Way { back: &Responses, path: "/responses" }]
    }

    /// A caller of Responses gets them as they are; some models are to be had by them alone.
    fn suited(&self, call: &Call, _model: &str, card: &Card) -> &'static [usize] {
        match call.front.dialect() {
            _ if card.responses_only => &[1],
            Dialect::Responses => &[1, 0],
            _ => &[0],
        }
    }

    /// OpenAI's own refusals have a type and name what was not found; a server that only speaks like it has no such page.
    fn lacks_endpoint(&self, refusal: &Failure) -> bool {
        let typed = refusal.said.as_ref().is_some_and(|said| said.kind.is_some());
        let unnamed = refusal.message.starts_with("Invalid URL") || classify::names_nothing(&refusal.message);
        let unknown = !typed || unnamed;
        matches!(refusal.status, Some(404 | 405 | 501)) && refusal.class != Class::ModelUnavailable && unknown
    }

    fn edit(&self, call: &Call, card: &Card, edits: &mut Edits) {
        match call.front.dialect() {
            Dialect::OpenAi => {}
            Dialect::Responses => return without_others_thoughts(call, edits),
            _ => return,
        }
        for name in FOREIGN {
            if call.place(name).is_some() {
                edits.drop(name);
            }
        }
        // A model that wants its thoughts back is not OpenAI's, but of a server that only speaks like it.
        if !card.echoes_thoughts
            && let Some(turns) = changed(call, "messages", &["\"reasoning", "\"cache_control\""], without_extensions)
        {
            edits.set("messages", turns);
        }
        ask_for_usage(call, edits);
    }

    /// What other vendors have added to the protocol, OpenAI refuses; one whose server stands here in its place may
    /// want its own models' thoughts.
    fn adjust(&self, chat: &mut Conversation, card: &Card, back: Dialect) {
        let ours = |thought: &Thought| back == Dialect::Responses && thought.format.as_deref() == Some(OPENAI_THOUGHT);
        let wanted = |thought: &Thought| card.echoes_thoughts || ours(thought);
        for message in &mut chat.messages {
            if let Message::Assistant(parts) = message {
                parts.retain(|part| !matches!(part, Part::Thought(thought) if !wanted(thought)));
            }
        }
        for (name, is_set) in
            [("top_k", chat.sampling.top_k.take().is_some()), ("min_p", chat.sampling.min_p.take().is_some())]
        {
            if is_set {
                chat.foreign.push(name.to_owned());
            }
        }
    }

    fn classify(&self, refused: &Refused<'_>) -> Option<Class> {
        // It says so in the words of a refused key, of a model that only chats.
        let embeds = refused.error.says("not allowed to generate embeddings from this model");
        embeds.then_some(Class::InvalidRequest)
    }

    fn models_path(&self) -> Option<&'static str> {
        Some("/models")
    }

    fn read_models(&self, body: &[u8]) -> Vec<String> {
        classify::listed_ids(body)
    }
}

/// Thoughts of models that another link has served, which their callers have in a form that OpenAI cannot open.
fn without_others_thoughts(call: &Call, edits: &mut Edits) {
    if let Some(items) = without_packed(call) {
        edits.set("input", items);
    }
}

/// A turn without what other vendors' answers have added to it, and their clients (docs: protocols/openai-chat.md,
/// "Unknown fields").
fn without_extensions(mut turn: Value) -> Change {
    let mut any = false;
    if let Some(turn) = turn.as_object_mut() {
        for name in ["reasoning", "reasoning_content", "reasoning_details", "cache_control"] {
            any |= turn.shift_remove(name).is_some();
        }
    }
    for part in turn.get_mut("content").and_then(Value::as_array_mut).into_iter().flatten() {
        any |= part.as_object_mut().is_some_and(|part| part.shift_remove("cache_control").is_some());
    }
    if any { Change::Write(turn) } else { Change::Keep }
}

impl EmbedAdapter for Embed {
    fn ways(&self) -> &'static [EmbedWay] {
        &[EmbedWay { path: "/embeddings", back: None }]
    }

    /// OpenRouter's choice of a provider, which OpenAI refuses.
    fn edit(&self, call: &Call, edits: &mut Edits) {
        if call.place("provider").is_some() {
            edits.drop("provider");
        }
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
