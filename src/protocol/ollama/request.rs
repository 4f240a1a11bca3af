//! A conversation as the body of Ollama's `/api/chat`.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::{Unwritable, Written};
use super::turns::{self, Turn};
use crate::domain::chat::{Chat, Effort, Format, Function, Sampling, Tool, ToolChoice};
use crate::models::Card;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    /// Always said, because Ollama streams where nothing is said.
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Cow<'a, Value>>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    options: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_alive: Option<&'a Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Offered<'a>>,
    messages: Vec<Turn<'a>>,
}

#[derive(Serialize)]
struct Offered<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    function: OfferedFunction<'a>,
}

#[derive(Serialize)]
struct OfferedFunction<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    parameters: Cow<'a, Value>,
}

/// Writes a request.
///
/// # Errors
/// [`Unwritable`] where Ollama would understand something else than the caller meant.
pub(super) fn write(chat: &Chat, model: &str, card: &Card) -> Result<Written, Unwritable> {
    if chat.messages.is_empty() {
        // Ollama would load the model and say nothing.
        return Err(Unwritable::new("messages", "Ollama needs at least one message."));
    }
    if chat.max_tokens == Some(0) {
        return Err(Unwritable::new("max_tokens", "Ollama cannot answer in no tokens: ask for at least 1."));
    }
    refuse_rest(&chat.rest)?;
    let body = Body {
        model,
        stream: chat.stream,
        think: chat.effort.map(think),
        format: format(&chat.format),
        options: options(chat, card),
        keep_alive: chat.rest.get("keep_alive").filter(|value| !value.is_null()),
        tools: tools(chat)?,
        messages: turns::write(&chat.messages)?,
    };
    let present = [
        ("think", body.think.is_some()),
        ("format", body.format.is_some()),
        ("options", !body.options.is_empty()),
        ("tools", !body.tools.is_empty()),
    ];
    let bytes = serde_json::to_vec(&body).map_err(|error| Unwritable::new("messages", error.to_string()))?;
    Ok(Written {
        body: Bytes::from(bytes),
        headers: Vec::new(),
        dropped: dropped(chat, !body.tools.is_empty()),
        ours: present.into_iter().filter_map(|(name, there)| there.then_some(name)).collect(),
    })
}

fn think(effort: Effort) -> Value {
    match effort {
        Effort::None => Value::Bool(false),
        Effort::Minimal | Effort::Low => "low".into(),
        Effort::Medium => "medium".into(),
        Effort::High => "high".into(),
        Effort::Xhigh | Effort::Max => "max".into(),
    }
}

fn format(format: &Format) -> Option<Cow<'_, Value>> {
    match format {
        Format::Text => None,
        Format::Json => Some(Cow::Owned("json".into())),
        Format::Schema(schema) => Some(Cow::Borrowed(&schema.schema)),
    }
}

/// Ollama's `options`: the caller's own object of that name, then what OpenAI's fields say. What is unset stays unset,
/// because the model's own defaults are better than ours.
fn options(chat: &Chat, card: &Card) -> Map<String, Value> {
    let mut options = chat.rest.get("options").and_then(Value::as_object).cloned().unwrap_or_default();
    let Sampling { temperature, top_p, top_k, min_p, seed, stop, frequency_penalty, presence_penalty } = &chat.sampling;
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            options.insert(name.to_owned(), value);
        }
    };
    let most = card.max_output.unwrap_or(u64::MAX);
    set("num_predict", chat.max_tokens.map(|wanted| wanted.min(most).into()));
    set("temperature", temperature.map(Value::from));
    set("top_p", top_p.map(Value::from));
    set("top_k", top_k.map(Value::from));
    set("min_p", min_p.map(Value::from));
    set("seed", seed.map(Value::from));
    set("stop", (!stop.is_empty()).then(|| stop.as_slice().into()));
    set("frequency_penalty", frequency_penalty.map(Value::from));
    set("presence_penalty", presence_penalty.map(Value::from));
    set("repeat_penalty", chat.rest.get("repetition_penalty").filter(|value| value.is_number()).cloned());
    options
}

