//! A request as it goes out: the caller's own bytes, or the conversation written in the provider's protocol.

use bytes::Bytes;
use http::HeaderMap;

use crate::domain::Dialect;
use crate::domain::chat::Chat;
use crate::domain::failure::{Blame, Class, Failure, Said};
use crate::models::Card;
use crate::protocol::call::Call;
use crate::protocol::own::own_fields;
use crate::protocol::splice::{Edits, splice};
use crate::protocol::{Back, Unreadable, Written};
use crate::provider::ChatAdapter;
use crate::provider::link::{Link, Terms};

/// A request as it goes out.
pub(super) struct Outgoing {
    /// The body, in pieces.
    pub(super) body: Vec<Bytes>,
    /// Headers that the body needs.
    pub(super) headers: HeaderMap,
    /// Parameters that were left out, by the caller's names.
    pub(super) dropped: Vec<String>,
    /// Fields of the body that the gateway chose rather than copied.
    pub(super) ours: Vec<&'static str>,
}

/// The names of the longest answer in the protocols that pass as bytes.
const LENGTHS: [&str; 3] = ["max_completion_tokens", "max_output_tokens", "max_tokens"];

/// The caller's own bytes, with the link's model and without the gateway's fields.
pub(super) fn direct(adapter: &dyn ChatAdapter, link: &Link, call: &Call, card: &Card, terms: Terms) -> Outgoing {
    let mut edits = for_link(link, call);
    // Who stands in for the model that was asked for may give shorter answers, and refuse to be asked for longer ones.
    if let Some(most) = card.max_output.filter(|_| !terms.first) {
        let length = |name: &str| serde_json::from_slice::<f64>(call.field(name)?).ok();
        for name in LENGTHS.into_iter().filter(|name| length(name).is_some_and(|wanted| wanted > most as f64)) {
            edits.set(name, most.to_string());
        }
    }
    adapter.edit(call, card, &mut edits);
    spliced(call, &edits)
}

/// The link's model in the place of the caller's name for it, and nothing of what speaks to the gateway.
pub(super) fn for_link(link: &Link, call: &Call) -> Edits {
    let mut edits = Edits::default();
    if call.facts.model != *link.model {
        edits.set("model", serde_json::Value::from(&*link.model).to_string());
    }
    own_fields(call).for_each(|name| edits.cut(name));
    edits
}

/// The caller's own bytes with `edits`, and those of its headers that go along.
pub(super) fn spliced(call: &Call, edits: &Edits) -> Outgoing {
    let dropped = edits.dropped.iter().map(|name| (*name).to_owned()).collect();
    // What is left of the caller's turns is the caller's.
    let ours = edits.names_set().filter(|name| !matches!(*name, "model" | "messages" | "input")).collect();
    let headers = call.headers.iter().fold(HeaderMap::new(), |mut headers, (name, value)| {
        headers.append(name, value.clone());
        headers
    });
    Outgoing { body: splice(call, edits), headers, dropped, ours }
}

/// The conversation in the hub form.
pub(super) fn read(call: &Call) -> Result<Chat, Failure> {
    let dialect = call.front.dialect();
    call.front.read_request(&call.body).map_err(|unreadable| match unreadable {
        Unreadable::Bound(bound) => Failure::unfit(dialect, bound.param, bound.message),
        Unreadable::Wrong(bad) => {
            let said = Said {
                dialect,
                body: Bytes::new(),
                kind: Some("invalid_request_error".into()),
                code: None,
                param: bad.param,
            };
            let failure = Failure::new(Class::InvalidRequest, bad.message);
            Failure { said: Some(Box::new(said)), blame: Blame::Caller, ..failure }
        }
    })
}

/// The conversation of `call` in the provider's protocol; what is said of its fields is said in the caller's.
pub(super) fn translated(
    back: &dyn Back,
    link: &Link,
    call: &Call,
    chat: &Chat,
    card: &Card,
) -> Result<Outgoing, Failure> {
    let own_name = |field: &str| call.front.own_name(call, field);
    let written = back
        .write_request(chat, &link.model, card)
        .map_err(|unfit| Failure::unfit(back.dialect(), own_name(&unfit.param), unfit.message))?;
    let mut outgoing = Outgoing::from(written);
    let dropped = outgoing.dropped.iter().map(|name| own_name(name)).filter(|name| !chat.foreign.contains(name));
    outgoing.dropped = chat.foreign.iter().cloned().chain(dropped).collect();
    Ok(outgoing)
}

