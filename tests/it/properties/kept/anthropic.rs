//! Anthropic Messages.

mod answer;
mod turns;

use ai_mcp_gateway::domain::chat::{
    Chat, Effort, File, Format, Function, Image, Message, Part, Sampling, Schema, Source, Tool, ToolChoice,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{shown, text};
pub use answer::{stream, whole};
pub use turns::given_back;

/// Can a conversation not be put into this protocol at all?
pub fn is_beyond(chat: &Chat) -> bool {
    let foreign = |part: &Part| match part {
        Part::Image(Image { source: Source::Base64 { media_type, .. }, .. }) => picture(media_type).is_none(),
        Part::File(File { source: Source::Base64 { media_type, data }, .. }) => match media_type.as_str() {
            "text/plain" => plain(data).is_none(),
            kind => kind != "application/pdf",
        },
        Part::Image(Image { source, .. }) | Part::File(File { source, .. }) => matches!(source, Source::Id(_)),
        Part::Audio { .. } => true,
        _ => false,
    };
    let bound = |tool: &Tool| matches!(tool, Tool::Other { .. });
    shown(&chat.messages).any(foreign) || chat.tools.iter().any(bound) || names_none(chat)
}

/// Does the choice name tools that are not on offer?
fn names_none(chat: &Chat) -> bool {
    let offered =
        |wanted: &String| chat.tools.iter().any(|tool| matches!(tool, Tool::Function(f) if f.name == *wanted));
    match &chat.tool_choice {
        Some(ToolChoice::Allowed { names, .. }) => !names.iter().any(offered),
        Some(ToolChoice::Named(name)) => !chat.tools.is_empty() && !offered(name),
        _ => false,
    }
}

/// What is kept of a request, by a model that can do everything.
pub fn request(chat: &Chat) -> Chat {
    let tools: Vec<Tool> = chat.tools.iter().filter(|tool| is_allowed(tool, chat)).cloned().map(tool).collect();
    let (tool_choice, parallel_tools) = choice(chat, !tools.is_empty());
    let forced = matches!(tool_choice, Some(ToolChoice::Required | ToolChoice::Named(_)));
    let thinks = chat.effort.is_some_and(|effort| effort != Effort::None) && !forced;
    let mut kept = Chat {
        messages: turns::messages(chat),
        tools,
        tool_choice,
        parallel_tools,
        max_tokens: chat.max_tokens.or(Some(32_000)),
        sampling: sampling(&chat.sampling, thinks),
        effort: effort(chat.effort),
        format: format(&chat.format),
        user: chat.user.as_deref().filter(|user| !user.trim().is_empty()).map(opaque),
        stream: chat.stream,
        include_usage: true,
        rest: rest(&chat.rest),
        ..Chat::default()
    };
    keep_last_marks(&mut kept);
    kept
}

fn is_allowed(tool: &Tool, chat: &Chat) -> bool {
    match (tool, &chat.tool_choice) {
        (Tool::Function(function), Some(ToolChoice::Allowed { names, .. })) => names.contains(&function.name),
        _ => true,
    }
}

/// Parameters are an object's schema; strict are those alone that forbid all else.
fn tool(tool: Tool) -> Tool {
    let Tool::Function(function) = tool else { return tool };
    let given = function.parameters.clone().unwrap_or_else(|| json!({"type": "object", "properties": {}}));
    let mut schema = Map::from_iter([("type".to_owned(), json!("object"))]);
    schema.extend(
        given
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| *name != "type")
            .map(|(k, v)| (k.clone(), v.clone())),
    );
    let closed = given["type"] == "object" && given["additionalProperties"] == false;
    let parameters = if given["type"] == "object" { given } else { Value::Object(schema) };
    let strict = function.strict.filter(|strict| *strict && closed);
    Tool::Function(Function { parameters: Some(parameters), strict, ..function })
}

