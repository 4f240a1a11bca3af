//! A request, put together.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::blocks::Block;
use super::messages::{self, Turn};
use super::notes::Notes;
use super::thinking::{self, Mode, Setting};
use super::tools::{self, Choice, Offer};
use super::{params, schema, system};
use crate::domain::chat::{Chat, Format, Sampling};
use crate::models::Card;
use crate::protocol::{Unwritable, Written};

/// The longest answer where the caller names none, in tokens.
const DEFAULT_MAX_TOKENS: u64 = 32_000;
/// The most cached prefixes of one request.
const MOST_CACHED: usize = 4;
/// The longest id of an end user.
const LONGEST_USER: usize = 256;

const BETA: HeaderName = HeaderName::from_static("anthropic-beta");

/// The body, in the order in which it is written.
#[derive(Debug, Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Offer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Mode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig>,
    #[serde(flatten)]
    draw: Draw,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct OutputConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<OutputFormat>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum OutputFormat {
    JsonSchema { schema: Value },
}

#[derive(Debug, Serialize)]
struct Metadata<'a> {
    user_id: Cow<'a, str>,
}

/// How tokens are drawn.
#[derive(Debug, Default, Serialize)]
struct Draw {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
}

/// Writes a request (docs: protocols/translation.md, 1).
pub(super) fn write(chat: &Chat, model: &str, card: &Card) -> Result<Written, Unwritable> {
    let mut notes = Notes::default();
    let kept = params::read(&chat.rest, &mut notes)?;
    let max_tokens = max_tokens(chat, card, &mut notes)?;
    let (mut system, first) = system::leading(&chat.messages)?;
    let turns = messages::write(&chat.messages, first, card)?;
    let tools = tools::offers(chat, &mut notes)?;
    let tool_choice = tools::choice(chat, &tools, card, &mut notes)?;
    let forced = tool_choice.as_ref().is_some_and(Choice::is_forced);
    let setting = Setting { card, turns: &turns, max_tokens, forced };
    let plan = thinking::plan(chat.effort, &setting, &mut notes);
    let draw = draw(&chat.sampling, card.sampling && !plan.thinks(), &mut notes);
    let format = format(chat, &mut system, &mut notes)?;
    let headers = plan.binds().then(|| (BETA, HeaderValue::from_static(thinking::BINDING_BETA)));
    let mut body = Body {
        model,
        max_tokens,
        stream: chat.stream,
        tools,
        tool_choice,
        system,
        messages: turns.turns,
        output_config: (plan.effort.is_some() || format.is_some())
            .then_some(OutputConfig { effort: plan.effort, format }),
        thinking: plan.mode,
        draw,
        stop_sequences: stop_sequences(&chat.sampling, &mut notes),
        metadata: chat.user.as_deref().and_then(|user| metadata(user, &mut notes)),
        service_tier: kept.service_tier,
    };
    keep_last_cached(&mut body);
    let body = serde_json::to_vec(&body).map_err(|error| Unwritable::new("messages", error.to_string()))?;
    let Notes { dropped, ours } = notes;
    Ok(Written { body: Bytes::from(body), headers: headers.into_iter().collect(), dropped, ours })
}

fn max_tokens(chat: &Chat, card: &Card, notes: &mut Notes) -> Result<u64, Unwritable> {
    let most = card.max_output.unwrap_or(u64::MAX);
    match chat.max_tokens {
        Some(0) => Err(Unwritable::new("max_completion_tokens", "An answer has at least 1 token.")),
        Some(wanted) if wanted <= most => Ok(wanted),
        Some(_) => {
            notes.ours("max_tokens");
            Ok(most)
        }
        None => {
            notes.ours("max_tokens");
            Ok(most.min(DEFAULT_MAX_TOKENS))
        }
    }
}

