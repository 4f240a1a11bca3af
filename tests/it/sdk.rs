//! What people really use against the real binary: the official SDKs of OpenAI and Anthropic and an agent framework,
//! in Python and in Node, served by each provider in turn; and the official tools of MCP, see [`mcp`].
//!
//! The clients run as child processes from `tests/sdk`, one for each client and provider. This side plays the
//! providers, names the cases and counts what reached the providers; see [`child`] for how the two talk. They need
//! what `scripts/test` installs, so they run only where that says so, with `SDK_TESTS=1`.

mod case;
mod child;
mod client;
mod mcp;
mod model;
mod play;
mod stand;

use client::Client;
use stand::Who;

/// Is this to be skipped, for want of what it needs?
fn skipped(what: &str) -> bool {
    let skipped = std::env::var("SDK_TESTS").as_deref() != Ok("1");
    if skipped {
        // Past the capture of `cargo test`: a skipped test must not look like one that ran.
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "skipped: {what} (scripts/test sets SDK_TESTS=1)");
    }
    skipped
}

/// Runs every case of this client with this provider, or says that it was skipped.
async fn run(client: Client, who: Who) {
    if skipped(&format!("{client:?} served by {who:?}")) {
        return;
    }
    let failures = child::run(client, who).await;
    assert!(failures.is_empty(), "{client:?} served by {who:?}:\n\n{}", failures.join("\n"));
}

/// A module for each client, in it a test for each provider.
macro_rules! served_by {
    ($($module:ident, $client:ident: $($name:ident => $who:ident),+;)+) => {
        $(mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::run(super::Client::$client, super::Who::$who).await;
                }
            )+
        })+
    };
}

served_by! {
    openai_python, OpenAiPython: openai => OpenAi, openrouter => OpenRouter, anthropic => Anthropic, ollama => Ollama,
        compatible => Compatible, mock => Mock, fallback => Fallback;
    openai_node, OpenAiNode: openai => OpenAi, openrouter => OpenRouter, anthropic => Anthropic, ollama => Ollama,
        compatible => Compatible, mock => Mock, fallback => Fallback;
    anthropic_python, AnthropicPython: anthropic => Anthropic, openai => OpenAi, openrouter => OpenRouter,
        ollama => Ollama, compatible => Compatible, mock => Mock, fallback => Fallback,
        claude_fallback => ClaudeFallback, local_fallback => LocalFallback;
    anthropic_python_before_2, AnthropicPythonBefore2: anthropic => Anthropic, openai => OpenAi,
        claude_fallback => ClaudeFallback, local_fallback => LocalFallback;
    anthropic_node, AnthropicNode: anthropic => Anthropic, openai => OpenAi, openrouter => OpenRouter,
        ollama => Ollama, compatible => Compatible, mock => Mock, fallback => Fallback,
        claude_fallback => ClaudeFallback, local_fallback => LocalFallback;
    anthropic_node_before_1, AnthropicNodeBefore1: anthropic => Anthropic, openai => OpenAi,
        claude_fallback => ClaudeFallback, local_fallback => LocalFallback;
    pydantic_ai, PydanticAi: openai => OpenAi, openrouter => OpenRouter, anthropic => Anthropic, ollama => Ollama,
        compatible => Compatible, fallback => Fallback, claude_fallback => ClaudeFallback;
    vercel_ai, VercelAi: openai => OpenAi, openrouter => OpenRouter, anthropic => Anthropic, ollama => Ollama,
        compatible => Compatible, fallback => Fallback, claude_fallback => ClaudeFallback;
}
