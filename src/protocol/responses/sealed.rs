//! Thoughts in the one field that Responses has for what must come back unchanged, `encrypted_content`.
//!
//! OpenAI seals its thoughts itself. Other models want theirs back too, Claude with its signature, DeepSeek as plain
//! text, and Responses has no field for either: the gateway packs the whole thought into this one, and unpacks it when
//! the caller sends it back (docs: protocols/openai-responses.md, "What a stateless gateway can honestly do"). What is
//! packed is base64 of `{"gateway_thought":1,"format":…,"text":…,"signature":…,"sealed":…}`, without the members that
//! the thought does not have. It hides nothing and proves nothing: a proof is the provider's own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::call::Call;
use super::super::history::{Change, changed};
use crate::domain::chat::{OPENAI_THOUGHT, Thought};

/// The version of [`Packed`] that is written, and the only one that is read.
const VERSION: u8 = 1;
/// What everything that the gateway packed begins with: base64 of `{"gateway_thought"`.
const MARK: &str = "eyJnYXRld2F5X3Rob3VnaHQi";

/// A thought as it is packed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Packed {
    gateway_thought: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    format: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
}

/// The `encrypted_content` of a thought: OpenAI's own seal as it is, any other thought with all that belongs to it.
/// `None` where nothing of it need come back: it says nothing, or OpenAI shows it without a seal.
pub(super) fn seal(thought: &Thought) -> Option<String> {
    let Thought { text, signature, sealed, format } = thought;
    if format.as_deref() == Some(OPENAI_THOUGHT) {
        return sealed.clone();
    }
    if text.is_empty() && signature.is_none() && sealed.is_none() {
        return None;
    }
    let packed = Packed {
        gateway_thought: VERSION,
        format: format.clone(),
        text: text.clone(),
        signature: signature.clone(),
        sealed: sealed.clone(),
    };
    // Strings alone: there is nothing in it that JSON cannot hold.
    serde_json::to_vec(&packed).ok().map(|json| STANDARD.encode(json))
}

/// The thought that the gateway packed into an `encrypted_content`; `None` where it is a seal of OpenAI's, or nothing
/// that the gateway knows.
pub(super) fn unseal(encrypted: &str) -> Option<Thought> {
    if !encrypted.starts_with(MARK) {
        return None;
    }
    let packed: Packed = serde_json::from_slice(&STANDARD.decode(encrypted).ok()?).ok()?;
    let Packed { gateway_thought: VERSION, format, text, signature, sealed } = packed else { return None };
    Some(Thought { text, signature, sealed, format })
}

/// The `input` of `call` without what the gateway packed, which OpenAI cannot open and would refuse; `None` where there
/// is nothing of the kind.
pub fn without_packed(call: &Call) -> Option<String> {
    changed(call, "input", &[MARK], |item: Value| {
        let encrypted = item["encrypted_content"].as_str();
        if encrypted.and_then(unseal).is_some() { Change::Drop } else { Change::Keep }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::ANTHROPIC_THOUGHT;

    fn claude(text: &str, signature: Option<&str>, sealed: Option<&str>) -> Thought {
        Thought {
            text: text.into(),
            signature: signature.map(Into::into),
            sealed: sealed.map(Into::into),
            format: Some(ANTHROPIC_THOUGHT.into()),
        }
    }

    #[test]
    fn a_thought_comes_back_with_all_that_belongs_to_it() {
        for thought in [
            claude("Let me see…\n\"é\"", Some("c2ln"), None),
            claude("", Some("c2ln"), None),
            claude("", None, Some("ZGF0YQ==")),
            Thought { signature: Some("s".into()), ..Thought::default() },
            Thought { text: "Plainly".into(), ..Thought::default() },
        ] {
            let encrypted = seal(&thought).unwrap();
            assert!(encrypted.starts_with(MARK), "{encrypted}");
            assert_eq!(unseal(&encrypted), Some(thought));
        }
    }

    #[test]
    fn a_seal_of_openai_is_kept_and_not_opened() {
        let format = Some(OPENAI_THOUGHT.to_owned());
        let thought = Thought { text: "Thinking".into(), sealed: Some("gAAAAAB".into()), format, signature: None };
        assert_eq!(seal(&thought).as_deref(), Some("gAAAAAB"));
        assert_eq!(unseal("gAAAAAB"), None);
    }

    #[test]
    fn what_need_not_come_back_has_no_seal() {
        assert_eq!(seal(&Thought::default()), None);
        assert_eq!(seal(&claude("", None, None)), None);
        let shown = Thought { text: "Thinking".into(), format: Some(OPENAI_THOUGHT.into()), ..Thought::default() };
        assert_eq!(seal(&shown), None);
    }

    #[test]
    fn what_the_gateway_did_not_pack_is_not_opened() {
        let other = |json: &str| STANDARD.encode(json);
        for encrypted in [
            String::new(),
            MARK.into(),
            format!("{MARK}!"),
            other(r#"{"text":"x","gateway_thought":1}"#),
            other(r#"{"gateway_thought":2,"text":"x"}"#),
            other(r#"{"gateway_thought":1,"later":"x"}"#),
        ] {
            assert_eq!(unseal(&encrypted), None, "{encrypted}");
        }
    }
}
