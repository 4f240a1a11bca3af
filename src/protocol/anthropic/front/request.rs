//! A request, read into the hub form (docs: protocols/translation.md, 3.3).

mod blocks;
mod foreign;
mod media;
mod messages;
mod options;
mod place;
mod tools;
mod turns;

use serde_json::{Map, Value};

use crate::domain::chat::check::{Flaw, check};
use crate::domain::chat::{Chat, Message, Part, Sampling};
use crate::protocol::fields::{self, Fields, Path};
use crate::protocol::{BadRequest, Unreadable, Unwritable};
use foreign::Foreign;
use turns::Turns;

/// Fields that are meant for the gateway, or that it has from elsewhere.
const OURS: [&str; 2] = ["model", "models"];

/// Reads a request.
pub(super) fn read(body: &[u8]) -> Result<Chat, Unreadable> {
    let (chat, turns) = whole(body)?;
    check(&chat.messages).map_err(|flaw| refuse(&flaw, &chat.messages, &turns))?;
    Ok(chat)
}

/// Where number `part` of the hub's message number `message` stands in the caller's request; without a part, where the
/// message does. `None` where the request has no such message.
pub(super) fn place(body: &[u8], message: usize, part: Option<usize>) -> Option<String> {
    let (_, turns) = whole(body).ok()?;
    Some(turns.place(message, part)?.to_string())
}

/// Reads a request whose conversation may have flaws.
fn whole(body: &[u8]) -> Result<(Chat, Turns), Unreadable> {
    let mut fields = Fields::of(fields::parse(body)?, &Path::Body, "a JSON object")?;
    for name in OURS {
        fields.take(name);
    }
    let mut foreign = Foreign::default();
    let mut turns = messages::read(&mut fields, &mut foreign)?;
    let (tool_choice, parallel_tools) = tools::choice(&mut fields)?;
    let (effort, format) = options::output(&mut fields)?;
    let max_tokens = fields.count("max_tokens")?;
    let chat = Chat {
        messages: std::mem::take(&mut turns.messages),
        tools: tools::tools(&mut fields)?,
        tool_choice,
        parallel_tools,
        max_tokens,
        sampling: sampling(&mut fields)?,
        effort,
        format,
        user: options::user(&mut fields)?,
        stream: fields.boolean("stream")?.unwrap_or(false),
        include_usage: true,
        rest: rest(&mut fields)?,
        ..Chat::default()
    };
    bound(&fields, max_tokens)?;
    foreign.rest(fields.rest());
    Ok((Chat { foreign: foreign.names, ..chat }, turns))
}

fn sampling(fields: &mut Fields<'_>) -> Result<Sampling, BadRequest> {
    Ok(Sampling {
        temperature: fields.number("temperature")?,
        top_p: fields.number("top_p")?,
        top_k: fields.count("top_k")?,
        stop: options::stop_sequences(fields)?,
        ..Sampling::default()
    })
}

/// What OpenAI has another name for, and the hub none.
fn rest(fields: &mut Fields<'_>) -> Result<Map<String, Value>, BadRequest> {
    let tier = options::service_tier(fields)?;
    Ok(tier.map(|tier| ("service_tier".to_owned(), tier.into())).into_iter().collect())
}

/// What Anthropic alone can do for its caller (docs: protocols/anthropic-messages.md, "Request body").
fn bound(fields: &Fields<'_>, max_tokens: Option<u64>) -> Result<(), Unreadable> {
    if max_tokens == Some(0) {
        let message = "`max_tokens: 0` warms Anthropic's cache, and no other provider's: ask for at least 1.";
        return Err(Unwritable::new("max_tokens", message).into());
    }
    if fields.has("thread") {
        // Its SDKs ask for threads of themselves, and send the whole conversation where they hear at once that they
        // must: then every link of the chain can serve it.
        let message = "Threads are held by Anthropic alone: send the whole conversation, without `thread`.";
        return Err(BadRequest::field("thread", message).into());
    }
    if fields.has("compaction") {
        let message = "Conversations are summarized by Anthropic alone: send the whole conversation.";
        return Err(Unwritable::new("compaction", message).into());
    }
    Ok(())
}

/// Says a conversation's flaw in the caller's terms.
fn refuse(flaw: &Flaw, messages: &[Message], turns: &Turns) -> BadRequest {
    let place = |message: usize, part| turns.place(message, part).map(|place| place.to_string()).unwrap_or_default();
    match flaw {
        Flaw::Unanswered { message, id } => BadRequest::field(
            place(*message, messages.get(*message).and_then(|message| call_in(message, id))),
            format!(
                "The tool_use `{id}` is not answered: the next message must be the user's, and hold a tool_result with \
                 this `tool_use_id`."
            ),
        ),
        Flaw::Stray { message, id } => BadRequest::field(
            format!("{}.tool_use_id", place(*message, None)),
            format!("The tool_result answers `{id}`, which is no tool_use of the assistant's turn before it."),
        ),
        Flaw::Empty => BadRequest::field(
            "messages",
            "`messages` says nothing: send at least one message whose content is not blank.",
        ),
    }
}

/// Which part of `message` is the call `id`?
fn call_in(message: &Message, id: &str) -> Option<usize> {
    let Message::Assistant(parts) = message else { return None };
    parts.iter().position(|part| matches!(part, Part::Call(call) if call.id == id))
}

#[cfg(test)]
mod tests;
