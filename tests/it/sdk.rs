//! The official OpenAI SDKs, Python and Node, against the real binary, served by each provider in turn.
//!
//! The SDKs run as child processes from `tests/sdk`, one for each language and provider. This side plays the
//! providers, names the cases and counts what reached the providers; see [`child`] for how the two talk. They need
//! what `scripts/test` installs, so they run only where that says so, with `SDK_TESTS=1`.

mod case;
mod child;
mod play;
mod stand;

use child::Language;
use stand::Who;

/// Runs every case of this provider with the SDK of this language, or says that it was skipped.
async fn run(language: Language, who: Who) {
    if std::env::var("SDK_TESTS").as_deref() != Ok("1") {
        // Past the capture of `cargo test`: a skipped test must not look like one that ran.
        use std::io::Write;
        let _ =
            writeln!(std::io::stderr(), "skipped: {language:?} SDK served by {who:?} (scripts/test sets SDK_TESTS=1)");
        return;
    }
    let failures = child::run(language, who).await;
    assert!(failures.is_empty(), "{language:?} SDK served by {who:?}:\n\n{}", failures.join("\n"));
}

/// A test for each provider.
macro_rules! served_by {
    ($language:ident: $($name:ident => $who:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::run(super::Language::$language, super::Who::$who).await;
            }
        )+
    };
}

mod python {
    served_by! { Python:
        openai => OpenAi, openrouter => OpenRouter, anthropic => Anthropic, ollama => Ollama,
        compatible => Compatible, mock => Mock, fallback => Fallback,
    }
}

mod node {
    served_by! { Node:
        openai => OpenAi, openrouter => OpenRouter, anthropic => Anthropic, ollama => Ollama,
        compatible => Compatible, mock => Mock, fallback => Fallback,
    }
}
