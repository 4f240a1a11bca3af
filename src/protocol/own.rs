//! The fields that speak to the gateway in every chat protocol: the model's name, and the caller's own chain.

use super::BadRequest;
use super::call::Call;
use crate::domain::Dialect;
use crate::domain::facts::Whom;
use crate::domain::row::storable;

/// The longest model name, in bytes.
const LONGEST_MODEL: usize = 256;
/// The most links that a request may bring along.
const MOST_FALLBACKS: usize = 16;
/// Where a caller's own chain stands: the gateway's name for it, and OpenRouter's.
const CHAINS: [&str; 2] = ["fallbacks", "models"];

/// The model's name.
///
/// # Errors
/// [`BadRequest`] where it is missing, or no name.
pub fn model(call: &Call) -> Result<String, BadRequest> {
    let raw = call.field("model").ok_or_else(|| missing("model", "the name of a model or of a route"))?;
    let name: String = serde_json::from_slice(raw).map_err(|error| wrong("model", &error))?;
    if name.trim().is_empty() {
        return Err(BadRequest::field("model", "`model` is empty: name a model or a route."));
    }
    if name.len() > LONGEST_MODEL || name.chars().any(char::is_control) {
        let message = format!("`model` must be a name of at most {LONGEST_MODEL} printable characters.");
        return Err(BadRequest::field("model", message));
    }
    Ok(name)
}

/// The caller's own chain after the first link: `fallbacks`, or OpenRouter's `models`.
///
/// # Errors
/// [`BadRequest`] where it is no list of names.
pub fn fallbacks(call: &Call) -> Result<Option<Vec<String>>, BadRequest> {
    let Some((name, raw)) = own_fields(call).find_map(|name| Some((name, call.field(name)?))) else {
        return Ok(None);
    };
    let list: Vec<String> = serde_json::from_slice(raw).map_err(|_| {
        BadRequest::field(
            name,
            format!("`{name}` must be an array of model names, for example [\"claude-sonnet-4-5\"]."),
        )
    })?;
    if list.len() > MOST_FALLBACKS {
        return Err(BadRequest::field(name, format!("`{name}` may hold at most {MOST_FALLBACKS} models.")));
    }
    let is_name = |model: &String| {
        !model.trim().is_empty() && model.len() <= LONGEST_MODEL && !model.chars().any(char::is_control)
    };
    if !list.iter().all(is_name) {
        let message = format!("`{name}` holds a name that is empty, overlong or not printable.");
        return Err(BadRequest::field(name, message));
    }
    Ok(Some(list))
}

/// Those of these fields that are there; no provider ever gets them.
pub fn own_fields(call: &Call) -> impl Iterator<Item = &'static str> {
    let is_ours = |name: &&str| {
        call.place(name).is_some_and(|field| !is_anthropics(call.front.dialect(), &call.body[field.value.clone()]))
    };
    CHAINS.into_iter().filter(is_ours)
}

/// Anthropic has a field `fallbacks` of its own: a list of objects, or the word `default`
/// (docs: protocols/anthropic-messages.md, "Beta headers").
fn is_anthropics(caller: Dialect, value: &[u8]) -> bool {
    let objects = value.strip_prefix(b"[").is_some_and(|items| items.trim_ascii_start().starts_with(b"{"));
    objects || (caller == Dialect::Anthropic && value == b"\"default\"")
}

/// The longest name of a caller's own user or conversation that is kept, in bytes.
const LONGEST_WHOM: usize = 512;

/// For whom it is asked: what is told beside the request, else by the protocol's own fields.
pub fn whom(call: &Call) -> Whom {
    let text = |raw: &[u8]| serde_json::from_slice::<String>(raw).ok();
    let inside = |raw: &[u8], name: &str| {
        let mut object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(raw).ok()?;
        object.remove(name)?.as_str().map(str::to_owned)
    };
    let user = || {
        let plain = ["safety_identifier", "user"].iter().find_map(|name| text(call.field(name)?));
        plain.or_else(|| inside(call.field("metadata")?, "user_id"))
    };
    let conversation = || {
        let raw = call.field("conversation")?;
        text(raw).or_else(|| inside(raw, "id"))
    };
    Whom {
        user: call.whom.user.clone().or_else(|| kept(&user()?)),
        conversation: call.whom.conversation.clone().or_else(|| kept(&conversation()?)),
    }
}

/// A name of a caller's own, as it is kept; an empty one is none.
pub fn kept(name: &str) -> Option<Box<str>> {
    let end = (0..=LONGEST_WHOM.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or_default();
    Some(&name[..end]).filter(|name| !name.is_empty()).map(|name| storable(name).into())
}

/// A field that must be there is not; `what` says what to send.
pub fn missing(name: &str, what: &str) -> BadRequest {
    BadRequest::field(name, format!("`{name}` is missing: send {what}."))
}

/// A field that cannot be read.
pub fn wrong(name: &str, error: &serde_json::Error) -> BadRequest {
    BadRequest::field(name, format!("`{name}` cannot be read: {error}."))
}
