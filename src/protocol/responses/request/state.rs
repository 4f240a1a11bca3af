//! What leans on the state that OpenAI keeps: no other provider can serve it, and the caller is told what would help
//! (docs: protocols/openai-responses.md, "What a stateless gateway can honestly do").

use serde_json::Value;

use super::super::super::fields::{Fields, Path};
use super::super::super::{BadRequest, Unreadable, Unwritable};

/// The remedy where a conversation is kept at OpenAI.
const SEND_ALL: &str = "send the whole conversation in `input`, with `store: false`";

/// Refuses a request that leans on state, and takes the fields that say so.
pub(super) fn refuse(fields: &mut Fields<'_>) -> Result<(), Unreadable> {
    for (name, what) in [
        ("previous_response_id", "An earlier response is kept by OpenAI alone"),
        ("conversation", "A conversation is kept by OpenAI alone"),
        ("prompt", "A stored prompt is kept by OpenAI alone"),
    ] {
        if fields.take(name).is_some() {
            let remedy = if name == "prompt" { "send its text as `instructions` and `input`" } else { SEND_ALL };
            return Err(bound(&fields.at(name), &format!("{what}: {remedy}.")).into());
        }
    }
    if fields.boolean("background")? == Some(true) {
        let message = "Only OpenAI answers in the background: leave `background` out, or ask for a stream.";
        return Err(bound(&fields.at("background"), message).into());
    }
    if fields.boolean("store")? == Some(true) {
        let message = "No provider that could serve this request stores responses: send `store: false`, and the whole \
                       conversation in `input` each time.";
        return Err(bound(&fields.at("store"), message).into());
    }
    Ok(())
}

/// The field at `at` is one that only OpenAI itself can serve.
pub(super) fn bound(at: &Path<'_>, message: &str) -> Unwritable {
    Unwritable::new(at.to_string(), message)
}

/// An item, or a tool, of a type that only OpenAI itself knows.
pub(super) fn bound_kind(at: &Path<'_>, what: &str, kind: &str, remedy: &str) -> Unwritable {
    const MOST_REPEATED: usize = 64;
    let short: String = kind.chars().take(MOST_REPEATED).collect();
    Unwritable::new(at.to_string(), format!("{what} of the type `{short}` is known to OpenAI alone: {remedy}."))
}

/// Fields that OpenAI has for its own management of long conversations: left out, and told in `foreign`.
pub(super) fn management(fields: &mut Fields<'_>, foreign: &mut Vec<String>) -> Result<(), BadRequest> {
    if fields.take("context_management").is_some_and(|list| list != Value::Array(Vec::new())) {
        foreign.push("context_management".into());
    }
    match fields.string("truncation")?.as_deref() {
        None | Some("disabled") => {}
        // Nobody else shortens a conversation unasked: one that is too long is refused.
        Some("auto") => foreign.push("truncation".into()),
        Some(other) => return Err(fields.at("truncation").unknown("auto or disabled", other)),
    }
    Ok(())
}