/// Which tools are allowed is told by offering no others; one at a time is told with a choice alone.
fn choice(chat: &Chat, tools: bool) -> (Option<ToolChoice>, Option<bool>) {
    let single = chat.parallel_tools.filter(|parallel| !parallel);
    match chat.tool_choice.clone() {
        _ if !tools => (None, None),
        None if single.is_none() => (None, None),
        None | Some(ToolChoice::Auto | ToolChoice::Allowed { required: false, .. }) => (Some(ToolChoice::Auto), single),
        Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. }) => (Some(ToolChoice::Required), single),
        Some(ToolChoice::None) => (Some(ToolChoice::None), None),
        Some(named) => (Some(named), single),
    }
}

/// Who thinks does not draw; one temperature in two is the most, and with one there is no `top_p`.
fn sampling(sampling: &Sampling, thinks: bool) -> Sampling {
    let stop = sampling.stop.iter().filter(|stop| !stop.trim().is_empty()).cloned().collect();
    if thinks {
        return Sampling { stop, ..Sampling::default() };
    }
    Sampling {
        temperature: sampling.temperature.map(|temperature| temperature.min(1.0)),
        top_p: sampling.top_p.filter(|_| sampling.temperature.is_none()),
        top_k: sampling.top_k,
        stop,
        ..Sampling::default()
    }
}

/// The least effort is a low one; not to think is not to ask for it.
fn effort(effort: Option<Effort>) -> Option<Effort> {
    match effort {
        Some(Effort::None) => None,
        Some(Effort::Minimal) => Some(Effort::Low),
        effort => effort,
    }
}

/// A schema has no name; that JSON is wanted is said in words.
fn format(format: &Format) -> Format {
    match format {
        Format::Schema(Schema { schema, .. }) => {
            Format::Schema(Schema { name: None, description: None, schema: schema.clone(), strict: None })
        }
        Format::Text | Format::Json => Format::Text,
    }
}

/// An id that is an address or a telephone number, or is long, becomes its hash.
fn opaque(user: &str) -> String {
    let digits = user.bytes().filter(u8::is_ascii_digit).count();
    let telephone =
        (7..=15).contains(&digits) && user.bytes().all(|byte| byte.is_ascii_digit() || b"+-. ()/".contains(&byte));
    let address = user.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    if !telephone && !address && user.len() <= 256 {
        return user.to_owned();
    }
    Sha256::digest(user).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Of the tiers of service there are two.
fn rest(rest: &Map<String, Value>) -> Map<String, Value> {
    let tier = rest.get("service_tier").filter(|tier| *tier == "auto" || *tier == "default");
    tier.map(|tier| ("service_tier".to_owned(), tier.clone())).into_iter().collect()
}

/// Of the marks of cached prefixes, the last four: tools come first, then the conversation.
fn keep_last_marks(chat: &mut Chat) {
    let mut left = 4;
    let mut keep = |mark: &mut bool| {
        *mark &= left > 0;
        left -= usize::from(*mark);
    };
    for message in chat.messages.iter_mut().rev() {
        let parts = match message {
            Message::System(parts) | Message::User(parts) | Message::Assistant(parts) => parts,
            Message::Tool(result) => &mut result.parts,
        };
        for part in parts.iter_mut().rev() {
            match part {
                Part::Text(text) => keep(&mut text.cache),
                Part::Image(image) => keep(&mut image.cache),
                Part::File(file) => keep(&mut file.cache),
                _ => {}
            }
        }
    }
    for tool in chat.tools.iter_mut().rev() {
        if let Tool::Function(function) = tool {
            keep(&mut function.cache);
        }
    }
}

/// Pictures of four types.
fn picture(media_type: &str) -> Option<&'static str> {
    match media_type.to_ascii_lowercase().as_str() {
        "image/jpeg" | "image/jpg" => Some("image/jpeg"),
        "image/png" => Some("image/png"),
        "image/webp" => Some("image/webp"),
        _ => None,
    }
}

/// The words of a document of plain text.
fn plain(data: &str) -> Option<String> {
    let bytes = STANDARD.decode(data).or_else(|_| STANDARD_NO_PAD.decode(data)).ok()?;
    String::from_utf8(bytes).ok()
}

/// What is said to the model when JSON is wanted of it.
fn json_only() -> Part {
    text("Respond with one valid JSON object and nothing else.")
}