/// How tokens are drawn: not at all the caller's affair on newer models and while the model thinks.
fn draw(sampling: &Sampling, taken: bool, notes: &mut Notes) -> Draw {
    let is_set = |value: Option<f64>, default: f64| value.is_some_and(|value| value != default);
    let dropped = [
        ("temperature", !taken && is_set(sampling.temperature, 1.0)),
        ("top_p", (!taken || sampling.temperature.is_some()) && is_set(sampling.top_p, 1.0)),
        ("top_k", !taken && sampling.top_k.is_some()),
        ("min_p", is_set(sampling.min_p, 0.0)),
        ("seed", sampling.seed.is_some()),
        ("frequency_penalty", is_set(sampling.frequency_penalty, 0.0)),
        ("presence_penalty", is_set(sampling.presence_penalty, 0.0)),
    ];
    for (name, _) in dropped.into_iter().filter(|(_, dropped)| *dropped) {
        notes.dropped(name);
    }
    if !taken {
        return Draw::default();
    }
    let draw = Draw {
        temperature: sampling.temperature.map(|temperature| temperature.clamp(0.0, 1.0)),
        // Newer models refuse the two together.
        top_p: sampling.top_p.filter(|_| sampling.temperature.is_none()),
        top_k: sampling.top_k,
    };
    for (name, written) in
        [("temperature", draw.temperature.is_some()), ("top_p", draw.top_p.is_some()), ("top_k", draw.top_k.is_some())]
    {
        if written {
            notes.ours(name);
        }
    }
    draw
}

/// The answer's form; a plain JSON object has no mode and is asked for in words.
fn format(chat: &Chat, system: &mut Vec<Block<'_>>, notes: &mut Notes) -> Result<Option<OutputFormat>, Unwritable> {
    match &chat.format {
        Format::Text => Ok(None),
        Format::Json => {
            system.push(Block::own(system::JSON_ONLY));
            notes.ours("system");
            notes.dropped("response_format");
            Ok(None)
        }
        Format::Schema(wanted) => {
            let plain = schema::plain(&wanted.schema)
                .map_err(|trouble| Unwritable::new("response_format.json_schema.schema", trouble.to_string()))?;
            if plain.closed {
                notes.dropped("response_format");
            }
            notes.ours("output_config");
            Ok(Some(OutputFormat::JsonSchema { schema: plain.schema }))
        }
    }
}

/// Strings that end the answer; blank ones are refused.
fn stop_sequences<'a>(sampling: &'a Sampling, notes: &mut Notes) -> Vec<&'a str> {
    let written = sampling.stop.iter().map(String::as_str).filter(|stop| !stop.trim().is_empty());
    let written: Vec<&str> = written.collect();
    if written.len() < sampling.stop.len() {
        notes.dropped("stop");
    }
    written
}

/// The end user's id; addresses and telephone numbers are refused, so their hash is sent.
fn metadata<'a>(user: &'a str, notes: &mut Notes) -> Option<Metadata<'a>> {
    if user.trim().is_empty() {
        return None;
    }
    notes.ours("metadata");
    let opaque = user.len() <= LONGEST_USER && !is_address(user) && !is_telephone(user);
    let user_id = if opaque { Cow::Borrowed(user) } else { Cow::Owned(hash(user)) };
    Some(Metadata { user_id })
}

fn is_address(user: &str) -> bool {
    user.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}

fn is_telephone(user: &str) -> bool {
    let digits = user.bytes().filter(u8::is_ascii_digit).count();
    let dialled = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b' ' | b'(' | b')' | b'/');
    (7..=15).contains(&digits) && user.bytes().all(dialled)
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Takes the marks of cached prefixes off, but for the last four: the longest prefixes save the most.
fn keep_last_cached(body: &mut Body<'_>) {
    let turns = body.messages.iter_mut().rev().flat_map(|turn| turn.content.iter_mut().rev());
    let marks = turns.chain(body.system.iter_mut().rev()).flat_map(Block::marks);
    let marks = marks.chain(body.tools.iter_mut().rev().map(|tool| &mut tool.cache_control));
    for mark in marks.filter(|mark| mark.is_some()).skip(MOST_CACHED) {
        *mark = None;
    }
}

#[cfg(test)]
mod tests;
