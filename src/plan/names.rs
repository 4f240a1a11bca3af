//! Whose a model name is, and how another provider spells it.

use std::borrow::Cow;

use crate::provider::{ALL, Spec};

/// Whose model a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// OpenAI's.
    OpenAi,
    /// Anthropic's.
    Anthropic,
    /// OpenRouter's.
    OpenRouter,
    /// The local server's.
    Local,
    /// The mock's.
    Mock,
    /// Nobody's in particular.
    Other,
}

/// A name, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named<'a> {
    /// Whose model it is.
    pub(super) origin: Origin,
    /// The model as its owner calls it.
    pub(super) model: Cow<'a, str>,
    /// The name as OpenRouter would take it as it stands, where it was written with a vendor's prefix.
    pub(super) as_written: Option<&'a str>,
}

impl<'a> Named<'a> {
    /// A model of the local server's.
    pub(super) fn local(name: &'a str) -> Named<'a> {
        Named { origin: Origin::Local, model: Cow::Borrowed(name), as_written: None }
    }
}

/// Reads `name`: a prefix says whose it is, else its form does. `is_local` knows the local server's models.
pub(super) fn named<'a>(name: &'a str, local_model: &str, is_local: impl Fn(&str) -> bool) -> Named<'a> {
    let plain = |origin, model: &'a str| Named { origin, model: Cow::Borrowed(model), as_written: None };
    if let Some((prefix, rest)) = name.split_once('/').filter(|(_, rest)| !rest.is_empty()) {
        let spec = provider_of(prefix).map(|spec| spec.name);
        return match spec {
            Some("openai") => Named { as_written: Some(name), ..plain(Origin::OpenAi, rest) },
            // OpenRouter writes versions with a dot, Anthropic with a dash.
            Some("anthropic") => {
                let model = Cow::Owned(rest.replace('.', "-"));
                Named { origin: Origin::Anthropic, model, as_written: Some(name) }
            }
            // `openrouter/auto` is itself a model of OpenRouter; `openrouter/x/y` is its model `x/y`.
            Some("openrouter") if rest.contains('/') => plain(Origin::OpenRouter, rest),
            Some("oss-local") => plain(Origin::Local, rest),
            Some("mock") => plain(Origin::Mock, rest),
            _ => plain(Origin::OpenRouter, name),
        };
    }
    let origin = if name == local_model {
        Origin::Local
    } else if is_openai(name) {
        Origin::OpenAi
    } else if name.starts_with("claude") {
        Origin::Anthropic
    } else if is_local(name) {
        Origin::Local
    } else if name.starts_with("mock") {
        Origin::Mock
    } else {
        Origin::Other
    };
    plain(origin, name)
}

/// The provider that a prefix names.
fn provider_of(prefix: &str) -> Option<&'static Spec> {
    ALL.iter().copied().find(|spec| spec.name == prefix || spec.aliases.contains(&prefix))
}

fn is_openai(name: &str) -> bool {
    const PREFIXES: [&str; 7] = ["gpt-", "chatgpt-", "codex-", "text-embedding-", "dall-e-", "gpt-image-", "sora-"];
    let o_series = name.strip_prefix('o').is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()));
    o_series || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// OpenRouter's spelling of a Claude model: no date, and versions with a dot (`claude-sonnet-4-5-20250929` is
/// `anthropic/claude-sonnet-4.5`).
pub(super) fn claude_on_openrouter(model: &str) -> String {
    let mut out = String::from("anthropic/");
    let mut after_digit = false;
    for (at, word) in model.split('-').enumerate() {
        let digits = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        if (digits && word.len() == 8) || word == "latest" {
            continue;
        }
        if at > 0 {
            out.push(if digits && after_digit { '.' } else { '-' });
        }
        out.push_str(word);
        after_digit = digits;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, origin: Origin, model: &str) {
        let found = named(name, "llama3:8b", |name| name == "qwen3:8b");
        assert_eq!((found.origin, &*found.model), (origin, model), "{name}");
    }

    #[test]
    fn names_say_whose_they_are() {
        for name in ["gpt-4o", "o3", "o4-mini", "chatgpt-4o-latest", "codex-mini", "text-embedding-3-small", "sora-2"] {
            check(name, Origin::OpenAi, name);
        }
        check("claude-sonnet-4-5", Origin::Anthropic, "claude-sonnet-4-5");
        check("x-ai/grok-beta", Origin::OpenRouter, "x-ai/grok-beta");
        check("meta-llama/llama-3.1-8b-instruct:free", Origin::OpenRouter, "meta-llama/llama-3.1-8b-instruct:free");
        check("llama3:8b", Origin::Local, "llama3:8b");
        check("qwen3:8b", Origin::Local, "qwen3:8b");
        check("omni", Origin::Other, "omni");
        check("whatever", Origin::Other, "whatever");
    }

    #[test]
    fn prefixes_say_whose_they_are() {
        check("openai/gpt-4o", Origin::OpenAi, "gpt-4o");
        check("anthropic/claude-sonnet-4.5", Origin::Anthropic, "claude-sonnet-4-5");
        check("openrouter/x-ai/grok-beta", Origin::OpenRouter, "x-ai/grok-beta");
        check("openrouter/auto", Origin::OpenRouter, "openrouter/auto");
        check("oss-local/qwen3:8b", Origin::Local, "qwen3:8b");
        check("ollama/hf.co/some/model", Origin::Local, "hf.co/some/model");
        check("mock/x", Origin::Mock, "x");
    }

    #[test]
    fn claude_as_openrouter_spells_it() {
        let spelled = claude_on_openrouter;
        assert_eq!(spelled("claude-sonnet-4-5-20250929"), "anthropic/claude-sonnet-4.5");
        assert_eq!(spelled("claude-opus-5-5"), "anthropic/claude-opus-5.5");
        assert_eq!(spelled("claude-opus-5"), "anthropic/claude-opus-5");
        assert_eq!(spelled("claude-3-5-sonnet-20241022"), "anthropic/claude-3.5-sonnet");
        assert_eq!(spelled("claude-3-7-sonnet-latest"), "anthropic/claude-3.7-sonnet");
        assert_eq!(spelled("claude-opus-4-20250514"), "anthropic/claude-opus-4");
    }
}