/// The tools on offer. Ollama has no `tool_choice`: not to use tools is not to be offered any.
fn tools(chat: &Chat) -> Result<Vec<Offered<'_>>, Unwritable> {
    let allowed = match &chat.tool_choice {
        Some(ToolChoice::None) => return Ok(Vec::new()),
        Some(ToolChoice::Allowed { names, .. }) => Some(names),
        _ => None,
    };
    let mut offered = Vec::with_capacity(chat.tools.len());
    for (at, tool) in chat.tools.iter().enumerate() {
        match tool {
            Tool::Function(function) if allowed.is_none_or(|names| names.contains(&function.name)) => {
                offered.push(offer(function));
            }
            Tool::Function(_) => {}
            Tool::Other { kind, .. } => {
                let message = format!("Ollama has no tools of type `{kind}`: offer tools that you run yourself.");
                return Err(Unwritable::new(format!("tools[{at}].type"), message));
            }
        }
    }
    Ok(offered)
}

fn offer(function: &Function) -> Offered<'_> {
    let parameters = match &function.parameters {
        Some(parameters) if !parameters.is_null() => Cow::Borrowed(parameters),
        _ => Cow::Owned(json!({"type": "object", "properties": {}})),
    };
    let function = OfferedFunction { name: &function.name, description: function.description.as_deref(), parameters };
    Offered { kind: "function", function }
}

/// Refuses what cannot be left out without giving the caller something else than was asked for.
fn refuse_rest(rest: &Map<String, Value>) -> Result<(), Unwritable> {
    for (name, value) in rest.iter().filter(|(_, value)| !value.is_null()) {
        let why = match name.as_str() {
            "n" if value.as_f64() != Some(1.0) => "Ollama gives one answer: leave `n` out, or send 1.",
            "logprobs" if *value != false => "The probabilities of tokens cannot be had from Ollama here.",
            "audio" => "Ollama does not speak: leave `audio` out.",
            "modalities" if !is_text_alone(value) => "Ollama answers in text alone.",
            "moderation" => "Ollama does not moderate: leave `moderation` out.",
            _ => continue,
        };
        return Err(Unwritable::new(name, why));
    }
    Ok(())
}

fn is_text_alone(modalities: &Value) -> bool {
    modalities.as_array().is_some_and(|list| list.iter().all(|modality| modality == "text"))
}

/// The parameters that were left out, by the caller's names.
fn dropped(chat: &Chat, offers_tools: bool) -> Vec<String> {
    let forced = matches!(
        chat.tool_choice,
        Some(ToolChoice::Required | ToolChoice::Named(_) | ToolChoice::Allowed { required: true, .. })
    );
    let strict = |tool: &Tool| matches!(tool, Tool::Function(Function { strict: Some(true), .. }));
    let known = [
        ("tool_choice", forced),
        ("parallel_tool_calls", offers_tools && chat.parallel_tools == Some(false)),
        ("strict", offers_tools && chat.tools.iter().any(strict)),
        ("user", chat.user.is_some()),
    ];
    let known = known.into_iter().filter(|(_, lost)| *lost).map(|(name, _)| name);
    let rest = chat.rest.iter().filter(|(name, value)| is_lost(name, value)).map(|(name, _)| name.as_str());
    known.chain(rest).map(str::to_owned).collect()
}

/// Does the caller miss something where this field is left out?
fn is_lost(name: &str, value: &Value) -> bool {
    match name {
        _ if value.is_null() => false,
        // Mapped, or looked at before.
        "keep_alive" | "n" | "logprobs" | "modalities" => false,
        "options" => !value.is_object(),
        "repetition_penalty" => !value.is_number(),
        // For the gateway, or matters to nobody but the provider that it was meant for.
        "fallbacks" | "models" | "stream_options" | "store" => false,
        "prompt_cache_key" | "prompt_cache_options" | "prompt_cache_retention" => false,
        // Say what is so anyhow.
        "service_tier" => value != "auto" && value != "default",
        "logit_bias" => value.as_object().is_none_or(|bias| !bias.is_empty()),
        _ => true,
    }
}