impl From<Written> for Outgoing {
    fn from(written: Written) -> Outgoing {
        let Written { body, headers, dropped, ours } = written;
        let headers = HeaderMap::from_iter(headers);
        Outgoing { body: vec![body], headers, dropped, ours }
    }
}

/// Refuses what would lose a parameter, where the operator wants that.
pub(super) fn refuse_dropped(reject: bool, outgoing: &Outgoing, terms: Terms, dialect: Dialect) -> Result<(), Failure> {
    let Some(param) = outgoing.dropped.first().filter(|_| reject) else { return Ok(()) };
    let message = format!("`{param}` is not supported by the model that would serve this request");
    let failure = Failure::unfit(dialect, param, message);
    // The model that was asked for cannot do it: the caller is to know. A stand-in that cannot is just passed over.
    Err(if terms.first { Failure { blame: Blame::Caller, ..failure } } else { failure })
}

/// A refusal that names a field which the gateway wrote is the gateway's fault, not the caller's.
pub(super) fn blame(failure: Failure, ours: &[&str]) -> Failure {
    if failure.class != Class::InvalidRequest || failure.status != Some(400) {
        return failure;
    }
    let param = failure.said.as_ref().and_then(|said| said.param.as_deref()).unwrap_or_default();
    let root = param.split(['.', '[']).next().unwrap_or_default();
    let named = |field: &str| {
        let mut words = failure.message.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        root == field || (param.is_empty() && words.any(|word| word == field))
    };
    if ours.iter().any(|field| named(field)) {
        return Failure { blame: Blame::Translation, ..failure };
    }
    failure
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::models::Models;
    use crate::protocol::anthropic::Anthropic;
    use crate::protocol::openai::OpenAi;
    use crate::protocol::scan::scan;
    use crate::provider::{Provider, openai};

    fn refusal(param: Option<&str>, message: &str) -> Failure {
        let said = Said {
            dialect: Dialect::Anthropic,
            body: Bytes::new(),
            kind: None,
            code: None,
            param: param.map(Into::into),
        };
        Failure { status: Some(400), said: Some(Box::new(said)), ..Failure::new(Class::InvalidRequest, message) }
    }

    #[test]
    fn what_we_wrote_is_our_fault_and_nothing_else() {
        let ours = ["temperature", "thinking"];
        let by = |param, message| blame(refusal(param, message), &ours).blame;
        assert_eq!(by(None, "temperature: Extra inputs are not permitted"), Blame::Translation);
        assert_eq!(by(None, "thinking.type: Input should be 'adaptive'"), Blame::Translation);
        assert_eq!(by(Some("temperature"), "no"), Blame::Translation);
        assert_eq!(by(None, "messages.0.content: Field required"), Blame::ByClass);
        assert_eq!(by(Some("messages"), "the temperature of the tone"), Blame::ByClass);
    }

    #[test]
    fn a_caller_reads_its_own_names() {
        let body = json!({
            "model": "gpt-4o", "max_tokens": 9, "thinking": {"type": "enabled", "budget_tokens": 2048},
            "system": "Be brief.",
            "messages": [{"role": "user", "content": [
                {"type": "text", "text": "see"},
                {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}},
            ]}],
        });
        let translate = |body: &serde_json::Value| {
            let call = scan(&Anthropic, Bytes::from(body.to_string())).map_err(|bad| bad.message).unwrap();
            let provider = Provider::new(&openai::SPEC, String::new(), None, Default::default());
            let link = Link { provider: provider.into(), model: "gpt-4o".into(), unfit: None };
            let chat = read(&call).unwrap();
            translated(&OpenAi, &link, &call, &chat, &Models::builtin().card("gpt-4o"))
        };
        let failure = translate(&body).err().unwrap();
        assert_eq!(failure.blame, Blame::Unfit);
        assert_eq!(failure.said.unwrap().param.as_deref(), Some("messages[0].content[1].source"));
        let mut plain = body.clone();
        plain["messages"][0]["content"] = "see".into();
        assert_eq!(translate(&plain).map_err(|failure| failure.message).unwrap().dropped, ["thinking"]);
    }
}
