//! OpenAI Responses.

mod answer;
mod items;

use ai_mcp_gateway::domain::chat::{Chat, File, Format, Function, Image, Part, Sampling, Source, Tool};
use serde_json::{Map, Value, json};

use super::openai::{is_closed, named, short};
use super::shown;
pub use answer::{given_back, kept as answer, opened, thoughts_apart};

/// Can a conversation not be put into this protocol at all?
pub fn is_beyond(chat: &Chat) -> bool {
    let foreign = |part: &Part| matches!(part, Part::Image(Image { source: Source::Id(_), .. }));
    let bound = |tool: &Tool| matches!(tool, Tool::Other { kind, .. } if kind != "custom");
    shown(&chat.messages).any(foreign) || chat.tools.iter().any(bound)
}

/// Does a conversation lean on documents that OpenAI keeps or fetches, so that nobody else could serve it?
pub fn is_bound(chat: &Chat) -> bool {
    shown(&chat.messages).any(|part| matches!(part, Part::File(File { source: Source::Id(_) | Source::Url(_), .. })))
}

/// What is kept of a request.
pub fn request(chat: &Chat) -> Chat {
    let with_tools = !chat.tools.is_empty();
    let Sampling { temperature, top_p, .. } = chat.sampling;
    let mut kept = Chat {
        messages: items::messages(chat),
        text_parts: true,
        tools: chat.tools.iter().cloned().map(tool).collect(),
        max_tokens: chat.max_tokens.map(|limit| limit.max(16)),
        sampling: Sampling { temperature, top_p, ..Sampling::default() },
        user: chat.user.clone().map(short),
        include_usage: true,
        rest: rest(&chat.rest),
        foreign: Vec::new(),
        ..chat.clone()
    };
    kept.tool_choice = kept.tool_choice.filter(|_| with_tools);
    kept.parallel_tools = kept.parallel_tools.filter(|_| with_tools);
    if let Format::Schema(schema) = &mut kept.format {
        *schema = named(schema.clone());
    }
    kept
}

/// A function says whether it is strict, and has parameters, but no mark of a cached prefix.
fn tool(tool: Tool) -> Tool {
    let Tool::Function(function) = tool else { return tool };
    let closed = function.parameters.as_ref().is_none_or(is_closed);
    let parameters = function.parameters.or_else(|| Some(json!({"type": "object", "properties": {}})));
    let strict = Some(function.strict == Some(true) && closed);
    Tool::Function(Function { parameters, strict, cache: false, ..function })
}

/// The fields that both of OpenAI's protocols have.
fn rest(rest: &Map<String, Value>) -> Map<String, Value> {
    let shared = ["metadata", "prompt_cache_key", "service_tier", "verbosity"];
    shared.into_iter().filter_map(|name| Some((name.to_owned(), rest.get(name)?.clone()))).collect()
}
