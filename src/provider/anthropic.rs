//! Anthropic: Claude, straight.

use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use super::classify::{self, Refused};
use super::{Auth, ChatAdapter, Probe, Provider, Reach, Role, Spec, Var, Way};
use crate::domain::failure::Class;
use crate::models::Card;
use crate::protocol::anthropic::Anthropic;
use crate::protocol::call::Call;
use crate::protocol::history::{Change, changed};
use crate::protocol::splice::Edits;

/// The row.
pub static SPEC: Spec = Spec {
    name: "anthropic",
    title: "Anthropic",
    summary: "Anthropic's Claude models",
    aliases: &[],
    vars: &[
        Var {
            name: "ANTHROPIC_API_KEY",
            role: Role::Key,
            default: "",
            help: "Anthropic key; unset leaves Anthropic out",
        },
        Var {
            name: "ANTHROPIC_BASE_URL",
            role: Role::BaseUrl,
            default: "https://api.anthropic.com",
            help: "where Anthropic's API is served, without /v1",
        },
    ],
    auth: Auth::Header("x-api-key"),
    probe: Probe::Get(&["/v1/models?limit=1000"]),
    reach: Reach::Network,
    chat: Some(&Chat),
    embed: None,
};

/// The version that translated requests are written for (docs: protocols/translation.md, 6).
const VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

struct Chat;

/// A turn without thoughts that nobody has signed; without anything, where it holds nothing else.
pub(super) fn without_unsigned(mut turn: Value) -> Change {
    let Some(blocks) = turn.get_mut("content").and_then(Value::as_array_mut) else { return Change::Keep };
    let before = blocks.len();
    let signed = |block: &Value| block["signature"].as_str().is_some_and(|signature| !signature.is_empty());
    blocks.retain(|block| block["type"] != "thinking" || signed(block));
    match blocks.len() {
        after if after == before => Change::Keep,
        0 => Change::Drop,
        _ => Change::Write(turn),
    }
}

impl ChatAdapter for Chat {
    fn ways(&self) -> &'static [Way] {
        &[Way { back: &Anthropic, path: "/v1/messages" }]
    }

    fn headers(&self, _provider: &Provider, out: &mut HeaderMap) {
        out.insert("anthropic-version", VERSION);
    }

    /// Thoughts of other models carry no signature, and are refused; the client has them from an answer that another
    /// link gave (docs: protocols/translation.md, 3.4).
    fn edit(&self, call: &Call, _card: &Card, edits: &mut Edits) {
        if let Some(turns) = changed(call, "messages", &["\"thinking\""], without_unsigned) {
            edits.set("messages", turns);
        }
    }

    fn classify(&self, refused: &Refused<'_>) -> Option<Class> {
        let error = &refused.error;
        let code = error.stable.as_deref().unwrap_or_default();
        if code.ends_with("spend_limit_reached") {
            return Some(Class::Quota);
        }
        match refused.status.as_u16() {
            // Its oldest way of saying that the money ran out is a 400.
            400 if ["credit balance is too low", "specified usage limit", "specified api usage limit"]
                .iter()
                .any(|words| error.says(words)) =>
            {
                Some(Class::Quota)
            }
            // The operator's account, not the caller's request.
            400 if code == "organization_on_hold" => Some(Class::Auth),
            429 if classify::retry_after(refused.headers).is_none() && error.says("spend") => Some(Class::Quota),
            404 if error.kind.as_deref() == Some("not_found_error") => Some(Class::ModelUnavailable),
            _ => None,
        }
    }

    fn count_path(&self) -> Option<&'static str> {
        Some("/v1/messages/count_tokens")
    }

    fn models_path(&self) -> Option<&'static str> {
        Some("/v1/models?limit=1000")
    }

    fn read_models(&self, body: &[u8]) -> Vec<String> {
        classify::listed_ids(body)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn thoughts_without_a_signature_stay_behind_and_signed_ones_without_words_do_not() {
        let unsigned = json!({"type": "thinking", "thinking": "hm", "signature": ""});
        let signed = json!({"type": "thinking", "thinking": "", "signature": "c2ln"});
        let text = json!({"type": "text", "text": "a"});
        let turn = |blocks: Value| json!({"role": "assistant", "content": blocks});
        let changed = without_unsigned(turn(json!([unsigned, signed, text])));
        assert_eq!(changed, Change::Write(turn(json!([signed, text]))));
        assert_eq!(without_unsigned(turn(json!([signed, text]))), Change::Keep);
        assert_eq!(without_unsigned(turn(json!([unsigned]))), Change::Drop);
        assert_eq!(without_unsigned(turn(json!("thinking"))), Change::Keep);
    }
}
