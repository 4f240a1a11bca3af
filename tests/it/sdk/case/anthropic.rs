//! Anthropic's own SDKs: messages.

use super::{Case, MOCK, NOBODY};
use crate::sdk::stand::Who;

/// Each case, and where it makes no sense.
pub(super) const CASES: &[Case] = &[
    ("message", NOBODY),
    ("every_parameter", NOBODY),
    ("headers", NOBODY),
    ("stream", NOBODY),
    ("stream_helper", NOBODY),
    ("tools", NOBODY),
    ("parallel_tools", MOCK),
    ("stream_tools", NOBODY),
    ("stream_parallel_tools", MOCK),
    ("run_tools", MOCK),
    ("tool_without_arguments", MOCK),
    ("structured", NOBODY),
    ("stream_structured", NOBODY),
    ("truncated", MOCK),
    ("vision", MOCK),
    ("thinking", MOCK),
    ("thinking_returned", MOCK),
    // Ollama's own form has no word for a refusal.
    ("refusal", &[Who::Mock, Who::Ollama, Who::LocalFallback]),
    ("count_tokens", NOBODY),
    ("models", NOBODY),
    ("concurrent", NOBODY),
    ("wrong_key", NOBODY),
    ("bad_request", NOBODY),
    // Ollama names `options`, which a translation has written.
    ("refused_request", &[Who::Mock, Who::Ollama, Who::LocalFallback]),
    ("model_not_found", MOCK),
    ("context_length", MOCK),
    // Claude refuses in an answer, see `refusal`; a local model has no moderation.
    ("moderated", &[Who::Mock, Who::Anthropic, Who::ClaudeFallback, Who::Ollama, Who::LocalFallback]),
    ("rate_limited", MOCK),
    ("provider_key", MOCK),
    ("dead_chain", MOCK),
    ("deadline", MOCK),
    ("stream_error", MOCK),
    ("stream_cut", MOCK),
    ("client_timeout", MOCK),
    ("close_early", MOCK),
    ("nothing_configured", NOBODY),
    (
        "own_fallbacks",
        &[Who::OpenRouter, Who::Anthropic, Who::Ollama, Who::Compatible, Who::Mock, Who::OpenAi, Who::LocalFallback],
    ),
];
