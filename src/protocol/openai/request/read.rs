//! The top level of a request, read (docs: protocols/openai-chat.md, "Request fields").

use super::super::super::BadRequest;
use super::super::super::fields::{self, Fields, Path};
use super::super::user;
use super::{message, options, tool};
use crate::domain::chat::check::{Flaw, check};
use crate::domain::chat::{Chat, Sampling};

/// Fields that are meant for the gateway and for no provider.
const OURS: [&str; 3] = ["fallbacks", "model", "models"];

/// Reads a request.
pub(in super::super) fn read(body: &[u8]) -> Result<Chat, BadRequest> {
    let mut fields = Fields::of(fields::parse(body)?, &Path::Body, "a JSON object")?;
    for name in OURS {
        fields.take(name);
    }
    let messages = message::messages(&mut fields)?;
    check(&messages).map_err(|flaw| refuse(&flaw))?;
    let (stream, include_usage) = options::stream(&mut fields)?;
    Ok(Chat {
        messages,
        tools: tool::tools(&mut fields)?,
        tool_choice: tool::choice(&mut fields)?,
        parallel_tools: fields.boolean("parallel_tool_calls")?,
        max_tokens: options::max_tokens(&mut fields)?,
        sampling: sampling(&mut fields)?,
        effort: options::effort(&mut fields)?,
        format: options::format(&mut fields)?,
        user: user::read(&mut fields)?,
        stream,
        include_usage,
        rest: fields.rest(),
        ..Chat::default()
    })
}

fn sampling(fields: &mut Fields<'_>) -> Result<Sampling, BadRequest> {
    Ok(Sampling {
        temperature: fields.number("temperature")?,
        top_p: fields.number("top_p")?,
        top_k: fields.count("top_k")?,
        min_p: fields.number("min_p")?,
        seed: fields.integer("seed")?,
        stop: options::stop(fields)?,
        frequency_penalty: fields.number("frequency_penalty")?,
        presence_penalty: fields.number("presence_penalty")?,
    })
}

/// Says a conversation's flaw in the caller's terms: each of its messages became one of the hub's.
fn refuse(flaw: &Flaw) -> BadRequest {
    match flaw {
        Flaw::Unanswered { message, id } => {
            let field = if message::is_legacy(id) { "function_call" } else { "tool_calls" };
            let role = if message::is_legacy(id) { "function" } else { "tool" };
            BadRequest::field(
                format!("messages[{message}].{field}"),
                format!(
                    "The tool call `{id}` is not answered: after `messages[{message}]` send one message of role \
                     `{role}` for each call, before anything else."
                ),
            )
        }
        Flaw::Stray { message, id } => BadRequest::field(
            format!("messages[{message}].tool_call_id"),
            format!(
                "`messages[{message}]` answers the tool call `{id}`, which the assistant's turn before it does not make."
            ),
        ),
        Flaw::Empty => BadRequest::field(
            "messages",
            "`messages` says nothing: send at least one message whose content is not blank.",
        ),
    }
}
